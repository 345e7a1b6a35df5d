# SPDX-License-Identifier: Apache-2.0
"""The initiator port alone (port_check), against the sg driver of a real kernel: no target, no iSCSI."""

import os
import re
import tempfile
import unittest

from harness.daemon import PROGRAMS, ROOT
from lab.devices import SlowNullDisk, VirtioCdrom, VirtioDisk
from lab.machine import MIB, Machine

GONE = 7
DROPPED = 1
SLOW_SECONDS = 4


class SgPort(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        devices = [VirtioDisk("disk", os.path.join(folder, "disk.raw"), 64 * MIB), VirtioCdrom("cd", None),
                   SlowNullDisk("slow", 64 * MIB, SLOW_SECONDS), SlowNullDisk("pulled", 64 * MIB, SLOW_SECONDS)]
        cls.machine = Machine(os.path.join(ROOT, "build", "vm-cache"), devices=devices,
                              log_folder=os.path.join(ROOT, "build", "vm-logs"), name="SgPort")
        cls.enterClassContext(cls.machine)
        for module in ("sg", "virtio_scsi"):
            cls.machine.load_module(module)
        cls.machine.load_module("scsi_debug", "dev_size_mb=16 max_queue=8 no_uld=1")
        cls.machine.wait_until("test $(ls -d /sys/class/scsi_generic/sg* | wc -l) -ge 5")
        script = 'for sg in /sys/class/scsi_generic/sg*; do echo "${sg##*/} $(cat $sg/device/model)"; done'
        cls.nodes = {}
        for line in cls.machine.run(script).stdout.splitlines():
            name, _, model = line.partition(" ")
            cls.nodes.setdefault(model.strip(), []).append(f"/dev/{name}")

    def check(self, step, device, number=1, timeout=90, code=0):
        outcome = self.machine.run(f"{PROGRAMS}/port_check {step} {device} {number}", timeout=timeout, check=False)
        self.assertEqual(outcome.exit_code, code, outcome.stdout + outcome.stderr)
        return outcome.stdout

    @staticmethod
    def ends(output, name="read"):
        """What became of each command, in the order in which they ended: (number, fields)."""
        found = re.findall(rf"^(\d+) {name}(\d*) (fault=.*)$", output, re.M)
        return [(int(number or 0), {"at": int(at), **dict(field.split("=") for field in fields.split())})
                for at, number, fields in found]

    def set_debug(self, **knobs):
        for name, value in knobs.items():
            self.machine.run(f"echo {value} > /sys/bus/pseudo/drivers/scsi_debug/{name}")

    def test_devices_say_who_they_are_and_unit_attentions_and_sense_come_through(self):
        output = self.check("identify", self.nodes["scsi_debug"][0])
        self.assertIn("product=scsi_debug", output)
        self.assertRegex(output, r"inquiry fault=0 sent=true host=00 driver=0[08] status=00 transferred=9\d|transferred=36")
        self.assertRegex(output, r"kept fault=0 .* status=00 transferred=(96|36)")
        self.assertRegex(output, r"beyond .* status=02 .* sense=5/21/00")
        output = self.check("identify", self.nodes["VIRTIO-CD"][0])
        self.assertIn("type=5", output)
        self.assertRegex(output, r"tur .*status=02 .*sense=2/3a/00")

    def test_more_commands_than_the_depth_end_in_order_and_without_an_error(self):
        self.set_debug(ndelay=20000000)
        address = self.machine.run(f"basename $(readlink -f /sys/class/scsi_generic/"
                                   f"{os.path.basename(self.nodes['scsi_debug'][0])}/device)").stdout.strip()
        self.machine.run(f"echo 1 > /sys/bus/scsi/devices/{address}/queue_depth")
        ends = self.ends(self.check("order", self.nodes["scsi_debug"][0], 40))
        self.assertEqual([number for number, _ in ends], list(range(40)))
        self.machine.run(f"echo 8 > /sys/bus/scsi/devices/{address}/queue_depth")
        ends = self.ends(self.check("order", self.nodes["scsi_debug"][0], 100))
        self.assertEqual(len(ends), 100)
        for _, end in ends:
            self.assertEqual((end["host"], end["status"], end["transferred"]), ("00", "00", "512"))

    def test_a_command_that_times_out_has_host_status_3_with_status_0(self):
        self.check("identify", self.nodes["scsi_debug"][0])  # takes the unit attentions
        self.set_debug(every_nth=1, opts=4)
        try:
            ends = self.ends(self.check("timeout", self.nodes["scsi_debug"][0]))
        finally:
            self.set_debug(every_nth=0, opts=0)
        self.assertEqual((ends[0][1]["fault"], ends[0][1]["host"], ends[0][1]["status"]), ("0", "03", "00"))

    def test_a_reset_ends_what_is_in_flight_and_the_unit_attention_comes_once(self):
        output = self.check("reset", self.nodes["SLOW-DISK"][0], 4)
        self.assertRegex(output, r"(?m)^\d+ reset=0$")
        self.assertEqual(len(self.ends(output)), 4)
        for _, end in self.ends(output):
            self.assertEqual(end["host"], "08")
        turs = [end["sense"] for _, end in self.ends(output, "tur")]
        self.assertEqual(turs[-1], "none", output)
        self.assertTrue(any(sense.startswith("6/29") for sense in turs), turs)

    def test_a_queued_command_is_taken_back_and_one_in_flight_is_not(self):
        node = self.nodes["SLOW-DISK"][0]
        folder = f"/sys/class/scsi_generic/{os.path.basename(node)}/device"
        before = self.machine.run(f"cat {folder}/queue_depth").stdout.strip()
        self.machine.run(f"echo 2 > {folder}/queue_depth")
        try:
            ends = dict(self.ends(self.check("drop", node, 3)))
        finally:
            self.machine.run(f"echo {before} > {folder}/queue_depth")
        self.assertEqual(int(ends[2]["fault"]), DROPPED)
        self.assertLess(ends[2]["at"], ends[0]["at"] - 1000)
        self.assertEqual((ends[0]["fault"], ends[0]["status"]), ("0", "00"))
        self.assertGreaterEqual(ends[0]["at"], SLOW_SECONDS * 900)

    def test_a_pulled_device_ends_everything_and_uses_no_cpu(self):
        output = self.check("pull", self.nodes["SLOW-DISK"][1], 4)
        ends = self.ends(output)
        self.assertEqual(len(ends), 4)
        self.assertEqual(int(self.ends(output, "after")[0][1]["fault"]), GONE)
        self.assertLess(int(re.search(r"cpu_ms=(\d+)", output).group(1)), 800, "of two seconds")

    def test_changed_credentials_are_no_obstacle(self):
        ends = self.ends(self.check("credentials", self.nodes["VIRTIO-DISK"][0], 30))
        self.assertEqual(len(ends), 30)
        for _, end in ends:
            self.assertEqual((end["fault"], end["host"], end["status"]), ("0", "00", "00"))

    def test_the_told_limit_is_one_that_works(self):
        output = self.check("limits", self.nodes["VIRTIO-DISK"][0])
        ends = self.ends(output, "bytes")
        self.assertEqual((ends[0][1]["status"], ends[1][1]["status"]), ("00", "00"))
        self.assertEqual((ends[0][1]["fault"], ends[1][1]["fault"]), ("0", "0"))

    def test_what_is_no_scsi_device_is_refused_with_a_reason(self):
        self.assertIn("not a device node", self.check("identify", "/etc/passwd", code=2))
        self.assertIn("not a SCSI device", self.check("identify", "/dev/null", code=2))
        self.assertIn("no such device", self.check("identify", "/dev/sg99", code=2))


if __name__ == "__main__":
    unittest.main()
