# SPDX-License-Identifier: Apache-2.0
"""libiscsi's conformance suite, iSCSI family, against a disk in memory: one test here for each test there."""

import re
import subprocess
import unittest

from harness.daemon import Daemon

SECONDS = 60
FAMILY = re.compile(r"^ALL\.(iSCSI\w*)\.(\w+)$", re.MULTILINE)


def names_of_tests():
    listing = subprocess.run(["iscsi-test-cu", "--list"], stdout=subprocess.PIPE, text=True, timeout=30).stdout
    return FAMILY.findall(listing)


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon())
        cls.daemon.add_memory_disk()

    def run_there(self, suite, test):
        command = ["iscsi-test-cu", "--dataloss", "--fail", "--verbose", "--test", f"ALL.{suite}.{test}", self.daemon.url()]
        try:
            result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired as error:
            self.fail(f"no end after {SECONDS} s:\n{(error.stdout or b'').decode(errors='replace')}")
        ran = re.search(r"^ +tests +(\d+) +(\d+) +(\d+) +(\d+)", result.stdout, re.MULTILINE)
        self.assertIsNotNone(ran, result.stdout)
        self.assertEqual(ran.groups(), ("1", "1", "1", "0"), result.stdout)
        self.assertEqual(result.returncode, 0, result.stdout)
        skipped = re.search(r"\[SKIPPED\].*", result.stdout)
        if skipped:
            self.skipTest(skipped.group(0))

    def test_the_suite_has_its_iscsi_family(self):
        self.assertGreaterEqual(len(names_of_tests()), 15)


def add_tests():
    for suite, test in names_of_tests():
        def method(self, suite=suite, test=test):
            self.run_there(suite, test)
        setattr(Conformance, f"test_{suite}_{test}", method)


add_tests()

if __name__ == "__main__":
    unittest.main()
