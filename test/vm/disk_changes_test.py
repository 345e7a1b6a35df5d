# SPDX-License-Identifier: Apache-2.0
"""What changes or ends below an emulated disk: it grows and shrinks under the Linux initiator, its file system is full, it is
a partition among others."""

import os
import struct
import tempfile

from harness.initiator import CHECK_CONDITION, GOOD, read10, write10
from lab.devices import PlainBlockDevice
from lab.linux_initiator import LinuxInitiator
from lab.machine import MIB
from lab.target import GuestCase

BLOCK = 512
GROWING, ON_TMPFS, ON_EXT4, PARTITION, OTHER_PARTITION, WHOLE = range(1, 7)
PLACES = {ON_TMPFS: "/tmp/small-tmpfs", ON_EXT4: "/tmp/small-ext4"}
PLACE_MIB, FILLER_MIB, DISK_MIB = 12, 4, 64
CHUNK = 128  # blocks
NO_SPACE = (0x7, 0x27, 0x07)
OUT_OF_RANGE = (0x5, 0x21, 0x00)
READ_CAPACITY_16 = bytes([0x9E, 0x10]) + bytes(8) + struct.pack(">I", 32) + bytes(2)
SYNCHRONIZE_CACHE = bytes([0x35]) + bytes(9)
# First block and blocks; the first one begins within a physical block and ends within one.
PARTITIONS = {PARTITION: (63, 20001), OTHER_PARTITION: (40960, 8192)}
UNTOUCHED = 0xA5
# Ends when the kernel tells that a disk's capacity has changed, with what it said.
EVENT_LISTENER = """
import socket
events = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 15)
events.bind((0, 1))
open("/tmp/listening", "w").close()
while True:
    message = events.recv(65536).decode(errors="replace").split("\\0")
    if "SDEV_UA=CAPACITY_DATA_HAS_CHANGED" in message:
        print(*message)
        break
"""


def pattern(seed, blocks):
    return b"".join(struct.pack("<II", seed, number) * (BLOCK // 8) for number in range(blocks))


def partitioned(size):
    """A disk full of UNTOUCHED with a partition table of the old kind."""
    table = b"".join(struct.pack("<B3xB3xII", 0, 0x83, first, count) for first, count in PARTITIONS.values())
    return bytes([UNTOUCHED]) * 446 + table.ljust(64, b"\0") + b"\x55\xaa" + bytes([UNTOUCHED]) * (size - BLOCK)


class DiskChanges(GuestCase):
    modules = ("sg", "sd_mod", "iscsi_tcp", "ext4", "virtio_blk", ("brd", f"rd_nr=1 rd_size={PLACE_MIB * 1024}"))

    @classmethod
    def make_devices(cls):
        cls.image = os.path.join(cls.enterClassContext(tempfile.TemporaryDirectory()), "disk.raw")
        with open(cls.image, "wb") as file:
            file.write(partitioned(32 * MIB))
        return [PlainBlockDevice(cls.image, 32 * MIB)]

    @classmethod
    def prepare(cls):
        cls.machine.wait_until("test -b /dev/vda2")
        cls.machine.run(f"set -e; truncate -s 12M /tmp/growing; mkdir {' '.join(PLACES.values())}\n"
                        f"mount -t tmpfs -o size={PLACE_MIB}M tmpfs {PLACES[ON_TMPFS]}\n"
                        f"mkfs.ext4 -q -F -m 0 -O ^has_journal /dev/ram0; mount -t ext4 /dev/ram0 {PLACES[ON_EXT4]}\n" +
                        "".join(f"truncate -s {DISK_MIB}M {place}/disk\n"
                                f"dd if=/dev/zero of={place}/filler bs=1M count={FILLER_MIB} status=none\n"
                                for place in PLACES.values()))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add(GROWING, "/tmp/growing")
        for lun, place in PLACES.items():
            cls.add(lun, place + "/disk")
        cls.initiator = LinuxInitiator(cls.machine)
        cls.disks = cls.initiator.log_in((GROWING, ON_TMPFS, ON_EXT4))

    @classmethod
    def add(cls, lun, path, *, options="", check=True):
        return cls.target.admin(f"--op new --mode logicalunit --tid 1 --lun {lun} -b {path} {options}", check=check)

    def session(self, *luns):
        session = self.target.session()
        self.addCleanup(session.close)
        for lun in luns:
            session.clear_unit_attentions(lun)
        return session

    def run_in_guest(self, script, timeout=60):
        return self.machine.run("set -e\n" + script, timeout=timeout).stdout

    def good(self, session, lun, cdb, **options):
        command = session.execute(cdb, lun=lun, **options)
        self.assertEqual((command.status, command.sense_codes), (GOOD, None))
        return bytes(command.data)

    # --- Another size

    def resize(self, size):
        """The administrator's two steps, and the initiator's: the kernel hears of it with its next command."""
        disk = self.disks[GROWING]
        listener = self.machine.start(["/usr/bin/python3", "-I", "-S", "-c", EVENT_LISTENER], timeout=60)
        self.machine.wait_until("test -e /tmp/listening")
        self.run_in_guest(f"rm /tmp/listening; truncate -s {size} /tmp/growing")
        self.target.admin(f"--op update --mode logicalunit --tid 1 --lun {GROWING} --params path=/tmp/growing")
        self.run_in_guest(f"dd if={disk} of=/dev/null bs=4096 count=1 iflag=direct status=none")
        event = listener.wait(70)
        self.assertFalse(event.timed_out, "the kernel told nobody that the capacity changed")
        self.assertIn("DEVTYPE=scsi_device", event.stdout)
        self.run_in_guest(f"echo 1 > /sys/block/{os.path.basename(disk)}/device/rescan")
        self.assertEqual(int(self.run_in_guest(f"blockdev --getsize64 {disk}")), size)

    def test_the_linux_initiator_follows_a_disk_that_grows_and_shrinks(self):
        disk = self.disks[GROWING]
        self.assertEqual(int(self.run_in_guest(f"blockdev --getsize64 {disk}")), 12 * MIB)
        self.run_in_guest(f"mkfs.ext4 -q -F {disk}; mkdir -p /tmp/grown; mount -t ext4 {disk} /tmp/grown\n"
                          "dd if=/dev/urandom of=/tmp/grown/before bs=1M count=1 conv=fsync status=none")
        self.addCleanup(self.machine.run, "umount /tmp/grown", check=False)
        self.resize(40 * MIB)
        self.run_in_guest(f"resize2fs {disk} 2>&1\n"
                          "seq 9999999 | dd of=/tmp/grown/after bs=1M count=20 iflag=fullblock conv=fsync status=none\n"
                          "sum=$(cat /tmp/grown/before /tmp/grown/after | md5sum); umount /tmp/grown\n"
                          "echo 3 > /proc/sys/vm/drop_caches\n"
                          f"e2fsck -fn {disk}; mount -t ext4 -o ro {disk} /tmp/grown\n"
                          "test \"$(cat /tmp/grown/before /tmp/grown/after | md5sum)\" = \"$sum\"; umount /tmp/grown", 120)
        self.run_in_guest(f"dd if=/dev/urandom of=/tmp/kept bs=1M count=2 status=none; dd if=/tmp/kept of={disk} bs=1M "
                          "oflag=direct status=none")
        self.resize(2 * MIB)
        self.run_in_guest(f"dd if={disk} bs=1M iflag=direct status=none | cmp - /tmp/kept")
        told = self.run_in_guest("dmesg | grep -c 'Capacity data has changed'")
        self.assertGreaterEqual(int(told), 2)

    # --- No space left

    def chunk(self, number):
        return pattern(number + 1, CHUNK)

    def write_until_full(self, session, lun):
        """Gives the number of the chunk that did not fit, and its first block that was not written."""
        for number in range(DISK_MIB * MIB // (CHUNK * BLOCK)):
            command = session.execute(write10(number * CHUNK, CHUNK), lun=lun, write=self.chunk(number))
            if command.status != GOOD:
                self.assertEqual((command.status, command.sense_codes), (CHECK_CONDITION, NO_SPACE))
                self.assertEqual(command.sense[0], 0xF0, "fixed format, with INFORMATION")
                first_lost, = struct.unpack(">I", command.sense[3:7])
                self.assertIn(first_lost - number * CHUNK, range(CHUNK))
                return number, first_lost
        self.fail("more was written than there is space for")

    def test_a_full_file_system_is_told_as_such_and_nothing_is_lost(self):
        for lun, place in PLACES.items():
            with self.subTest(place):
                session = self.session(lun)
                full, first_lost = self.write_until_full(session, lun)
                self.assertGreater(full, 4 * MIB // (CHUNK * BLOCK))
                there = self.good(session, lun, read10(full * CHUNK, CHUNK), read=CHUNK * BLOCK)
                written = (first_lost - full * CHUNK) * BLOCK
                self.assertEqual(there, self.chunk(full)[:written] + bytes(len(there) - written))
                self.good(session, lun, write10(0, CHUNK), write=self.chunk(0))  # takes no more space
                self.good(session, lun, SYNCHRONIZE_CACHE)
                for number in range(full):
                    data = self.good(session, lun, read10(number * CHUNK, CHUNK), read=CHUNK * BLOCK)
                    self.assertEqual(data, self.chunk(number))
                self.refused_by_the_kernel(lun)
                self.run_in_guest(f"rm {place}/filler; sync")
                self.good(session, lun, write10(full * CHUNK, CHUNK), write=self.chunk(full))
                self.good(session, lun, SYNCHRONIZE_CACHE)
                self.assertEqual(self.good(session, lun, read10(full * CHUNK, CHUNK), read=CHUNK * BLOCK), self.chunk(full))

    def refused_by_the_kernel(self, lun):
        """A program of the Linux initiator gets ENOSPC, no I/O error."""
        end = (DISK_MIB - 2) * MIB // 65536
        outcome = self.machine.run(f"dd if=/dev/zero of={self.disks[lun]} bs=64k seek={end} count=16 oflag=direct", check=False)
        self.assertNotEqual(outcome.exit_code, 0)
        self.assertIn("No space left on device", outcome.stderr)

    # --- Partitions

    def host_blocks(self, first, count):
        with open(self.image, "rb") as file:
            file.seek(first * BLOCK)
            return file.read(count * BLOCK)

    def capacity(self, session, lun):
        """Blocks, logical blocks in a physical one (as a power of two), the lowest aligned block."""
        data = self.good(session, lun, READ_CAPACITY_16, read=32)
        last, = struct.unpack(">Q", data[:8])
        return last + 1, data[13] & 0xF, struct.unpack(">H", data[14:16])[0] & 0x3FFF

    def check_neighbours(self, lun):
        first, count = PARTITIONS[lun]
        self.assertEqual(self.host_blocks(first - 8, 8), bytes([UNTOUCHED]) * 8 * BLOCK)
        self.assertEqual(self.host_blocks(first + count, 8), bytes([UNTOUCHED]) * 8 * BLOCK)

    def test_a_partition_is_a_disk_that_reaches_no_further(self):
        for number, lun in enumerate(PARTITIONS, 1):
            self.add(lun, f"/dev/vda{number}")
            self.addCleanup(self.target.remove, lun)
        session = self.session(*PARTITIONS)
        self.assertEqual(self.capacity(session, PARTITION), (20001, 3, 1), "block 63 is the last one of a physical block")
        self.assertEqual(self.capacity(session, OTHER_PARTITION), (8192, 3, 0))
        for lun, (first, count) in PARTITIONS.items():
            with self.subTest(lun=lun):
                for start in (0, count - CHUNK):
                    data = pattern(lun * 1000 + start, CHUNK)
                    self.good(session, lun, write10(start, CHUNK), write=data)
                    self.good(session, lun, SYNCHRONIZE_CACHE)
                    self.assertEqual(self.host_blocks(first + start, CHUNK), data)
                beyond = session.execute(write10(count - 1, 2), lun=lun, write=bytes(2 * BLOCK))
                self.assertEqual((beyond.status, beyond.sense_codes), (CHECK_CONDITION, OUT_OF_RANGE))
                self.check_neighbours(lun)
        whole = self.add(WHOLE, "/dev/vda", check=False)
        self.assertNotEqual(whole.exit_code, 0, "a disk is exported though its partitions are")
        self.unmap_all(session, OTHER_PARTITION)
        self.larger_blocks()

    def unmap_all(self, session, lun):
        self.target.admin(f"--op update --mode logicalunit --tid 1 --lun {lun} --params thin_provisioning=1")
        session.clear_unit_attentions(lun)
        first, count = PARTITIONS[lun]
        unmap = struct.pack(">HH4xQI4x", 22, 16, 0, count)
        self.good(session, lun, bytes([0x42]) + bytes(6) + struct.pack(">HB", len(unmap), 0), write=unmap)
        for start in (0, count - CHUNK):
            self.assertEqual(self.good(session, lun, read10(start, CHUNK), read=CHUNK * BLOCK), bytes(CHUNK * BLOCK))
        self.good(session, lun, SYNCHRONIZE_CACHE)
        self.assertEqual(self.host_blocks(first, CHUNK), bytes(CHUNK * BLOCK))
        self.check_neighbours(lun)

    def larger_blocks(self):
        """What is no whole block at the end is left out."""
        self.target.remove(PARTITION)
        self.add(PARTITION, "/dev/vda1", options="-y 4096")
        session = self.session(PARTITION)
        self.assertEqual(self.capacity(session, PARTITION), (20001 // 8, 0, 0))
        self.good(session, PARTITION, write10(20001 // 8 - 1, 1), write=pattern(9, 8))
        self.good(session, PARTITION, SYNCHRONIZE_CACHE)
        first, count = PARTITIONS[PARTITION]
        self.assertEqual(self.host_blocks(first + count - 9, 8), pattern(9, 8))
        self.check_neighbours(PARTITION)
