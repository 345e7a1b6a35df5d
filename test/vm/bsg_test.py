# SPDX-License-Identifier: Apache-2.0
"""Passthrough by way of bsg and io_uring, on a kernel that has it: the port alone (port_check) and the whole target."""

import os
import re
import unittest

from harness.daemon import PROGRAMS
from harness.initiator import CHECK_CONDITION, FUNCTION_COMPLETE, GOOD, LOGICAL_UNIT_RESET, inquiry, read10, write10
from lab import debian
from lab.devices import SlowNullDisk
from lab.machine import MIB
from lab.target import GuestCase

DEBUG, SLOW = 1, 2
SLOW_SECONDS = 3
GONE = 7
ILLEGAL_REQUEST = 5
UNIT_ATTENTION = 6


class Bsg(GuestCase):
    kernel = debian.RECENT
    modules = ("sg", "virtio_scsi", ("scsi_debug", "no_uld=1 dev_size_mb=16 max_queue=8"))

    @classmethod
    def make_devices(cls):
        return [SlowNullDisk("slow", 64 * MIB, SLOW_SECONDS), SlowNullDisk("pulled", 64 * MIB, SLOW_SECONDS)]

    @classmethod
    def prepare(cls):
        cls.machine.wait_until("test $(ls /dev/bsg/*:*:*:* 2>/dev/null | wc -l) -ge 3 -a -c /dev/sg2")
        script = 'for sg in /sys/class/scsi_generic/sg*; do echo $(basename $(readlink -f $sg/device)) $(cat $sg/device/model); done'
        found = [line.split() for line in cls.machine.run(script).stdout.splitlines()]
        cls.debug = next(address for address, model in found if model == "scsi_debug")
        cls.slow, cls.pulled = (address for address, model in found if model == "SLOW-DISK")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target.pass_through(DEBUG, cls.generic_node(cls.debug), store="bsg")
        cls.target.pass_through(SLOW, "/dev/bsg/" + cls.slow)

    @classmethod
    def generic_node(cls, address):
        return "/dev/" + cls.machine.run(f"ls /sys/bus/scsi/devices/{address}/scsi_generic").stdout.strip()

    def check(self, step, address, number=1):
        outcome = self.machine.run(f"{PROGRAMS}/port_check {step} /dev/bsg/{address} {number}", timeout=90, check=False)
        self.assertEqual(outcome.exit_code, 0, outcome.stdout + outcome.stderr)
        self.assertIn(f"its commands go to /dev/bsg/{address} through an io_uring", outcome.stderr)
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

    def session(self, lun):
        session = self.enterContext(self.target.session())
        session.clear_unit_attentions(lun)
        return session

    def test_status_sense_and_residuals_come_through(self):
        output = self.check("identify", self.debug)
        self.assertIn(f"node=/dev/bsg/{self.debug} ", output)
        self.assertIn("product=scsi_debug", output)
        self.assertRegex(output, r"inquiry fault=0 sent=true host=00 driver=0[08] status=00 transferred=(96|36) ")
        self.assertIn("filler=ee", output)  # the device wrote into our memory and left the rest alone
        self.assertRegex(output, r"beyond fault=0 .* status=02 .* sense=5/21/00")

    def test_any_name_of_a_device_leads_there_and_sg_can_be_asked_for(self):
        output = self.machine.run(f"{PROGRAMS}/port_check identify {self.generic_node(self.debug)}").stdout
        self.assertIn(f"node=/dev/bsg/{self.debug} ", output)
        self.assertEqual(self.shown_ways(), ["bsg", "bsg"])
        self.target.remove(DEBUG)
        self.target.pass_through(DEBUG, "/dev/bsg/" + self.debug, options="interface=sg")
        self.assertIn("not to bsg: sg was asked for", self.target.log())
        self.assertEqual(self.shown_ways(), ["sg", "bsg"])
        self.target.remove(DEBUG)
        self.target.pass_through(DEBUG, self.generic_node(self.debug), store="bsg")

    def shown_ways(self):
        return re.findall(r"Backing store type: (b?sg)", self.target.admin("--lld iscsi --op show --mode target").stdout)

    def test_what_is_written_through_the_target_comes_back(self):
        session = self.session(DEBUG)
        written = os.urandom(128 * 512)
        self.assertEqual(session.execute(write10(100, 128), lun=DEBUG, write=written).status, GOOD)
        read = session.execute(read10(100, 128), lun=DEBUG, read=len(written))
        self.assertEqual((read.status, bytes(read.data)), (GOOD, written))
        short = session.execute(inquiry(36), lun=DEBUG, read=4096)
        self.assertEqual((short.status, short.underflow), (GOOD, 4096 - 36))
        beyond = session.execute(read10(0x7FFFFFF0, 8), lun=DEBUG, read=4096)
        self.assertEqual((beyond.status, beyond.sense_codes), (CHECK_CONDITION, (ILLEGAL_REQUEST, 0x21, 0x00)))

    def test_more_commands_than_the_depth_end_in_order_and_without_an_error(self):
        self.set_debug(ndelay=2000000)
        folder = f"/sys/bus/scsi/devices/{self.debug}/queue_depth"
        self.machine.run(f"echo 1 > {folder}")
        try:
            ends = self.ends(self.check("order", self.debug, 40))
            self.assertEqual([number for number, _ in ends], list(range(40)))
        finally:
            self.machine.run(f"echo 8 > {folder}")
        ends = self.ends(self.check("order", self.debug, 200))
        self.assertEqual(len(ends), 200)
        for _, end in ends:
            self.assertEqual((end["fault"], end["host"], end["status"], end["transferred"]), ("0", "00", "00", "512"))
        session = self.session(DEBUG)
        writes = [session.command(write10(7, 1), lun=DEBUG, write=bytes([number]) * 512) for number in range(100)]
        self.assertEqual({write.wait(60).status for write in writes}, {GOOD})

    def inject(self, error):
        """Has scsi_debug end one command in its own way: the words of its file in debugfs."""
        self.machine.run("test -d /sys/kernel/debug/scsi_debug || mount -t debugfs debugfs /sys/kernel/debug; "
                         f"echo '{error}' > /sys/kernel/debug/scsi_debug/{self.debug}/error")

    def test_a_command_that_times_out_is_not_good(self):
        self.inject("0 -1 0x28")
        ends = self.ends(self.check("timeout", self.debug))
        self.assertEqual((ends[0][1]["fault"], ends[0][1]["host"], ends[0][1]["status"]), ("0", "03", "00"))

    def test_no_error_of_the_host_adapter_is_good(self):
        session = self.session(DEBUG)
        for host_status in (0x01, 0x04, 0x07, 0x08, 0x0B, 0x0E, 0x0F):
            with self.subTest(host_status=host_status):
                self.inject(f"2 -1 0x28 0x{host_status:x} 0 0 0 0 0")
                self.assertNotEqual(session.execute(read10(0, 8), lun=DEBUG, read=4096).status, GOOD)
        session.clear_unit_attentions(DEBUG)
        self.assertEqual(session.execute(read10(0, 8), lun=DEBUG, read=4096).status, GOOD)

    def test_a_reset_is_answered_when_its_commands_have_come_back(self):
        session = self.session(SLOW)
        reads = [session.command(read10(8 * number, 8), lun=SLOW, read=4096) for number in range(6)]
        self.assertFalse(any(read.settle(0.1) for read in reads))
        reset = session.task_management(LOGICAL_UNIT_RESET, lun=SLOW).wait(25)
        folder = f"/sys/bus/scsi/devices/{self.slow}"
        counts = self.machine.run(f"cat {folder}/iorequest_cnt {folder}/iodone_cnt").stdout.split()
        self.assertEqual(reset.response, FUNCTION_COMPLETE)
        self.assertEqual(counts[0], counts[1], "answered while commands were at the device")
        self.assertIn("device reset", self.machine.run("dmesg").stdout, "the device's own reset was not used")
        attention = session.execute(bytes(6), lun=SLOW)
        self.assertEqual((attention.status, attention.sense_codes[:2]), (CHECK_CONDITION, (UNIT_ATTENTION, 0x29)))
        self.assertEqual([read.status for read in reads if read.ended], [])

    def test_a_pulled_device_ends_what_waits_at_once_and_the_rest_when_the_kernel_gives_it_back(self):
        folder = f"/sys/bus/scsi/devices/{self.pulled}/queue_depth"
        self.machine.run(f"echo 4 > {folder}")
        output = self.check("pull", self.pulled, 8)
        ends = self.ends(output)
        self.assertEqual(len(ends), 8)
        pulled_at = 500
        for number, end in ends:
            if number < 4:
                self.assertGreaterEqual(end["at"], SLOW_SECONDS * 900, "the kernel still had its memory")
            else:
                self.assertEqual(int(end["fault"]), GONE)
                self.assertLess(end["at"], pulled_at + 1500)
        self.assertEqual(int(self.ends(output, "after")[0][1]["fault"]), GONE)
        self.assertLess(int(re.search(r"cpu_ms=(\d+)", output).group(1)), 800, "of two seconds")


if __name__ == "__main__":
    unittest.main()
