# SPDX-License-Identifier: Apache-2.0
"""FORMAT UNIT and SANITIZE that the end of tgtd, or of the logical unit, cut short are not forgotten."""

import os
import struct
import unittest

from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import CHECK_CONDITION, GOOD, TEST_UNIT_READY, Session, read10

LUN = 1
MEBIBYTES = 64
SECRET_AT = 60 << 20
SECRET = b"SECRET!!" * 64
PATTERN = b"\xaa\xbb\xcc\xdd"
OVERWRITE = bytes([1, 0, 0, len(PATTERN)]) + PATTERN  # one pass
IMMEDIATE, ALLOW_UNRESTRICTED_EXIT = 0x80, 0x20
EXIT_FAILURE_MODE = struct.pack(">BB8x", 0x48, 0x1F)
FORMAT_IN_BACKGROUND = bytes([0x04, 0x10, 0, 0, 0, 0])  # its list says IMMED
FORMAT = bytes([0x04, 0, 0, 0, 0, 0])
FORMAT_CORRUPTED, SANITIZE_FAILED = (3, 0x31, 0x00), (3, 0x31, 0x03)


def overwrite(flags=0):
    return struct.pack(">BB5xHB", 0x48, 0x01 | flags, len(OVERWRITE), 0)


class MediumRestart(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon())
        self.path = os.path.join(self.daemon.folder, "disk")
        self.session = None
        self.addCleanup(self.log_out)
        with open(self.path, "wb") as file:
            file.truncate(MEBIBYTES << 20)
            file.seek(SECRET_AT)
            file.write(SECRET)

    def log_out(self):
        if self.session is not None:
            self.session.close()
            self.session = None

    def serve(self, *options):
        self.daemon.add_file_disk(self.path, *options)
        self.log_in()

    def log_in(self):
        self.session = Session(("127.0.0.1", self.daemon.port), TARGET_NAME)
        self.session.clear_unit_attentions(LUN)

    def serve_slowly(self):
        self.serve("--bsopts", "delay=2000")  # milliseconds, for each of 16 steps of an overwrite: it has not ended when the test goes on

    def after_a_kill(self):
        self.log_out()
        self.daemon.kill()
        self.daemon.restart()
        self.serve()

    def expect(self, cdb, sense=None, **options):
        task = self.session.execute(cdb, lun=LUN, **options)
        if sense is None:
            self.assertEqual(task.status, GOOD, task.sense.hex())
        else:
            self.assertEqual(task.status, CHECK_CONDITION)
            self.assertEqual(tuple(task.sense_codes), sense)
        return task

    def test_after_a_kill_a_sanitize_operation_has_failed_until_one_succeeds(self):
        self.serve_slowly()
        self.expect(overwrite(IMMEDIATE), write=OVERWRITE)
        self.after_a_kill()
        for cdb, options in ((TEST_UNIT_READY, {}), (read10(SECRET_AT // 512, 1), {"read": 512}), (FORMAT, {})):
            self.expect(cdb, SANITIZE_FAILED, **options)
        self.assertEqual(self.session.execute(EXIT_FAILURE_MODE, lun=LUN).status, CHECK_CONDITION)
        self.expect(overwrite(), write=OVERWRITE)
        self.after_a_kill()
        self.assertEqual(self.expect(read10(SECRET_AT // 512, 1), read=512).data, PATTERN * 128)

    def test_after_a_kill_a_format_is_corrupted_until_one_succeeds(self):
        self.serve_slowly()
        self.expect(FORMAT_IN_BACKGROUND, write=bytes([0, 0x02, 0, 0]))
        self.after_a_kill()
        self.expect(TEST_UNIT_READY, FORMAT_CORRUPTED)
        self.expect(read10(SECRET_AT // 512, 1), FORMAT_CORRUPTED, read=512)
        self.expect(FORMAT)
        self.assertEqual(self.expect(read10(SECRET_AT // 512, 1), read=512).data, bytes(512))

    def test_a_unit_removed_meanwhile_and_made_again_is_left_only_as_its_sanitize_allowed(self):
        self.serve_slowly()
        self.expect(overwrite(IMMEDIATE | ALLOW_UNRESTRICTED_EXIT), write=OVERWRITE)
        self.log_out()
        self.daemon.admin("--op", "delete", "--mode", "logicalunit", "--tid", 1, "--lun", LUN)
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", LUN, "-b", self.path)
        self.log_in()
        self.expect(read10(SECRET_AT // 512, 1), SANITIZE_FAILED, read=512)
        self.expect(EXIT_FAILURE_MODE)
        self.after_a_kill()
        self.expect(read10(SECRET_AT // 512, 1), read=512)


if __name__ == "__main__":
    unittest.main()
