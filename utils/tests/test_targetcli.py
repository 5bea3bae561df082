# SPDX-License-Identifier: GPL-2.0-only
"""What targetcli saves, of which nothing but the form is rtslib's here."""
import types
import unittest
from copy import deepcopy

from fake import Fake
from tcmloop import cli, targetcli
from world import apply, run, state

DISKS = """[DEFAULT]
target = naa.5001405000000001
[a]
ramdisk = 1M
[b]
file = /srv/b
size = 1M
lun = 1
[c]
block = /dev/vda
target = iqn.2003-01.org:c
"""


class Saved(unittest.TestCase):
    def machine(self, path=cli.CONFIG):
        """A machine, and what rtslib says of it."""
        fake = Fake()
        self.assertEqual(apply(fake, DISKS, path=path).status, 0)
        self.assertEqual(run(fake, "create", "--ramdisk", "1M", "--name", "mine", "--target", "naa.5001405000000001", "--lun", "9").status, 0)
        disks = state(fake)["disks"]
        plugins = {"a": "ramdisk", "b": "fileio", "c": "block", "mine": "ramdisk"}
        objects = [{"name": name, "plugin": plugins[name], "wwn": disks[name]["serial"]} for name in plugins]

        def lun(index, name):
            return {"index": index, "storage_object": f"/backstores/{plugins[name]}/{name}"}
        return fake, {"storage_objects": objects, "fabric_modules": [], "targets": [
            {"fabric": "loopback", "wwn": "naa.5001405000000001", "tpgs": [{"tag": 1, "luns": [lun(0, "a"), lun(1, "b"), lun(9, "mine")]}]},
            {"fabric": "loopback", "wwn": "iqn.2003-01.org:c", "tpgs": [{"tag": 1, "luns": [lun(0, "c")]}]},
            {"fabric": "loopback", "wwn": "naa.5001405000000007", "tpgs": []},
            {"fabric": "iscsi", "wwn": "iqn.2003-01.org:d", "tpgs": [{"tag": 1, "luns": [lun(0, "b")]}, {"tag": 2, "luns": []}]}]}

    @staticmethod
    def saved(fake, dump):
        class Root:
            def dump(self):
                return deepcopy(dump)
        targetcli.leave_out(types.SimpleNamespace(root=types.SimpleNamespace(RTSRoot=Root)), lambda: cli.made_at_boot(fake, "/run/tcm-loop"))
        return Root().dump()

    def test_what_is_made_at_boot_is_left_out(self):
        """But for a backstore that others use, too."""
        fake, dump = self.machine()
        found = self.saved(fake, dump)
        self.assertEqual([each["name"] for each in found["storage_objects"]], ["b", "mine"])
        self.assertEqual([(each["wwn"], [[lun["index"] for lun in tpg["luns"]] for tpg in each["tpgs"]]) for each in found["targets"]],
                         [("naa.5001405000000001", [[9]]), ("naa.5001405000000007", []), ("iqn.2003-01.org:d", [[0], []])])

    def test_the_disks_of_another_file_are_saved(self):
        fake, dump = self.machine("/srv/lab.conf")
        self.assertEqual(self.saved(fake, dump), dump)

    def test_what_only_has_its_name_is_saved(self):
        fake, dump = self.machine()
        for each in dump["storage_objects"]:
            each["wwn"] += "0"
        self.assertEqual(self.saved(fake, dump), dump)

    def test_without_a_state_all_is_saved(self):
        fake, dump = self.machine()
        fake.unreadable = {"/run/tcm-loop/state.json": 5}
        self.assertEqual(self.saved(fake, dump), dump)
