# SPDX-License-Identifier: Apache-2.0
"""Emulated disks under the Linux kernel's initiator: file systems, discard, the tools of sg3-utils."""

import os
import re
import unittest

from lab.linux_initiator import LinuxInitiator
from lab.target import GuestCase

SMALL_BLOCKS, LARGE_BLOCKS, COPY = 1, 2, 3  # 512 and 4096 bytes; and where something is copied to
BLOCK_SIZE = {SMALL_BLOCKS: 512, LARGE_BLOCKS: 4096, COPY: 512}
FILE_DISKS = {lun: BLOCK_SIZE[lun] for lun in (SMALL_BLOCKS, LARGE_BLOCKS)}
ILLEGAL_REQUEST, UNIT_ATTENTION, CONFLICT = 5, 6, 24  # exit codes of sg3-utils
READ_ONE_BLOCK = "28 00 00 00 00 00 00 00 01 00"
FILE_SIZE = "320M"  # mkfs.xfs makes none below 300M


class LinuxDisk(GuestCase):
    modules = ("sg", "sd_mod", "iscsi_tcp", "ext4", "xfs")

    @classmethod
    def prepare(cls):
        for lun in BLOCK_SIZE:
            cls.machine.run(f"truncate -s {FILE_SIZE} {cls.backing_file(lun)}")

    @classmethod
    def backing_file(cls, lun):
        return f"/tmp/disk.{lun}"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for lun, block_size in BLOCK_SIZE.items():
            cls.target.admin(f"--op new --mode logicalunit --tid 1 --lun {lun} -y {block_size} -b {cls.backing_file(lun)}")
            cls.target.admin(f"--op update --mode logicalunit --tid 1 --lun {lun} --params thin_provisioning=1")
        cls.initiator = LinuxInitiator(cls.machine)
        cls.disks = cls.initiator.log_in(tuple(BLOCK_SIZE))

    def run_in_guest(self, script, timeout=60):
        return self.machine.run("set -e\n" + script, timeout=timeout).stdout

    def used_bytes(self, lun):
        return int(self.run_in_guest(f"stat -c %b {self.backing_file(lun)}")) * 512

    def use_file_system(self, lun, make, kind):
        """A file survives a remount; what a deleted file took is given back to the backing store by fstrim."""
        disk = self.disks[lun]
        self.run_in_guest(f"{make} {disk}; mkdir -p /tmp/mounted; mount -t {kind} {disk} /tmp/mounted\n"
                          "dd if=/dev/urandom of=/tmp/mounted/kept bs=1M count=2 status=none\n"
                          "dd if=/dev/zero of=/tmp/mounted/freed bs=1M count=24 conv=fsync status=none\n"
                          "sum=$(md5sum < /tmp/mounted/kept); umount /tmp/mounted; echo 3 > /proc/sys/vm/drop_caches\n"
                          f"mount -t {kind} {disk} /tmp/mounted; test \"$(md5sum < /tmp/mounted/kept)\" = \"$sum\"", 120)
        self.addCleanup(self.machine.run, "umount /tmp/mounted", check=False)
        before = self.used_bytes(lun)
        trimmed = self.run_in_guest("rm /tmp/mounted/freed; sync; fstrim -v /tmp/mounted; sync", 120)
        self.assertGreater(int(re.search(r"\((\d+) bytes\) trimmed", trimmed).group(1)), 24 << 20)
        self.assertLess(self.used_bytes(lun), before - (23 << 20), "the backing file still holds what was trimmed")
        self.run_in_guest("umount /tmp/mounted")

    def test_ext4_lives_on_both_block_sizes_and_fstrim_frees_space(self):
        for lun in FILE_DISKS:
            with self.subTest(block_size=FILE_DISKS[lun]):
                self.use_file_system(lun, "mkfs.ext4 -q -F", "ext4")
                self.run_in_guest(f"e2fsck -fn {self.disks[lun]}")

    def test_xfs_lives_on_both_block_sizes_and_fstrim_frees_space(self):
        for lun, block_size in FILE_DISKS.items():
            with self.subTest(block_size=block_size):
                self.use_file_system(lun, f"mkfs.xfs -q -f -s size={block_size}", "xfs")
                self.run_in_guest(f"xfs_repair -n {self.disks[lun]}")

    def test_the_kernel_sees_the_block_sizes_and_that_blocks_can_be_given_back(self):
        for lun, block_size in FILE_DISKS.items():
            name = os.path.basename(self.disks[lun])
            queue = self.run_in_guest(f"cd /sys/block/{name}/queue; cat logical_block_size discard_max_bytes").split()
            self.assertEqual(int(queue[0]), block_size)
            self.assertGreater(int(queue[1]), 0)

    # --- sg3-utils

    def test_every_page_and_table_is_read_by_the_tools(self):
        for lun in FILE_DISKS:
            disk = self.disks[lun]
            for command in ("sg_inq", "sg_vpd -a", "sg_opcodes", "sg_opcodes -m -n", "sg_readcap -l", "sg_modes -a",
                            "sg_logs -a", "sg_turs", "sg_requests", "sg_luns"):
                with self.subTest(command=command, lun=lun):
                    output = self.run_in_guest(f"{command} {disk} 2>&1")
                    self.assertNotRegex(output.lower(), "malformed|truncated|too short|illegal request|field in cdb")

    def test_a_disk_is_no_enclosure_and_says_so_cleanly(self):
        """Every diagnostic page that it lists can be read; the pages of enclosures are refused, and nothing is left behind."""
        for lun, disk in self.disks.items():
            with self.subTest(lun=lun):
                listed = self.tool(f"sg_ses {disk}")
                self.assertIn("not an enclosure", listed)
                self.assertNotIn("EncServ", listed)
                pages = re.findall(r"\[0x(\w+)\]", listed)
                self.assertIn("0", pages)
                for page in pages:
                    self.tool(f"sg_ses --page=0x{page} --raw {disk}")
                for page in ("0x1", "0x2", "0x7", "0xa"):  # configuration, status, descriptors, additional status
                    self.assertNotIn(page[2:], pages)
                    refused = self.machine.run(f"sg_ses --page={page} {disk}", check=False)
                    self.assertEqual(refused.exit_code, ILLEGAL_REQUEST, refused.stdout + refused.stderr)
                    self.assertNotIn("malformed", (refused.stdout + refused.stderr).lower())
                self.run_in_guest(f"sg_turs {disk}")

    def fill(self, lun, first, count, pattern):
        block_size = BLOCK_SIZE[lun]
        self.run_in_guest(f"tr '\\0' '\\{pattern:o}' < /dev/zero | dd of={self.disks[lun]} bs={block_size * count} count=1 "
                          f"seek={block_size * first} iflag=fullblock oflag=direct,seek_bytes conv=notrunc status=none")

    def blocks(self, lun, first, count):
        block_size = BLOCK_SIZE[lun]
        return self.machine.run(f"dd if={self.disks[lun]} bs={block_size * count} count=1 skip={block_size * first} "
                                "iflag=direct,skip_bytes status=none").stdout_bytes

    def test_compare_and_write_changes_a_block_that_is_as_expected_and_no_other(self):
        for lun, block_size in FILE_DISKS.items():
            with self.subTest(block_size=block_size):
                self.fill(lun, 8, 2, 0x11)
                self.machine.write_file("/tmp/compare", bytes([0x11]) * block_size + bytes([0x22]) * block_size)
                command = (f"sg_compare_and_write --in=/tmp/compare --lba=8 --num=1 --xferlen={2 * block_size} "
                           f"{self.disks[lun]}")
                self.run_in_guest(command)
                self.assertEqual(self.blocks(lun, 8, 2), bytes([0x22]) * block_size + bytes([0x11]) * block_size)
                again = self.machine.run(command, check=False)
                self.assertEqual(again.exit_code, 14, "SG_LIB_CAT_MISCOMPARE\n" + again.stderr)
                self.assertEqual(self.blocks(lun, 8, 1), bytes([0x22]) * block_size)

    def test_write_same_repeats_one_block(self):
        for lun, block_size in FILE_DISKS.items():
            with self.subTest(block_size=block_size):
                self.machine.write_file("/tmp/same", bytes([0x33]) * block_size)
                for size in ("--10", "--16"):
                    self.fill(lun, 100, 20, 0)
                    self.run_in_guest(f"sg_write_same {size} --in=/tmp/same --lba=101 --num=16 --xferlen={block_size} "
                                      f"{self.disks[lun]}")
                    self.assertEqual(self.blocks(lun, 100, 18),
                                     bytes(block_size) + bytes([0x33]) * 16 * block_size + bytes(block_size))

    def test_unmapped_blocks_read_as_zeros_and_are_told_as_deallocated(self):
        for lun, block_size in FILE_DISKS.items():
            with self.subTest(block_size=block_size):
                count = (1 << 20) // block_size
                self.fill(lun, 0, 2 * count, 0x44)
                self.run_in_guest(f"sg_unmap --force --lba=0 --num={count} {self.disks[lun]}")
                self.assertEqual(self.blocks(lun, count - 1, 2), bytes(block_size) + bytes([0x44]) * block_size)
                for first, state in ((0, "1"), (count, "0")):
                    status = self.run_in_guest(f"sg_get_lba_status -bb --lba={first} {self.disks[lun]}")
                    self.assertEqual(status.split()[-1], state, status)

    def test_sanitize_leaves_nothing_of_what_was_written(self):
        disk = self.disks[LARGE_BLOCKS]
        self.fill(LARGE_BLOCKS, 0, 256, 0x55)
        self.run_in_guest(f"sg_sanitize --block --quick --wait {disk}", 120)
        self.run_in_guest(f"for i in 1 2 3; do sg_turs {disk} && break; done")
        self.assertEqual(self.blocks(LARGE_BLOCKS, 0, 256), bytes(256 * 4096))

    def test_the_target_itself_copies_from_one_disk_to_another(self):
        """Both are of 512-byte blocks: sg_xcopy takes no two sizes. It looks for devices where udev names them by number."""
        source, destination = self.disks[SMALL_BLOCKS], self.disks[COPY]
        self.run_in_guest(f"mkdir -p /dev/block; for disk in {source} {destination}; do "
                          "ln -sf $disk /dev/block/$(cat /sys/block/${disk##*/}/dev); done")
        self.fill(SMALL_BLOCKS, 1000, 500, 0x66)
        self.fill(COPY, 3000, 502, 0)
        self.tool(f"sg_xcopy --on_src if={source} of={destination} bs=512 skip=1000 seek=3001 count=500 bpt=128")
        self.assertEqual(self.blocks(COPY, 3000, 502), bytes(512) + bytes([0x66]) * 500 * 512 + bytes(512))

    # --- Reservations, from two initiators

    def tool(self, command, expected=0):
        """Runs a tool of sg3-utils; unit attentions, which it meets as everybody does, are passed over."""
        for _ in range(4):
            outcome = self.machine.run(command, check=False)
            if outcome.exit_code != UNIT_ATTENTION:
                break
        self.assertEqual(outcome.exit_code, expected, f"{command}\n{outcome.stdout}{outcome.stderr}")
        return outcome.stdout

    def reserve(self, words, disk, expected=0):
        return self.tool(f"sg_persist -n --out {words} {disk}", expected)

    def keys(self, disk):
        return sorted(re.findall(r"^ +0x(\w+)$", self.tool(f"sg_persist -n --in -k {disk}"), re.M))

    def writes(self, disk, expected=0):
        self.machine.write_file("/tmp/block", bytes(512))
        self.tool(f"sg_write_same --10 --in=/tmp/block --lba=0 --num=1 {disk}", expected)

    def test_every_service_action_of_persistent_reservations_works_between_two_initiators(self):
        first = self.disks[SMALL_BLOCKS]
        self.initiator.new_interface("second", "iqn.2026-11.example.tests:second")
        second = self.initiator.log_in((SMALL_BLOCKS,), interface="second")[SMALL_BLOCKS]
        self.assertIn("(SIP_C): 1", self.tool(f"sg_persist -n --in -c {first}"))
        self.reserve("-G -S 0xa1", first)
        self.reserve("-G -S 0xb2", second)
        self.assertEqual(self.keys(first), ["a1", "b2"])
        self.reserve("-G -K 0xdead -S 0xa2", first, CONFLICT)
        self.reserve("-R -K 0xa1 -T 1", first)  # write exclusive
        self.assertIn("Write Exclusive", self.tool(f"sg_persist -n --in -r {second}"))
        self.writes(first)
        self.writes(second, CONFLICT)
        self.tool(f"sg_raw -r 512 {second} {READ_ONE_BLOCK}")
        self.reserve("-L -K 0xa1 -T 1", first)
        self.writes(second)
        for kind in range(1, 9):
            if kind not in (2, 4):
                self.reserve(f"-R -K 0xb2 -T {kind}", second)
                self.reserve(f"-L -K 0xb2 -T {kind}", second)
        self.reserve("-R -K 0xa1 -T 3", first)  # exclusive access
        self.tool(f"sg_raw -r 512 {second} {READ_ONE_BLOCK}", CONFLICT)
        self.reserve("-P -K 0xb2 -S 0xa1 -T 5", second)  # preempted, to write exclusive of registrants
        self.assertEqual(self.keys(second), ["b2"])
        self.writes(first, CONFLICT)
        self.reserve("-I -S 0xa3", first)  # register and ignore existing key
        self.writes(first)
        self.reserve("-A -K 0xb2 -S 0xa3 -T 5", second)  # preempt and abort
        self.writes(first, CONFLICT)
        self.reserve("-G -S 0xa4", first)
        ports = re.findall(r"(iqn\S+,i,0x\w+)", self.tool(f"sg_persist -n --in -s {first}"))
        self.assertEqual(len(ports), 2)
        moved_to = next(port for port in ports if "second" not in port)
        self.reserve(f"-M -K 0xb2 -S 0xa5 -Q 1 -X {moved_to}", second)  # register and move
        self.writes(first)
        self.assertEqual(self.keys(second), ["a5", "b2"])
        self.reserve("-C -K 0xa5", first)
        self.assertEqual(self.keys(second), [])
        self.assertIn("NO reservation", self.tool(f"sg_persist -n --in -r {second}"))
        self.reserve("--replace-lost -S 0xa6 -T 1", first, ILLEGAL_REQUEST)  # replace lost reservation: none is lost


if __name__ == "__main__":
    unittest.main()
