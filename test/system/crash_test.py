# SPDX-License-Identifier: Apache-2.0
"""tgtd is killed again and again while it is written to; what it had acknowledged must be there when it is back.

A kill takes the daemon's memory and nothing else: the kernel still has what was handed to it. So every acknowledged write
has to be there, flushed or not, and a block of a write that was under way holds its old contents or its new ones.
"""

import os
import random
import struct
import threading
import unittest

from harness.daemon import SANITIZED, TARGET_NAME, Daemon
from harness.initiator import GOOD, InitiatorError, Session, read10

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
        self._busy = set()

    def run(self, session, flags, flushes):
        """Until the daemon dies. A block is in one write at a time, so that its versions have an order."""
        under_way = []
        try:
            while True:
                while len(under_way) < DEPTH:
                    under_way.append(self._write(session, flags))
                    if flushes and self.random.random() < 0.1:
                        session.command(SYNCHRONIZE_CACHE, lun=1)
                self._finish(under_way.pop(0))
        except (InitiatorError, OSError):
            for item in under_way:
                self._settle(item)
        self._busy.clear()

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
            item[2] = session.command(write10(blocks.start, len(blocks), flags), lun=1, write=data)
        except (InitiatorError, OSError):
            pass  # it may have been sent all the same
        if item[2] is None:
            raise InitiatorError("the connection closed")
        return item

    def _finish(self, item):
        blocks, version, task = item
        task.wait(60)
        if task.status != GOOD:
            raise AssertionError(f"a write ended with {task.status} {task.sense_codes}")
        self._take(blocks, version)

    def _settle(self, item):
        blocks, version, task = item
        if task.ended and task.status == GOOD:
            self._take(blocks, version)

    def _take(self, blocks, version):
        self.acknowledged += 1
        for block in blocks:
            self.sent[block] = [version]
        self._busy.difference_update(blocks)


class Crash(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon(arguments=("--shards", "2")))
        self.path = os.path.join(self.daemon.folder, "disk.img")
        with open(self.path, "wb") as file:
            file.truncate(BLOCKS * BLOCK)

    def add_disk(self, flags):
        self.daemon.add_file_disk(self.path, *(["--bsoflags", flags] if flags else []))

    def session(self):
        session = Session(("127.0.0.1", self.daemon.port), TARGET_NAME)
        session.clear_unit_attentions(1)
        return session

    def verify(self, session, load):
        for start in range(0, BLOCKS, READ_BLOCKS):
            read = session.execute(read10(start, READ_BLOCKS), lun=1, read=READ_BLOCKS * BLOCK)
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
        self.assertEqual(session.execute(select, lun=1, write=bytes(4) + page).status, GOOD)

    def rounds(self, kills, flags):
        load = Load(seed=len(flags) + 1)
        delays = random.Random(5)
        for number in range(kills):
            with self.session() as session:
                self.verify(session, load)
                ways = ({}, {"flags": FORCE_UNIT_ACCESS}, {"flushes": True}, {"cache": False})
                way = ways[number % len(ways)]
                self.set_write_cache(session, way.get("cache", True))
                writer = threading.Thread(target=load.run, args=(session, way.get("flags", 0), way.get("flushes", False)))
                writer.start()
                writer.join(delays.uniform(0.001, 0.03))
                self.assertTrue(writer.is_alive(), "the writer stopped before the kill")
                self.daemon.kill()
                writer.join(60)
                self.assertFalse(writer.is_alive())
            self.daemon.restart()
            self.add_disk(flags)
        with self.session() as session:
            self.verify(session, load)
        print(f"{kills} kills, {load.acknowledged} writes acknowledged", flush=True)
        self.assertGreater(load.acknowledged, kills)

    def test_a_buffered_file_has_all_that_was_acknowledged(self):
        self.add_disk("")
        self.rounds(KILLS * 3 // 4, "")

    def test_a_direct_file_has_all_that_was_acknowledged(self):
        self.add_disk("direct")
        self.rounds(KILLS // 4, "direct")


if __name__ == "__main__":
    unittest.main()
