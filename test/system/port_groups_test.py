# SPDX-License-Identifier: Apache-2.0
"""Target port groups (ALUA) that the administrator makes with tgtadm, as an initiator sees them."""

import struct
import unittest

from harness.daemon import TARGET_NAME, Daemon, free_port
from harness.initiator import GOOD, TEST_UNIT_READY, Session, inquiry, read10

LUN = 1
STATE_CHANGED = (6, 0x2A, 0x06)
STANDBY = (2, 0x04, 0x0B)
REPORT = struct.pack(">BB4xIH", 0xA3, 0x0A, 1024, 0)


def set_groups(length):
    return struct.pack(">BB4xIH", 0xA4, 0x0A, length, 0)


class PortGroups(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon())
        self.daemon.add_memory_disk(mebibytes=1)
        self.session = self.log_in()

    def log_in(self):
        session = self.enterContext(Session(("127.0.0.1", self.daemon.port), TARGET_NAME))
        session.clear_unit_attentions(LUN)
        return session

    def port_group(self, value, **options):
        return self.daemon.admin("--op", "update", "--mode", "target", "--tid", 1, "--name", "port_group", "--value", value,
                                 **options)

    def test_a_state_that_the_administrator_sets_is_told_followed_and_reported(self):
        self.assertEqual(self.session.execute(inquiry(), lun=LUN, read=96).data[5] & 0x30, 0)
        self.port_group("7:state=standby:preferred=1")
        self.assertEqual(self.session.execute(TEST_UNIT_READY, lun=LUN).sense_codes, STATE_CHANGED)
        self.assertEqual(self.session.execute(read10(0, 1), lun=LUN, read=512).sense_codes, STANDBY)
        self.assertEqual(self.session.execute(inquiry(), lun=LUN, read=96).data[5] & 0x30, 0x30)
        report = self.session.execute(REPORT, lun=LUN, read=1024)
        self.assertEqual(bytes(report.data[:16]), bytes([0, 0, 0, 12, 0x82, 0xCF, 0, 7, 0, 2, 0, 1, 0, 0, 0, 1]))
        shown = self.daemon.admin("--op", "show", "--mode", "target", "--tid", 1).stdout
        self.assertIn("port_group=7:state=standby:preferred=1:ports=1\n", shown)
        self.port_group("7:remove")
        self.session.clear_unit_attentions(LUN)
        self.assertEqual(self.session.execute(read10(0, 1), lun=LUN, read=512).status, GOOD)

    def test_an_initiator_sets_a_state_and_the_other_one_is_told(self):
        self.port_group("1:state=standby")
        other = self.log_in()
        other.clear_unit_attentions(LUN)
        self.session.clear_unit_attentions(LUN)
        wanted = bytes([0, 0, 0, 0, 0x00, 0, 0, 1])
        self.assertEqual(self.session.execute(set_groups(len(wanted)), lun=LUN, write=wanted).status, GOOD)
        self.assertEqual(self.session.execute(read10(0, 1), lun=LUN, read=512).status, GOOD)
        self.assertEqual(other.execute(TEST_UNIT_READY, lun=LUN).sense_codes, STATE_CHANGED)
        self.assertEqual(other.execute(read10(0, 1), lun=LUN, read=512).status, GOOD)

    def test_two_portal_groups_are_two_ports_in_two_states(self):
        port = free_port()
        self.daemon.admin("--op", "new", "--mode", "portal", "--params", f"portal=127.0.0.1:{port},group=2")
        self.assertIn(f"Portal: 127.0.0.1:{port},2\n", self.daemon.admin("--op", "show", "--mode", "portal").stdout)
        other = self.enterContext(Session(("127.0.0.1", port), TARGET_NAME))
        self.assertEqual(other.keys["TargetPortalGroupTag"], "2")
        self.port_group("10:ports=1:preferred=1")
        self.port_group("20:ports=2:state=standby")
        for session in (self.session, other):
            session.clear_unit_attentions(LUN)
        self.assertEqual(self.session.execute(read10(0, 1), lun=LUN, read=512).status, GOOD)
        self.assertEqual(other.execute(read10(0, 1), lun=LUN, read=512).sense_codes, STANDBY)
        report = other.execute(REPORT, lun=LUN, read=1024)
        groups = bytes([0x80, 0xCF, 0, 10, 0, 2, 0, 1, 0, 0, 0, 1, 0x02, 0xCF, 0, 20, 0, 2, 0, 1, 0, 0, 0, 2])
        self.assertEqual(bytes(report.data[:28]), bytes([0, 0, 0, 24]) + groups)
        identification = bytes(other.execute(inquiry(255, page=0x83), lun=LUN, read=255).data)
        self.assertIn(bytes([0x51, 0x94, 0, 4, 0, 0, 0, 2]), identification, "relative target port")
        self.assertIn(bytes([0x51, 0x95, 0, 4, 0, 0, 0, 20]), identification, "target port group")
        with Session(("127.0.0.1", self.daemon.port), "", normal=False) as discovery:
            found = discovery.text({"SendTargets": "All"})
        self.assertIn(("TargetAddress", f"127.0.0.1:{port},2"), found)
        self.assertIn(("TargetAddress", f"127.0.0.1:{self.daemon.port},1"), found)

    def test_what_tgtadm_cannot_set_is_refused(self):
        for value in ("0", "1:state=asleep", "1:ports=9", "3:remove"):
            self.assertNotEqual(self.port_group(value, check=False).returncode, 0, value)


if __name__ == "__main__":
    unittest.main()
