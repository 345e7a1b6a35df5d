# SPDX-License-Identifier: Apache-2.0
"""libiscsi's conformance suite, the families of iSCSI, reservations and third-party copies, against a disk in memory: one
test here for each test there.

Its tests are run suite by suite, as their author does: some of them leave state in the program that later ones look at.
"""

import re
import subprocess
import unittest

from harness.daemon import Daemon

SECONDS = 120
FAMILY = re.compile(r"^ALL\.((?:iSCSI|Prin|Prout|Reserve6|ExtendedCopy|ReceiveCopyResults)\w*)\.(\w+)$", re.MULTILINE)


def names_of_tests():
    listing = subprocess.run(["iscsi-test-cu", "--list"], stdout=subprocess.PIPE, text=True, timeout=30).stdout
    return FAMILY.findall(listing)


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon())
        cls.daemon.add_memory_disk()
        cls.reports = {}

    def report_of(self, suite):
        """{test: what the program printed about it}"""
        if suite not in self.reports:
            command = ["iscsi-test-cu", "--dataloss", "--verbose", "--test", f"ALL.{suite}", self.daemon.url()]
            try:
                result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, timeout=SECONDS)
                output = result.stdout
            except subprocess.TimeoutExpired as error:
                output = f"{(error.stdout or b'').decode(errors='replace')}\n(no end after {SECONDS} s)"
            parts = re.split(r"^  Test: (\w+) \.\.\.", output.partition("Suite: ")[2], flags=re.MULTILINE)
            self.reports[suite] = dict(zip(parts[1::2], parts[2::2])) or {"": output}
        return self.reports[suite]

    def check(self, suite, test):
        report = self.report_of(suite)
        self.assertIn(test, report, "the program did not get to this test")
        before, verdict, _ = report[test].partition("passed")  # after it the program prepares the next suite
        self.assertTrue(verdict and "FAILED\n" not in before, report[test])
        self.assertNotIn("[SKIPPED]", before)

    def test_the_suite_has_its_iscsi_family(self):
        self.assertGreaterEqual(len(names_of_tests()), 15)


def add_tests():
    for suite, test in names_of_tests():
        setattr(Conformance, f"test_{suite}_{test}", lambda self, suite=suite, test=test: self.check(suite, test))


add_tests()

if __name__ == "__main__":
    unittest.main()
