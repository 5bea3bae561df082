# SPDX-License-Identifier: GPL-2.0-only
"""Disks whose data comes late, and disks that are let go late."""
import unittest.mock

from fake import Fake
from tcmloop.tree import Stop
from world import A, CONF, Case, apply, below, data, run, seen, state

LV = "[lv]\nblock = /dev/vg/lv\n"
IMAGE = "[image]\nfile = /srv/a/image\n"


class Clock(Fake):
    """At given times something happens."""

    def __init__(self, *events):
        super().__init__()
        self.events = list(events)

    def sleep(self, seconds):
        super().sleep(seconds)
        while self.events and self.events[0][0] <= self.clock:
            self.events.pop(0)[1](self)
        if self.clock > 100000:
            raise Stop(15)


def volume(fake):
    fake.nodes["/dev/vg/lv"] = ("link", "../dm-0")
    fake.nodes["/dev/dm-0"] = ("block", 253, 0)


def udev(ready):
    return lambda fake: fake.nodes.__setitem__("/run/udev/data/b253:0", "S:vg/lv\nI:5\n" + ("" if ready else "E:SYSTEMD_READY=0\n"))


def mount(fake):
    fake.nodes["/proc/mounts"] = "/dev/vda / ext4 rw 0 0\nserver:/a /srv/a nfs rw 0 0\n"
    fake.nodes["/srv/a/image"] = ("file", 1 << 20, 8, 0o600)


class Late(Case):
    def boot(self, *events, text=A + LV + IMAGE, failed=r"lv: /dev/vg/lv is not there\n.*image: /srv/a/image is on /srv/a, which is in /etc/fstab and not mounted"):
        fake = Clock(*events)
        fake.folder("/srv/a")
        fake.nodes["/etc/fstab"] = "/dev/vda / ext4 defaults 0 1\nserver:/a /srv/a nfs _netdev 0 0\n"
        fake.nodes["/proc/mounts"] = "/dev/vda / ext4 rw 0 0\n"
        result = apply(fake, text)
        self.refused(result, 3, failed)
        return fake

    def test_each_is_made_when_its_data_is_there(self):
        fake = self.boot((110, volume), (300, mount))
        before = data(fake)["a"]
        result = run(fake, "wait")
        self.good(result, r"^lv: waits: /dev/vg/lv is not there\nimage: waits: /srv/a/image is on .*\nlv: /dev/sd1.*\nimage: /dev/sd2.*\n$")
        self.assertLess(fake.clock, 312)
        self.assertEqual(data(fake)["a"], before)
        self.good(run(fake, "apply"), "nothing to do")
        self.good(run(fake, "remove", "--origin", CONF))
        self.assertEqual(seen(fake), {"hbas": 0})

    def test_what_came_between_the_two_commands_is_made(self):
        fake = self.boot()
        volume(fake)
        mount(fake)
        self.good(run(fake, "wait"), r"^lv: /dev/sd1.*\nimage: /dev/sd2.*\n$")

    def test_with_nothing_to_wait_for_nothing_is_done(self):
        fake = Fake()
        self.good(apply(fake, A))
        nodes = dict(fake.nodes)
        self.good(run(fake, "wait"), "^$")
        self.assertEqual(dict(fake.nodes), {**nodes, **below(fake, "/run/tcm-loop")})

    def test_a_device_that_udev_has_not_done_with_is_not_taken(self):
        """Opened, a path could not become multipathd's any more, nor a physical volume LVM's."""
        fake = self.boot((110, volume), (111, udev(False)), (200, udev(True)), text=A + LV, failed="lv: /dev/vg/lv is not there$")
        self.good(run(fake, "wait"), "lv: /dev/sd1")
        self.assertGreater(fake.clock, 199)
        for command in ("create", "--block", "/dev/vg/lv"), ("apply", CONF):
            fake = Fake()
            fake.nodes[CONF] = LV
            volume(fake)
            udev(False)(fake)
            before = dict(fake.nodes)
            self.refused(run(fake, *command), 1 if command[0] == "create" else 3, "/dev/vg/lv is part of another device, or not set up, as udev says; with --force")
            self.assertEqual(dict(fake.nodes), {**before, **below(fake, "/run/tcm-loop")})
            self.good(run(fake.copy(), *command, "--force"), "/dev/sd0")
            fake.nodes["/run/udev/data/b253:0"] += "E:ID_BTRFS_READY=0\n"  # of a guest's file system, of which the other parts are elsewhere
            self.good(run(fake, *command), "/dev/sd0")

    def test_a_file_where_its_file_system_is_not_mounted_is_another(self):
        fake = self.boot((200, mount), text=IMAGE, failed="image: /srv/a/image is on /srv/a")
        fake.nodes["/srv/a/image"] = ("file", 4096, 8, 0o600)
        self.refused(apply(fake, IMAGE), 3, "image: /srv/a/image is on /srv/a, .*; with --force it is taken as it is")
        self.good(run(fake, "wait"), "image: /dev/sd0")
        self.assertEqual(state(fake)["disks"]["image"]["backstore"]["size"], 1 << 20)

    def test_a_file_that_does_not_exist_is_not_waited_for(self):
        """Who makes it by and by would find a part of it taken."""
        for where in "/srv/image", "/none/image":
            fake = Clock((105, lambda fake: fake.nodes.__setitem__("/srv/image", ("file", 512, 8, 0o600))))
            text = f"[image]\nfile = {where}\n"
            self.refused(apply(fake, text), 3, "does not exist; with a size it is made")
            self.refused(run(fake, "wait"), 3, "does not exist; with a size it is made")

    def test_it_changes_and_removes_nothing(self):
        """Not even what the file, edited since, has otherwise or not any more."""
        fake = self.boot((110, volume))
        self.good(run(fake, "create", "--ramdisk", "1M", "--name", "mine"))
        fake.nodes[CONF] = LV + A.replace("8M", "16M").replace("[a]", "[a]\nlun = 7")
        before = seen(fake)
        result = run(fake, "wait")
        self.good(result, "lv: /dev/sd2")
        self.assertEqual({key: value for key, value in seen(fake).items() if key in before}, before)

    def test_one_that_cannot_be_made_keeps_no_other_waiting(self):
        fake = self.boot((110, volume), (200, mount), text=LV + IMAGE.replace("image\n", "image\nsize = 2M\n"))
        result = run(fake, "wait")
        self.refused(result, 3, "image: /srv/a/image has 1048576 bytes, not 2097152")
        self.assertIn("lv: /dev/sd0", result.output)

    def test_one_that_goes_again_before_it_is_made_is_waited_for(self):
        fake = self.boot((110, volume), (200, volume), text=A + LV, failed="lv: /dev/vg/lv is not there$")
        lock, gone = fake.lock, []

        def go(*args):
            if fake.clock > 109 and not gone:
                gone.append(fake.nodes.pop("/dev/vg/lv"))
            return lock(*args)
        with unittest.mock.patch.object(fake, "lock", go):
            self.good(run(fake, "wait"), "lv: /dev/sd1")
        self.assertGreater(fake.clock, 199)

    def test_paths_come_with_their_disk(self):
        fake = self.boot((110, volume), text=A.replace("ramdisk", "paths = 2\nramdisk") + LV + "paths = 3\n", failed="lv: /dev/vg/lv is not there\n.*lv:2: waits for lv\n")
        self.good(run(fake, "remove", "a:2"))  # by hand, which stays so
        self.good(run(fake, "wait"), r"lv:3: waits: /dev/vg/lv is not there\nlv: /dev/sd\d.*\nlv:2: /dev/sd\d.*\nlv:3: /dev/sd\d.*\n$")
        self.assertEqual(list(state(fake)["disks"]), ["a", "lv", "lv:2", "lv:3"])

    def test_a_signal_ends_it(self):
        fake = self.boot((110, lambda fake: fake.stop(15)))
        before = seen(fake)
        self.good(run(fake, "wait"))
        self.assertEqual(seen(fake), before)

    def test_it_asks_little(self):
        """Of each disk that is not there, a look a second, and later each five."""
        fake = self.boot((3700, volume), text="".join(f"[lv{n}]\nblock = /dev/vg/lv{n}\n" for n in range(100)) + LV, failed="lv: /dev/vg/lv is not there")
        fake.events.append((3800, lambda fake: fake.stop(15)))
        fake.operations = 0
        self.good(run(fake, "wait"), "lv: /dev/sd0")
        self.assertLess(fake.operations, 101 * 820 + 2000)


class InUse(Case):
    def machine(self, *events):
        fake = Clock(*events)
        self.good(apply(fake, A + "[b]\nramdisk = 1M\n[c]\nramdisk = 1M\n"))
        fake.claimed.add("/dev/sd1")
        return fake

    def test_it_is_removed_once_it_is_idle(self):
        fake = self.machine((105, lambda fake: fake.claimed.clear()))
        self.good(run(fake, "remove", "--all", "--wait", "15"), "^c: removed\na: removed\nb: removed\n$", "tcm-loop: waits for b to be idle\n")
        self.assertEqual(seen(fake), {"hbas": 0})
        self.assertLess(fake.clock, 107)

    def test_it_is_not_waited_for_longer(self):
        fake = self.machine()
        start = fake.clock
        result = run(fake, "remove", "--all", "--wait", "15")
        self.refused(result, 3, "^tcm-loop: waits for b to be idle\ntcm-loop: b: /dev/sd1 is in use; with --force it is removed all the same\n$")
        self.assertEqual(result.output, "c: removed\na: removed\n")
        self.assertLess(fake.clock - start, 17)
        self.assertEqual(list(state(fake)["disks"]), ["b"])

    def test_its_file_systems_are_unmounted_if_that_is_wanted(self):
        for options in [], ["--unmount"]:
            fake, commands = self.machine(), []
            with unittest.mock.patch.object(fake, "run", lambda *command: command[0] == "umount" and (commands.append(command), fake.claimed.clear())):
                result = run(fake, "remove", "--all", "--wait", "5", *options)
            self.assertEqual(commands, [("umount", "-A", "/dev/sd1")] if options else [])
            self.assertEqual(result.status, 0 if options else 3)

    def test_nothing_is_unmounted_that_stays_all_the_same(self):
        """Others' LUNs on its backstore are why it is refused, or its place has another one's backstore."""
        fake, commands = self.machine(), []
        fake.expose("iscsi/iqn.2003-01.org.example:x/tpgt_1", 0, state(fake)["disks"]["b"]["backstore"]["in"])
        with unittest.mock.patch.object(fake, "run", lambda *command: commands.append(command)):
            self.refused(run(fake, "remove", "b", "--wait", "5", "--unmount"), 5, "is used by iscsi")
            self.refused(run(fake, "remove", "b", "--unmount"), 2, "--unmount wants --wait")
        self.assertEqual([command for command in commands if command[0] == "umount"], [])

    def test_another_may_remove_it_meanwhile(self):
        fake = self.machine((105, lambda fake: (fake.claimed.clear(), run(fake.again(), "remove", "b"))))
        self.good(run(fake, "remove", "b", "c", "--wait", "15"), "^c: removed\n$", "tcm-loop: waits for b to be idle\n")

    def test_who_waits_holds_no_lock(self):
        fake, held = self.machine((105, lambda fake: fake.claimed.clear())), []
        sleep, lock = fake.sleep, fake.lock
        with unittest.mock.patch.object(fake, "lock", lambda *args: held.append(fake.clock) or lock(*args)), \
                unittest.mock.patch.object(fake, "sleep", lambda seconds: held.append(None) or sleep(seconds)):
            self.good(run(fake, "remove", "b", "--wait", "15"), errors="tcm-loop: waits for b to be idle\n")
        self.assertGreater(held.count(None), 5)
        self.assertGreater(len(held) - held.count(None), held.count(None))
