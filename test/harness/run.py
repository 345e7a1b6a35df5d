# SPDX-License-Identifier: Apache-2.0
"""Runs the unittest cases of one file: a line for each, and the results in GoogleTest's JSON format.

run.py FILE_test.py [--results=FILE] [NAME...]     NAME: only test methods whose name contains it
"""

import importlib.util
import json
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


class LoudResult(unittest.TestResult):
    """Prints each test as it ends, in GoogleTest's words, and remembers it."""

    def __init__(self):
        super().__init__()
        self.documents = []
        self._began = time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()
        print(f"[ RUN      ] {test.id()}", flush=True)

    def addSuccess(self, test):
        self._end(test, "OK", {"status": "RUN", "result": "COMPLETED"})

    def addFailure(self, test, err):
        self._fail(test, err)

    def addError(self, test, err):
        self._fail(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._fail(subtest, err)

    def addSkip(self, test, reason):
        print(f"skipped: {reason}")
        self._end(test, "SKIPPED", {"status": "RUN", "result": "SKIPPED"})

    def _fail(self, test, err):
        print(self._exc_info_to_string(err, test) if isinstance(test, unittest.TestCase) else err[1])
        self._end(test, "FAILED", {"status": "RUN", "result": "COMPLETED", "failures": [{"failure": str(err[1])}]})

    def _end(self, test, word, document):
        seconds = time.monotonic() - self._began
        print(f"[ {word:>8} ] {test.id()} ({seconds:.1f} s)", flush=True)
        document["name"] = test.id()
        self.documents.append(document)


def load(path):
    name = os.path.basename(path)[:-3]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from cases(item)
        else:
            yield item


def main():
    results = [word.split("=", 1)[1] for word in sys.argv[1:] if word.startswith("--results=")]
    words = [word for word in sys.argv[1:] if not word.startswith("--results=")]
    path, names = os.path.abspath(words[0]), words[1:]
    sys.path[:0] = [os.path.dirname(path), os.path.dirname(HERE)]
    tests = load(path)
    if names:
        tests = unittest.TestSuite(case for case in cases(tests) if any(name in case.id() for name in names))
        if not tests.countTestCases():
            sys.exit(f"no test of {path} has a name with {' or '.join(names)}")
    result = LoudResult()
    tests.run(result)
    if results:
        group = {"name": os.path.basename(path)[:-3], "testsuite": result.documents}
        with open(results[0], "w", encoding="utf-8") as file:
            json.dump({"testsuites": [group]}, file)
    failed = sum(1 for document in result.documents if document.get("failures"))
    print(f"{len(result.documents)} tests, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
