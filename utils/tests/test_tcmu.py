# SPDX-License-Identifier: GPL-2.0-only
"""Disks whose data is a program's, through TCMU."""
import json
import os
import unittest.mock

from fake import CORE, Fake
from world import Case, apply, backstores, pending, run, seen


class Tcmu(Case):
    OPTIONS = "create", "--tcmu", "rbd:pool/a/b", "--size", "1G", "--name", "t", "--target", "naa.5001405000000001"
    TEXT = "[t]\ntcmu = rbd:pool/a/b\nsize = 1G\ntarget = naa.5001405000000001\n"

    def test_it_comes_and_goes(self):
        fake = Fake()
        self.good(run(fake, *self.OPTIONS), "^t: /dev/sd0 /dev/disk/by-id/wwn-")
        self.assertEqual(fake.nodes[f"{CORE}/user_0/t/control"], "dev_config=rbd/pool/a/b,dev_size=1073741824,nl_reply_supported=-1")
        row = json.loads(run(fake, "list", "--json").output)[0]
        self.assertEqual([row[key] for key in ("backstore", "tcmu", "path", "size")], ["user", "rbd:pool/a/b", None, 1 << 30])
        self.assertRegex(run(fake, "show", "t").output, "^t: tcmu, rbd:pool/a/b, 1 GiB, core/user_0/t, serial ")
        self.refused(run(fake, "resize", "t", "2G"), 1, "t: tcmu is a backstore that this command cannot grow")
        self.good(apply(fake, self.TEXT, "--force"))
        self.good(apply(fake, self.TEXT), "^nothing to do")
        # Its data is the handler's, which has one of them at once.
        self.good(apply(fake, self.TEXT.replace("1G", "2G")), "^~ t: size 1073741824 -> 2147483648\n")
        self.assertRegex(fake.nodes[f"{backstores(fake)[0]}/control"], "dev_size=2147483648,")
        self.good(run(fake, "remove", "t"))
        self.assertEqual(backstores(fake), [])

    def test_what_is_no_handler_s(self):
        self.refused(run(Fake(), *self.OPTIONS, "--alua", "standby"), 1, "t: alua: the access states of a disk of TCMU are its handler's")
        self.refused(run(Fake(), *self.OPTIONS, "--set", "dev_size=4096"), 1, "t: set dev_size: tcmu and size say that")
        for tcmu, reason in (("rbd", "accepted is HANDLER:CONFIG"), (":x", "accepted is HANDLER:CONFIG"), ("rbd:", "accepted is HANDLER:CONFIG"),
                             ("rbd:a,dev_size=1", "without commas"), ("rbd:a\nb", "without commas"), ("rbd:" + "x" * 252, "has 256 bytes; accepted are 255")):
            self.refused(run(Fake(), "create", "--tcmu", tcmu, "--size", "1M"), 1, reason)
        self.refused(run(Fake(), "create", "--tcmu", "rbd:x"), 1, "tcmu \"rbd:x\" needs a size")
        self.refused(run(Fake(), *self.OPTIONS, "--product", "x"), 1, "t: product: what a disk of TCMU says of itself is its handler's")

    def test_no_program_takes_it(self):
        fake = Fake()
        fake.handlers = set()
        before = dict(fake.nodes)
        begun = fake.now()
        self.refused(run(fake, *self.OPTIONS), 1, "no program has taken rbd:pool/a/b within 10 s: tcmu-runner, or another one that has the handler rbd, does not run, or refuses it")
        self.assertLess(fake.now() - begun, 11)
        # One that is stopped has what was removed still open.
        fake.handlers = {"rbd"}
        self.good(run(fake, *self.OPTIONS))
        fake.handlers = set()
        self.good(run(fake, "remove", "t"))
        before = dict(fake.nodes)
        self.refused(run(fake, *self.OPTIONS), 1, "no program has taken rbd:pool/a/b within 10 s")
        self.assertEqual([name for name in fake.nodes if name not in before and not name.startswith("/run/")], [])

    def test_what_works_is_not_given_up_where_no_program_is(self):
        for change in ("1G", "2G"), ("a/b", "c"):
            fake = Fake()
            self.good(apply(fake, self.TEXT))
            del fake.nodes["/proc/77/fd/0"]
            before = seen(fake)
            self.refused(apply(fake, self.TEXT.replace(*change)), 3, "t: no program has taken rbd:pool/a/b within 10 s")
            self.assertEqual(seen(fake), before)
            # The new one is not taken: the old one is back, without waiting once more.
            fake = Fake()
            self.good(apply(fake, self.TEXT))
            fake.handlers, begun = set(), fake.now()
            self.refused(apply(fake, self.TEXT.replace(*change)), 3, "t: no program has taken rbd:pool/.* within 10 s")
            self.assertLess(fake.now() - begun, 12)
            self.assertEqual((seen(fake), pending(fake)), (before, []))

    def test_what_others_made_goes_without_its_program(self):
        fake = Fake()
        fake.backstore("core/user_3/t", "dev_config=rbd/pool/a/b,dev_size=1073741824", "5cafe")
        fake.nodes[f"{CORE}/user_3/t/attrib/nl_reply_supported"] = "1\n"
        fake.expose("loopback/naa.5001405000000001/tpgt_1", 0, "core/user_3/t", "naa.5001405000000002")
        self.good(run(fake, "adopt", "t"))
        told, write = [], fake.write
        with unittest.mock.patch.object(fake, "write", lambda path, text: told.append((path, text)) or write(path, text)):
            self.good(run(fake, "remove", "t"))
        self.assertIn((f"{CORE}/user_3/t/attrib/nl_reply_supported", "-1"), told)

    def test_one_configuration_is_one_disk_s(self):
        fake = Fake()
        self.good(run(fake, *self.OPTIONS))
        self.refused(run(fake, "create", "--tcmu", "rbd:pool/a/b", "--size", "1G"), 1, "rbd:pool/a/b is the data of core/user_0/t, too")
        fake.backstore("core/user_1/theirs", "dev_config=rbd/pool/c,dev_size=4096", "5cafe")
        self.refused(run(fake, "create", "--tcmu", "rbd:pool/c", "--size", "4K"), 1, "rbd:pool/c is the data of core/user_1/theirs, too")
        # By another name: the new backstore takes it when the old one is gone.
        other = Fake()
        self.good(apply(other, self.TEXT))
        self.good(apply(other, self.TEXT.replace("[t]", "[u]")))
        self.assertEqual([os.path.basename(path) for path in backstores(other)], ["u"])

    def test_what_others_made_is_taken_over(self):
        fake = Fake()
        fake.backstore("core/user_3/t", "dev_config=rbd/pool/a/b,dev_size=1073741824", "5cafe")
        self.good(apply(fake, self.TEXT + "serial = 5cafe\n"), "^= t: is there already, adopted; lun 0 of .* is gone; made: naa")
        self.assertEqual(backstores(fake), [f"{CORE}/user_3/t"])
        other = Fake()
        other.backstore("core/user_3/t", "dev_config=rbd/pool/c,dev_size=1073741824", "5cafe")
        self.refused(apply(other, self.TEXT + "serial = 5cafe\n"), 3, "but not its data: it is tcmu rbd:pool/c")
