# SPDX-License-Identifier: Apache-2.0
"""Initiators on different shards race for one block with COMPARE AND WRITE, as cluster file systems do for a lock.

TGT_RACE_SECONDS says how long (3; the issue of a release wants 60).
"""

import contextlib
import os
import struct
import threading
import time
import unittest

from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import CHECK_CONDITION, GOOD, LOGICAL_UNIT_RESET, FUNCTION_COMPLETE, Session, read10, write10

SECONDS = float(os.environ.get("TGT_RACE_SECONDS") or 3)
BLOCK = 512
RACERS = 4
MISCOMPARE = (0xE, 0x1D, 0x00)


def compare_and_write(block, count):
    return struct.pack(">BBQ3xBBB", 0x89, 0, block, count, 0, 0)


def counter(value, racer):
    """A block whose every part tells the count and who made it."""
    return struct.pack(">QQ", value, racer) * (BLOCK // 16)


class Racer(threading.Thread):
    def __init__(self, number, port, until):
        super().__init__(daemon=True)
        self.number = number
        self.won = []
        self.lost = 0
        self.fault = None
        self._address = ("127.0.0.1", port)
        self._until = until

    def run(self):
        try:
            name = f"iqn.2026-11.example.tests:racer{self.number}"
            # Some are asked for their data, which comes later: what they compare is not what they saw then.
            keys = {"ImmediateData": "No" if self.number % 2 == 0 else "Yes"}
            with Session(self._address, TARGET_NAME, initiator_name=name, keys=keys) as session:
                session.clear_unit_attentions(1)
                while time.monotonic() < self._until:
                    self._round(session)
        except Exception as error:  # told by the test
            self.fault = error

    def _round(self, session):
        read = session.execute(read10(0, 1), lun=1, read=BLOCK)
        seen = bytes(read.data)
        value, racer = struct.unpack(">QQ", seen[:16])
        if seen != counter(value, racer):
            raise AssertionError(f"a block that nobody wrote: {seen[:64].hex()}")
        data = seen + counter(value + 1, self.number)
        race = session.execute(compare_and_write(0, 1), lun=1, write=data)
        if race.status == GOOD:
            self.won.append(value + 1)
        elif race.status == CHECK_CONDITION and race.sense_codes == MISCOMPARE:
            self.lost += 1
        else:
            raise AssertionError(f"ended with {race.status} {race.sense_codes}")


class CompareAndWrite(unittest.TestCase):
    def race(self, daemon):
        until = time.monotonic() + SECONDS
        racers = [Racer(number, daemon.port, until) for number in range(1, RACERS + 1)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join(SECONDS + 60)
            self.assertFalse(racer.is_alive(), "a racer hangs")
            self.assertIsNone(racer.fault)
        return racers

    def check(self, racers, daemon):
        rounds = sorted(value for racer in racers for value in racer.won)
        self.assertEqual(rounds, list(range(1, len(rounds) + 1)), "each count has exactly one winner")
        with Session(("127.0.0.1", daemon.port), TARGET_NAME) as session:
            session.clear_unit_attentions(1)
            last = struct.unpack(">Q", session.execute(read10(0, 1), lun=1, read=BLOCK).data[:8])[0]
        self.assertEqual(last, len(rounds))
        self.assertGreater(sum(racer.lost for racer in racers), 0, "they never met")
        print(f"{len(rounds)} rounds, {sum(racer.lost for racer in racers)} lost", flush=True)

    def test_each_round_has_one_winner_in_memory(self):
        with Daemon(arguments=("--shards", "2")) as daemon:
            daemon.add_memory_disk()
            self.check(self.race(daemon), daemon)

    def test_each_round_has_one_winner_in_a_file(self):
        with Daemon(arguments=("--shards", "2")) as daemon:
            path = os.path.join(daemon.folder, "disk.img")
            with open(path, "wb") as file:
                file.truncate(1 << 20)
            daemon.add_file_disk(path)
            self.check(self.race(daemon), daemon)

    def test_a_host_that_never_sends_its_data_holds_up_no_lock(self):
        with Daemon(arguments=("--shards", "2")) as daemon:
            daemon.add_memory_disk()
            address = ("127.0.0.1", daemon.port)
            with contextlib.ExitStack() as stack:
                crashed = [stack.enter_context(Session(address, TARGET_NAME, keys={"ImmediateData": "No"}))
                           for _ in range(2)]
                for session in crashed:
                    session.clear_unit_attentions(1)
                    session._send_data = lambda task, answer: None
                writes = [crashed[0].command(write10(8, 8), lun=1, write=bytes(4096)),
                          crashed[1].command(compare_and_write(0, 1), lun=1, write=bytes(2 * BLOCK))]
                alive = stack.enter_context(Session(address, TARGET_NAME))
                alive.clear_unit_attentions(1)
                for value in range(20):
                    data = counter(value, 1) if value else bytes(BLOCK)
                    lock = alive.execute(compare_and_write(0, 1), lun=1, write=data + counter(value + 1, 1), timeout=5)
                    self.assertEqual(lock.status, GOOD)
                    self.assertEqual(alive.execute(read10(8, 8), lun=1, read=4096, timeout=5).status, GOOD)
                self.assertFalse(any(write.ended for write in writes))
                reset = alive.task_management(LOGICAL_UNIT_RESET, lun=1).wait(5)
                self.assertEqual(reset.response, FUNCTION_COMPLETE)


if __name__ == "__main__":
    unittest.main()
