# SPDX-License-Identifier: Apache-2.0
"""Persistent reservations that outlive tgtd (APTPL): killed at any moment, it comes back with what it acknowledged.

TGT_KILLS=200 makes as many kills as a release needs; the default is a short run.
"""

import itertools
import os
import random
import shutil
import struct
import time
import unittest

from harness.daemon import SANITIZED, TARGET_NAME, Daemon, DaemonError
from harness.initiator import CHECK_CONDITION, GOOD, Session, read10

KILLS = int(os.environ.get("TGT_KILLS") or (8 if SANITIZED else 25))  # with sanitizers each start takes long
SEED = int(os.environ.get("TGT_SEED", "0")) or random.randrange(1, 1 << 32)
RESERVATION_CONFLICT = 0x18
APTPL = 0x01
REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, REGISTER_ANYWAY = 0, 1, 2, 3, 4, 6
WRITE_EXCLUSIVE, EXCLUSIVE_ACCESS, WRITE_EXCLUSIVE_REGISTRANTS, EXCLUSIVE_ACCESS_REGISTRANTS = 1, 3, 5, 6
TYPES = (WRITE_EXCLUSIVE, EXCLUSIVE_ACCESS, WRITE_EXCLUSIVE_REGISTRANTS, EXCLUSIVE_ACCESS_REGISTRANTS)
NAMES = ("iqn.2026-11.example.tests:alice", "iqn.2026-11.example.tests:bob")
LUN = 1


def reserve_out(action, kind=0):
    return struct.pack(">BBBHIB", 0x5F, action, kind, 0, 24, 0)


def parameter_list(key, action_key=0, flags=0):
    return struct.pack(">QQIBBH", key, action_key, 0, flags, 0, 0)


def reserve_in(action, length=4096):
    return struct.pack(">BBBIHB", 0x5E, action, 0, 0, length, 0)


class State:
    """Who is registered with which key, and who holds which reservation: the rules of SPC-6, for the six actions here."""

    def __init__(self, keys=(), holder=None, kind=0):
        self.keys = dict(keys)
        self.holder = holder
        self.kind = kind

    def __eq__(self, other):
        return vars(self) == vars(other)

    def __repr__(self):
        return f"State({self.keys}, {self.holder}, {self.kind})"

    def after(self, operation):
        """The status that the operation gets, and the state after it."""
        who, action, kind, key, action_key = operation
        new = State(self.keys, self.holder, self.kind)
        if action == REGISTER_ANYWAY:
            if action_key:
                new.keys[who] = action_key
            elif new.keys.pop(who, None) and new.holder == who:
                new.holder, new.kind = None, 0
            return GOOD, new
        if self.keys.get(who, 0) != key or key == 0:
            return RESERVATION_CONFLICT, self
        return getattr(self, {RESERVE: "_reserve", RELEASE: "_release", CLEAR: "_clear", PREEMPT: "_preempt"}[action])(
            new, who, kind, action_key)

    def _reserve(self, new, who, kind, _):
        if self.holder is None:
            new.holder, new.kind = who, kind
            return GOOD, new
        return (GOOD if (self.holder, self.kind) == (who, kind) else RESERVATION_CONFLICT), self

    def _release(self, new, who, kind, _):
        if self.holder != who:
            return GOOD, self
        if self.kind != kind:
            return CHECK_CONDITION, self
        new.holder, new.kind = None, 0
        return GOOD, new

    def _clear(self, _new, _who, _kind, _):
        return GOOD, State()

    def _preempt(self, new, who, kind, action_key):
        victims = [name for name, key in self.keys.items() if key == action_key]
        if not victims:
            return RESERVATION_CONFLICT, self
        for name in victims:
            del new.keys[name]
        if self.holder in victims:
            new.holder, new.kind = who, kind
        return GOOD, new


def outcomes(before, operations, answers):
    """Every state that may be there after operations of which some were acknowledged. Answers: a status, `None` (none
    came), or `"attention"` (the unit told something else: nothing was done)."""
    done = [operation for operation, answer in zip(operations, answers) if isinstance(answer, int)]
    perhaps = [operation for operation, answer in zip(operations, answers) if answer is None]
    statuses = {id(operation): answer for operation, answer in zip(operations, answers)}
    states = []
    for count in range(len(perhaps) + 1):
        for chosen in itertools.combinations(perhaps, count):
            for order in itertools.permutations([*done, *chosen]):
                state, fits = before, True
                for operation in order:
                    status, state = state.after(operation)
                    fits = fits and statuses[id(operation)] in (None, status)
                if fits:
                    states.append(state)
    return states


def parse_full_status(data):
    state = State()
    end = 8 + int.from_bytes(data[4:8], "big")
    at = 8
    while at < end:
        key, flags, kind = struct.unpack_from(">Q4xBB", data, at)
        length = int.from_bytes(data[at + 20:at + 24], "big")
        transport = bytes(data[at + 28:at + 24 + length]).split(b",")[0].rstrip(b"\0").decode()
        state.keys[transport] = key
        if flags & 1:
            state.holder, state.kind = transport, kind & 0x0F
        at += 24 + length
    return state


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
        who, action, kind, key, action_key = operation
        flags = APTPL if action == REGISTER_ANYWAY else 0
        return self.sessions[who].command(reserve_out(action, kind), lun=LUN,
                                          write=parameter_list(key, action_key, flags))

    def state(self):
        task = self.sessions[NAMES[0]].execute(reserve_in(3), lun=LUN, read=4096)
        self.assertEqual(task.status, GOOD)
        return parse_full_status(task.data)

    def read_conflicts(self, name):
        return self.sessions[name].execute(read10(0, 1), lun=LUN, read=512).status == RESERVATION_CONFLICT

    def clear_attentions(self):
        for session in self.sessions.values():
            session.clear_unit_attentions(LUN)


class Killed(ReservationsTest):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)

    def operation(self, who, state):
        other = NAMES[1 - NAMES.index(who)]
        key = state.keys.get(who, 0)
        kind = self.random.choice(TYPES)
        if not key or self.random.random() < 0.25:
            fresh = (NAMES.index(who) + 1) << 8 | self.random.randrange(1, 4)
            return (who, REGISTER_ANYWAY, 0, 0, fresh if self.random.random() < 0.8 or not key else 0)
        action = self.random.choice((RESERVE, RESERVE, RELEASE, PREEMPT, PREEMPT, CLEAR))
        if action == RELEASE and state.holder == who:
            kind = state.kind
        return (who, action, 0 if action == CLEAR else kind, key, state.keys.get(other, 0x999) if action == PREEMPT else 0)

    @staticmethod
    def answer(task):
        if not task.ended:
            return None
        attention = task.status == CHECK_CONDITION and task.sense_codes[0] == 6
        return "attention" if attention else task.status

    def check_enforcement(self, state):
        for name in NAMES:
            registered = name in state.keys
            stops = state.kind == EXCLUSIVE_ACCESS or (state.kind == EXCLUSIVE_ACCESS_REGISTRANTS and not registered)
            expected = state.holder is not None and state.holder != name and stops
            self.assertEqual(self.read_conflicts(name), expected, f"{name} reads under {state}")

    def one_life(self, state):
        """Some changes, then a kill while two are under way; returns the states that may come back."""
        for _ in range(self.random.randrange(0, 4)):
            operations = [self.operation(name, state) for name in NAMES]
            tasks = [self.begin(operation) for operation in operations]
            answers = [self.answer(task.wait()) for task in tasks]
            self.clear_attentions()
            now = self.state()
            self.assertIn(now, outcomes(state, operations, answers), f"{state} {operations} {answers}")
            state = now
        operations = [self.operation(name, state) for name in NAMES]
        tasks = [self.begin(operation) for operation in operations]
        time.sleep(self.random.random() ** 2 * 0.01)
        self.daemon.kill()
        for task in tasks:
            task.settle(10)
        return outcomes(state, operations, [self.answer(task) for task in tasks]), (state, operations)

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
        with open(self.file(), "r+b") as file:
            file.seek(30)
            byte = file.read(1)
            file.seek(30)
            file.write(bytes([byte[0] ^ 1]))
        with self.assertRaises(DaemonError):
            self.daemon.add_memory_disk(mebibytes=1)
        self.assertIn(self.file(), self.daemon.log())
        os.remove(self.file())
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 1, "--bstype", "memory",
                          "--bsopts", "size=1M", "-b", "memory")
        self.daemon.admin("--op", "bind", "--mode", "target", "--tid", 1, "-I", "ALL")
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

    def test_without_a_folder_to_write_to_persisting_is_neither_promised_nor_done(self):
        self.restart()
        self.daemon.kill()
        shutil.rmtree(self.daemon.state_directory)
        with open(self.daemon.state_directory, "w", encoding="ascii") as file:
            file.write("in the way")
        self.daemon.restart()
        self.assertIn("will not outlive tgtd", self.daemon.log())
        self.daemon.add_memory_disk(mebibytes=1)
        self.log_in()
        self.assertFalse(self.capabilities()[2] & 0x01, "PTPL_C")
        refused = self.register(NAMES[0])
        self.assertEqual(refused.status, CHECK_CONDITION)
        self.assertEqual(refused.sense_codes, (5, 0x26, 0x00))
        self.assertEqual(self.register(NAMES[0], flags=0).status, GOOD)


if __name__ == "__main__":
    unittest.main()
