#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on files that are too long, or lack the licence line."""

import os
import re
import sys

SOURCE_LINES = 400
TEST_LINES = 800
COMPOSITION_ROOT_LINES = 500  # src/daemon altogether: it reads like a parts list
LICENCE = "SPDX-License-Identifier: Apache-2.0"
LICENSED = re.compile(r"\.(cc|h|py|sh|cmake)$|(^|/)CMakeLists\.txt$|^dev$|^\.ci/run$|^bench/compare$")
LIMITED = re.compile(r"\.(cc|h|py|sh)$|^dev$")
TEST = re.compile(r"_test\.(cc|py)$|^test/")


def files_of(root):
    """Every file of the project, by its path below the root."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in (".git", "build", "__pycache__"))
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), root)


def faults_of(name, text):
    lines = text.splitlines()
    if LICENSED.search(name) and LICENCE not in "\n".join(lines[:2]):
        yield f"the first lines lack '{LICENCE}'"
    if LIMITED.search(name):
        limit = TEST_LINES if TEST.search(name) else SOURCE_LINES
        if len(lines) > limit:
            yield f"{len(lines)} lines; at most {limit}"
        if text and not text.endswith("\n"):
            yield "does not end in a line end"
    if name.endswith(".h") and "#pragma once" not in text:
        yield "lacks #pragma once"


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    faults, files, composition_root = 0, 0, 0
    for name in files_of(root):
        if not (LICENSED.search(name) or LIMITED.search(name)):
            continue
        files += 1
        with open(os.path.join(root, name), encoding="utf-8") as file:
            text = file.read()
        if re.match(r"src/daemon/[^/]+\.(cc|h)$", name) and not TEST.search(name):
            composition_root += len(text.splitlines())
        for fault in faults_of(name, text):
            faults += 1
            print(f"{name}: {fault}")
    if composition_root > COMPOSITION_ROOT_LINES:
        faults += 1
        print(f"src/daemon: {composition_root} lines; the composition root has at most {COMPOSITION_ROOT_LINES}")
    print(f"files: {files} looked at, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
