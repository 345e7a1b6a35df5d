# SPDX-License-Identifier: Apache-2.0
"""A file system that stands still (frozen for a snapshot, or over a dead disk or server) holds up the logical units on it
and nothing else."""

import os
import shutil
import subprocess
import tempfile
import unittest

from harness.daemon import TARGET_NAME, Daemon, takes_direct
from harness.initiator import GOOD, Session, read10, write10

MIB = 1 << 20
BLOCKS = 8
LENGTH = BLOCKS * 512
HUNG, HEALTHY = 1, 2
WRITES = 64
SYNCHRONIZE_CACHE = bytes([0x35]) + bytes(9)
TOOLS = ("mkfs.ext4", "mount", "umount", "fsfreeze")


@unittest.skipUnless(os.geteuid() == 0 and all(map(shutil.which, TOOLS)), "needs root, mount and fsfreeze")
class FrozenFileSystem(unittest.TestCase):
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

    def session(self, daemon):
        session = Session(("127.0.0.1", daemon.port), TARGET_NAME)
        self.addCleanup(session.close)
        for lun in (HUNG, HEALTHY):
            session.clear_unit_attentions(lun)
        return session

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


if __name__ == "__main__":
    unittest.main()
