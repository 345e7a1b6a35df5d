# SPDX-License-Identifier: Apache-2.0
"""What the administrator changes below initiators they hear of, each once: they keep what they were told."""

import unittest

from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import CHECK_CONDITION, GOOD, INITIATOR_NAME, Session

MODE_PARAMETERS_CHANGED = (0x06, 0x2A, 0x01)
CAPACITY_DATA_CHANGED = (0x06, 0x2A, 0x09)
INQUIRY_DATA_CHANGED = (0x06, 0x3F, 0x03)
WITHOUT_CACHE = "mode_page=8:0:18:0x00"
WITH_CACHE = "mode_page=8:0:18:0x04"


class ToldChanges(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon())
        self.daemon.add_memory_disk(mebibytes=1)
        self.sessions = [Session(("127.0.0.1", self.daemon.port), TARGET_NAME, initiator_name=INITIATOR_NAME + name)
                         for name in ("a", "b")]
        for session in self.sessions:
            self.addCleanup(session.close)
            session.clear_unit_attentions(1)

    def update(self, *parameters):
        self.daemon.admin("--op", "update", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "--params",
                          ",".join(parameters))

    def heard(self, session):
        conditions = []
        while len(conditions) < 10:
            task = session.execute(bytes(6), lun=1)
            if task.status == GOOD:
                break
            self.assertEqual(task.status, CHECK_CONDITION)
            conditions.append(task.sense_codes)
        return conditions

    def assert_heard(self, *conditions):
        for session in self.sessions:
            self.assertEqual(self.heard(session), list(conditions))

    def test_every_initiator_hears_of_a_change_once_and_of_none_that_is_none(self):
        for parameters, conditions in (
                ((WITHOUT_CACHE,), [MODE_PARAMETERS_CHANGED]),
                ((WITHOUT_CACHE,), []),
                ((WITH_CACHE,), [MODE_PARAMETERS_CHANGED]),
                (("readonly=1", "sense_format=1"), [MODE_PARAMETERS_CHANGED]),
                (("readonly=0", "sense_format=0"), [MODE_PARAMETERS_CHANGED]),
                (("la_lba=1",), [CAPACITY_DATA_CHANGED]),
                (("vendor_id=ACME", "product_rev=7", "rotation_rate=7200"), [INQUIRY_DATA_CHANGED]),
                (("scsi_sn=other",), [INQUIRY_DATA_CHANGED])):
            with self.subTest(parameters):
                self.update(*parameters)
                self.assert_heard(*conditions)


if __name__ == "__main__":
    unittest.main()
