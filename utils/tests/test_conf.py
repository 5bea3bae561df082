# SPDX-License-Identifier: GPL-2.0-only
"""Configuration files: what 3.0.0 took means the same, and what is hostile is refused with a sentence."""
import random
import unittest

import world  # noqa: F401 (of whose machine the derived names are)
from tcmloop import conf
from tcmloop.model import Disk, size_of
from tcmloop.names import Error, check_name, designator, protocol_of

# Names with what src/protocol_name.c says of them: the ones of selftests/utils.sh and selftests/names.sh.
WELL_FORMED = ("naa.5001405000000001", "naa.60014050000000010000000000000000", "naa.C000000000000000", "fc.2100002400ff0001",
               "fc.21:00:00:24:ff:00:00:01", "iqn.2003-01.org.linux-iscsi.lab:target", "iqn.2003-01.org:a.-:b", "eui.0123456789abcdef")
MALFORMED = ("", "naa.", "naa.4001405000000001", "naa.50014050000000012", "naa.6001405000000001000000000000000", "naa.5001405/../../x",
             "fc.21:0000:24:ff:00:00:01", "fc.", "iqn.2003-01.Org", "iqn.2003-13.org", "iqn.2003-01.org:a\n", "iqn.2003-01.org:a,i,0x1", "eui.0123456789abcdeg",
             "NAA.5001405000000001", "../../x", "iqn.2003-01." + 212 * "0", "naa.5001405000000001\x00", "naa.５001405000000001")

# Files that 3.0.0 took, and the disk that it made of each.
GOLDEN = {
    "[disk1]\nramdisk = 64M\n": ("disk1", "ramdisk", "", 64 << 20, "naa.5001405af1f1af3a", 1, 0, "65aaf60f63ff1abd4972dd137d76d753"),
    "# comment\n[disk1]\nfile = /srv/disk2.img\nsize = 1G\nprotocol = fc\n":
        ("disk1", "file", "/srv/disk2.img", 1 << 30, "fc.50:01:40:5a:f1:f1:af:3a", 1, 0, "65aaf60f63ff1abd4972dd137d76d753"),
    "[d]\nblock = /dev/vg/d\ntarget = iqn.2003-01.org.example:disk3\nlun = 1\nserial = 1\n":
        ("d", "block", "/dev/vg/d", 0, "iqn.2003-01.org.example:disk3", 1, 1, "1"),
    "[DEFAULT]\nprotocol = iscsi\n[disk1]\nramdisk = 4096\ntpg = 65535\nserial = with a blank\n":
        ("disk1", "ramdisk", "", 4096, "iqn.2003-01.org.linux-iscsi.tcm-loop:target.af1f1af3a74a", 65535, 0, "with a blank"),
}


class Files(unittest.TestCase):
    def test_what_3_0_0_took(self):
        for text, expected in GOLDEN.items():
            disk, = conf.parse(text, "conf")
            self.assertEqual((disk.name, disk.kind, disk.where, disk.size, disk.target, disk.tpg, disk.lun, disk.serial), expected)

    def test_derived_names_stay(self):
        """The digits of 3.0.0: another name would be another disk to the system."""
        disk = Disk("disk1", {"ramdisk": "64M"})
        self.assertEqual((disk.target, disk.generated_initiator(), disk.serial),
                         ("naa.5001405af1f1af3a", "naa.50014050d37b38d7", "65aaf60f63ff1abd4972dd137d76d753"))

    def refused(self, text, reason):
        with self.assertRaisesRegex(Error, reason):
            conf.parse(text, "conf")

    def test_hostile_values(self):
        for text, reason in (
                ("file = /srv/a,b\nsize = 1M", "without commas"), ("file = /srv/a,fd_buffered_io=1", "without commas"), ("file = /srv/a\n  b", "without commas"),
                ("file = /srv/\x1ba", "without commas"), ("block = /dev/a,readonly=1", "without commas"), (f"file = /{'a' * 255}", "has 256 bytes"),
                (f"block = /{'a' * 511}", "has 512 bytes"), ("file = srv/x", "not an absolute path"), ("file = /srv/a.img ; x", "a comment has a line of its own"),
                ("file = /srv/a.img # x", "a comment has a line of its own"), ("ramdisk = ٦٤M", "accepted are a number"), 
                ("ramdisk = 0", "accepted are a number"), (f"ramdisk = {'9' * 5000}", "accepted are a number"),
                (f"ramdisk = 1M\nlun = {'0' * 5000}", "from 0 to 65535"), (f"ramdisk = {'9' * 19}T", "below 8 EiB"), ("ramdisk = -1M", "accepted are a number"), ("ramdisk = 99999999T", "below 8 EiB"),
                ("file = /x\nsize = 1000", "multiples of 512"), ("ramdisk = 1M\nlun = 65536", "from 0 to 65535"), ("ramdisk = 1M\nlun = ٣", "from 0 to 65535"),
                ("ramdisk = 1M\ntpg = -1", "from 0 to 65535"), ("ramdisk = 1M\nserial = a/b", "printable ASCII characters but /"),
                ("ramdisk = 1M\nserial = ../../x", "but /"), (f"ramdisk = 1M\nserial = {'1' * 300}", "up to 240"), ("ramdisk = 1M\nserial = a\n  b", "printable ASCII"),
                ("ramdisk = 1M\nserial = ä", "printable ASCII"), ("ramdisk = 1M\nwrite_protect = maybe", 'write_protect "maybe"; accepted are yes and no'), *((f"ramdisk = 1M\nset = {text}", f'set ".*": accepted are attributes of a backstore') for text in
                  ("block_size", "block_size=", "=1", "block_size=4K", "a=1 a=2", "../enable=0", "a/b=1", "A=1", "a=-1", "a=1;b=2", "a = 1", "a=٣", "revision=1", "product=2")),
                *((f"ramdisk = 1M\n{what} = {text}", rf'{what} ".*"; accepted are up to {most} printable ASCII characters') for what, most in (("vendor", 8), ("product", 16), ("revision", 4))
                  for text in ("x" * (most + 1), "ä", "a\tb", "a\n  b")),
                ("ramdisk = 1M\nproduct = a\nset = emulate_model_alias=1", "product: set emulate_model_alias=1 makes it the backstore's name"),
                ("file = /x\nset = emulate_write_cache=0", "emulate_write_cache=0: a file is written through the page cache"),
                ("ramdisk = 1M\nfile = /x", "exactly one of"), ("size = 1M", "none is given"),
                ("colour = red\nramdisk = 1M", 'unknown option "colour"'), ("ramdisk = 1M\nprotocol = fc\ntarget = naa.5001405000000001", "not of protocol fc"),
                ("ramdisk = 1M\nprotocol = sata", 'protocol "sata"'), ("ramdisk = 1M\ninitiator = ../../x", "accepted are naa"), ("ramdisk = 1M\ntarget = naa.5/..", "wrong at character 6")):
            self.refused(f"[one]\n{text}\n", reason)
        for name in ".", "..", "-x", "--all", "a b", "a/b", "ä", "a" * 65, "a\x00", "group a b":
            self.refused(f"[{name}]\nramdisk = 1M\n", 'disk ".*": accepted are up to 64 letters')
        with self.assertRaises(Error):
            Disk("DEFAULT", {"ramdisk": "1M"})

    def test_names_are_refused_where_they_are_wrong(self):
        naa, fc, iqn = "naa.5001405000000001", "fc.21:00:00:24:ff:00:00:01", "iqn.2003-01.org.linux-iscsi.lab:target"
        for target, initiator, reason in (
                ("naa.4001405000000001", "", r'4001405000000001": wrong at character 5; accepted: naa\.'),
                ("naa.50014050000000012", "", r'12": wrong at character 21; accepted: naa\.'),
                ("naa.6001405000000001000000000000000", "", r'": too short with 35 characters; accepted: naa\.'),
                ("fc.21:0000:24:ff:00:00:01", "", r'00:01": wrong at character 9; accepted: fc\.'),
                ("iqn.2003-01.Org", "", r'Org": wrong at character 13; accepted: iqn\.'),
                ("iqn.2003-01.org:a,i,0x00023d000001", "", r'000001": wrong at character 18; accepted: iqn\.'),
                ("iqn.2003-01." + 212 * "0", "", r'0000": wrong at character 224; accepted: iqn\.'),
                ("eui.0123456789abcdeg", "", r'g": wrong at character 20; accepted: iqn\.'),
                ("NAA.5001405000000001", "", r"accepted are naa\. \(SAS\)"),
                (naa, "naa.5001405000000002,i,0x00023d000001", r'0x00023d000001": wrong at character 21; accepted: naa\.'),
                (fc, "fc.2", r'2": too short with 4 characters; accepted: fc\.'),
                (iqn, "iqn.2003-01.org:a,i,0xg", r'a,i,0xg": wrong at character 23; accepted: iqn\.'),
                (iqn, fc, f'initiator "{fc}" is not of protocol iscsi')):
            self.refused(f"[one]\nramdisk = 1M\ntarget = {target}\n" + (f"initiator = {initiator}\n" if initiator else ""), reason)

    def test_files_that_are_none(self):
        for text, reason in (("ramdisk = 1M\n", "no section headers"), ("[a]\nramdisk = 1M\n[a]\nramdisk = 1M\n", "already exists"), ("[a]\nramdisk\n", "conf"),
                             ("[a]\nramdisk = 1M\nramdisk = 2M\n", "already exists"), ("[a\n", "no section headers")):
            self.refused(text, reason)

    def test_the_line_is_told(self):
        self.refused("# c\n[one]\nramdisk = 1M\n\n[two]\nramdisk = 1M\nlun = x\n", "^conf:7: two: lun \"x\"")
        self.refused("[one]\nramdisk = 1M\ntarget = naa.5001405000000001\n[two]\nramdisk = 2M\ntarget = naa.5001405000000001\n",
                     "^conf:4: one and two are both lun 0 of naa.5001405000000001, TPG 1")

    def test_noise_is_refused_with_a_sentence(self):
        choice = random.Random(5)
        text = "[DEFAULT]\nprotocol = fc\n[one]\nramdisk = 64M\nlun = 3\n[two]\nfile = /srv/x\nsize = 1G\nserial = abc\n"
        taken = 0
        for _ in range(3000):
            noise = list(text)
            for _ in range(choice.randrange(1, 6)):
                at = choice.randrange(len(noise))
                noise[at:at + choice.randrange(3)] = choice.choice(("[", "]", "=", "\n", " ", "#", ";", "\x00", "é", "\udc80", "9", "%", "\n\n[x]\n", "/", ","))
            try:
                conf.parse("".join(noise), "conf")
                taken += 1
            except Error as e:
                self.assertNotIn("\n", str(e))
        self.assertGreater(taken, 50)

    def test_sizes(self):
        for text, size in (("64M", 64 << 20), ("1G", 1 << 30), ("4096", 4096), ("1 TiB", 1 << 40), ("8kb", 8192), ("512B", 512)):
            self.assertEqual(size_of(text, 512, "size"), size)


class Names(unittest.TestCase):
    def test_well_formed_and_malformed(self):
        for name in WELL_FORMED:
            check_name("x", "target", name, protocol_of(name))
        for name in MALFORMED:
            with self.assertRaises(Error, msg=repr(name)):
                check_name("x", "target", name, protocol_of(name))
        check_name("x", "initiator", "iqn.2003-01.org:a,i,0x00023d000001", "iscsi")
        with self.assertRaises(Error):
            check_name("x", "target", "iqn.2003-01.org:a,i,0x00023d000001", "iscsi")

    def test_the_designator_is_the_first_25_digits(self):
        self.assertEqual(designator("vm-1"), designator("lun-1"))
        self.assertEqual(designator("A"), designator("a0"))
        self.assertNotEqual(designator("a"), designator("0a"))
        self.assertEqual(designator("f" * 25 + "1"), designator("f" * 25 + "2"))
