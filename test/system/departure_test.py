# SPDX-License-Identifier: Apache-2.0
"""Initiators that go away in the middle of everything, and hosts and devices that hang: the others do not notice."""

import os
import struct
import unittest

from harness import pdu
from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import GOOD, Session, inquiry, read10, write10

MIB = 1 << 20
HUNG, HEALTHY = 1, 2


class DeafSession(Session):
    """Takes nothing of what comes after its login."""

    def _read(self):
        pass


class Departure(unittest.TestCase):
    def expect_served(self, session, lun):
        self.assertEqual(session.execute(inquiry(96), lun=lun, read=96).status, GOOD)
        self.assertEqual(session.execute(read10(0, 256), lun=lun, read=256 * 512).status, GOOD)
        self.assertEqual(session.execute(write10(0, 8), lun=lun, write=bytes(4096)).status, GOOD)

    def vanish_under_read_load(self, backend):
        with Daemon(arguments=("--backend", backend)) as daemon:
            daemon.add_memory_disk()
            address = ("127.0.0.1", daemon.port)
            bystander = Session(address, TARGET_NAME)
            bystander.clear_unit_attentions(1)
            for _ in range(5):
                deaf = DeafSession(address, TARGET_NAME, initiator_name="iqn.2026-11.example.tests:deaf")
                deaf._max_command_sn += 100
                for number in range(8):
                    deaf.command(read10(number, 2048), lun=1, read=MIB)
                self.expect_served(bystander, 1)
                deaf.vanish()
                self.expect_served(bystander, 1)
            bystander.close()

    def test_an_initiator_that_is_reset_under_read_load(self):
        self.vanish_under_read_load("io_uring")

    def test_the_same_over_epoll(self):
        self.vanish_under_read_load("epoll")

    def test_commands_that_a_device_does_not_end_leave_memory_for_the_others(self):
        with Daemon(arguments=("--shards", "1")) as daemon:
            path = os.path.join(daemon.folder, "disk")
            with open(path, "wb") as file:
                file.truncate(16 * MIB)
            daemon.add_file_disk(path, "--bsopts", "delay=30000", lun=HUNG)
            daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", HEALTHY, "--bstype", "memory",
                         "--bsopts", "size=16M", "-b", "memory")
            address = ("127.0.0.1", daemon.port)
            bystander = Session(address, TARGET_NAME)
            bystander.clear_unit_attentions(HEALTHY)
            for number in range(4):
                waiting = Session(address, TARGET_NAME, initiator_name=f"iqn.2026-11.example.tests:waiting{number}")
                self.addCleanup(waiting.close)
                waiting.clear_unit_attentions(HUNG)
                for _ in range(100):
                    waiting.command(read10(0, 2048), lun=HUNG, read=MIB)
                waiting.ping()  # they have come
            self.expect_served(bystander, HEALTHY)
            bystander.close()

    def test_writes_behind_a_number_that_never_comes_leave_memory_for_the_others(self):
        with Daemon(arguments=("--shards", "1")) as daemon:
            daemon.add_memory_disk()
            address = ("127.0.0.1", daemon.port)
            bystander = Session(address, TARGET_NAME)
            bystander.clear_unit_attentions(1)
            for number in range(4):
                gap = Session(address, TARGET_NAME, initiator_name=f"iqn.2026-11.example.tests:gap{number}")
                self.addCleanup(gap.close)
                for size in [16 * MIB] * 8 + [MIB] * 8 + [65536] * 8:
                    gap._command_sn += 1
                    rest = struct.pack(">III", size, gap._command_sn, 1) + write10(0, 8).ljust(16, b"\0")
                    gap.send_raw(pdu.header(pdu.SCSI_COMMAND, flags=0x80 | 0x20 | 1, lun=pdu.lun_field(1),
                                            tag=1000 + gap._command_sn, rest=rest))
                gap.ping()
            self.expect_served(bystander, 1)
            bystander.close()


if __name__ == "__main__":
    unittest.main()
