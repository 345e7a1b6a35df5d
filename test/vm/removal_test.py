# SPDX-License-Identifier: Apache-2.0
"""A device that vanishes while it is in use: errors, no hang, no busy loop, and the others go on."""

import tempfile
import unittest
import os

from harness.initiator import CHECK_CONDITION, GOOD, TEST_UNIT_READY, InitiatorError, inquiry, read10
from lab.devices import VirtioDisk
from lab.machine import MIB
from lab.target import GuestCase

DISK, PULLED = 1, 2
ILLEGAL_REQUEST = 5
LOGICAL_UNIT_NOT_SUPPORTED = 0x25


class Removal(GuestCase):
    modules = ("sg", "virtio_scsi", ("scsi_debug", "no_uld=1 dev_size_mb=16 delay=500"))

    @classmethod
    def make_devices(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        return [VirtioDisk("disk", os.path.join(folder, "disk.raw"), 16 * MIB)]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target.pass_through(DISK, cls.scsi_node("VIRTIO-DISK"))
        cls.target.pass_through(PULLED, cls.scsi_node("scsi_debug"))

    def test_a_pulled_device_gives_errors_and_neither_hangs_nor_burns_the_cpu(self):
        with self.target.session() as session:
            for lun in (DISK, PULLED):
                session.clear_unit_attentions(lun)
            in_flight = [session.command(read10(8 * number, 8), lun=PULLED, read=4096) for number in range(4)]
            pull = self.machine.start(f"echo 1 > {self.scsi_node('scsi_debug', '/sys/class/scsi_generic/')}/device/delete")
            for task in in_flight:
                try:
                    task.wait(40)
                except InitiatorError as error:
                    self.fail(f"a command hangs after its device was pulled: {error}")
            pull.wait(60)
            later = session.execute(read10(0, 8), lun=PULLED, read=4096, timeout=40)
            self.assertEqual(later.status, CHECK_CONDITION)
            self.assertEqual(later.sense_codes[:2], (ILLEGAL_REQUEST, LOGICAL_UNIT_NOT_SUPPORTED))
            self.assertNotEqual(session.execute(TEST_UNIT_READY, lun=PULLED, timeout=40).status, GOOD)
            self.assertLess(self.target.cpu_share(5), 0.4)
            session.clear_unit_attentions(DISK)
            self.assertEqual(session.execute(inquiry(36), lun=DISK, read=36).status, GOOD)
            self.assertEqual(session.execute(read10(0, 8), lun=DISK, read=4096).status, GOOD)
        self.assertTrue(self.target.running)
        self.assertEqual(self.target.remove(PULLED).exit_code, 0)


if __name__ == "__main__":
    unittest.main()
