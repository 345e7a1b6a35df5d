#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when two files define a type of one name in one namespace.

All floors share a namespace. Two types of one name in it are one type to the linker, which keeps the functions of one of
them for both: the program is built without a word and crashes. With a folder as an argument the tree there is checked.
"""

import os
import re
import sys

# Top-level definitions begin their line: that is how the formatter leaves them. Specialisations repeat names rightly.
TYPE = re.compile(r"^(?:class|struct|union|enum class) (?:\[\[\w+\]\] )?(\w+)(?: final)?(?: :(?!:)[^;]*)? ?\{")
NAMESPACE = re.compile(r"^(?:inline )?namespace ?([\w:]*) \{$")
PROGRAM = re.compile(r"(^|/)(program|memory_target)/|_fuzz\.cc$")  # a main() of its own, never linked with another one


def definitions(text):
    """(line number, qualified name) of every named type outside unnamed namespaces."""
    scopes = []
    for number, line in enumerate(text.splitlines(), 1):
        opened = NAMESPACE.match(line)
        if opened:
            scopes.append(opened.group(1))
        elif re.match(r"^\}  // namespace", line) and scopes:
            scopes.pop()
        elif "" not in scopes:
            named = TYPE.match(line)
            if named:
                yield number, "::".join([*scopes, named.group(1)])


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    root = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else here
    seen, faults = {}, 0
    for top in ("src", "cli", "bench", "test"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), root)
                if not name.endswith((".h", ".cc")) or PROGRAM.search(path):
                    continue
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    text = file.read()
                for number, qualified in definitions(text):
                    place = f"{path}:{number}"
                    first = seen.setdefault(qualified, place)
                    if first != place:
                        faults += 1
                        print(f"{place}: {qualified} is defined at {first} too; one of them needs another name")
    print(f"names: {len(seen)} types, {faults} defined twice")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
