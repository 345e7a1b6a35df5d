# SPDX-License-Identifier: Apache-2.0
"""Files in tgtd's state directory, as tests spoil them."""

import os

from harness.daemon import DaemonError


def check_damaged_file_is_refused(test, daemon, path):
    """One byte of it is wrong: the memory disk that it belongs to is not made, and the log names the file. Once it is
    removed the disk is made without it."""
    with open(path, "r+b") as file:
        file.seek(30)
        byte = file.read(1)
        file.seek(30)
        file.write(bytes([byte[0] ^ 1]))
    with test.assertRaises(DaemonError):
        daemon.add_memory_disk(mebibytes=1)
    test.assertIn(path, daemon.log_with(path))
    os.remove(path)
    daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "--bstype", "memory", "--bsopts", "size=1M",
                 "-b", "memory")
    daemon.admin("--op", "bind", "--mode", "target", "--tid", 1, "-I", "ALL")
