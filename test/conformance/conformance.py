#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""libiscsi's iscsi-test-cu, all of it, against every kind of disk: as one run and test by test.

The tests that may be skipped stand in skips.txt, each with its reason; the run fails when what is skipped differs from it.
The last line is "N passed, N failed".
"""

import argparse
import contextlib
import dataclasses
import functools
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "vm")]

from harness.daemon import ROOT, TARGET_NAME, Daemon  # noqa: E402
from lab import block_devices  # noqa: E402
from lab.machine import Machine  # noqa: E402
from lab.target import GuestTarget  # noqa: E402

SKIPS = os.path.join(HERE, "skips.txt")
# Faults of the program itself: it takes for granted what an earlier test of its suite left behind.
ONLY_IN_ITS_SUITE = {"iSCSITMF.LUNResetSimpleAsync"}
# Expects a sanitize to last longer than the way of its next command; over a file or memory it is done by then.
ONLY_ON_A_SLOW_DISK = "Sanitize.Reset"
ONE_TEST_SECONDS = 120
WHOLE_RUN_SECONDS = 1800
EMULATED_CPU = 5  # times slower
NO_END = "\n(no end after {} s)\n"
MEBIBYTES = 64


@dataclasses.dataclass(frozen=True)
class Disk:
    """A disk of a tgtd on this machine. `update`: what tgtadm's --params make of it."""

    name: str
    store: str
    block_size: int
    update: str = ""
    options: str = ""  # of the store
    only: str | None = None  # the tests that it is for

    @contextlib.contextmanager
    def served(self):
        """Gives what runs a test against it: see run_program."""
        with Daemon(arguments=("--shards", "2")) as daemon:
            self._make(daemon)
            yield functools.partial(run_program, daemon.url())

    def _make(self, daemon):
        options = ["--blocksize", self.block_size]
        if self.store == "memory":
            path = "memory"
            options += ["--bstype", "memory", "--bsopts", f"size={MEBIBYTES}M;{self.options}"]
        else:
            path = os.path.join(daemon.folder, "disk.img")
            with open(path, "wb") as file:
                file.truncate(MEBIBYTES << 20)
                if not self.update:
                    os.posix_fallocate(file.fileno(), 0, MEBIBYTES << 20)
        daemon.add_file_disk(path, *options)
        if self.update:
            daemon.admin("--op", "update", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "--params", self.update)


@dataclasses.dataclass(frozen=True)
class GuestDisk:
    """A disk on a block device of a guest's kernel, of a tgtd that runs there. So does the program: the emulated network
    carries 1460 bytes at a time."""

    name: str
    device: str
    block_size: int
    only = None

    @contextlib.contextmanager
    def served(self):
        cache, logs = (os.path.join(ROOT, "build", folder) for folder in ("vm-cache", "vm-logs"))
        with Machine(cache, forward=(3260,), log_folder=logs, name="conformance") as machine:
            block_devices.make_devices(machine, MEBIBYTES)
            target = GuestTarget(machine)
            target.new_target()
            target.admin(f"--op new --mode logicalunit --tid 1 --lun 1 -b {self.device} "
                         f"--blocksize {self.block_size}")
            yield functools.partial(run_program_in_guest, machine, f"iscsi://127.0.0.1/{TARGET_NAME}/1")


DISKS = (*(Disk(f"{name}-{size}", store, size, update)
           for name, store, update in (("thick", "file", ""), ("thin", "file", "thin_provisioning=1"),
                                       ("memory", "memory", ""))
           for size in (512, 4096)),
         Disk("thin-512e", "file", 512, "thin_provisioning=1,lbppbe=3", only=r"Unaligned|InvalidDataOutSize"),
         Disk("removable-512", "memory", 512, "removable=1,thin_provisioning=1"),
         Disk("slow-512", "memory", 512, options="delay=400", only=ONLY_ON_A_SLOW_DISK),
         *(GuestDisk(f"{name}-{size}", device, size)
           for name, device in (("dm", block_devices.LINEAR), ("md", block_devices.MIRROR)) for size in (512, 4096)))


def names_of_tests():
    """Suite.Test of every family, each once."""
    listing = subprocess.run(["iscsi-test-cu", "--list"], stdout=subprocess.PIPE, text=True, timeout=30, check=True).stdout
    return list(dict.fromkeys(re.findall(r"^[A-Za-z]+\.(\w+\.\w+)$", listing, re.MULTILINE)))


def words_of_program(url, test):
    return ["iscsi-test-cu", "--dataloss", "--allow-sanitize", "--verbose", "--test", test, url, url]


def run_program(url, test, seconds):
    """What it printed; cut short when it did not end."""
    try:
        return subprocess.run(words_of_program(url, test), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=seconds, check=False).stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as error:
        return (error.stdout or b"").decode(errors="replace") + NO_END.format(seconds)


def run_program_in_guest(machine, url, test, seconds):
    """The same, with more time."""
    seconds *= EMULATED_CPU
    command = " ".join(words_of_program(url, test)) + " >/tmp/program.log 2>&1"
    outcome = machine.run(command, timeout=seconds, check=False)
    return machine.read_file("/tmp/program.log").decode(errors="replace") + (NO_END.format(seconds) if outcome.timed_out else "")


def verdicts(output):
    """{Suite.Test: (verdict, text)}; the verdict is passed, skipped or failed."""
    found = {}
    for suite_text in re.split(r"^Suite: ", output, flags=re.MULTILINE)[1:]:
        suite = suite_text.split(None, 1)[0]
        parts = re.split(r"^  Test: (\w+) \.\.\.", suite_text, flags=re.MULTILINE)
        for name, text in zip(parts[1::2], parts[2::2]):
            # After the verdict the program prepares the next suite.
            before, passed, _ = text.partition("passed")
            verdict = "failed" if not passed or "FAILED\n" in before else "skipped" if "[SKIPPED]" in before else "passed"
            found[f"{suite}.{name}"] = (verdict, text)
    return found


def listed_skips(disk):
    """{Suite.Test: reason} for this disk. A line: disks (a regular expression), test, reason."""
    skips = {}
    with open(SKIPS, encoding="utf-8") as file:
        for line in file:
            words = line.split(None, 2)
            if words and not line.startswith("#") and re.fullmatch(words[0], disk.name):
                skips[words[1]] = words[2].strip()
    return skips


def unknown_skips(names):
    with open(SKIPS, encoding="utf-8") as file:
        listed = [line.split(None, 2)[1] for line in file if line.strip() and not line.startswith("#")]
    return [name for name in listed if name not in names]


def words_of_skip(text):
    """Why the program says that it skips; what it says of reservations belongs to its cleaning up before each test."""
    said = [words.strip().rstrip(".") for words in re.findall(r"\[SKIPPED\] *(.*)", text)]
    return next((words for words in said if not words.startswith("PERSISTENT RESERVE IN")), "".join(said[:1]))


def skip_lines(runs):
    """The lines of skips.txt for what was skipped, in the program's own words."""
    skipped = {}
    for run in runs:
        for name, words in run.skipped.items():
            skipped.setdefault((name, words), []).append(run.disk.name)
    disks = {run.disk.name for run in runs}
    for (name, words), found in sorted(skipped.items()):
        where = ".*" if set(found) == disks else "|".join(dict.fromkeys(found))
        yield f"{where:20} {name:40} {words}"


class Run:
    """One way of running the tests against one disk, held against the list."""

    def __init__(self, disk, way, results, wanted):
        self.disk = disk
        self.way = way
        self.faults = []
        self.passed = 0
        self.skipped = {}  # test: the program's words
        self._judge(results, wanted)

    def _judge(self, results, wanted):
        skips = listed_skips(self.disk)
        for name in wanted:
            verdict, text = results.get(name, ("failed", "it did not run"))
            if verdict == "skipped":
                self.skipped[name] = words_of_skip(text)
            if verdict == "failed":
                self.faults.append((name, text))
            elif (verdict == "skipped") != (name in skips):
                said = f"it is skipped: {self.skipped[name]}" if verdict == "skipped" else "it is not skipped"
                self.faults.append((name, f"skips.txt differs: {said}"))
            else:
                self.passed += 1

    def show(self):
        print(f"{'FAIL' if self.faults else 'ok':4} {self.disk.name} {self.way}: {self.passed} as expected, "
              f"{len(self.faults)} not", flush=True)
        for name, text in self.faults:
            print(f"     {name}: {text.strip()[-1500:]}")


def conformance_of(disk, names, whole):
    """Yields the runs against a disk."""
    names = [name for name in names
             if (re.search(disk.only, name) if disk.only else name != ONLY_ON_A_SLOW_DISK)]
    if whole and not disk.only:
        with disk.served() as run:
            yield Run(disk, "as one run", verdicts(run("ALL", WHOLE_RUN_SECONDS)), names)
    with disk.served() as run:
        results = {}
        for name in names:
            asked = name.split(".", maxsplit=1)[0] if name in ONLY_IN_ITS_SUITE else name
            found = verdicts(run(f"ALL.{asked}", ONE_TEST_SECONDS))
            results.update({name: found[name]} if name in found else {})
        yield Run(disk, "test by test", results, names)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--disks", default=".", help="regular expression for the disks: " + ", ".join(d.name for d in DISKS))
    parser.add_argument("--only", help="regular expression for Suite.Test; then nothing is run as a whole")
    parser.add_argument("--print-skips", action="store_true", help="print what skips.txt would have to hold")
    options = parser.parse_args()
    known = names_of_tests()
    if unknown := unknown_skips(known):
        sys.exit(f"{SKIPS} names tests that iscsi-test-cu does not have: {' '.join(unknown)}")
    names = [name for name in known if re.search(options.only or ".", name)]
    runs = []
    for disk in DISKS:
        if not re.search(options.disks, disk.name):
            continue
        for run in conformance_of(disk, names, whole=not options.only):
            run.show()
            runs.append(run)
    if options.print_skips:
        print(*skip_lines(runs), sep="\n")
    passed, failed = sum(run.passed for run in runs), sum(len(run.faults) for run in runs)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
