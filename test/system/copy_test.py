# SPDX-License-Identifier: Apache-2.0
"""A copy has no task at its destination while it reads: what ends the tasks there must end what is left of the copy too."""

import os
import struct
import time
import unittest

from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import GOOD, LOGICAL_UNIT_RESET, Session, inquiry

SOURCE, DESTINATION = 1, 2
MEBIBYTE = 1 << 20
THIRD_PARTY_DEVICE_FAILURE = (0x0A, 0x0D, 0x01)
FUNCTION_COMPLETE = 0


def identification(session, lun):
    """The CSCD descriptor of a disk, by its NAA designator."""
    page = session.execute(inquiry(255, page=0x83), lun=lun, read=255).data
    at = 4
    while page[at + 1] & 0x0F != 3:
        at += 4 + page[at + 3]
    designator = bytes(page[at + 4 : at + 4 + page[at + 3]])
    return struct.pack(">BBHBBBB20sB3s", 0xE4, 0, 0, 1, 3, 0, len(designator), designator, 0, (512).to_bytes(3, "big"))


class Copy(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon())
        self.paths = {name: os.path.join(self.daemon.folder, name) for name in ("source", "destination", "other")}
        for name, path in self.paths.items():
            with open(path, "wb") as file:
                file.write(name[:1].encode() * (4 * MEBIBYTE))
        self.daemon.add_file_disk(self.paths["source"], "--bsopts", "delay=2000", lun=SOURCE)  # milliseconds, for each mebibyte
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", DESTINATION, "-b", self.paths["destination"])
        self.update("removable=1")
        self.session = self.enterContext(Session(("127.0.0.1", self.daemon.port), TARGET_NAME))
        for lun in (SOURCE, DESTINATION):
            self.session.clear_unit_attentions(lun)

    def update(self, parameter, check=True):
        words = ("--op", "update", "--mode", "logicalunit", "--tid", 1, "--lun", DESTINATION, "--params", parameter)
        return self.daemon.admin(*words, check=check).returncode == 0

    def bytes_of(self, name):
        with open(self.paths[name], "rb") as file:
            return file.read()

    def begin_copy(self):
        """Returns when the first mebibyte has been written."""
        ends = identification(self.session, SOURCE) + identification(self.session, DESTINATION)
        segment = struct.pack(">BBHHHHHQQ", 2, 0, 0x18, 0, 1, 0, 4 * MEBIBYTE // 512, 0, 0)
        parameters = struct.pack(">BBHIII", 1, 0, len(ends), 0, len(segment), 0) + ends + segment
        copy = self.session.command(struct.pack(">B9xIBB", 0x83, len(parameters), 0, 0), lun=SOURCE, write=parameters)
        while not copy.ended and self.bytes_of("destination")[MEBIBYTE - 1 : MEBIBYTE] != b"s":
            time.sleep(0.05)
        return copy

    def assert_good_if_whole(self, copy):
        copy.wait()
        if self.bytes_of("destination") == b"s" * (4 * MEBIBYTE):  # a slow machine: it had ended before
            self.assertEqual(copy.status, GOOD)
        else:
            self.assertEqual(copy.sense_codes, THIRD_PARTY_DEVICE_FAILURE)

    def test_another_medium_is_not_written_to(self):
        copy = self.begin_copy()
        self.update("online=0")
        while not self.update("path=" + self.paths["other"], check=False):
            time.sleep(0.05)  # a part of the copy is there just now
        self.assert_good_if_whole(copy)
        self.assertEqual(self.bytes_of("other"), b"o" * (4 * MEBIBYTE))

    def test_nothing_is_written_after_a_reset_was_answered(self):
        copy = self.begin_copy()
        reset = self.session.task_management(LOGICAL_UNIT_RESET, lun=DESTINATION).wait()
        self.assertEqual(reset.response, FUNCTION_COMPLETE)
        then = self.bytes_of("destination")
        self.assert_good_if_whole(copy)
        self.assertEqual(self.bytes_of("destination"), then)


if __name__ == "__main__":
    unittest.main()
