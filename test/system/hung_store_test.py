# SPDX-License-Identifier: Apache-2.0
"""A file system that stands still (frozen for a snapshot, or over a dead disk or server) holds up the logical units on it
and nothing else."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness.daemon import TARGET_NAME, Daemon, takes_direct
from harness.hanging_files import HangingFiles
from harness.initiator import GOOD, Session, read10, write10

MIB = 1 << 20
BLOCKS = 8
LENGTH = BLOCKS * 512
HUNG, HEALTHY = 1, 2
WRITES = 64
SYNCHRONIZE_CACHE = bytes([0x35]) + bytes(9)
TOOLS = ("mkfs.ext4", "mount", "umount", "fsfreeze")
PATIENCE = 60


class HungCase(unittest.TestCase):
    def session(self, daemon):
        session = Session(("127.0.0.1", daemon.port), TARGET_NAME)
        self.addCleanup(session.close)
        for lun in (HUNG, HEALTHY):
            session.clear_unit_attentions(lun)
        return session


@unittest.skipUnless(os.geteuid() == 0 and all(map(shutil.which, TOOLS)), "needs root, mount and fsfreeze")
class FrozenFileSystem(HungCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tgt-frozen-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        image = os.path.join(self.folder, "image")
        with open(image, "wb") as file:
            file.truncate(64 * MIB)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, timeout=60)
        self.mounted = os.path.join(self.folder, "mounted")
        os.mkdir(self.mounted)
        if subprocess.run(["mount", "-o", "loop", image, self.mounted], check=False, timeout=60).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", self.mounted], check=True, timeout=60)

    def fsfreeze(self, option):
        subprocess.run(["fsfreeze", option, self.mounted], check=True, timeout=60)

    def disk(self, folder, name):
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.truncate(8 * MIB)
        return path

    def expect_only_its_own_disk_to_hang(self, daemon, flags):
        daemon.add_file_disk(self.disk(self.mounted, "disk"), *flags, lun=HUNG)
        other = self.disk(daemon.folder, "disk")
        if "direct" in flags and not takes_direct(daemon.folder):
            flags = ()
        daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", HEALTHY, "-b", other, *flags)
        writer, reader = self.session(daemon), self.session(daemon)
        self.fsfreeze("-f")
        try:
            hung = [writer.command(write10(i * BLOCKS, BLOCKS), lun=HUNG, write=b"x" * LENGTH) for i in range(WRITES)]
            for cdb, options in ((read10(0, BLOCKS), {"read": LENGTH}), (write10(0, BLOCKS), {"write": b"y" * LENGTH}),
                                 (SYNCHRONIZE_CACHE, {})):
                self.assertEqual(reader.execute(cdb, lun=HEALTHY, **options).status, GOOD)
            third = self.disk(daemon.folder, "third")
            daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 3, "-b", third)
            daemon.admin("--op", "show", "--mode", "target")
            self.assertFalse(any(task.ended for task in hung))
        finally:
            self.fsfreeze("-u")
        self.assertEqual([task.wait(60).status for task in hung], [GOOD] * WRITES)

    def test_it_holds_up_no_other_disk_and_not_the_administrator(self):
        for backend in ("io_uring", "epoll"):
            for flags in ((), ("--bsoflags", "direct"), ("--bsoflags", "sync")):
                with self.subTest(backend=backend, flags=flags):
                    with Daemon(arguments=("--backend", backend, "--shards", "1")) as daemon:
                        self.expect_only_its_own_disk_to_hang(daemon, flags)


@unittest.skipUnless(os.geteuid() == 0 and os.path.exists("/dev/fuse"), "needs root and /dev/fuse")
class HungServer(HungCase):
    """The file system below a store stops answering."""

    def setUp(self):
        self.files = HangingFiles(64 * MIB)
        try:
            self.enterContext(self.files)
        except OSError as error:
            self.skipTest(str(error))

    def start(self, backend, path, *flags):
        daemon = Daemon(arguments=("--backend", backend, "--shards", "1"))
        self.enterContext(daemon)
        self.addCleanup(self.files.answer_again)
        daemon.add_file_disk(path, *flags, lun=HUNG)
        daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", HEALTHY, "--bstype", "memory",
                     "--bsopts", "size=16M", "-b", "memory")
        return daemon

    def expect_others_to_be_served(self, daemon, session):
        self.assertEqual(session.execute(read10(0, BLOCKS), lun=HEALTHY, read=LENGTH).status, GOOD)
        daemon.admin("--op", "show", "--mode", "target")

    def file_on_it(self):
        """A file whose places have to be looked up on the disk that hangs."""
        if not all(map(shutil.which, ("mkfs.ext4", "mount", "losetup"))):
            self.skipTest("needs mkfs.ext4, mount and losetup")
        loop = subprocess.run(["losetup", "-f", "--show", self.files.path], check=False, stdout=subprocess.PIPE, text=True,
                              timeout=60)
        if loop.returncode != 0:
            self.skipTest("no loop devices here")
        device = loop.stdout.strip()
        self.addCleanup(subprocess.run, ["losetup", "-d", device], check=True, timeout=60)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-O", "^has_journal", device], check=True, timeout=60)
        mounted = os.path.join(self.files.folder, "ext4")
        os.mkdir(mounted)
        path = os.path.join(mounted, "file")
        subprocess.run(["mount", device, mounted], check=True, timeout=60)
        self.addCleanup(subprocess.run, ["umount", mounted], check=True, timeout=60)
        with open(path, "wb") as file:
            for extent in range(3000):
                os.pwrite(file.fileno(), bytes(4096), extent * 8192)
        subprocess.run(["umount", mounted], check=True, timeout=60)
        subprocess.run(["mount", device, mounted], check=True, timeout=60)
        return path

    def expect_transfers_to_hold_up_their_own_disk_only(self, backend, flags):
        daemon = self.start(backend, self.file_on_it(), *flags)
        hung, other = self.session(daemon), self.session(daemon)
        self.files.hang()
        tasks = [hung.command(read10(24000, BLOCKS), lun=HUNG, read=LENGTH),
                 hung.command(write10(26000, BLOCKS), lun=HUNG, write=bytes(LENGTH))]
        time.sleep(0.5)
        self.expect_others_to_be_served(daemon, other)
        self.assertFalse(tasks[0].ended)
        self.files.answer_again()
        self.assertEqual([task.wait(PATIENCE).status for task in tasks], [GOOD, GOOD])

    def test_reads_and_writes_over_io_uring_hold_up_their_own_disk_only(self):
        self.expect_transfers_to_hold_up_their_own_disk_only("io_uring", ())

    def test_reads_and_writes_over_epoll_hold_up_their_own_disk_only(self):
        self.expect_transfers_to_hold_up_their_own_disk_only("epoll", ())

    def test_direct_reads_and_writes_hold_up_their_own_disk_only(self):
        self.expect_transfers_to_hold_up_their_own_disk_only("io_uring", ("--bsoflags", "direct"))

    def begin_to_close(self, options):
        daemon = self.start("auto", self.files.path, "--bsopts", options)
        session = self.session(daemon)
        self.files.hang()
        removal = daemon.begin_admin("--op", "delete", "--mode", "logicalunit", "--tid", 1, "--lun", HUNG)
        self.addCleanup(removal.wait)
        self.addCleanup(removal.kill)
        time.sleep(0.5)
        session.clear_unit_attentions(HEALTHY)  # there is a unit less
        self.expect_others_to_be_served(daemon, session)
        self.assertIsNone(removal.poll())
        return daemon, removal

    def expect_close_to_hold_up_nobody(self, options):
        daemon, removal = self.begin_to_close(options)
        self.files.answer_again()
        self.assertEqual(removal.wait(PATIENCE), 0)
        folder = f"/proc/{daemon.process_id}/fd"
        still_open = {os.path.realpath(os.path.join(folder, name)) for name in os.listdir(folder)}
        self.assertNotIn(self.files.path, still_open)

    def test_a_close_that_hangs_holds_up_nobody_and_a_removal_waits_for_it(self):
        self.expect_close_to_hold_up_nobody("readonly=1")

    def test_a_close_of_an_overlay_that_hangs_holds_up_nobody(self):
        self.expect_close_to_hold_up_nobody("cow=1M")

    def test_tgtd_ends_while_a_close_hangs(self):
        daemon, _removal = self.begin_to_close("readonly=1")
        os.kill(daemon.process_id, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        # What hangs in the kernel ends later; the program itself is a zombie by then.
        while daemon.running and self.state_of(daemon) != "Z":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.files.answer_again()
        daemon.wait_for_end(PATIENCE)

    @staticmethod
    def state_of(daemon):
        with open(f"/proc/{daemon.process_id}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0]


if __name__ == "__main__":
    unittest.main()
