# SPDX-License-Identifier: Apache-2.0
"""Persistent reservations that outlive tgtd (APTPL): killed at any moment, it comes back with what it acknowledged.

TGT_KILLS=200 makes as many kills as a release needs; the default is a short run.
"""

import os
import random
import shutil
import struct
import time
import unittest

from harness.daemon import SANITIZED, TARGET_NAME, Daemon
from harness.initiator import CHECK_CONDITION, GOOD, Session, inquiry, read10
from harness.reservations import (APTPL, NAMES, REGISTER_ANYWAY, RESERVATION_CONFLICT, State, answer_of, begin, outcomes,
                                  parameter_list, random_operation, read_state, reads_conflict, reserve_in, reserve_out)
from harness.state_files import check_damaged_file_is_refused

KILLS = int(os.environ.get("TGT_KILLS") or (8 if SANITIZED else 25))  # with sanitizers each start takes long
SEED = int(os.environ.get("TGT_SEED", "0")) or random.randrange(1, 1 << 32)
LUN, HUNG = 1, 2


def name_of(session, lun):
    """Its NAA designator, as it stands in VPD page 83h."""
    page = bytes(session.execute(inquiry(255, page=0x83), lun=lun, read=255).data)
    at = 4
    while page[at + 1] & 0x0F != 3:
        at += 4 + page[at + 3]
    return page[at:at + 4 + page[at + 3]]


def copy_of_a_block(source, destination):
    """EXTENDED COPY(LID1) of the first block, and its parameter list."""
    ends = b"".join(bytes([0xE4, 0, 0, 0]) + name.ljust(24, b"\0") + bytes([0, 0, 2, 0]) for name in (source, destination))
    segment = struct.pack(">BBHHHHHQQ", 2, 0, 0x18, 0, 1, 0, 1, 0, 0)
    parameters = struct.pack(">BBHIII", 1, 0, len(ends), 0, len(segment), 0) + ends + segment
    return struct.pack(">BB8xI2x", 0x83, 0, len(parameters)), parameters


class ReservationsTest(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon())
        self.sessions = {}
        self.addCleanup(self.log_out)

    def log_in(self):
        for number, name in enumerate(NAMES):
            isid = bytes([0x80, 0, 0, 0, 0, number])
            session = Session(("127.0.0.1", self.daemon.port), TARGET_NAME, initiator_name=name, isid=isid)
            session.clear_unit_attentions(LUN)
            self.sessions[name] = session

    def log_out(self):
        for session in self.sessions.values():
            session.close()
        self.sessions.clear()

    def begin(self, operation):
        return begin(self.sessions[operation[0]], operation, LUN)

    def state(self):
        return read_state(self.sessions[NAMES[0]], LUN)

    def read_conflicts(self, name):
        return self.sessions[name].execute(read10(0, 1), lun=LUN, read=512).status == RESERVATION_CONFLICT

    def clear_attentions(self):
        for session in self.sessions.values():
            session.clear_unit_attentions(LUN)


class Killed(ReservationsTest):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)

    def check_enforcement(self, state):
        for name in NAMES:
            self.assertEqual(self.read_conflicts(name), reads_conflict(state, name), f"{name} reads under {state}")

    def one_life(self, state):
        """Some changes, then a kill while two are under way; returns the states that may come back."""
        for _ in range(self.random.randrange(0, 4)):
            operations = [random_operation(self.random, name, state) for name in NAMES]
            tasks = [self.begin(operation) for operation in operations]
            answers = [answer_of(task.wait()) for task in tasks]
            self.clear_attentions()
            now = self.state()
            self.assertIn(now, outcomes(state, operations, answers), f"{state} {operations} {answers}")
            state = now
        operations = [random_operation(self.random, name, state) for name in NAMES]
        tasks = [self.begin(operation) for operation in operations]
        time.sleep(self.random.random() ** 2 * 0.01)
        self.daemon.kill()
        for task in tasks:
            task.settle(10)
        return outcomes(state, operations, [answer_of(task) for task in tasks]), (state, operations)

    def test_after_a_kill_at_any_moment_everything_acknowledged_is_there(self):
        print(f"{KILLS} kills, TGT_SEED={SEED}")
        self.daemon.add_memory_disk(mebibytes=1)
        self.log_in()
        state = State()
        for life in range(KILLS):
            possible, happened = self.one_life(state)
            self.log_out()
            self.daemon.restart()
            self.daemon.add_memory_disk(mebibytes=1)
            self.log_in()
            state = self.state()
            self.assertIn(state, possible, f"life {life}: {happened}")
            self.check_enforcement(state)


class StateDirectory(ReservationsTest):
    def register(self, name, flags=APTPL):
        self.sessions[name].clear_unit_attentions(LUN)
        return self.sessions[name].execute(reserve_out(REGISTER_ANYWAY), lun=LUN, write=parameter_list(0, 7, flags))

    def restart(self):
        self.log_out()
        self.daemon.kill()
        self.daemon.restart()

    def file(self):
        names = [name for name in os.listdir(self.daemon.state_directory) if name.endswith(".reservations")]
        self.assertEqual(len(names), 1, names)
        return os.path.join(self.daemon.state_directory, names[0])

    def capabilities(self):
        return self.sessions[NAMES[0]].execute(reserve_in(2), lun=LUN, read=8).data

    def test_it_is_for_its_owner_alone(self):
        self.assertEqual(os.stat(self.daemon.state_directory).st_mode & 0o777, 0o700)

    def test_only_what_asked_for_it_outlives_tgtd(self):
        self.daemon.add_memory_disk(mebibytes=1)
        self.log_in()
        self.assertEqual(self.register(NAMES[0], flags=0).status, GOOD)
        self.restart()
        self.daemon.add_memory_disk(mebibytes=1)
        self.log_in()
        self.assertEqual(self.state(), State())
        self.assertTrue(self.capabilities()[2] & 0x01, "PTPL_C")

    def test_a_damaged_file_is_refused_by_name_until_it_is_removed(self):
        self.daemon.add_memory_disk(mebibytes=1)
        self.log_in()
        self.assertEqual(self.register(NAMES[0]).status, GOOD)
        self.restart()
        check_damaged_file_is_refused(self, self.daemon, self.file())
        self.log_in()
        self.assertEqual(self.state(), State())

    def test_a_unit_that_is_removed_and_made_again_has_its_reservations(self):
        self.daemon.add_memory_disk(mebibytes=1)
        self.log_in()
        self.assertEqual(self.register(NAMES[0]).status, GOOD)
        before = self.state()
        self.daemon.admin("--op", "delete", "--mode", "logicalunit", "--tid", 1, "--lun", 1)
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "--bstype", "memory",
                          "--bsopts", "size=1M", "-b", "memory")
        self.clear_attentions()
        self.assertEqual(self.state(), before)

    def test_a_copy_elsewhere_that_began_before_the_removal_does_not_keep_them_from_it(self):
        self.daemon.add_memory_disk(mebibytes=1)
        hung = os.path.join(self.daemon.folder, "hung")
        with open(hung, "wb") as file:
            file.truncate(1 << 20)
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", HUNG, "-b", hung, "--bsopts",
                          "delay=600000")
        self.log_in()
        self.assertEqual(self.register(NAMES[0]).status, GOOD)
        before = self.state()
        session = self.sessions[NAMES[0]]
        session.clear_unit_attentions(HUNG)
        cdb, parameters = copy_of_a_block(name_of(session, LUN), name_of(session, HUNG))
        copy = session.command(cdb, lun=HUNG, write=parameters)
        time.sleep(1)  # it has read, and writes: that lasts
        self.daemon.admin("--op", "delete", "--mode", "logicalunit", "--tid", 1, "--lun", LUN)
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", LUN, "--bstype", "memory",
                          "--bsopts", "size=1M", "-b", "memory")
        self.assertFalse(copy.ended)
        self.clear_attentions()
        self.assertEqual(self.state(), before)

    def test_without_a_folder_to_write_to_persisting_is_neither_promised_nor_done(self):
        self.restart()
        self.daemon.kill()
        shutil.rmtree(self.daemon.state_directory)
        with open(self.daemon.state_directory, "w", encoding="ascii") as file:
            file.write("in the way")
        self.daemon.restart()
        self.assertIn("will not outlive tgtd", self.daemon.log_with("will not outlive tgtd"))
        self.daemon.add_memory_disk(mebibytes=1)
        self.log_in()
        self.assertFalse(self.capabilities()[2] & 0x01, "PTPL_C")
        refused = self.register(NAMES[0])
        self.assertEqual(refused.status, CHECK_CONDITION)
        self.assertEqual(refused.sense_codes, (5, 0x26, 0x00))
        self.assertEqual(self.register(NAMES[0], flags=0).status, GOOD)


if __name__ == "__main__":
    unittest.main()
