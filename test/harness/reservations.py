# SPDX-License-Identifier: Apache-2.0
"""Persistent reservations as tests see them: commands, the rules of SPC-6 as a model, and what may be there after
changes that overlapped or whose answers were lost."""

import itertools
import struct

from harness.initiator import CHECK_CONDITION, GOOD

RESERVATION_CONFLICT = 0x18
APTPL = 0x01
REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, REGISTER_ANYWAY = 0, 1, 2, 3, 4, 6
WRITE_EXCLUSIVE, EXCLUSIVE_ACCESS, WRITE_EXCLUSIVE_REGISTRANTS, EXCLUSIVE_ACCESS_REGISTRANTS = 1, 3, 5, 6
TYPES = (WRITE_EXCLUSIVE, EXCLUSIVE_ACCESS, WRITE_EXCLUSIVE_REGISTRANTS, EXCLUSIVE_ACCESS_REGISTRANTS)
NAMES = ("iqn.2026-11.example.tests:alice", "iqn.2026-11.example.tests:bob")


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


def random_operation(random, who, state):
    """A change by `who`, mostly one that the state lets him make: (who, action, type, key, service action key)."""
    other = NAMES[1 - NAMES.index(who)]
    key = state.keys.get(who, 0)
    kind = random.choice(TYPES)
    if not key or random.random() < 0.25:
        fresh = (NAMES.index(who) + 1) << 8 | random.randrange(1, 4)
        return (who, REGISTER_ANYWAY, 0, 0, fresh if random.random() < 0.8 or not key else 0)
    action = random.choice((RESERVE, RESERVE, RELEASE, PREEMPT, PREEMPT, CLEAR))
    if action == RELEASE and state.holder == who:
        kind = state.kind
    return (who, action, 0 if action == CLEAR else kind, key, state.keys.get(other, 0x999) if action == PREEMPT else 0)


def begin(session, operation, lun):
    """Sends the change through the session of whoever makes it."""
    _, action, kind, key, action_key = operation
    flags = APTPL if action == REGISTER_ANYWAY else 0
    return session.command(reserve_out(action, kind), lun=lun, write=parameter_list(key, action_key, flags))


def answer_of(task):
    """As outcomes() wants it."""
    if not task.ended:
        return None
    attention = task.status == CHECK_CONDITION and task.sense_codes[0] == 6
    return "attention" if attention else task.status


def read_state(session, lun):
    task = session.execute(reserve_in(3), lun=lun, read=4096)
    if task.status != GOOD:
        raise AssertionError(f"READ FULL STATUS ended with {task.status} {task.sense_codes}")
    return parse_full_status(task.data)


def reads_conflict(state, name):
    """Whether that initiator may not read."""
    stops = state.kind == EXCLUSIVE_ACCESS or (state.kind == EXCLUSIVE_ACCESS_REGISTRANTS and name not in state.keys)
    return state.holder is not None and state.holder != name and stops
