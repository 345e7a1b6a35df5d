# SPDX-License-Identifier: Apache-2.0
"""Disks on block devices that the kernel puts together: a linear DM device, and mirrors of MD and DM that lose a leg."""

import random
import struct
import threading
import time

from harness.initiator import GOOD, read10
from lab import block_devices
from lab.target import GuestCase

BLOCK = 512
MEBIBYTES = 8
LEG_BLOCKS = (MEBIBYTES << 20) // BLOCK
LINEAR, MIRROR, DM_MIRROR = 1, 2, 3
READ_CAPACITY_10 = bytes([0x25]) + bytes(9)


def write10(block, count):
    return struct.pack(">BBIBHB", 0x2A, 0, block, 0, count, 0)


class Load(threading.Thread):
    """Writes and reads back until it is told to stop; keeps the first thing that went wrong."""

    def __init__(self, session, lun, blocks):
        super().__init__(daemon=True)
        self.fault = None
        self.rounds = 0
        self._ended = threading.Event()
        self._session, self._lun, self._blocks = session, lun, blocks
        self._random = random.Random(3)

    def run(self):
        try:
            while not self._ended.is_set():
                self._round()
        except Exception as error:  # told by the test
            self.fault = error

    def _round(self):
        count = self._random.randint(1, 64)
        start = self._random.randrange(self._blocks - count)
        data = self._random.randbytes(count * BLOCK)
        for command in (self._session.execute(write10(start, count), lun=self._lun, write=data),
                        self._session.execute(bytes([0x35]) + bytes(9), lun=self._lun)):
            if command.status != GOOD:
                raise AssertionError(f"status {command.status} {command.sense_codes}")
        read = self._session.execute(read10(start, count), lun=self._lun, read=len(data))
        if read.status != GOOD or bytes(read.data) != data:
            raise AssertionError(f"read back: status {read.status} {read.sense_codes}, or other data")
        self.rounds += 1

    def wait_for(self, rounds):
        """Until so many more have gone well, or one has not."""
        enough, deadline = self.rounds + rounds, time.monotonic() + 60
        while self.fault is None and self.rounds < enough and time.monotonic() < deadline:
            time.sleep(0.05)

    def stop(self):
        self._ended.set()
        self.join(60)


class BlockDevices(GuestCase):
    modules = ("dm_mod", "dm_mirror")

    @classmethod
    def prepare(cls):
        block_devices.make_devices(cls.machine, MEBIBYTES, legs=5)
        cls.dmsetup(f"create mirror --table '0 {LEG_BLOCKS} mirror core 2 1024 nosync 2 {cls.leg(3)} 0 {cls.leg(4)} 0 "
                    "1 handle_errors'")

    @classmethod
    def dmsetup(cls, words):
        return block_devices.dmsetup(cls.machine, words)

    @classmethod
    def leg(cls, number):
        return block_devices.leg(cls.machine, number)

    def fail_leg(self, number):
        block_devices.fail_leg(self.machine, number, MEBIBYTES)

    def add(self, lun, device):
        self.target.admin(f"--op new --mode logicalunit --tid 1 --lun {lun} -b {device}")
        self.addCleanup(self.target.remove, lun)
        session = self.target.session()
        self.addCleanup(session.close)
        session.clear_unit_attentions(lun)
        return session

    def blocks(self, session, lun):
        data = bytes(session.execute(READ_CAPACITY_10, lun=lun, read=8).data)
        return struct.unpack(">I", data[:4])[0] + 1

    def test_a_linear_device_is_a_disk_of_its_size(self):
        session = self.add(LINEAR, block_devices.LINEAR)
        self.assertEqual(self.blocks(session, LINEAR), LEG_BLOCKS)
        load = Load(session, LINEAR, LEG_BLOCKS)
        load.start()
        self.addCleanup(load.stop)
        load.wait_for(12)
        load.stop()
        self.assertIsNone(load.fault)
        self.assertGreater(load.rounds, 10)

    def test_a_leg_of_a_device_is_refused_and_the_device_above_named(self):
        refused = self.target.admin(f"--op new --mode logicalunit --tid 1 --lun 9 -b {block_devices.LEGS[0]}",
                                    check=False)
        self.assertNotEqual(refused.exit_code, 0)
        self.assertIn("used by md127", refused.stderr + self.target.log())

    def test_an_initiator_does_not_notice_that_a_mirror_loses_a_leg(self):
        session = self.add(MIRROR, block_devices.MIRROR)
        blocks = self.blocks(session, MIRROR)
        load = Load(session, MIRROR, blocks)
        load.start()
        self.addCleanup(load.stop)
        load.wait_for(8)
        before = load.rounds
        self.fail_leg(1)
        self.machine.wait_until("grep -q faulty /sys/block/md127/md/dev-*/state || grep -q '\\[2/1\\]' /proc/mdstat")
        load.wait_for(8)
        load.stop()
        self.assertIsNone(load.fault)
        self.assertGreater(load.rounds, before + 5)
        print(self.machine.run("cat /proc/mdstat").stdout)

    def test_an_initiator_does_not_notice_that_a_mirror_of_the_device_mapper_loses_a_leg(self):
        number = self.dmsetup("info -c --noheadings -o minor mirror").stdout.strip()
        session = self.add(DM_MIRROR, "/dev/dm-" + number)
        load = Load(session, DM_MIRROR, self.blocks(session, DM_MIRROR))
        load.start()
        self.addCleanup(load.stop)
        load.wait_for(8)
        self.fail_leg(3)
        # The kernel holds what it could not write to both legs until somebody takes the broken one away: dmeventd, of a
        # system that runs it.
        self.machine.wait_until("dmsetup status mirror | grep -qE ' [DFSRU]A '")
        self.dmsetup(f"reload mirror --table '0 {LEG_BLOCKS} linear {self.leg(4)} 0' && dmsetup suspend --nolockfs --noflush "
                     "mirror && dmsetup --noudevsync --noudevrules resume mirror")
        before = load.rounds
        load.wait_for(8)
        load.stop()
        self.assertIsNone(load.fault)
        self.assertGreater(load.rounds, before + 5)
