# SPDX-License-Identifier: Apache-2.0
"""./dev demo, both ways: with a guest of its own, and with a device of the machine it runs on."""

import os
import subprocess
import tempfile
import unittest

from harness.daemon import PROGRAMS, ROOT
from lab.devices import VirtioDisk
from lab.machine import MIB, Machine

DEMO = os.path.join(ROOT, "test", "vm", "demo.py")


class Demo(unittest.TestCase):
    def test_the_demo_exports_the_disk_of_a_guest(self):
        result = subprocess.run(["/usr/bin/python3", DEMO], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=800)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("the same, byte for byte", result.stdout)

    def test_the_demo_reads_a_device_of_the_machine_and_writes_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            disk = os.path.join(folder, "disk.raw")
            content = os.urandom(16 * MIB)
            with open(disk, "wb") as file:
                file.write(content)
            with Machine(os.path.join(ROOT, "build", "vm-cache"), devices=[VirtioDisk("disk", disk, 16 * MIB)],
                         log_folder=os.path.join(ROOT, "build", "vm-logs"), name="demo-device") as machine:
                for module in ("sg", "sd_mod", "virtio_scsi"):
                    machine.load_module(module)
                machine.wait_until("test -b /dev/sda")
                for device in ("/dev/sg0", "/dev/sda"):
                    outcome = machine.run(f"/usr/bin/python3 {DEMO} {device}", timeout=240, check=False,
                                          env={"TGT_PROGRAMS": PROGRAMS})
                    self.assertEqual(outcome.exit_code, 0, outcome.stdout + outcome.stderr)
                    self.assertIn("VIRTIO-DISK", outcome.stdout)
            with open(disk, "rb") as file:
                self.assertEqual(file.read(), content)


if __name__ == "__main__":
    unittest.main()
