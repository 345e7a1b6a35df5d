# SPDX-License-Identifier: Apache-2.0
"""A tgtd that may open few files: initiators cannot take all of them from the administrator."""

import contextlib
import os
import shutil
import socket
import unittest

from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import GOOD, Session, read10

DESCRIPTORS = 300
MIB = 1 << 20


def limited():
    """Words that run a command with few descriptors, which it cannot raise, root or not."""
    words = ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"]
    return ["setpriv", "--bounding-set=-sys_resource", *words] if os.geteuid() == 0 else words


@unittest.skipUnless(shutil.which("setpriv") and shutil.which("prlimit"), "needs setpriv and prlimit")
class FewDescriptors(unittest.TestCase):
    def test_silent_connections_leave_the_administrator_and_sessions_what_they_need(self):
        for backend in ("io_uring", "epoll"):
            with self.subTest(backend=backend), Daemon(arguments=("--backend", backend), launcher=limited()) as daemon:
                daemon.add_memory_disk()
                path = os.path.join(daemon.folder, "disk.img")
                with open(path, "wb") as file:
                    file.truncate(MIB)
                address = ("127.0.0.1", daemon.port)
                with Session(address, TARGET_NAME) as session, contextlib.ExitStack() as connections:
                    session.clear_unit_attentions(1)
                    for _ in range(2 * DESCRIPTORS):
                        connections.enter_context(socket.create_connection(address, timeout=10))
                    daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 2, "-b", path)
                    session.clear_unit_attentions(1)  # there is a new unit
                    self.assertEqual(session.execute(read10(0, 8), lun=1, read=4096).status, GOOD)
                    self.assertLess(daemon.open_files(), DESCRIPTORS)


if __name__ == "__main__":
    unittest.main()
