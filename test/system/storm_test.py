# SPDX-License-Identifier: Apache-2.0
"""Initiators that do everything at once, from a fixed seed, and leave in every way; one beside them does not notice."""

import random
import threading
import time
import unittest

from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import (ABORT_TASK, ABORT_TASK_SET, CLEAR_TASK_SET, GOOD, LOGICAL_UNIT_RESET, TEST_UNIT_READY,
                               InitiatorError, Session, inquiry, read10, write10)

SECONDS = 6
STORMERS = 4
MIB = 1 << 20
STORMY, ABSENT, QUIET = (1, 2), 7, 3
FUNCTIONS = (ABORT_TASK, ABORT_TASK, ABORT_TASK, ABORT_TASK_SET, CLEAR_TASK_SET, LOGICAL_UNIT_RESET)
# Complete, no such task, no such unit; rejected: commands of an earlier session of this port have not ended yet.
ANSWERS = (0, 1, 2, 255)


class Stormer(threading.Thread):
    """Sessions one after the other; the ports are few, so that they end each other as well."""

    def __init__(self, number, address, until):
        super().__init__(daemon=True)
        self._random = random.Random(number)
        self._address = address
        self._until = until
        self.sessions = 0
        self.fault = None

    def run(self):
        try:
            while time.monotonic() < self._until:
                self._one_session()
        except Exception as fault:  # whatever it is, the test shall tell it
            self.fault = fault

    def _one_session(self):
        chance = self._random
        keys = {"InitialR2T": chance.choice(("Yes", "No")), "ImmediateData": chance.choice(("Yes", "No")),
                "FirstBurstLength": "65536", "DataDigest": chance.choice(("None", "CRC32C"))}
        try:
            session = Session(self._address, TARGET_NAME, keys=keys, isid=bytes([0x80, 0, 0, 9, 9, chance.randrange(STORMERS)]))
        except (InitiatorError, OSError):  # another one with its name came at the same time
            return
        self.sessions += 1
        try:
            self._rage(session)
        except (InitiatorError, OSError):  # ended by another one
            session.close()

    def _rage(self, session):
        chance = self._random
        tasks = []
        for _ in range(chance.randrange(1, 50)):
            lun = chance.choice((*STORMY, *STORMY, ABSENT))
            if tasks and chance.random() < 0.2:
                self._manage(session, lun, chance.choice(tasks))
            else:
                tasks.append(self._command(session, lun))
        leave = chance.choice((session.vanish, session.vanish, session.close, session.logout, None))
        if leave is None:
            for task in tasks:
                task.settle(0.2)
            leave = session.close
        leave()
        session.close()

    def _command(self, session, lun):
        chance = self._random
        attribute = chance.choice((1, 1, 1, 1, 2, 3))
        blocks = chance.choice((1, 8, 128, 2048))
        if chance.random() < 0.5:
            return session.command(read10(chance.randrange(1000), blocks), lun=lun, read=blocks * 512, attribute=attribute,
                                   timeout=5)
        return session.command(write10(chance.randrange(1000), blocks), lun=lun, write=bytes(blocks * 512),
                               attribute=attribute, timeout=5)

    def _manage(self, session, lun, task):
        request = session.task_management(self._random.choice(FUNCTIONS), lun=lun, task=task)
        if self._random.random() < 0.5:
            return
        if not request.settle(20) and not request.lost:
            raise AssertionError(f"no answer to {request.label}")
        if request.wait().response not in ANSWERS:
            raise AssertionError(f"answer {request.response} to {request.label}")


class Storm(unittest.TestCase):
    def storm(self, backend):
        with Daemon(arguments=("--shards", "2", "--backend", backend)) as daemon:
            daemon.add_memory_disk()
            for lun in (2, QUIET):
                daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", lun, "--bstype", "memory",
                             "--bsopts", "size=16M", "-b", "memory")
            address = ("127.0.0.1", daemon.port)
            with Session(address, TARGET_NAME) as bystander:
                bystander.clear_unit_attentions(QUIET)
                files = daemon.open_files()
                until = time.monotonic() + SECONDS
                stormers = [Stormer(number, address, until) for number in range(STORMERS)]
                for stormer in stormers:
                    stormer.start()
                rounds = self.work_until(bystander, until)
                for stormer in stormers:
                    stormer.join(60)
                    self.assertFalse(stormer.is_alive(), "an initiator hangs")
                    self.assertIsNone(stormer.fault)
                print(f"{sum(stormer.sessions for stormer in stormers)} sessions, {rounds} rounds beside them", flush=True)
                self.assert_calm_again(daemon, address, files)

    def work_until(self, session, until):
        rounds = 0
        while time.monotonic() < until:
            rounds += 1
            data = random.Random(rounds).randbytes(64 * 512)
            self.assertEqual(session.execute(write10(rounds % 64, 64), lun=QUIET, write=data).status, GOOD)
            read = session.execute(read10(rounds % 64, 64), lun=QUIET, read=len(data))
            self.assertEqual((read.status, bytes(read.data)), (GOOD, data))
        return rounds

    def assert_calm_again(self, daemon, address, files):
        deadline = time.monotonic() + 20
        while daemon.open_files() > files and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertLessEqual(daemon.open_files(), files, "connections are left over")
        with Session(address, TARGET_NAME) as newcomer:
            for lun in (*STORMY, QUIET):
                newcomer.clear_unit_attentions(lun)
                self.assertEqual(newcomer.execute(inquiry(96), lun=lun, read=96).status, GOOD)
                self.assertEqual(newcomer.execute(read10(0, 2048), lun=lun, read=MIB).status, GOOD)
                self.assertEqual(newcomer.execute(TEST_UNIT_READY, lun=lun).status, GOOD)

    def test_one_beside_a_storm_does_not_notice(self):
        self.storm("io_uring")

    def test_the_same_over_epoll(self):
        self.storm("epoll")


if __name__ == "__main__":
    unittest.main()
