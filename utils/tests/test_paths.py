# SPDX-License-Identifier: GPL-2.0-only
"""Several paths to one logical unit."""
import json

from fake import CORE, LOOPBACK, Died, Fake
from tcmloop import conf, targetcli
from tcmloop.model import Made
from tcmloop.names import Error
from world import CONF, Case, apply, backstores, pending, run, seen, state

D = "[d]\nramdisk = 1M\npaths = 3\n"


class Paths(Case):
    def setUp(self):
        self.fake = Fake()

    def links(self):
        return [found[0] for key, found in seen(self.fake).items() if key[0] == "lun"]

    def test_they_lead_to_one_backstore(self):
        self.good(run(self.fake, "create", "--ramdisk", "1M", "--name", "d", "--paths", "3", "--protocol", "fc"),
                  "^d: /dev/sd0 /dev/disk/by-id/wwn-.*\nd:2: /dev/sd1\nd:3: /dev/sd2\n$")
        self.assertEqual(backstores(self.fake), [f"{CORE}/rd_mcp_0/d"])
        self.assertEqual(len(self.links()), 3)
        rows = json.loads(run(self.fake, "list", "--json").output)
        self.assertEqual(sorted(row["name"] for row in rows), ["d", "d:2", "d:3"])
        self.assertEqual({row["protocol"] for row in rows}, {"fc"})
        self.assertEqual(len({row["serial"] for row in rows}), 1)
        for what in "target", "initiator", "device", "hctl":
            self.assertEqual(len({row[what] for row in rows}), 3)
        self.good(run(self.fake, "remove", "d"), "^d:3: removed\nd:2: removed\nd: removed\n$")
        self.assertEqual(seen(self.fake), {"hbas": 0})

    def test_one_of_them_can_go_and_comes_again(self):
        self.good(apply(self.fake, D))
        before = seen(self.fake)
        self.good(run(self.fake, "remove", "d:2"), "^d:2: removed\n$")
        self.assertEqual((len(self.links()), len(backstores(self.fake))), (2, 1))
        self.good(apply(self.fake, D), "^[+] d:2: path to d, naa.*\nd:2: /dev/sd")
        self.assertEqual(seen(self.fake), before)

    def test_their_number_changes(self):
        self.good(apply(self.fake, D))
        self.good(apply(self.fake, D.replace("3", "1")), "^- d:3: path, .*\n- d:2: path, .*\n")
        self.assertEqual(len(self.links()), 1)
        self.good(apply(self.fake, D), "^[+] d:2: path to d, .*\n[+] d:3: path to d, ")
        self.good(apply(self.fake, D), "^nothing to do\n$")

    def test_what_changes_the_disk_changes_them(self):
        self.good(apply(self.fake, D))
        self.good(apply(self.fake, D + "serial = 7\n"), "^~ d: serial .*\n~ d:2: serial .*\n~ d:3: serial")
        self.good(apply(self.fake, D.replace("1M", "2M") + "serial = 7\n", "--force"), "^~ d: size .*\n~ d:2: with d\n~ d:3: with d\n")
        self.assertEqual((len(self.links()), len(backstores(self.fake))), (3, 1))

    def test_one_in_use_keeps_all(self):
        self.good(apply(self.fake, D))
        self.fake.claimed.add("/dev/sd1")
        for result in run(self.fake, "remove", "d"), apply(self.fake, ""), apply(self.fake, D + "serial = 7\n"):
            self.refused(result, 3, "d:2: /dev/sd1 is in use")
            self.assertEqual((len(self.links()), len(backstores(self.fake))), (3, 1))
        self.refused(run(self.fake, "remove", "d:2"), 5, "d:2: /dev/sd1 is in use")

    def test_names_that_clash(self):
        for text in (D + "[d:2]\nramdisk = 1M\n", "[d:2]\nramdisk = 1M\n" + D):
            with self.assertRaisesRegex(Error, "d:2 is the name of a path to d, and of a disk"):
                conf.parse(text, "conf")
        for number in "0", "33", "x":
            with self.assertRaisesRegex(Error, "paths"):
                conf.parse(f"[d]\nramdisk = 1M\npaths = {number}\n", "conf")
        self.good(apply(self.fake, "[d:2]\nramdisk = 1M\n"))
        self.refused(apply(self.fake, D), 3, "d:2 is the name of ramdisk 1 MiB; \"tcm-loop remove d:2\" comes first")
        self.good(run(self.fake, "create", "--ramdisk", "1M", "--name", "e:2"))
        self.refused(run(self.fake, "create", "--ramdisk", "1M", "--name", "e", "--paths", "2"), 1, "e:2 exists")

    def test_a_section_that_has_become_wrong_keeps_them(self):
        self.good(apply(self.fake, D))
        self.refused(apply(self.fake, D.replace("1M", "none")), 3, "none")
        self.assertEqual(len(self.links()), 3)

    def test_what_is_there_already_is_adopted(self):
        self.good(apply(self.fake, D))
        fake = self.fake.again()
        del fake.nodes["/run/tcm-loop/state.json"]
        self.good(apply(fake, D), "^= d: is there already, adopted\n= d:2: is there already, adopted\n= d:3: is there")
        self.good(run(fake, "remove", "--all"))
        self.assertEqual(seen(fake), {"hbas": 0})

    def test_others_on_the_backstore_are_still_others(self):
        self.good(apply(self.fake, D))
        self.fake.expose("iscsi/iqn.2003-01.org.example:x/tpgt_1", 0, "core/rd_mcp_0/d")
        self.refused(run(self.fake, "remove", "d"), 3, "d: core/rd_mcp_0/d is used by iscsi/iqn.2003-01.org.example:x/tpgt_1/lun/lun_0, too;")
        self.assertEqual(len(self.links()), 3)

    def test_they_are_forgotten_and_not_saved_with_it(self):
        self.good(apply(self.fake, D))
        disks = [Made(name, CONF, *(("ramdisk", "", 1) if name == "d" else ("path", "d", 0)), "core/rd_mcp_0/d", False, "s", f"naa.500140500000000{number}", 1, 0)
                 for number, name in enumerate(("d", "d:2"))]
        luns = [{"wwn": made.target, "fabric": "loopback", "tpgs": [{"tag": 1, "luns": [{"index": 0, "storage_object": "/backstores/ramdisk/d"}]}]} for made in disks]
        self.assertEqual(targetcli.without({"storage_objects": [{"plugin": "ramdisk", "name": "d", "wwn": "s"}], "targets": luns}, disks),
                         {"storage_objects": [], "targets": []})
        self.good(run(self.fake, "forget", "d"))
        self.assertEqual(list(state(self.fake)["disks"]), [])
        self.assertEqual(len(self.links()), 3)

    def test_what_was_forgotten_is_adopted_with_its_paths(self):
        self.good(run(self.fake, "create", "--ramdisk", "1M", "--name", "d", "--paths", "3", "--protocol", "fc"))
        before = state(self.fake)["disks"]
        self.good(run(self.fake, "forget", "d"))
        self.good(run(self.fake, "adopt", "d"), "^d: adopted\\nd:2: adopted\\nd:3: adopted\\n$")
        self.assertEqual(state(self.fake)["disks"], before)
        self.fake.expose("loopback/naa.5001405000000009/tpgt_1", 0, "core/rd_mcp_0/d", "naa.5001405000000008")
        self.good(run(self.fake, "forget", "d"))
        self.refused(run(self.fake, "adopt", "d"), 4, "d: several LUNs have a backstore of that name")

    def test_one_of_another_origin_goes_with_its_disk(self):
        self.good(run(self.fake, "create", "--ramdisk", "1M", "--name", "d", "--paths", "2"))
        one = "[d]\nramdisk = 1M\n"
        self.good(apply(self.fake, one, "--force"))
        self.refused(apply(self.fake, one + "serial = 7\n", "--force"), 3, "d: core/rd_mcp_0/d is used by loopback/.*, too; nothing was changed")
        self.good(apply(self.fake, ""), "d:2: removed\nd: removed\n$")
        self.assertEqual(seen(self.fake), {"hbas": 0})

    def test_they_go_before_it_whatever_their_order(self):
        self.good(apply(self.fake, D))
        text = self.fake.nodes["/run/tcm-loop/state.json"]
        disks = json.loads(text)["disks"]
        self.fake.nodes["/run/tcm-loop/state.json"] = json.dumps({**json.loads(text), "disks": {name: disks[name] for name in ("d:2", "d", "d:3")}})
        for operation in range(1, 12):
            fake = self.fake.again().copy()
            fake.die_at = operation
            with self.assertRaises(Died):
                run(fake, "remove", "d")
            result = run(fake.again(), "remove", "--all")
            self.assertEqual(result.status, 0, result.errors)
        self.good(run(self.fake, "remove", "d"), "^d:3: removed\nd:2: removed\nd: removed\n$")

    def test_a_protection_that_a_killed_command_left(self):
        text = D + "write_protect = yes\n[x]\nramdisk = 1M\ntarget = TARGET\nlun = 1\n"
        self.good(apply(self.fake, D))
        text = text.replace("TARGET", state(self.fake)["disks"]["d:2"]["paths"]["1"]["target"])
        self.good(apply(self.fake, text))
        after = text.replace("write_protect = yes\n", "")
        goal = self.fake.copy()
        self.good(apply(goal, after))
        for operation in range(1, 40):
            fake = self.fake.copy()
            fake.die_at = operation
            try:
                apply(fake, after)
            except Died:
                fake = fake.again()
                self.assertEqual(apply(fake, after).status, 0)
            self.assertEqual(seen(fake), seen(goal), operation)

    def access(self, fake=None):
        rows = json.loads(run(fake or self.fake, "list", "--json").output)
        return {row["name"]: row["alua"] for row in rows}

    def test_each_has_its_access_state(self):
        self.good(run(self.fake, "create", "--ramdisk", "1M", "--name", "c", "--paths", "2", "--alua", "active,standby"))
        self.assertEqual(self.access(), {"c": "active", "c:2": "standby"})
        groups = f"{CORE}/rd_mcp_0/c/alua"
        self.assertEqual(len(self.fake.children(groups)), 2)  # one is the default group's
        self.good(apply(self.fake, D + "alua = nonoptimized, standby unavailable\n"))
        self.assertEqual(self.access(), {"c": "active", "c:2": "standby", "d": "nonoptimized", "d:2": "standby", "d:3": "unavailable"})
        self.good(apply(self.fake, D + "alua = nonoptimized standby unavailable\n"), "^nothing to do\n$")
        self.good(run(self.fake, "remove", "--all"))
        self.assertEqual(seen(self.fake), {"hbas": 0})

    def test_another_state_needs_no_other_lun(self):
        text = D + "alua = active standby standby\n"
        self.good(apply(self.fake, text))
        self.fake.claimed.update(f"/dev/sd{number}" for number in range(3))  # in use
        self.good(run(self.fake, "alua", "active", "d:3"))
        self.good(run(self.fake, "alua", "unavailable", "d"))
        self.good(apply(self.fake, text), "^~ d: alua unavailable -> active\n~ d:3: alua active -> standby\n")
        self.assertEqual(self.access(), {"d": "active", "d:2": "standby", "d:3": "standby"})
        self.good(apply(self.fake, D), "^= d:2: is so already\n= d:3: is so already\n|^= d: is so already")
        self.assertEqual(self.access(), {"d": "active", "d:2": "standby", "d:3": "standby"})
        self.good(apply(self.fake, D), "^nothing to do\n$")

    def test_a_change_that_fails_leaves_the_states(self):
        text = D + "alua = active standby nonoptimized\n"
        self.good(apply(self.fake, text))
        before = self.access()
        for operation in range(1, 60):
            fake = self.fake.copy()
            fake.fail_at = operation
            if apply(fake, text.replace("ramdisk = 1M", "ramdisk = 1M\nserial = 77")).status and not pending(fake):
                self.assertEqual(self.access(fake), before, operation)

    def test_a_state_that_is_not_taken_is_taken_back(self):
        self.good(apply(self.fake, D + "alua = active standby nonoptimized\n"))
        before = self.access()
        for operation in range(1, 20):
            fake = self.fake.copy()
            fake.fail_at = operation
            if apply(fake, D + "alua = nonoptimized active unavailable\n").status and not pending(fake):
                self.assertEqual(self.access(fake), before, operation)

    def test_who_is_killed_has_them_all_the_same(self):
        for operation in range(1, 60):
            fake = self.fake.copy()
            fake.die_at = operation
            try:
                run(fake, "create", "--ramdisk", "1M", "--name", "c", "--paths", "2", "--alua", "nonoptimized,standby")
            except Died:
                fake = fake.again()
                run(fake, "remove", "none")  # who writes next
            self.assertLessEqual(self.access(fake).items(), {"c": "nonoptimized", "c:2": "standby"}.items(), operation)

    def test_a_group_of_others_is_left(self):
        text = D + "alua = active standby standby\n"
        self.good(apply(self.fake, D))
        group = f"{CORE}/rd_mcp_0/d/alua/theirs"
        self.fake.mkdir(group)
        self.fake.write(f"{group}/tg_pt_gp_id", "7")
        for row in json.loads(run(self.fake, "list", "--json").output):
            self.fake.write(f"{LOOPBACK}/{row['target']}/tpgt_1/lun/lun_0/alua_tg_pt_gp", "theirs")
        self.good(apply(self.fake, text))
        self.assertEqual(self.access(), {"d": "active", "d:2": "standby", "d:3": "standby"})
        self.assertEqual(self.fake.nodes[f"{group}/alua_access_state"], "0")
        self.good(apply(self.fake, text), "^nothing to do\n$")

    def test_states_that_are_none(self):
        for value in "active", "active standby", "active standby on", "active standby standby standby":
            self.refused(apply(self.fake, D + f"alua = {value}\n"), 3, f'd: alua "{value}": accepted is for each of its 3 paths one of active, ')
        self.refused(run(self.fake, "create", "--ramdisk", "1M", "--alua", "active,standby"), 1, "for each of its 1 paths")

    def test_a_name_of_its_own_is_no_other_ones_path(self):
        self.good(run(self.fake, "create", "--ramdisk", "1M", "--name", "disk1:2"))
        self.good(run(self.fake, "create", "--ramdisk", "1M", "--paths", "2"), "^disk2: /dev/sd1")
