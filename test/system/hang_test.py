# SPDX-License-Identifier: Apache-2.0
"""A device that hangs: what else is served, and how tgtd ends all the same."""

import os
import signal
import time
import unittest

from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import BUSY, GOOD, TEST_UNIT_READY, InitiatorError, Session, read10, write10

HUNG, HEALTHY = 1, 2
PATIENCE = 60  # more than enough on any machine; the device hangs much longer
NAMES_HUNG_UNIT = "target 1 LUN 1: its device still holds commands"


class Hang(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.enterContext(self.daemon)
        path = os.path.join(self.daemon.folder, "disk")
        with open(path, "wb") as file:
            file.truncate(16 << 20)
        self.daemon.add_file_disk(path, "--bsopts", "delay=600000", lun=HUNG)
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", HEALTHY, "--bstype", "memory",
                          "--bsopts", "size=16M", "-b", "memory")

    def session(self, **options):
        session = Session(("127.0.0.1", self.daemon.port), TARGET_NAME, **options)
        self.addCleanup(session.close)
        return session

    def hang(self, **options):
        session = self.session(**options)
        session.clear_unit_attentions(HUNG)
        session.command(read10(0, 8), lun=HUNG, read=4096)
        session.clear_unit_attentions(HEALTHY)
        return session

    def test_its_initiator_logs_in_again_and_has_the_other_units(self):
        isid = bytes([0x80, 0, 0, 1, 2, 3])
        self.hang(isid=isid).close()
        for _ in range(3):
            again = self.session(isid=isid)
            self.assertEqual(again.execute(TEST_UNIT_READY, lun=HUNG).status, BUSY)
            again.clear_unit_attentions(HEALTHY)
            self.assertEqual(again.execute(write10(0, 8), lun=HEALTHY, write=bytes(4096)).status, GOOD)

    def test_a_signal_ends_tgtd_which_names_the_unit_and_no_other(self):
        self.hang()
        os.kill(self.daemon.process_id, signal.SIGTERM)
        self.assertEqual(self.daemon.wait_for_end(PATIENCE), 1)
        log = self.daemon.log()
        self.assertIn(NAMES_HUNG_UNIT, log)
        self.assertNotIn("LUN 2: its device", log)

    def test_a_second_signal_waits_for_nothing(self):
        self.hang()
        os.kill(self.daemon.process_id, signal.SIGTERM)
        self.daemon.log_with("asked by a signal to stop", PATIENCE)
        os.kill(self.daemon.process_id, signal.SIGTERM)
        self.assertEqual(self.daemon.wait_for_end(PATIENCE), 1)
        self.assertIn("asked by a signal to stop at once", self.daemon.log())

    def test_nobody_logs_in_to_a_target_that_is_being_removed_whatever_its_state(self):
        self.hang()
        removal = self.daemon.begin_admin("--op", "delete", "--force", "--mode", "target", "--tid", 1)
        self.addCleanup(removal.wait)
        self.addCleanup(removal.kill)
        deadline = time.monotonic() + PATIENCE
        while "State: offline" not in self.daemon.admin("--op", "show", "--mode", "target").stdout:
            self.assertLess(time.monotonic(), deadline)
        self.daemon.admin("--op", "update", "--mode", "target", "--tid", 1, "-n", "state", "-v", "ready")
        with self.assertRaises(InitiatorError):
            self.session(initiator_name="iqn.2020-01.com.example:late")


if __name__ == "__main__":
    unittest.main()
