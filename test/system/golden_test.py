# SPDX-License-Identifier: Apache-2.0
"""tgtadm as scripts know it: the transcripts in golden/ are replayed and must come out the same.

In a transcript "$ " starts a command line (run by a shell, tgtadm is ours), then come its output lines, "[stderr] " before
those of stderr, and the exit code as [rc=N]. "..." in a line stands for any text. @DISK@ is a file of 64 MiB, @FOLDER@ the
folder it is in, @PORT@ the portal's port.
"""

import glob
import os
import re
import subprocess
import tempfile
import unittest

from harness.daemon import PROGRAMS, Daemon

HERE = os.path.dirname(os.path.abspath(__file__))


def steps_of(text):
    """(command, expected lines) for each step of a transcript."""
    steps = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif steps:
            steps[-1][1].append(line)
    return steps


def pattern_of(line):
    return ".*".join(re.escape(part) for part in line.split("..."))


class Golden(unittest.TestCase):
    def replay(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with tempfile.TemporaryDirectory(prefix="tgt-golden-") as folder, Daemon() as daemon:
            disk = os.path.join(folder, "disk.img")
            with open(disk, "wb") as file:
                file.truncate(64 * 1024 * 1024)
            for name, value in (("DISK", disk), ("FOLDER", folder), ("PORT", str(daemon.port))):
                text = text.replace(f"@{name}@", value)
            for number, (command, expected) in enumerate(steps_of(text), 1):
                actual = self.run_step(command, daemon)
                self.compare(f"{os.path.basename(path)}, step {number}: {command}", expected, actual)

    @staticmethod
    def run_step(command, daemon):
        environment = {**daemon.environment, "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
        result = subprocess.run(["/bin/sh", "-c", command], env=environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        errors = [f"[stderr] {line}" for line in result.stderr.splitlines()]
        return result.stdout.splitlines() + errors + [f"[rc={result.returncode}]"]

    def compare(self, label, expected, actual):
        same = len(expected) == len(actual) and all(
            re.fullmatch(pattern_of(wanted), line) for wanted, line in zip(expected, actual))
        if not same:
            self.fail(f"{label}\n--- expected\n" + "\n".join(expected) + "\n--- came\n" + "\n".join(actual))


def add_tests():
    for path in sorted(glob.glob(os.path.join(HERE, "golden", "*.txt"))):
        name = os.path.basename(path)[:-4].replace("-", "_")
        setattr(Golden, f"test_{name}", lambda self, path=path: self.replay(path))


add_tests()

if __name__ == "__main__":
    unittest.main()
