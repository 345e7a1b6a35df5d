#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads every #include below src and cli and fails on an arrow that tools/layers.txt does not allow.

With a folder as an argument it checks the tree there instead (its tools/layers.txt and sources).
"""

import os
import re
import sys

QUOTED_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
SOURCE = (".cc", ".h")


def read_layers(path):
    """{floor: allowed floors}; None in place of the set allows all."""
    layers = {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            text = line.split("#", 1)[0].strip()
            if not text:
                continue
            floor, colon, allowed = text.partition(":")
            if not colon or floor.strip() in layers:
                sys.exit(f"{path}:{number}: expected 'floor: allowed floors', each floor once")
            words = allowed.split()
            layers[floor.strip()] = None if words == ["*"] else set(words)
    for floor, allowed in layers.items():
        for name in allowed or ():
            if name not in layers:
                sys.exit(f"{path}: {floor} allows {name}, which is no floor")
    return layers


def floor_of(path, layers):
    """The deepest floor that holds the path (relative to src, or to the root for cli)."""
    folder = os.path.dirname(path)
    while folder:
        if folder in layers:
            return folder
        folder = os.path.dirname(folder)
    return None


def sources(root):
    """(path below the root, path as the layers know it)."""
    for top, prefix in (("src", os.path.join(root, "src")), ("cli", root)):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith(SOURCE):
                    path = os.path.join(folder, name)
                    yield path, os.path.relpath(path, prefix)


def wrong_arrow(including, included, layers, root):
    """Why this include is wrong, or None."""
    floor = floor_of(including, layers)
    if floor is None:
        return "lies on no floor of tools/layers.txt"
    if not os.path.exists(os.path.join(root, "src", included)) and not os.path.exists(os.path.join(root, included)):
        return f'includes "{included}", which is no path from src'
    target = floor_of(included, layers)
    if target is None:
        return f'includes "{included}", which lies on no floor'
    allowed = layers[floor]
    if target == floor or allowed is None or target in allowed:
        return None
    return f'includes "{included}": {floor} may not include {target}'


def main():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    root = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else here
    layers = read_layers(os.path.join(root, "tools", "layers.txt"))
    faults, arrows = 0, 0
    for path, known_as in sources(root):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for match in QUOTED_INCLUDE.finditer(text):
            arrows += 1
            fault = wrong_arrow(known_as, match.group(1), layers, root)
            if fault:
                faults += 1
                line = text.count("\n", 0, match.start()) + 1
                print(f"{os.path.relpath(path, root)}:{line}: {fault}")
    print(f"layers: {arrows} arrows, {faults} wrong")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
