#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the suites that ./dev has built and adds up their tests. The last line is "N passed, N failed"."""

import argparse
import concurrent.futures
import dataclasses
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TSAN_FLOORS = re.compile(r"reactor|core|loopback|iscsi")
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1:die_after_fork=0",
}
PROGRAM_SECONDS = 600
SYSTEM_SECONDS = 900
VM_SECONDS = 900


@dataclasses.dataclass(frozen=True)
class Suite:
    """Test programs of one kind, run with one build."""

    name: str
    preset: str
    programs: object  # function: the suite's programs as Program objects


@dataclasses.dataclass(frozen=True)
class Program:
    """One test program. `command` gets the path of the file for its results as a last word (see `result_option`)."""

    suite: str
    name: str
    command: tuple
    result_option: str
    seconds: int
    environment: tuple = ()


@dataclasses.dataclass
class Report:
    """What came out of a program."""

    program: Program
    passed: int = 0
    failures: list = dataclasses.field(default_factory=list)
    skipped: list = dataclasses.field(default_factory=list)
    output: str = ""
    seconds: float = 0


def unit_programs(suite, preset, wanted):
    """The programs that CMake registered with the label "unit"."""
    listing = subprocess.run(["ctest", "--test-dir", os.path.join(ROOT, "build", preset), "-N", "-L", "unit",
                              "--show-only=json-v1"], stdout=subprocess.PIPE, text=True, check=True)
    folder = os.path.join(ROOT, "build", preset, "bin")
    for test in json.loads(listing.stdout)["tests"]:
        if wanted.search(test["name"]):
            command = (os.path.join(folder, test["name"] + "_test"),)
            yield Program(suite, test["name"], command, "--gtest_output=json:", PROGRAM_SECONDS)


def python_programs(suite, preset, seconds):
    """The *_test.py of a folder of test/, run with the programs of `preset`. The longest begin first: nobody wants to wait
    for one of them alone at the end."""
    folder = suite.split("-")[0]
    environment = (("TGT_PROGRAMS", os.path.join(ROOT, "build", preset, "bin")), ("TGT_SUITE", suite))
    paths = {os.path.basename(path)[: -len("_test.py")]: path
             for path in glob.glob(os.path.join(ROOT, "test", folder, "*_test.py"))}
    for name in sorted(paths, key=lambda name: (name not in LONGEST, name)):
        path = paths[name]
        command = ("/usr/bin/python3", os.path.join(ROOT, "test", "harness", "run.py"), path)
        yield Program(suite, name, command, "--results=", seconds, environment)


ANY = re.compile("")
UNIT_SUITES = ("unit", "tsan")
LONGEST = ("linux_disk", "task_management")
MEASURING = ("daemon", "malformed")  # programs that look at the CPU time or the memory of a daemon that has little to do
WHOLE_PROGRAMS = ["tgtd", "tgtadm", "port_check"]  # what the suites in Python run
SUITES = (
    Suite("unit", "asan", lambda: unit_programs("unit", "asan", ANY)),
    Suite("tsan", "tsan", lambda: unit_programs("tsan", "tsan", TSAN_FLOORS)),
    Suite("system", "release", lambda: python_programs("system", "release", SYSTEM_SECONDS)),
    Suite("system-asan", "asan", lambda: python_programs("system-asan", "asan", SYSTEM_SECONDS)),
    Suite("vm", "release", lambda: python_programs("vm", "release", VM_SECONDS)),
)


def run(program):
    """Runs one program to its end, within its time."""
    report = Report(program)
    started = time.monotonic()
    with tempfile.NamedTemporaryFile(suffix=".json") as results:
        command = [*program.command, program.result_option + results.name]
        environment = {**os.environ, **SANITIZER_OPTIONS, **dict(program.environment)}
        try:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except OSError as error:
            report.failures.append(f"(cannot start: {error})")
            return report
        try:
            output, _ = process.communicate(timeout=program.seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            report.failures.append(f"(no end after {program.seconds} s)")
        report.output = output.decode(errors="replace")
        read_results(results.name, process.returncode, report)
    report.seconds = time.monotonic() - started
    return report


def read_results(path, exit_code, report):
    """Adds up the results file: GoogleTest's JSON format, which test/harness/run.py writes too."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except ValueError:
        document = None
    if document is not None:
        for group in document.get("testsuites", []):
            for test in group["testsuite"]:
                take(test, f"{group['name']}.{test['name']}", report)
    elif not report.failures:
        # It died: what it printed until then still tells which tests passed, and which one it was in.
        report.passed = len(re.findall(r"^\[ +OK \]", report.output, re.MULTILINE))
        running = re.findall(r"^\[ RUN +\] (\S+)", report.output, re.MULTILINE)
        report.failures.append(f"{running[-1] if running else '(start)'} (ended with {exit_code})")
    if exit_code != 0 and not report.failures:
        report.failures.append(f"(exit code {exit_code} though no test failed)")
    if exit_code == 0 and not report.passed and not report.failures and not report.skipped:
        report.failures.append("(no test ran)")


def take(test, name, report):
    if test.get("failures"):
        report.failures.append(name)
    elif test.get("result") == "SKIPPED":
        report.skipped.append(name)
    elif test.get("status") == "RUN":
        report.passed += 1


def tail(text, lines=120):
    kept = text.splitlines()
    cut = [f"... ({len(kept) - lines} lines before)"] if len(kept) > lines else []
    return "\n".join(cut + kept[-lines:])


def of_failed_tests(output):
    """What the tests that failed printed, and the last one, in which the program may have died."""
    blocks = re.split(r"^(?=\[ RUN +\])", output, flags=re.MULTILINE)
    failed = [block for block in blocks[:-1] if re.search(r"^\[ +FAILED +\]", block, re.MULTILINE)]
    return "\n".join(tail(block) for block in (*failed[:10], blocks[-1]))


def show(report):
    """One line a program; what it printed only when something failed."""
    program = report.program
    verdict = "FAIL" if report.failures else "ok"
    counts = f"{report.passed} passed" + (f", {len(report.failures)} failed" if report.failures else "")
    counts += f", {len(report.skipped)} skipped" if report.skipped else ""
    print(f"{verdict:4} {program.suite}/{program.name}: {counts} ({report.seconds:.1f} s)", flush=True)
    for name in report.skipped:
        print(f"     skipped: {name}")
    if report.failures:
        for name in report.failures:
            print(f"     failed: {name}")
        print(of_failed_tests(report.output))
        print(f"     (end of {program.suite}/{program.name})", flush=True)


def summarize(reports):
    print("\nsuite            programs  passed  failed  skipped  seconds")
    for suite in SUITES:
        own = [report for report in reports if report.program.suite == suite.name]
        if own:
            print(f"{suite.name:16} {len(own):8} {sum(r.passed for r in own):7} {sum(len(r.failures) for r in own):7} "
                  f"{sum(len(r.skipped) for r in own):8} {sum(r.seconds for r in own):8.0f}")
    for report in reports:
        for name in report.failures:
            print(f"failed: {report.program.suite}/{report.program.name}: {name}")
    failed = sum(len(report.failures) for report in reports)
    print(f"{sum(report.passed for report in reports)} passed, {failed} failed")
    return 1 if failed or not reports else 0


def programs_of(suites, wanted):
    programs = [program for suite in suites for program in suite.programs()]
    return [program for program in programs if wanted.search(f"{program.suite}/{program.name}")]


def suites_wanted(pattern, wanted):
    """Suites that can hold a wanted program; decided before anything is configured."""
    chosen = [suite for suite in SUITES if wanted.search(suite.name + "/")]
    if chosen:
        return chosen
    named = [suite for suite in SUITES if pattern.startswith(suite.name + "/")]
    return named or list(SUITES)


def targets_of(preset, suites, wanted):
    """What to build for the wanted programs of a preset."""
    programs = programs_of([suite for suite in suites if suite.preset == preset], wanted)
    targets = [f"{program.name}_test" for program in programs if program.suite in UNIT_SUITES]
    return targets + (WHOLE_PROGRAMS if len(targets) < len(programs) else [])


def run_all(programs, jobs):
    """Side by side, two whole programs or guests at most, for those mostly wait; but what measures how much CPU tgtd uses
    runs alone."""
    reports = []
    unit = [program for program in programs if program.suite in UNIT_SUITES]
    measuring = [program for program in programs if program not in unit and program.name in MEASURING]
    others = [program for program in programs if program not in unit and program not in measuring]
    for group, width in ((unit, jobs), (measuring, 1), (others, min(jobs, 2))):
        with concurrent.futures.ThreadPoolExecutor(max_workers=width) as pool:
            for future in concurrent.futures.as_completed([pool.submit(run, program) for program in group]):
                reports.append(future.result())
                show(reports[-1])
    return reports


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=".", help="regular expression for suite/program")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="print the suites")
    parser.add_argument("--presets", action="store_true", help="print the CMake presets that are needed")
    parser.add_argument("--targets", metavar="PRESET", help="print the targets to build")
    options = parser.parse_args()
    wanted = re.compile(options.only)
    suites = suites_wanted(options.only, wanted)
    if options.list:
        for suite in suites:
            print(f"{suite.name} (build/{suite.preset})")
        return 0
    if options.presets:
        print("\n".join(dict.fromkeys(suite.preset for suite in suites)))
        return 0
    if options.targets:
        print("\n".join(targets_of(options.targets, suites, wanted)))
        return 0
    return summarize(run_all(programs_of(suites, wanted), options.jobs))


if __name__ == "__main__":
    sys.exit(main())
