# SPDX-License-Identifier: Apache-2.0
"""What a disk keeps is found by the name that initiators know it by, whatever its LUN and whatever had that LUN before."""

import os
import unittest

from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import GOOD, Session, read10
from harness.reservations import (APTPL, EXCLUSIVE_ACCESS, NAMES, REGISTER, RESERVATION_CONFLICT, RESERVE,
                                  parameter_list, reserve_out)

KEY = 77
ISID = bytes([0x80, 0, 0, 0, 0, 1])
CACHING = 0x08
CACHING_LENGTH = 20
WRITE_CACHE_ENABLED = 0x04


class Identity(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon())
        self.daemon.admin("--op", "new", "--mode", "target", "--tid", 1, "-T", TARGET_NAME)
        self.daemon.admin("--op", "bind", "--mode", "target", "--tid", 1, "-I", "ALL")
        self.sessions = []
        self.addCleanup(self.log_out)

    def make(self, disk, lun):
        """As tgt-admin does: the disk first, then what it is called, one thing after the other."""
        path = os.path.join(self.daemon.folder, disk)
        with open(path, "ab") as file:
            file.truncate(1 << 20)
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", lun, "-b", path)
        for parameter in (f"scsi_id=DISK-{disk}", f"scsi_sn={disk}"):
            self.update(lun, parameter)

    def update(self, lun, parameter, check=True):
        return self.daemon.admin("--op", "update", "--mode", "logicalunit", "--tid", 1, "--lun", lun, "--params",
                                 parameter, check=check)

    def remove(self, *luns):
        self.log_out()
        for lun in luns:
            self.daemon.admin("--op", "delete", "--mode", "logicalunit", "--tid", 1, "--lun", lun)

    def log_in(self, name=NAMES[0]):
        session = Session(("127.0.0.1", self.daemon.port), TARGET_NAME, initiator_name=name, isid=ISID)
        self.sessions.append(session)
        for lun in (1, 2):
            session.clear_unit_attentions(lun)
        return session

    def log_out(self):
        while self.sessions:
            self.sessions.pop().close()

    def reserve(self, session, lun, flags=APTPL):
        for cdb, write in ((reserve_out(REGISTER), parameter_list(0, KEY, flags)),
                           (reserve_out(RESERVE, EXCLUSIVE_ACCESS), parameter_list(KEY))):
            self.assertEqual(session.execute(cdb, lun=lun, write=write).status, GOOD)

    def write_cache(self, session, lun):
        task = session.execute(bytes([0x1A, 0x08, CACHING, 0, 255, 0]), lun=lun, read=255)
        self.assertEqual(task.status, GOOD, task.sense.hex())
        return bool(task.data[4 + 2] & WRITE_CACHE_ENABLED)

    def save_without_write_cache(self, session, lun):
        page = bytearray(session.execute(bytes([0x1A, 0x08, CACHING, 0, 255, 0]), lun=lun, read=255).data[4:])
        page = page[:CACHING_LENGTH]
        page[0] &= 0x3F
        page[2] &= ~WRITE_CACHE_ENABLED
        select = bytes([0x15, 0x11, 0, 0, 4 + len(page), 0])
        self.assertEqual(session.execute(select, lun=lun, write=bytes(4) + bytes(page)).status, GOOD)

    def status_of_read(self, session, lun):
        return session.execute(read10(0, 1), lun=lun, read=512).status

    def test_two_disks_made_again_under_swapped_luns_keep_what_is_theirs(self):
        self.make("ONE", 1)
        self.make("TWO", 2)
        alice = self.log_in()
        self.reserve(alice, 1)
        self.save_without_write_cache(alice, 1)
        self.remove(1, 2)
        self.make("TWO", 1)
        self.make("ONE", 2)
        bob = self.log_in(NAMES[1])
        self.assertEqual(self.status_of_read(bob, 1), GOOD)
        self.assertEqual(self.status_of_read(bob, 2), RESERVATION_CONFLICT)
        alice = self.log_in()
        self.assertEqual(self.status_of_read(alice, 2), GOOD)
        self.assertEqual([self.write_cache(alice, lun) for lun in (1, 2)], [True, False])

    def test_a_disk_with_a_name_of_its_own_inherits_nothing_from_the_one_without(self):
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "--bstype", "memory",
                          "--bsopts", "size=1M", "-b", "memory")
        self.make("TWO", 2)
        alice = self.log_in()
        self.reserve(alice, 1)
        self.save_without_write_cache(alice, 1)
        self.remove(1, 2)
        self.make("ONE", 1)
        self.make("TWO", 2)
        bob = self.log_in(NAMES[1])
        self.assertEqual(self.status_of_read(bob, 1), GOOD)
        self.assertTrue(self.write_cache(bob, 1))

    def test_a_disk_whose_reservation_would_be_lost_keeps_its_name(self):
        self.make("ONE", 1)
        self.make("TWO", 2)
        alice = self.log_in()
        for flags in (0, APTPL):
            self.assertEqual(alice.execute(reserve_out(REGISTER), lun=1,
                                           write=parameter_list(KEY if flags else 0, KEY, flags)).status, GOOD)
            refused = self.update(1, "scsi_id=DISK-OTHER", check=False)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("reservations of it", self.daemon.log_with("reservations of it"))
        shown = self.daemon.admin("--op", "show", "--mode", "target").stdout
        self.assertIn("DISK-ONE", shown)
        self.assertNotIn("DISK-OTHER", shown)


if __name__ == "__main__":
    unittest.main()
