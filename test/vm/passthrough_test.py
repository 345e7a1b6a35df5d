# SPDX-License-Identifier: Apache-2.0
"""Real SCSI devices of a kernel, passed through: a disk, scsi_debug, a CD-ROM drive."""

import os
import struct
import subprocess
import tempfile
import unittest

from harness.daemon import TARGET_NAME
from harness.initiator import (CHECK_CONDITION, GOOD, TEST_UNIT_READY, inquiry, read10, write10)
from lab.devices import VirtioCdrom, VirtioDisk
from lab.machine import MIB
from lab.target import GuestCase

DISK, CD, DEBUG = 1, 2, 3
ILLEGAL_REQUEST = 5
DISC_BLOCK = 2048


def read_capacity16():
    return bytes([0x9E, 0x10]) + bytes(8) + (32).to_bytes(4, "big") + bytes(2)


def report_luns(length=256):
    return bytes([0xA0]) + bytes(5) + length.to_bytes(4, "big") + bytes(2)


def read32(block, count):
    """READ(32) of SBC: a variable length CDB."""
    return (bytes([0x7F]) + bytes(6) + bytes([0x18, 0x00, 0x09]) + bytes(2) + block.to_bytes(8, "big") + bytes(8) +
            count.to_bytes(4, "big"))


class Passthrough(GuestCase):
    modules = ("sg", "sd_mod", "sr_mod", "virtio_scsi", ("scsi_debug", "dev_size_mb=16 max_queue=32 ndelay=200000"))

    @classmethod
    def make_devices(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.disk_file = os.path.join(folder, "disk.raw")
        cls.disc = os.urandom(DISC_BLOCK * 500)
        with open(os.path.join(folder, "disc.iso"), "wb") as file:
            file.write(cls.disc)
        return [VirtioDisk("disk", cls.disk_file, 32 * MIB), VirtioCdrom("cd", os.path.join(folder, "disc.iso"))]

    @classmethod
    def prepare(cls):
        cls.machine.wait_until("test -b /dev/sda -a -b /dev/sdb -a -b /dev/sr0")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target.pass_through(DISK, cls.scsi_node("VIRTIO-DISK"))
        cls.target.pass_through(CD, cls.scsi_node("VIRTIO-CD"))
        cls.target.pass_through(DEBUG, cls.scsi_node("scsi_debug"))
        cls.session = cls.enterClassContext(cls.target.session())
        for lun in (DISK, CD, DEBUG):
            cls.session.clear_unit_attentions(lun)

    def good(self, task):
        self.assertEqual(task.status, GOOD, f"sense {task.sense_codes}: {task.label}")
        return bytes(task.data)

    def test_each_device_answers_with_its_own_identity(self):
        for lun, peripheral_type, product in ((DISK, 0, b"VIRTIO-DISK"), (CD, 5, b"VIRTIO-CD"), (DEBUG, 0, b"scsi_debug")):
            with self.subTest(product=product):
                data = self.good(self.session.execute(inquiry(96), lun=lun, read=96))
                self.assertEqual(data[0] & 0x1F, peripheral_type)
                self.assertEqual(data[16:32].rstrip(), product)

    def test_the_unit_serial_number_page_is_the_devices_own(self):
        data = self.good(self.session.execute(inquiry(252, page=0x80), lun=DISK, read=252))
        self.assertIn(b"disk", data)

    def test_what_is_written_to_the_disk_lies_on_its_medium_and_comes_back(self):
        written = os.urandom(256 * 1024)
        self.good(self.session.execute(write10(4096, 512), lun=DISK, write=written))
        self.good(self.session.execute(bytes([0x35]) + bytes(9), lun=DISK))
        self.assertEqual(self.good(self.session.execute(read10(4096, 512), lun=DISK, read=len(written))), written)
        with open(self.disk_file, "rb") as medium:
            medium.seek(4096 * 512)
            self.assertEqual(medium.read(len(written)), written)

    def test_scsi_debug_keeps_what_is_written(self):
        written = os.urandom(32 * 512)
        self.good(self.session.execute(write10(100, 32), lun=DEBUG, write=written))
        self.assertEqual(self.good(self.session.execute(read10(100, 32), lun=DEBUG, read=len(written))), written)

    def test_the_disc_is_read_in_blocks_of_2048_bytes(self):
        capacity = self.good(self.session.execute(bytes([0x25]) + bytes(9), lun=CD, read=8))
        self.assertEqual(int.from_bytes(capacity[:4], "big"), len(self.disc) // DISC_BLOCK - 1)
        self.assertEqual(int.from_bytes(capacity[4:], "big"), DISC_BLOCK)
        data = self.good(self.session.execute(read10(10, 16), lun=CD, read=16 * DISC_BLOCK))
        self.assertEqual(data, self.disc[10 * DISC_BLOCK:26 * DISC_BLOCK])

    def test_sense_data_of_the_device_reaches_the_initiator(self):
        for lun in (DISK, DEBUG):
            task = self.session.execute(read10(0x7FFFFFF0, 8), lun=lun, read=4096)
            self.assertEqual(task.status, CHECK_CONDITION)
            self.assertEqual(task.sense_codes, (ILLEGAL_REQUEST, 0x21, 0x00))

    def test_a_short_answer_carries_its_residual(self):
        task = self.session.execute(inquiry(36), lun=DISK, read=4096)
        self.assertEqual(self.good(task)[8:16].rstrip(), b"LAB")
        self.assertEqual(task.underflow, 4096 - 36)

    def test_a_16_byte_command_block_passes(self):
        data = self.good(self.session.execute(read_capacity16(), lun=DISK, read=32))
        self.assertEqual((int.from_bytes(data[:8], "big") + 1) * int.from_bytes(data[8:12], "big"), 32 * MIB)

    def test_a_32_byte_command_block_passes(self):
        written = os.urandom(8 * 512)
        self.good(self.session.execute(write10(64, 8), lun=DEBUG, write=written))
        self.assertEqual(self.good(self.session.execute(read32(64, 8), lun=DEBUG, read=4096)), written)

    def test_report_luns_tells_the_targets_logical_units_not_the_devices(self):
        data = self.good(self.session.execute(report_luns(), lun=DISK, read=256))
        count = int.from_bytes(data[:4], "big") // 8
        luns = [data[8 + 8 * index + 1] for index in range(count)]
        self.assertTrue({DISK, CD, DEBUG} <= set(luns), luns)

    def test_more_commands_than_the_queue_depth_end_well_and_reach_the_device_in_order(self):
        node = self.scsi_node("scsi_debug", "/sys/class/scsi_generic/")
        depth = int(self.machine.run(f"cat {node}/device/queue_depth").stdout)
        count = 5 * depth
        writes = [self.session.command(write10(7, 1), lun=DEBUG, write=bytes([number & 0xFF]) * 512)
                  for number in range(count)]
        for write in writes:
            self.good(write.wait(60))
        last = self.good(self.session.execute(read10(7, 1), lun=DEBUG, read=512))
        self.assertEqual(last, bytes([(count - 1) & 0xFF]) * 512)

    def test_two_hundred_reads_at_once_end_well(self):
        reads = [self.session.command(read10(number, 8), lun=DISK, read=4096) for number in range(200)]
        for read in reads:
            self.assertEqual(len(self.good(read.wait(60))), 4096)

    def test_clients_of_the_field_read_and_write_the_disk(self):
        url = self.target.url(DISK)
        for command in (["iscsi-inq", url], ["iscsi-readcapacity16", url],
                        ["qemu-io", "-f", "raw", "-c", "write -P 0x3c 1M 4M", "-c", "read -P 0x3c 1M 4M", url]):
            result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
            self.assertEqual(result.returncode, 0, result.stdout)
            self.assertNotIn("failed", result.stdout)


class DeviceNames(GuestCase):
    """Which names of a device are taken, and which are refused."""

    modules = ("sg", "sd_mod", "sr_mod", "virtio_scsi")

    @classmethod
    def make_devices(cls):
        path = os.path.join(cls.enterClassContext(tempfile.TemporaryDirectory()), "disk.raw")
        with open(path, "wb") as file:
            file.truncate(16 * MIB)
            file.seek(446)  # the first entry of a partition table: type 83h, from block 2048, 8192 blocks
            file.write(struct.pack("<8BII", 0, 0, 0, 0, 0x83, 0, 0, 0, 2048, 8192) + bytes(48) + b"\x55\xaa")
        return [VirtioDisk("disk", path, 16 * MIB), VirtioCdrom("empty", None)]

    @classmethod
    def prepare(cls):
        cls.machine.wait_until("test -b /dev/sda1 -a -b /dev/sr0")

    def tearDown(self):
        self.target.remove(1)

    def test_every_name_of_a_device_is_accepted(self):
        self.machine.run("mkdir -p /dev/disk/by-id && ln -sf ../../sda /dev/disk/by-id/scsi-lab-disk")
        address = self.machine.run("basename $(readlink -f /sys/block/sda/device)").stdout.strip()
        names = [self.scsi_node("VIRTIO-DISK"), "/dev/sda", "/dev/bsg/" + address, "/dev/disk/by-id/scsi-lab-disk"]
        for name in names:
            with self.subTest(name=name):
                self.target.pass_through(1, name)
                with self.target.session() as session:
                    self.assertEqual(session.clear_unit_attentions(1).status, GOOD)
                    identity = session.execute(inquiry(36), lun=1, read=36)
                    self.assertEqual(bytes(identity.data[16:32]).rstrip(), b"VIRTIO-DISK")
                self.assertEqual(self.target.remove(1).exit_code, 0)

    def test_this_kernel_has_no_bsg_through_io_uring_and_sg_takes_its_place(self):
        address = self.machine.run("basename $(readlink -f /sys/block/sda/device)").stdout.strip()
        self.target.pass_through(1, "/dev/bsg/" + address, store="bsg")
        self.assertRegex(self.target.log(), rf"(?m)/dev/sg\d+: its commands go to this sg node, not to bsg: /dev/bsg/{address} "
                                            "does not take commands from an io_uring")
        with self.target.session() as session:
            session.clear_unit_attentions(1)
            self.assertEqual(session.execute(read10(0, 8), lun=1, read=4096).status, GOOD)

    def test_what_is_no_scsi_device_is_refused(self):
        for name in ("/dev/null", "/dev/nothing-here", "/etc/passwd", "/dev"):
            with self.subTest(name=name):
                outcome = self.target.pass_through(1, name, check=False)
                self.assertEqual(outcome.exit_code, 22)
                self.assertIn("tgtadm: ", outcome.stderr)

    def test_a_partition_is_refused(self):
        self.assertEqual(self.target.pass_through(1, "/dev/sda1", check=False).exit_code, 22)

    def test_a_second_logical_unit_on_the_same_number_is_refused(self):
        self.target.pass_through(1, "/dev/sda")
        outcome = self.target.pass_through(1, "/dev/sr0", check=False)
        self.assertEqual(outcome.exit_code, 22)
        self.assertIn("this logical unit number already exists", outcome.stderr)

    def test_an_empty_drive_is_exported_and_says_that_it_holds_no_medium(self):
        self.target.pass_through(1, "/dev/sr0")
        with self.target.session() as session:
            task = session.clear_unit_attentions(1)
            self.assertEqual(task.status, CHECK_CONDITION)
            self.assertEqual(task.sense_codes[:2], (2, 0x3A))

    def test_the_four_commands_export_the_disk_as_lun_0(self):
        name = TARGET_NAME + ".four"
        self.target.admin(f"--lld iscsi --op new --mode target --tid 2 --params {name}")
        self.target.admin("--lld iscsi --op update --mode target --tid 2 --name iotype --value rawio")
        self.target.admin("--lld iscsi --op new --mode logicalunit --tid 2 --lun 0 --params Path=/dev/sda")
        self.target.admin("--lld iscsi --op update --mode target --tid 2 --name state --value running")
        result = subprocess.run(["iscsi-inq", self.target.url(0, name)], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=60)
        self.assertIn("VIRTIO-DISK", result.stdout)
        self.assertEqual(self.target.admin("--op delete --mode target --tid 2 --force", check=False).exit_code, 0)


if __name__ == "__main__":
    unittest.main()
