# SPDX-License-Identifier: Apache-2.0
"""What initiators save in a disk outlives tgtd: mode pages (MODE SELECT with SP) and identifying information."""

import os
import shutil
import struct
import unittest

from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import CHECK_CONDITION, GOOD, Session
from harness.state_files import check_damaged_file_is_refused

LUN = 1
ILLEGAL_REQUEST, HARDWARE_ERROR = 5, 4
CURRENT, SAVED = 0, 3
CACHING, CONTROL = 0x08, 0x0A
LENGTHS = {CACHING: 20, CONTROL: 12}
WRITE_CACHE_ENABLED, DESCRIPTOR_SENSE = 0x04, 0x04  # in byte 2 of their pages


def mode_sense(page, control=CURRENT):
    return bytes([0x1A, 0x08, control << 6 | page, 0, 255, 0])


def mode_select(length, save):
    return bytes([0x15, 0x11 if save else 0x10, 0, 0, length, 0])


def set_information(length):
    return struct.pack(">BB4xIBB", 0xA4, 0x06, length, 0, 0)


REPORT_INFORMATION = struct.pack(">BB4xIBB", 0xA3, 0x05, 256, 0, 0)


class SavedSettings(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon())
        self.session = None
        self.addCleanup(self.log_out)
        self.daemon.add_memory_disk(mebibytes=1)
        self.log_in()

    def log_in(self):
        self.session = Session(("127.0.0.1", self.daemon.port), TARGET_NAME)
        self.session.clear_unit_attentions(LUN)

    def log_out(self):
        if self.session is not None:
            self.session.close()
            self.session = None

    def kill_and_start(self):
        self.log_out()
        self.daemon.kill()
        self.daemon.restart()

    def after_a_kill(self):
        self.kill_and_start()
        self.daemon.add_memory_disk(mebibytes=1)
        self.log_in()

    def page(self, code, control=CURRENT):
        task = self.session.execute(mode_sense(code, control), lun=LUN, read=255)
        self.assertEqual(task.status, GOOD, task.sense.hex())
        return bytearray(task.data[4:])

    def select(self, code, clear=0, put=0, save=True):
        page = self.page(code)[:LENGTHS[code]]
        page[0] &= 0x3F
        page[2] = page[2] & ~clear | put
        return self.session.execute(mode_select(4 + len(page), save), lun=LUN, write=bytes(4) + bytes(page))

    def file(self):
        names = [name for name in os.listdir(self.daemon.state_directory) if name.endswith(".settings")]
        self.assertEqual(len(names), 1, names)
        return os.path.join(self.daemon.state_directory, names[0])

    def information(self):
        data = self.session.execute(REPORT_INFORMATION, lun=LUN, read=256).data
        return bytes(data[4:4 + int.from_bytes(data[2:4], "big")])

    def set_information(self, text):
        return self.session.execute(set_information(len(text)), lun=LUN, write=text).status

    def test_mode_pages_are_as_they_were_saved_after_a_kill(self):
        self.assertTrue(self.page(CACHING)[0] & 0x80, "PS")
        self.assertEqual(self.select(CACHING, clear=WRITE_CACHE_ENABLED).status, GOOD)
        self.assertEqual(self.select(CONTROL, put=DESCRIPTOR_SENSE).status, GOOD)
        self.after_a_kill()
        for control in (CURRENT, SAVED):
            self.assertFalse(self.page(CACHING, control)[2] & WRITE_CACHE_ENABLED)
            self.assertTrue(self.page(CONTROL, control)[2] & DESCRIPTOR_SENSE)
        refused = self.session.execute(bytes([0x12, 0, 0x83, 0, 255, 0]), lun=LUN, read=255)
        self.assertEqual(refused.sense[0], 0x72, "descriptor format")

    def test_what_was_only_selected_ends_with_tgtd(self):
        self.assertEqual(self.select(CACHING, clear=WRITE_CACHE_ENABLED, save=False).status, GOOD)
        self.after_a_kill()
        self.assertTrue(self.page(CACHING)[2] & WRITE_CACHE_ENABLED)

    def test_identifying_information_is_there_after_a_kill_and_so_is_the_rest(self):
        self.assertEqual(self.select(CACHING, clear=WRITE_CACHE_ENABLED).status, GOOD)
        self.assertEqual(self.set_information(b"rack 7"), GOOD)
        self.after_a_kill()
        self.assertEqual(self.information(), b"rack 7")
        self.assertFalse(self.page(CACHING)[2] & WRITE_CACHE_ENABLED)

    def test_a_unit_that_is_removed_and_made_again_has_its_settings(self):
        self.assertEqual(self.set_information(b"rack 7"), GOOD)
        self.daemon.admin("--op", "delete", "--mode", "logicalunit", "--tid", 1, "--lun", 1)
        for lun in (2, 1):
            self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", lun, "--bstype", "memory",
                              "--bsopts", "size=1M", "-b", "memory")
        self.session.clear_unit_attentions(LUN)
        self.assertEqual(self.information(), b"rack 7")
        other = self.session.clear_unit_attentions(2)
        self.assertEqual(other.status, GOOD)
        self.assertEqual(bytes(self.session.execute(REPORT_INFORMATION, lun=2, read=256).data), bytes(4))

    def test_a_damaged_file_is_refused_by_name_until_it_is_removed(self):
        self.assertEqual(self.set_information(b"rack 7"), GOOD)
        self.kill_and_start()
        check_damaged_file_is_refused(self, self.daemon, self.file())
        self.log_in()
        self.assertEqual(self.information(), b"")

    def test_what_cannot_be_written_is_refused_and_changes_nothing(self):
        self.assertEqual(self.set_information(b"rack 7"), GOOD)
        os.makedirs(os.path.join(self.file() + ".new", "in the way"))
        refused = self.select(CACHING, clear=WRITE_CACHE_ENABLED)
        self.assertEqual(refused.status, CHECK_CONDITION)
        self.assertEqual(refused.sense_codes[0], HARDWARE_ERROR)
        self.assertTrue(self.page(CACHING)[2] & WRITE_CACHE_ENABLED)
        self.assertIn(self.file(), self.daemon.log_with(self.file()))

    def test_without_a_folder_to_write_to_saving_is_neither_promised_nor_done(self):
        self.log_out()
        self.daemon.kill()
        shutil.rmtree(self.daemon.state_directory)
        with open(self.daemon.state_directory, "w", encoding="ascii") as file:
            file.write("in the way")
        self.daemon.restart()
        self.daemon.add_memory_disk(mebibytes=1)
        self.log_in()
        self.assertFalse(self.page(CACHING)[0] & 0x80, "PS")
        refused = self.select(CACHING, clear=WRITE_CACHE_ENABLED)
        self.assertEqual(refused.sense_codes, (ILLEGAL_REQUEST, 0x24, 0x00))
        saved = self.session.execute(mode_sense(CACHING, SAVED), lun=LUN, read=255)
        self.assertEqual(saved.sense_codes, (ILLEGAL_REQUEST, 0x39, 0x00))


if __name__ == "__main__":
    unittest.main()
