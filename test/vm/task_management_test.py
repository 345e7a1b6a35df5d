# SPDX-License-Identifier: Apache-2.0
"""Task management on real devices: nothing is answered before it is true.

The slow disk is a virtio-scsi disk whose commands take seconds; its driver ends them when the logical unit is reset. The
commands of scsi_debug go on through a reset of the logical unit, so there a true answer can only come after they ended.
"""

import time
import unittest

from harness.initiator import (ABORT_TASK, ABORT_TASK_SET, CHECK_CONDITION, CLEAR_TASK_SET, FUNCTION_COMPLETE, GOOD,
                               LOGICAL_UNIT_RESET, LUN_DOES_NOT_EXIST, TARGET_WARM_RESET, TASK_DOES_NOT_EXIST,
                               TEST_UNIT_READY, InitiatorError, inquiry, read10)
from lab.devices import SlowNullDisk
from lab.machine import MIB
from lab.target import GuestCase

SLOW, STUBBORN, SHALLOW = 1, 2, 3
SLOW_SECONDS = 5
STUBBORN_SECONDS = 4
JIFFIES = 250  # per second, in Debian's kernels
UNIT_ATTENTION = 6
RESET_OCCURRED = 0x29


class TaskManagement(GuestCase):
    # Without sd_mod: it would read partition tables from the slow disks.
    modules = ("sg", "virtio_scsi", ("scsi_debug", f"no_uld=1 dev_size_mb=16 delay={STUBBORN_SECONDS * JIFFIES}"))

    @classmethod
    def make_devices(cls):
        return [SlowNullDisk("slow", 64 * MIB, SLOW_SECONDS), SlowNullDisk("shallow", 64 * MIB, 3)]

    @classmethod
    def prepare(cls):
        cls.machine.wait_until("test -c /dev/sg2")
        cls.nodes = cls.nodes_by_serial()
        cls.machine.run(f"echo 1 > {cls.nodes['shallow']}/device/queue_depth")

    @classmethod
    def nodes_by_serial(cls):
        """{serial number: sysfs folder of the sg node}."""
        script = "for sg in /sys/class/scsi_generic/sg*; do echo $sg $(tail -c +5 $sg/device/vpd_pg80 | tr -d '\\0 '); done"
        pairs = (line.split() for line in cls.machine.run(script).stdout.splitlines())
        return {words[1] if len(words) > 1 else "": words[0] for words in pairs}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stubborn = cls.scsi_node("scsi_debug")
        for lun, node in ((SLOW, cls.nodes["slow"]), (SHALLOW, cls.nodes["shallow"]), (STUBBORN, stubborn)):
            cls.target.pass_through(lun, "/dev/" + node.rsplit("/", 1)[1])

    def setUp(self):
        self.session = self.target.session()
        self.addCleanup(self.session.close)

    def reads(self, lun, count):
        self.session.clear_unit_attentions(lun)
        reads = [self.session.command(read10(8 * number, 8), lun=lun, read=4096) for number in range(count)]
        time.sleep(1)  # until they have reached the device
        self.assertFalse(any(read.ended for read in reads), "the device is not as slow as it should be")
        return reads

    def counts(self, serial):
        """Commands that the kernel has given to the device so far, and those of them that came back."""
        folder = self.nodes[serial] + "/device"
        return [int(word, 16) for word in self.machine.run(f"cat {folder}/iorequest_cnt {folder}/iodone_cnt").stdout.split()]

    def in_flight(self, serial):
        requests, done = self.counts(serial)
        return requests - done

    def expect_reset_attention(self, session, lun):
        task = session.execute(TEST_UNIT_READY, lun=lun)
        self.assertEqual(task.status, CHECK_CONDITION, "a reset leaves a unit attention for every nexus")
        self.assertEqual(task.sense_codes[:2], (UNIT_ATTENTION, RESET_OCCURRED))
        self.assertEqual(session.execute(TEST_UNIT_READY, lun=lun).status, GOOD, "one unit attention, told once")

    def test_a_logical_unit_reset_is_answered_after_its_commands_came_back_and_they_are_never_answered(self):
        reads = self.reads(SLOW, 6)
        reset = self.session.task_management(LOGICAL_UNIT_RESET, lun=SLOW).wait(25)
        still_there = self.in_flight("slow")
        self.assertEqual(reset.response, FUNCTION_COMPLETE)
        self.assertEqual(still_there, 0, "answered while commands were at the device")
        self.assertIn("device reset", self.machine.run("dmesg").stdout, "the device's own reset was not used")
        self.expect_reset_attention(self.session, SLOW)
        time.sleep(SLOW_SECONDS)
        self.assertEqual([read.status for read in reads if read.ended], [])

    def test_a_logical_unit_reset_waits_for_commands_that_the_driver_does_not_end(self):
        reads = self.reads(STUBBORN, 4)
        reset = self.session.task_management(LOGICAL_UNIT_RESET, lun=STUBBORN).wait(30)
        self.assertEqual(reset.response, FUNCTION_COMPLETE)
        self.assertGreater(reset.ended_at - reads[-1].sent_at, STUBBORN_SECONDS * 0.9,
                           "answered before the commands came back")
        self.expect_reset_attention(self.session, STUBBORN)
        self.assertEqual([read.status for read in reads if read.ended], [])

    def test_a_reset_of_one_logical_unit_leaves_the_others_alone(self):
        read = self.reads(SHALLOW, 1)[0]
        reset = self.session.task_management(LOGICAL_UNIT_RESET, lun=SLOW).wait(25)
        self.assertEqual(reset.response, FUNCTION_COMPLETE)
        self.assertEqual(read.wait(10).status, GOOD)
        self.assertEqual(self.session.execute(TEST_UNIT_READY, lun=SHALLOW).status, GOOD)

    def test_a_reset_tells_every_initiator_once(self):
        other = self.target.session(initiator_name="iqn.2026-11.example.tests:other")
        self.addCleanup(other.close)
        for session in (other, self.session):
            session.clear_unit_attentions(SLOW)
        self.assertEqual(self.session.task_management(LOGICAL_UNIT_RESET, lun=SLOW).wait(25).response, FUNCTION_COMPLETE)
        self.expect_reset_attention(other, SLOW)
        self.expect_reset_attention(self.session, SLOW)

    def test_an_aborted_command_in_flight_came_back_before_the_answer_and_is_not_answered(self):
        read = self.reads(SHALLOW, 1)[0]
        abort = self.session.task_management(ABORT_TASK, lun=SHALLOW, task=read).wait(20)
        still_there = self.in_flight("shallow")
        self.assertEqual(abort.response, FUNCTION_COMPLETE)
        self.assertEqual(still_there, 0, "answered while the command was at the device")
        self.assertFalse(read.settle(2), "an aborted command was answered")
        self.assertEqual(self.session.execute(TEST_UNIT_READY, lun=SHALLOW).status, GOOD)

    def test_a_queued_command_is_aborted_at_once_and_never_reaches_the_device(self):
        running, queued = self.reads(SHALLOW, 2)
        requests = self.counts("shallow")[0]  # with the one that runs
        abort = self.session.task_management(ABORT_TASK, lun=SHALLOW, task=queued).wait(10)
        self.assertEqual(abort.response, FUNCTION_COMPLETE)
        self.assertEqual(running.wait(10).status, GOOD)
        self.assertLess(abort.ended_at, running.ended_at, "the answer waited for another command")
        self.assertEqual(self.session.execute(TEST_UNIT_READY, lun=SHALLOW).status, GOOD)
        self.assertEqual(self.counts("shallow")[0], requests + 1, "the aborted command still went to the device")
        self.assertFalse(queued.ended)

    def test_abort_task_set_ends_queued_and_running_commands_of_this_initiator(self):
        reads = self.reads(SHALLOW, 3)
        abort = self.session.task_management(ABORT_TASK_SET, lun=SHALLOW).wait(20)
        self.assertEqual(abort.response, FUNCTION_COMPLETE)
        self.assertEqual(self.in_flight("shallow"), 0)
        self.assertEqual([read for read in reads if read.settle(0.5)], [])

    def test_clear_task_set_is_answered_when_nothing_runs_any_more(self):
        self.reads(SHALLOW, 2)
        clear = self.session.task_management(CLEAR_TASK_SET, lun=SHALLOW).wait(20)
        self.assertEqual(clear.response, FUNCTION_COMPLETE)
        self.assertEqual(self.in_flight("shallow"), 0)

    def test_a_target_reset_ends_the_commands_of_all_logical_units(self):
        slow, shallow = self.reads(SLOW, 2), self.reads(SHALLOW, 1)
        reset = self.session.task_management(TARGET_WARM_RESET).wait(40)
        self.assertEqual(reset.response, FUNCTION_COMPLETE)
        self.assertEqual(self.in_flight("slow") + self.in_flight("shallow"), 0)
        self.assertEqual([read for read in slow + shallow if read.ended], [])
        self.expect_reset_attention(self.session, SLOW)

    def test_what_is_over_or_absent_is_said_so(self):
        done = self.session.execute(inquiry(36), lun=SLOW, read=36)
        self.assertIn(self.session.task_management(ABORT_TASK, lun=SLOW, task=done).wait().response,
                      (TASK_DOES_NOT_EXIST, FUNCTION_COMPLETE))
        self.assertEqual(self.session.task_management(LOGICAL_UNIT_RESET, lun=77).wait().response, LUN_DOES_NOT_EXIST)

    def test_a_session_that_ends_with_commands_in_flight_leaves_the_next_one_unharmed(self):
        self.reads(SLOW, 4)
        self.session.close()
        time.sleep(0.5)
        with self.target.session() as session:
            session.clear_unit_attentions(SLOW)
            self.assertEqual(session.execute(inquiry(36), lun=SLOW, read=36).status, GOOD)
            self.assertEqual(session.execute(read10(0, 1), lun=SLOW, read=512, timeout=60).status, GOOD)
        self.assertTrue(self.target.running)

    def test_removing_a_logical_unit_with_commands_in_flight_is_refused_and_harms_nothing(self):
        read = self.reads(SLOW, 1)[0]
        self.assertEqual(self.target.remove(SLOW).exit_code, 22)
        self.assertEqual(read.wait(20).status, GOOD)


class Timeout(GuestCase):
    """A command that never ends at the device: the kernel aborts it and shows host status 3 with SCSI status 0."""

    modules = ("sg", ("scsi_debug", "no_uld=1 dev_size_mb=16"))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target.pass_through(1, cls.scsi_node("scsi_debug"))

    def driver(self, name, value):
        self.machine.run(f"echo {value} > /sys/bus/pseudo/drivers/scsi_debug/{name}")

    def test_a_command_that_times_out_is_not_good(self):
        with self.target.session() as session:
            session.clear_unit_attentions(1)
            self.driver("opts", 4)
            self.driver("every_nth", -1)
            read = session.command(read10(0, 8), lun=1, read=4096)
            try:
                read.wait(150)
            except InitiatorError:
                self.fail("the command neither ended nor timed out")
            finally:
                self.driver("every_nth", 0)
                self.driver("opts", 0)
            self.assertNotEqual(read.status, GOOD)
            self.assertEqual(read.status, CHECK_CONDITION)
            self.assertEqual(read.sense_codes, (0xB, 0x08, 0x01), "ABORTED COMMAND, LOGICAL UNIT COMMUNICATION TIME-OUT")
            session.clear_unit_attentions(1)
            self.assertEqual(session.execute(read10(0, 8), lun=1, read=4096).status, GOOD)


if __name__ == "__main__":
    unittest.main()
