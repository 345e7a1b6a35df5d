# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that a script can read: who includes whom, how long a file may be, what is called alike."""

import os
import re
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAYERS = "base:\nscsi: base\ndevice/disk: base scsi\ndaemon: *\ncli: base\n"


def run_tool(name, *arguments):
    command = ["/usr/bin/python3", os.path.join(ROOT, "tools", name), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)


class LayersCheck(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in {"tools/layers.txt": LAYERS, "src/base/a.h": "", "src/scsi/s.h": "", **files}.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w") as file:
                    file.write(text)
            return run_tool("check_layers.py", root)

    def test_every_arrow_of_the_project_is_allowed(self):
        result = run_tool("check_layers.py")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertRegex(result.stdout, r"layers: [1-9]\d+ arrows, 0 wrong")

    def test_an_allowed_arrow_passes(self):
        result = self.check({"src/device/disk/d.cc": '#include "scsi/s.h"\n#include "base/a.h"\n#include <vector>\n'})
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_an_arrow_upwards_fails_and_names_its_line(self):
        result = self.check({"src/base/b.cc": '// x\n#include "scsi/s.h"\n'})
        self.assertEqual(result.returncode, 1)
        self.assertIn("src/base/b.cc:2: ", result.stdout)
        self.assertIn("base may not include scsi", result.stdout)

    def test_an_include_that_is_no_path_from_src_fails(self):
        self.assertEqual(self.check({"src/scsi/t.cc": '#include "s.h"\n'}).returncode, 1)

    def test_a_file_on_no_floor_fails(self):
        self.assertEqual(self.check({"src/attic/x.cc": '#include "base/a.h"\n'}).returncode, 1)

    def test_the_composition_root_may_include_all(self):
        self.assertEqual(self.check({"src/daemon/main.cc": '#include "scsi/s.h"\n'}).returncode, 0)


class NamesCheck(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w") as file:
                    file.write(f"namespace tgt {{\n{text}\n}}  // namespace tgt\n")
            return run_tool("check_names.py", root)

    def test_no_two_types_of_the_project_are_one_to_the_linker(self):
        result = run_tool("check_names.py")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertRegex(result.stdout, r"names: [1-9]\d+ types, 0 defined twice")

    def test_one_name_in_two_files_fails_and_names_both(self):
        result = self.check({"src/a.h": "class Page {\n};", "src/b.cc": "struct Page final : Other {\n};"})
        self.assertEqual(result.returncode, 1)
        self.assertIn("src/b.cc:2: tgt::Page is defined at src/a.h:2 too", result.stdout)

    def test_a_declaration_a_nested_type_and_an_unnamed_namespace_are_no_second_definition(self):
        result = self.check({"src/a.h": "class Page {\n};\nclass Other;",
                             "src/b.cc": "class Page;\nstruct Page::Part {\n};\nclass Other {\n};",
                             "src/c.cc": "namespace {\n\nstruct Page {\n};\n\n}  // namespace"})
        self.assertEqual(result.returncode, 0, result.stdout)


class EntryScript(unittest.TestCase):
    def dev(self, *arguments):
        return subprocess.run([os.path.join(ROOT, "dev"), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60)

    def test_every_subcommand_has_help_that_changes_nothing(self):
        subcommands = re.findall(r"^  (\w+)  ", self.dev("help").stdout, re.MULTILINE)
        self.assertIn("conformance", subcommands)
        for subcommand in set(subcommands) - {"help"}:
            with self.subTest(subcommand):
                result = self.dev(subcommand, "--help")
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertTrue(result.stdout.startswith(f"./dev {subcommand}"), result.stdout)

    def test_an_unknown_subcommand_or_option_is_refused(self):
        self.assertEqual(self.dev("polish").returncode, 1)
        self.assertEqual(self.dev("check", "--thoroughly").returncode, 1)
        self.assertEqual(self.dev("test", "--slowly").returncode, 1)


class FilesCheck(unittest.TestCase):
    def test_every_file_is_short_and_licensed(self):
        result = run_tool("check_files.py")
        self.assertEqual(result.returncode, 0, result.stdout)
