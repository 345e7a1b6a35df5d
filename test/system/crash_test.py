# SPDX-License-Identifier: Apache-2.0
"""tgtd is killed again and again while it is written to and its persistent reservations change; what it had acknowledged
must be there when it is back.

A kill takes the daemon's memory and nothing else: the kernel still has what was handed to it. So every acknowledged write
has to be there, flushed or not; a block of a write that was under way holds its old contents or its new ones; and nothing
is there of a write that was refused, as those are that meet a reservation.
"""

import contextlib
import os
import random
import struct
import threading
import time
import unittest

from harness.daemon import SANITIZED, TARGET_NAME, Daemon, takes_direct
from harness.initiator import CHECK_CONDITION, GOOD, InitiatorError, Session, read10
from harness.reservations import (NAMES, REGISTER_ANYWAY, RESERVATION_CONFLICT, State, answer_of, begin, outcomes,
                                  random_operation, read_state, reads_conflict)

KILLS = int(os.environ.get("TGT_KILLS") or (40 if SANITIZED else 200))
BLOCK = 512
BLOCKS = 2048
MOST_BLOCKS = 64  # of one write
DEPTH = 8
READ_BLOCKS = 512
FORCE_UNIT_ACCESS = 0x08
SYNCHRONIZE_CACHE = bytes([0x35]) + bytes(9)
CACHING_PAGE = 0x08
WRITE_CACHE_ENABLED = 0x04
WRITER = "iqn.2026-11.example.tests:writer"
LUN = 1


def contents(block, version):
    return struct.pack(">II", block, version) * (BLOCK // 8)


def write10(block, count, flags=0):
    return struct.pack(">BBIBHB", 0x2A, flags, block, 0, count, 0)


class Load:
    """Writes at random places until the connection goes; remembers what was sent and what was acknowledged."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.version = 0
        self.sent = [[0] for _ in range(BLOCKS)]  # versions that a block may hold; the first is acknowledged
        self.acknowledged = 0
        self.refused = 0
        self.fault = None
        self._busy = set()

    def run(self, session, flags, flushes):
        """Until the daemon dies. A block is in one write at a time, so that its versions have an order."""
        under_way = []
        try:
            with contextlib.suppress(InitiatorError, OSError):
                while True:
                    self._fill(under_way, session, flags, flushes)
                    under_way[0][2].wait(60)
                    self._take(*under_way.pop(0))
            for item in under_way:
                if item[2].ended:
                    self._take(*item)
        except AssertionError as error:  # told by the test
            self.fault = error
        self._busy.clear()

    def _fill(self, under_way, session, flags, flushes):
        while len(under_way) < DEPTH:
            under_way.append(self._write(session, flags))
            if flushes and self.random.random() < 0.1:
                session.command(SYNCHRONIZE_CACHE, lun=LUN)

    def _write(self, session, flags):
        while True:
            start = self.random.randrange(BLOCKS)
            blocks = range(start, min(BLOCKS, start + self.random.randint(1, MOST_BLOCKS)))
            if not self._busy.intersection(blocks):
                break
        self._busy.update(blocks)
        self.version += 1
        for block in blocks:
            self.sent[block].append(self.version)
        data = b"".join(contents(block, self.version) for block in blocks)
        item = [blocks, self.version, None]
        try:
            item[2] = session.command(write10(blocks.start, len(blocks), flags), lun=LUN, write=data)
        except (InitiatorError, OSError):
            pass  # it may have been sent all the same
        if item[2] is None:
            raise InitiatorError("the connection closed")
        return item

    def _take(self, blocks, version, task):
        attention = task.status == CHECK_CONDITION and task.sense_codes[0] == 6
        for block in blocks:
            if task.status == GOOD:
                self.sent[block] = [version]
            elif task.status == RESERVATION_CONFLICT or attention:
                self.sent[block].remove(version)
            else:
                raise AssertionError(f"a write ended with {task.status} {task.sense_codes}")
        self.acknowledged += task.status == GOOD
        self.refused += task.status != GOOD
        self._busy.difference_update(blocks)


class Reservations:
    """Two initiators that change the disk's persistent reservation; the writer is registered now and then."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.changes = 0
        self._possible = [State()]

    def look(self, sessions):
        """After a start: what there is, which must be what was acknowledged, and is enforced."""
        state = read_state(sessions[WRITER], LUN)
        if state not in self._possible:
            raise AssertionError(f"{state} came back, not one of {self._possible}")
        for name, session in sessions.items():
            conflict = session.execute(read10(0, 1), lun=LUN, read=BLOCK).status == RESERVATION_CONFLICT
            if conflict != reads_conflict(state, name):
                raise AssertionError(f"{name} reads under {state}")
        self._possible = [state]
        return state

    def register_writer(self, sessions):
        if self.random.random() < 0.5:
            self._carry_out(sessions, [(WRITER, REGISTER_ANYWAY, 0, 0, 0x300)])

    def change(self, sessions):
        """Both change something at once, and are answered."""
        self._carry_out(sessions, [random_operation(self.random, name, self._possible[0]) for name in NAMES])

    def change_and(self, sessions, kill):
        """The same, but they are not waited for."""
        before = self._possible[0]
        operations = [random_operation(self.random, name, before) for name in NAMES]
        tasks = [begin(sessions[operation[0]], operation, LUN) for operation in operations]
        time.sleep(self.random.random() ** 2 * 0.01)
        kill()
        for task in tasks:
            task.settle(10)
        self._possible = outcomes(before, operations, [answer_of(task) for task in tasks])

    def _carry_out(self, sessions, operations):
        tasks = [begin(sessions[operation[0]], operation, LUN) for operation in operations]
        answers = [answer_of(task.wait()) for task in tasks]
        self.changes += answers.count(GOOD)
        for name in NAMES:
            sessions[name].clear_unit_attentions(LUN)
        now = read_state(sessions[NAMES[0]], LUN)
        if now not in outcomes(self._possible[0], operations, answers):
            raise AssertionError(f"{now} after {self._possible} {operations} {answers}")
        self._possible = [now]


class Crash(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon(arguments=("--shards", "2")))
        self.path = os.path.join(self.daemon.folder, "disk.img")
        with open(self.path, "wb") as file:
            file.truncate(BLOCKS * BLOCK)

    def add_disk(self, flags):
        self.daemon.add_file_disk(self.path, *(["--bsoflags", flags] if flags else []))

    @contextlib.contextmanager
    def sessions(self):
        """{name: session} of the writer and of those who reserve."""
        with contextlib.ExitStack() as stack:
            sessions = {}
            for number, name in enumerate((WRITER, *NAMES)):
                isid = bytes([0x80, 0, 0, 0, 0, number])
                session = Session(("127.0.0.1", self.daemon.port), TARGET_NAME, initiator_name=name, isid=isid)
                sessions[name] = stack.enter_context(session)
                session.clear_unit_attentions(LUN)
            yield sessions

    def verify(self, session, load):
        for start in range(0, BLOCKS, READ_BLOCKS):
            read = session.execute(read10(start, READ_BLOCKS), lun=LUN, read=READ_BLOCKS * BLOCK)
            self.assertEqual(read.status, GOOD)
            for block in range(start, start + READ_BLOCKS):
                data = bytes(read.data[(block - start) * BLOCK:(block - start + 1) * BLOCK])
                version = struct.unpack(">II", data[:8])[1]
                self.assertIn(version, load.sent[block], f"block {block}")
                self.assertEqual(data, contents(block, version) if version else bytes(BLOCK), f"block {block}")
                load.sent[block] = [version]

    def set_write_cache(self, session, on):
        page = bytes([CACHING_PAGE, 0x12, WRITE_CACHE_ENABLED if on else 0]) + bytes(17)
        select = bytes([0x15, 0x10, 0, 0, 4 + len(page), 0])
        self.assertEqual(session.execute(select, lun=LUN, write=bytes(4) + page).status, GOOD)

    def check(self, sessions, load, reservations):
        """Gives the session that no reservation stops."""
        state = reservations.look(sessions)
        session = sessions[state.holder or WRITER]
        self.verify(session, load)
        return session

    def live(self, sessions, load, way):
        """Writes and changes reservations at once, and dies of it."""
        reservations, seconds = way["reservations"], way["seconds"]
        for session in sessions.values():
            session.clear_unit_attentions(LUN)
        reservations.register_writer(sessions)
        writer = threading.Thread(target=load.run, args=(sessions[WRITER], way.get("flags", 0), way.get("flushes", False)))
        until = time.monotonic() + seconds
        writer.start()
        while time.monotonic() < until:
            reservations.change(sessions)
        self.assertTrue(writer.is_alive(), f"the writer stopped before the kill: {load.fault}")
        reservations.change_and(sessions, self.daemon.kill)
        writer.join(60)
        self.assertFalse(writer.is_alive())
        self.assertIsNone(load.fault)

    def rounds(self, kills, flags):
        load, reservations = Load(seed=len(flags) + 1), Reservations(seed=len(flags) + 2)
        delays = random.Random(5)
        ways = ({}, {"flags": FORCE_UNIT_ACCESS}, {"flushes": True}, {"cache": False})
        for number in range(kills):
            with self.sessions() as sessions:
                session = self.check(sessions, load, reservations)
                way = {**ways[number % len(ways)], "reservations": reservations, "seconds": delays.uniform(0, 0.03)}
                self.set_write_cache(session, way.get("cache", True))
                self.live(sessions, load, way)
            self.daemon.restart()
            self.add_disk(flags)
        with self.sessions() as sessions:
            self.check(sessions, load, reservations)
        print(f"{kills} kills, {load.acknowledged} writes acknowledged, {load.refused} refused, "
              f"{reservations.changes} changes of reservations", flush=True)
        self.assertGreater(load.acknowledged, kills)
        self.assertGreater(reservations.changes, kills // 2)

    def test_a_buffered_file_and_its_reservations_are_as_acknowledged(self):
        self.add_disk("")
        self.rounds(KILLS * 3 // 4, "")

    def test_a_direct_file_and_its_reservations_are_as_acknowledged(self):
        if not takes_direct(self.daemon.folder):
            self.skipTest("its file system has no O_DIRECT")
        self.add_disk("direct")
        self.rounds(KILLS // 4, "direct")


if __name__ == "__main__":
    unittest.main()
