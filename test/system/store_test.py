# SPDX-License-Identifier: Apache-2.0
"""Stores as an administrator and an initiator see them: files that change below a disk, block devices, filters."""

import os
import shutil
import struct
import subprocess
import unittest

from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import CHECK_CONDITION, GOOD, TEST_UNIT_READY, Session, read10, write10

BLOCK = 512
MIB = 1 << 20
CAPACITY_CHANGED = (0x6, 0x2A, 0x09)
MEDIUM_CHANGED = (0x6, 0x28, 0x00)
INQUIRY_DATA_CHANGED = (0x6, 0x3F, 0x03)
NO_MEDIUM = (0x2, 0x3A, 0x00)
OUT_OF_RANGE = (0x5, 0x21, 0x00)
READ_ERROR = (0x3, 0x11, 0x00)
WRITE_ERROR = (0x3, 0x0C, 0x00)
NO_SPACE = (0x7, 0x27, 0x07)
WRITE_PROTECTED = (0x7, 0x27, 0x00)
READ_CAPACITY_16 = bytes([0x9E, 0x10]) + bytes(8) + struct.pack(">I", 32) + bytes(2)
UNMAP_LENGTH = 24
EJECT = bytes([0x1B, 0, 0, 0, 2, 0])
LOAD = bytes([0x1B, 0, 0, 0, 3, 0])
SYNCHRONIZE_CACHE = bytes([0x35]) + bytes(9)
MODE_SENSE_CACHING = bytes([0x1A, 8, 8, 0, 24, 0])
LOOP_CONTROL = "/dev/loop-control"


def pattern(length, seed=1):
    return bytes((seed + index // BLOCK + index % BLOCK * 3) & 0xFF for index in range(length))


class StoreCase(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon(arguments=("--shards", "2")))

    def file(self, name, length):
        path = os.path.join(self.daemon.folder, name)
        with open(path, "wb") as file:
            file.truncate(length)
        return path

    def session(self):
        session = Session(("127.0.0.1", self.daemon.port), TARGET_NAME)
        self.addCleanup(session.close)
        session.clear_unit_attentions(1)
        return session

    def update(self, parameters, check=True):
        return self.daemon.admin("--op", "update", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "--params", parameters,
                                 check=check)

    def shown(self):
        return self.daemon.admin("--op", "show", "--mode", "target").stdout

    def good(self, session, cdb, **options):
        command = session.execute(cdb, lun=1, **options)
        self.assertEqual((command.status, command.sense_codes), (GOOD, None))
        return bytes(command.data)

    def fails(self, session, cdb, sense, **options):
        command = session.execute(cdb, lun=1, **options)
        self.assertEqual((command.status, command.sense_codes), (CHECK_CONDITION, sense))
        return command

    def blocks(self, session):
        return struct.unpack(">Q", self.good(session, READ_CAPACITY_16, read=32)[:8])[0] + 1

    @staticmethod
    def information(command):
        """The first bad block, of fixed format sense data."""
        return struct.unpack(">I", command.sense[3:7])[0]


class Size(StoreCase):
    def test_a_file_that_has_grown_is_larger_for_every_initiator_when_it_is_looked_at(self):
        path = self.file("disk.img", MIB)
        self.daemon.add_file_disk(path)
        sessions = [self.session(), self.session()]
        self.good(sessions[0], write10(0, 8), write=pattern(4096))
        os.truncate(path, 2 * MIB)
        self.fails(sessions[0], read10(MIB // BLOCK, 1), OUT_OF_RANGE, read=BLOCK)
        self.update(f"path={path}")
        for session in sessions:
            self.fails(session, TEST_UNIT_READY, CAPACITY_CHANGED)
            self.assertEqual(self.blocks(session), 2 * MIB // BLOCK)
            self.good(session, write10(2 * MIB // BLOCK - 8, 8), write=pattern(4096, 9))
        self.assertEqual(self.good(sessions[1], read10(0, 8), read=4096), pattern(4096))
        self.update(f"path={path}")
        self.good(sessions[0], TEST_UNIT_READY)

    def test_no_block_behind_the_end_of_a_file_that_has_shrunk_is_ever_good(self):
        path = self.file("disk.img", 2 * MIB)
        self.daemon.add_file_disk(path)
        session = self.session()
        last = 2 * MIB // BLOCK - 8
        self.good(session, write10(last, 8), write=pattern(4096))
        os.truncate(path, MIB)
        self.fails(session, write10(last, 8), WRITE_ERROR, write=pattern(4096))
        read = self.fails(session, read10(MIB // BLOCK - 4, 8), READ_ERROR, read=4096)
        self.assertEqual(self.information(read), MIB // BLOCK)
        self.assertEqual(os.path.getsize(path), MIB)
        os.truncate(path, 2 * MIB)
        self.fails(session, read10(last, 8), READ_ERROR, read=4096)
        self.assertIn("cut", self.daemon.log_with("cut"))
        os.truncate(path, MIB)
        self.update(f"path={path}")
        self.fails(session, TEST_UNIT_READY, CAPACITY_CHANGED)
        self.fails(session, read10(last, 8), OUT_OF_RANGE, read=4096)
        self.assertEqual(self.blocks(session), MIB // BLOCK)

    def test_a_deleted_file_serves_on(self):
        path = self.file("disk.img", MIB)
        self.daemon.add_file_disk(path)
        session = self.session()
        os.unlink(path)
        self.good(session, write10(0, 8), write=pattern(4096))
        self.assertEqual(self.good(session, read10(0, 8), read=4096), pattern(4096))
        self.assertIn("deleted", self.daemon.log_with("deleted"))


class Medium(StoreCase):
    def test_media_are_loaded_and_ejected(self):
        first, second = self.file("first.img", MIB), self.file("second.img", 2 * MIB)
        with open(second, "r+b") as file:
            file.write(pattern(4096, 7))
        self.daemon.add_file_disk(first)
        session = self.session()
        self.assertNotEqual(self.update(f"path={second}", check=False).returncode, 0)
        self.update("removable=1")
        self.assertNotEqual(self.update(f"path={second}", check=False).returncode, 0, "there is one in it")
        self.fails(session, TEST_UNIT_READY, INQUIRY_DATA_CHANGED)
        self.update("online=0")
        self.fails(session, TEST_UNIT_READY, NO_MEDIUM)
        self.assertNotEqual(self.update("path=/nonexistent", check=False).returncode, 0)
        self.update(f"path={second}")
        self.fails(session, TEST_UNIT_READY, MEDIUM_CHANGED)
        self.assertEqual(self.blocks(session), 2 * MIB // BLOCK)
        self.assertEqual(self.good(session, read10(0, 8), read=4096), pattern(4096, 7))
        self.assertIn(second, self.shown())

    def test_a_medium_of_the_same_name_is_opened_anew(self):
        path = self.file("disk.img", MIB)
        self.daemon.add_file_disk(path)
        self.update("removable=1")
        session = self.session()
        another = self.file("another.img", 2 * MIB)
        with open(another, "r+b") as file:
            file.write(pattern(4096, 7))
        os.replace(another, path)
        self.assertNotEqual(self.update(f"path={path}", check=False).returncode, 0, "what is in is not that any more")
        self.good(session, EJECT)
        self.update(f"path={path}")
        self.fails(session, TEST_UNIT_READY, MEDIUM_CHANGED)
        self.assertEqual(self.blocks(session), 2 * MIB // BLOCK)
        self.assertEqual(self.good(session, read10(0, 8), read=4096), pattern(4096, 7))
        self.good(session, write10(0, 8), write=pattern(4096, 9))
        self.good(session, SYNCHRONIZE_CACHE)
        with open(path, "rb") as file:
            self.assertEqual(file.read(4096), pattern(4096, 9))
        self.update("online=0")
        os.unlink(path)
        self.assertNotEqual(self.update(f"path={path}", check=False).returncode, 0)
        self.assertNotEqual(self.update("online=1", check=False).returncode, 0, "there is no medium any more")
        self.fails(session, LOAD, NO_MEDIUM)

    def test_initiators_hear_once_that_a_medium_has_come_back(self):
        self.daemon.add_file_disk(self.file("disk.img", MIB))
        self.update("removable=1")
        sessions = [self.session(), self.session()]

        def initiator_moves_it():
            self.good(sessions[0], EJECT)
            self.good(sessions[0], LOAD)

        def administrator_moves_it():
            self.update("online=0")
            self.update("online=1")

        for moves, told in ((initiator_moves_it, sessions[1:]), (administrator_moves_it, sessions)):
            moves()
            for session in told:
                self.fails(session, TEST_UNIT_READY, MEDIUM_CHANGED)
            for session in sessions:
                self.good(session, TEST_UNIT_READY)
        self.update("online=1")
        self.good(sessions[1], TEST_UNIT_READY)

    def test_the_write_cache_stays_when_a_medium_that_is_out_cannot_be_written_out(self):
        self.daemon.add_file_disk(self.file("disk.img", MIB), "--bsopts", "error=eio;error_on=write;error_after=1")
        session = self.session()
        self.good(session, write10(0, 8), write=pattern(4096))
        caching = bytearray(self.good(session, MODE_SENSE_CACHING, read=24)[4:])
        self.assertEqual(caching[2] & 4, 4)
        self.update("online=0")
        values = ":".join(str(value) for value in [caching[2] & ~4, *caching[3:]])
        self.assertNotEqual(self.update(f"mode_page=8:0:18:{values}", check=False).returncode, 0)
        self.update("online=1")
        session.clear_unit_attentions(1)
        self.assertEqual(self.good(session, MODE_SENSE_CACHING, read=24)[6] & 4, 4)

    def test_a_disk_without_a_medium_gets_one(self):
        path = self.file("disk.img", MIB)
        self.daemon.admin("--op", "new", "--mode", "target", "--tid", 1, "-T", TARGET_NAME)
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "--device-type", "disk")
        self.daemon.admin("--op", "bind", "--mode", "target", "--tid", 1, "-I", "ALL")
        session = self.session()
        self.fails(session, TEST_UNIT_READY, NO_MEDIUM)
        self.update(f"path={path}")
        self.fails(session, TEST_UNIT_READY, MEDIUM_CHANGED)
        self.assertEqual(self.blocks(session), MIB // BLOCK)


class Filters(StoreCase):
    def add(self, options, length=MIB):
        path = self.file("disk.img", length)
        self.daemon.add_file_disk(path, "--bsopts", options)
        return path

    def test_an_error_in_the_middle_of_a_range_names_its_block(self):
        self.add("error=eio;error_at=8192;error_length=512")
        session = self.session()
        write = self.fails(session, write10(12, 8), WRITE_ERROR, write=pattern(4096))
        self.assertEqual(self.information(write), 16)
        self.assertEqual(self.good(session, read10(12, 4), read=2048), pattern(2048))
        self.assertEqual(self.information(self.fails(session, read10(12, 8), READ_ERROR, read=4096)), 16)

    def test_no_space_left_is_told_as_such(self):
        self.add("error=enospc;error_on=write;error_after=1")
        session = self.session()
        self.good(session, write10(0, 8), write=pattern(4096))
        self.fails(session, write10(0, 8), NO_SPACE, write=pattern(4096, 3))
        self.assertEqual(self.good(session, read10(0, 8), read=4096), pattern(4096))

    def test_a_temporary_overlay_leaves_the_file_alone_and_is_bounded(self):
        path = self.add("cow=64K")
        session = self.session()
        self.good(session, write10(0, 128), write=pattern(65536))
        self.assertEqual(self.good(session, read10(0, 128), read=65536), pattern(65536))
        self.fails(session, write10(256, 8), NO_SPACE, write=pattern(4096))
        with open(path, "rb") as file:
            self.assertEqual(file.read(), bytes(MIB))

    def test_a_read_only_store_is_a_write_protected_disk(self):
        self.add("readonly=1")
        session = self.session()
        self.fails(session, write10(0, 8), WRITE_PROTECTED, write=pattern(4096))
        self.good(session, read10(0, 8), read=4096)
        self.assertIn("Readonly: Yes", self.shown())

    def test_unknown_options_are_refused_with_their_name(self):
        path = self.file("disk.img", MIB)
        self.daemon.admin("--op", "new", "--mode", "target", "--tid", 1, "-T", TARGET_NAME)
        refused = self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "-b", path, "--bsopts",
                                    "erorr=eio", check=False)
        self.assertEqual(refused.returncode, 22)
        self.assertIn("erorr", self.daemon.log_with("erorr"))


class Sizes(StoreCase):
    def test_every_block_size_works_up_to_the_last_block_of_a_huge_disk(self):
        for lun, block_size in enumerate((512, 1024, 2048, 4096, 8192, 16384, 32768, 65536), 1):
            with self.subTest(block_size=block_size):
                if lun == 1:
                    self.daemon.admin("--op", "new", "--mode", "target", "--tid", 1, "-T", TARGET_NAME)
                    self.daemon.admin("--op", "bind", "--mode", "target", "--tid", 1, "-I", "ALL")
                self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", lun, "--bstype", "null",
                                  "-b", "null", "--bsopts", f"size={(1 << 63) - 1}", "--blocksize", block_size)
                with Session(("127.0.0.1", self.daemon.port), TARGET_NAME) as session:
                    session.clear_unit_attentions(lun)
                    data = bytes(session.execute(READ_CAPACITY_16, lun=lun, read=32).data)
                    last, length = struct.unpack(">QI", data[:12])
                    self.assertEqual((last + 1, length), (((1 << 63) - 1) // block_size, block_size))
                    for first, status in ((last, GOOD), (last + 1, CHECK_CONDITION), ((1 << 64) - 1, CHECK_CONDITION)):
                        read16 = struct.pack(">BBQIBB", 0x88, 0, first, 1, 0, 0)
                        self.assertEqual(session.execute(read16, lun=lun, read=length).status, status)


@unittest.skipUnless(os.geteuid() == 0 and os.path.exists(LOOP_CONTROL) and shutil.which("losetup"),
                     "needs root and loop devices")
class BlockDevice(StoreCase):
    def loop(self, path, *options):
        made = subprocess.run(["losetup", "--show", "-f", *options, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=20)
        if made.returncode != 0:
            self.skipTest(f"no loop device: {made.stderr}")
        device = made.stdout.strip()
        self.addCleanup(subprocess.run, ["losetup", "-d", device], check=False, timeout=20)
        return device

    def delete(self):
        self.daemon.admin("--op", "delete", "--mode", "logicalunit", "--tid", 1, "--lun", 1)

    def test_a_block_device_keeps_bytes_buffered_direct_and_synchronous(self):
        path = self.file("disk.img", 4 * MIB)
        device = self.loop(path)
        for flags in ((), ("--bsoflags", "direct"), ("--bsoflags", "sync")):
            with self.subTest(flags=flags):
                if flags:
                    self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "-b", device, *flags)
                else:
                    self.daemon.add_file_disk(device)
                session = self.session()
                self.assertEqual(self.blocks(session), 4 * MIB // BLOCK)
                self.good(session, write10(3, 2048), write=pattern(MIB))
                self.assertEqual(self.good(session, read10(3, 2048), read=MIB), pattern(MIB))
                session.close()
                self.delete()

    def test_it_grows_with_what_is_below(self):
        path = self.file("disk.img", MIB)
        device = self.loop(path)
        self.daemon.add_file_disk(device)
        session = self.session()
        os.truncate(path, 3 * MIB)
        if subprocess.run(["losetup", "-c", device], check=False, timeout=20).returncode:
            self.skipTest("may not resize loop devices here")
        self.update(f"path={device}")
        self.fails(session, TEST_UNIT_READY, CAPACITY_CHANGED)
        self.assertEqual(self.blocks(session), 3 * MIB // BLOCK)
        session.close()
        self.delete()

    def test_it_is_given_back_before_it_is_opened_again(self):
        path = self.file("disk.img", MIB)
        device = self.loop(path)
        self.daemon.add_file_disk(device)
        self.update("removable=1")
        session = self.session()
        self.good(session, EJECT)
        os.truncate(path, 2 * MIB)
        subprocess.run(["losetup", "-c", device], check=True, timeout=20)
        self.update(f"path={device}")
        self.fails(session, TEST_UNIT_READY, MEDIUM_CHANGED)
        self.assertEqual(self.blocks(session), 2 * MIB // BLOCK)
        session.close()
        self.delete()

    def test_unmapped_blocks_read_zeros_and_leave_the_file_below(self):
        path = self.file("disk.img", 4 * MIB)
        device = self.loop(path)
        self.daemon.add_file_disk(device)
        self.update("thin_provisioning=1")
        session = self.session()
        self.good(session, write10(0, 4096), write=pattern(2 * MIB))
        self.good(session, bytes([0x35]) + bytes(9))
        before = os.stat(path).st_blocks
        unmap = struct.pack(">HHIQII", UNMAP_LENGTH - 2, 16, 0, 0, 4096, 0)
        self.good(session, bytes([0x42]) + bytes(6) + struct.pack(">HB", UNMAP_LENGTH, 0), write=unmap)
        self.assertEqual(self.good(session, read10(0, 4096), read=2 * MIB), bytes(2 * MIB))
        self.assertLess(os.stat(path).st_blocks, before)
        session.close()
        self.delete()

    def test_a_4096_byte_device_tells_its_geometry(self):
        device = self.loop(self.file("disk.img", 4 * MIB), "--sector-size", "4096")
        self.daemon.add_file_disk(device)
        session = self.session()
        data = self.good(session, READ_CAPACITY_16, read=32)
        self.assertEqual((struct.unpack(">I", data[8:12])[0], data[13] & 0xF), (512, 3), "512 bytes, eight to a physical block")
        self.good(session, write10(1, 1), write=pattern(512))
        self.assertEqual(self.good(session, read10(0, 3), read=1536), bytes(512) + pattern(512) + bytes(512))
        session.close()
        self.delete()

    def test_a_device_that_is_held_is_refused_and_its_holder_named(self):
        device = self.loop(self.file("disk.img", MIB))
        self.daemon.add_file_disk(device)
        refused = self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 2, "-b", device, check=False)
        self.assertEqual(refused.returncode, 22)
        self.assertIn("shared=1", self.daemon.log_with("shared=1"))
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 2, "-b", device, "--bsopts", "shared=1")
        self.daemon.admin("--op", "delete", "--mode", "logicalunit", "--tid", 1, "--lun", 2)
        self.delete()


if __name__ == "__main__":
    unittest.main()
