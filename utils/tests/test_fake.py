# SPDX-License-Identifier: GPL-2.0-only
"""The file system in memory does what the model says, along which the module is led, too."""
import errno
import os
import sys
import unittest

from fake import CORE, LOOPBACK, Fake

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../selftests"))
import states  # noqa: E402

TPG = f"{LOOPBACK}/naa.5001405000000001/tpgt_1"
LUN = f"{TPG}/lun/lun_0"
OPERATIONS = {
    "mkdir target": lambda fake: fake.mkdir(os.path.dirname(TPG)),
    "rmdir target": lambda fake: fake.rmdir(os.path.dirname(TPG)),
    "mkdir tpgt_1": lambda fake: fake.mkdir(TPG),
    "rmdir tpgt_1": lambda fake: fake.rmdir(TPG),
    "write nexus": lambda fake: fake.write(f"{TPG}/nexus", states.INITIATOR),
    "write NULL": lambda fake: fake.write(f"{TPG}/nexus", "NULL"),
    "mkdir lun_0": lambda fake: fake.mkdir(LUN),
    "rmdir lun_0": lambda fake: fake.rmdir(LUN),
    "link": lambda fake: fake.symlink(f"{CORE}/rd_mcp_0/states", f"{LUN}/backstore"),
    "unlink": lambda fake: fake.unlink(f"{LUN}/backstore"),
    "offline": lambda fake: fake.write(f"{TPG}/transport_status", "offline"),
    "online": lambda fake: fake.write(f"{TPG}/transport_status", "online"),
}
# "delete the disk" and "scan the host" are nothing that tcm-loop does.


def observe(fake):
    if TPG not in fake.nodes:
        return states.START._replace(target=os.path.dirname(TPG) in fake.nodes)
    lun = "linked" if f"{LUN}/backstore" in fake.nodes else "made" if LUN in fake.nodes else "no"
    device = f"/sys/bus/scsi/devices/{fake.nodes[f'{TPG}/address'].strip()}:0"
    return states.State(True, True, f"{TPG}/nexus" in fake.nodes, lun, fake.nodes[f"{TPG}/transport_status"] == "online\n", device in fake.nodes)


class Model(unittest.TestCase):
    def test_every_operation_in_every_state(self):
        way, ahead, tried = {states.START: []}, [states.START], 0
        for state in ahead:
            for name, operation in OPERATIONS.items():
                fake = Fake()
                fake.backstore("core/rd_mcp_0/states", "rd_pages=256", "states")
                for before in way[state]:
                    OPERATIONS[before](fake)
                self.assertEqual(observe(fake), state)
                expected, got = states.MODEL[name](state), 0
                try:
                    operation(fake)
                except OSError as e:
                    got = e.errno
                tried += 1
                if isinstance(expected, states.State):
                    self.assertEqual((got, observe(fake)), (0, expected), f"{name} in {states.describe(state)}")
                    if expected not in way:
                        way[expected] = way[state] + [name]
                        ahead.append(expected)
                else:
                    self.assertEqual((errno.errorcode.get(got), observe(fake)), (errno.errorcode[expected], state), f"{name} in {states.describe(state)}")
        self.assertGreater(tried, 100)
