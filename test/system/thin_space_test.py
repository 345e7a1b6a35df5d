# SPDX-License-Identifier: Apache-2.0
"""A thin disk over a sparse file tells how much space it takes, and initiators hear of the thresholds that they set."""

import os
import struct
import unittest

from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import GOOD, TEST_UNIT_READY, Session, inquiry, write10

LUN = 1
SIZE = 64 << 20
SET = 1 << 20  # bytes: 2^11 blocks of 512
UNIT_ATTENTION = 6
SOFT_THRESHOLD_REACHED = (UNIT_ATTENTION, 0x38, 0x07)


def log_sense(page):
    return struct.pack(">BBBBBHHB", 0x4D, 0, 0x40 | page, 0, 0, 0, 256, 0)


def thresholds(*, used):
    """MODE SELECT(6) and its list: one threshold, on what is used, in sets."""
    page = bytes([0x5C, 0x02, 0, 28]) + bytes(12) + struct.pack(">BBHI", 0, 1, 0, 0) + struct.pack(">BBHI", 0x81, 2, 0, used)
    return bytes([0x15, 0x11, 0, 0, 4 + len(page), 0]), bytes(4) + page


class ThinSpace(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon())
        self.path = os.path.join(self.daemon.folder, "disk")
        with open(self.path, "wb") as file:
            file.truncate(SIZE)
        self.serve()
        self.sessions = [self.log_in(), self.log_in()]

    def serve(self):
        self.daemon.add_file_disk(self.path)
        self.daemon.admin("--op", "update", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "--params",
                          "thin_provisioning=1")

    def log_in(self):
        session = Session(("127.0.0.1", self.daemon.port), TARGET_NAME)
        self.addCleanup(session.close)
        session.clear_unit_attentions(LUN)
        return session

    def counts(self):
        """Threshold sets that are available and used."""
        data = self.sessions[0].execute(log_sense(0x0C), lun=LUN, read=256).data
        self.assertEqual(len(data), 4 + 24)
        return int.from_bytes(data[8:12], "big"), int.from_bytes(data[20:24], "big")

    def fill(self, first, count):
        for number in range(first, first + count):
            task = self.sessions[0].execute(write10(number * SET // 512, SET // 512), lun=LUN, write=b"\1" * SET)
            self.assertEqual(task.status, GOOD, task.sense.hex())

    def test_the_log_page_follows_the_file(self):
        page = self.sessions[0].execute(inquiry(255, page=0xB2), lun=LUN, read=255).data
        self.assertEqual(page[4], 11, "THRESHOLD EXPONENT")
        available, used = self.counts()
        self.assertLessEqual(available, SIZE // SET)
        self.assertLessEqual(used, 1)
        self.fill(0, 4)
        after = self.counts()
        self.assertGreaterEqual(after[1], 4)
        self.assertLessEqual(after[1], 6)
        self.assertLessEqual(after[0], available)

    def test_every_initiator_hears_once_of_a_threshold_that_was_saved_before_a_kill(self):
        cdb, page = thresholds(used=8)
        self.assertEqual(self.sessions[0].execute(cdb, lun=LUN, write=page).status, GOOD)
        for session in self.sessions:
            session.close()
        self.daemon.kill()
        self.daemon.restart()
        self.serve()
        self.sessions = [self.log_in(), self.log_in()]
        self.fill(0, 4)
        for session in self.sessions:
            self.assertEqual(session.execute(TEST_UNIT_READY, lun=LUN).status, GOOD)
        self.fill(4, 4)
        for session in self.sessions:
            told = session.execute(TEST_UNIT_READY, lun=LUN)
            self.assertEqual(told.sense_codes, SOFT_THRESHOLD_REACHED)
            self.assertEqual(int.from_bytes(told.sense[3:7], "big"), 24, "INFORMATION: the descriptor")
            self.assertEqual(session.execute(TEST_UNIT_READY, lun=LUN).status, GOOD)
        self.fill(8, 4)
        for session in self.sessions:
            self.assertEqual(session.execute(TEST_UNIT_READY, lun=LUN).status, GOOD)


if __name__ == "__main__":
    unittest.main()
