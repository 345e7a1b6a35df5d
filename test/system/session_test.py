# SPDX-License-Identifier: Apache-2.0
"""Sessions as initiators and administrators see them: discovery, admission, reinstatement, liveness, the end."""

import os
import socket
import time
import unittest

from harness.daemon import TARGET_NAME, Daemon, free_port
from harness.initiator import (CHECK_CONDITION, FUNCTION_COMPLETE, GOOD, LOGICAL_UNIT_RESET, TARGET_COLD_RESET,
                               TEST_UNIT_READY, InitiatorError, Session, inquiry, read10, write10)

SECOND_TARGET = "iqn.2001-04.com.example:second"
BOTH_DIGESTS = {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"}


def no_such_address(host):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind((host, 0))
        return False
    except OSError:
        return True


class SessionCase(unittest.TestCase):
    arguments = ()

    def setUp(self):
        self.daemon = Daemon(arguments=self.arguments)
        self.enterContext(self.daemon)
        self.daemon.add_memory_disk()
        self.address = ("127.0.0.1", self.daemon.port)

    def session(self, **options):
        session = Session(self.address, options.pop("target", TARGET_NAME), **options)
        self.addCleanup(session.close)
        session.clear_unit_attentions(1)
        return session

    def wait_closed(self, session, seconds):
        self.assertTrue(session.closed.wait(seconds), f"still open after {seconds} s")


class Transfer(SessionCase):
    arguments = ("--shards", "2")

    def write_and_read(self, session, block, data):
        count = len(data) // 512
        self.assertEqual(session.execute(write10(block, count), lun=1, write=data).status, GOOD)
        read = session.execute(read10(block, count), lun=1, read=len(data))
        self.assertEqual(read.status, GOOD)
        self.assertEqual(bytes(read.data), data)

    def test_data_of_every_size_survives_with_and_without_digests_and_unsolicited_data(self):
        sizes = (512, 4096, 65536, 262144, 262144 + 512, 1 << 20, (2 << 20) + 1024)
        variants = ({}, BOTH_DIGESTS, {"InitialR2T": "Yes", "ImmediateData": "No"}, {"MaxBurstLength": "8192",
                    "FirstBurstLength": "512", "MaxOutstandingR2T": "1"}, {"MaxRecvDataSegmentLength": "512"})
        for keys in variants:
            with self.subTest(keys=keys), self.session(keys=keys) as session:
                for number, size in enumerate(sizes):
                    # Digests are computed by this test's slow code: not for the largest.
                    if keys is not BOTH_DIGESTS or size <= 262144 + 512:
                        self.write_and_read(session, number * 8192, os.urandom(size))

    def test_many_sessions_write_and_read_beside_each_other(self):
        sessions = [self.session() for _ in range(8)]
        data = [os.urandom(65536) for _ in sessions]
        writes = [session.command(write10(number * 128, 128), lun=1, write=data[number])
                  for number, session in enumerate(sessions)]
        self.assertEqual({write.wait().status for write in writes}, {GOOD})
        reads = [session.command(read10((number + 1) % 8 * 128, 128), lun=1, read=65536)
                 for number, session in enumerate(sessions)]
        for number, read in enumerate(reads):
            self.assertEqual(bytes(read.wait().data), data[(number + 1) % 8])

    def test_a_reset_in_one_session_is_told_to_sessions_on_every_shard(self):
        sessions = [self.session() for _ in range(6)]
        self.assertEqual(sessions[0].task_management(LOGICAL_UNIT_RESET, lun=1).wait().response, FUNCTION_COMPLETE)
        for session in sessions:
            task = session.execute(TEST_UNIT_READY, lun=1)
            self.assertEqual((task.status, task.sense_codes[:2]), (CHECK_CONDITION, (6, 0x29)))
            self.assertEqual(session.execute(TEST_UNIT_READY, lun=1).status, GOOD)


class LogicalUnits(SessionCase):
    def test_a_logical_unit_that_is_not_there_says_so(self):
        session = self.session()
        absent = session.execute(inquiry(36), lun=9, read=36)
        self.assertEqual((absent.status, absent.data[0]), (GOOD, 0x7F))
        ready = session.execute(TEST_UNIT_READY, lun=9)
        self.assertEqual((ready.status, ready.sense_codes), (CHECK_CONDITION, (5, 0x25, 0)))

    def test_the_controller_is_logical_unit_0(self):
        data = self.session().execute(inquiry(36), lun=0, read=36).data
        self.assertEqual(data[0] & 0x1F, 0x0C)

    def test_a_file_holds_what_is_written_to_it(self):
        path = os.path.join(self.daemon.folder, "disk.img")
        with open(path, "wb") as file:
            file.truncate(1 << 20)
        self.daemon.admin("--op", "new", "--mode", "logicalunit", "--tid", 1, "--lun", 2, "-b", path)
        session = self.session()
        session.clear_unit_attentions(2)
        data = os.urandom(8192)
        self.assertEqual(session.execute(write10(16, 16), lun=2, write=data).status, GOOD)
        self.assertEqual(session.execute(bytes([0x35]) + bytes(9), lun=2).status, GOOD)
        with open(path, "rb") as file:
            file.seek(8192)
            self.assertEqual(file.read(8192), data)
        self.daemon.admin("--op", "delete", "--mode", "logicalunit", "--tid", 1, "--lun", 2)
        links = [os.path.realpath(os.path.join(f"/proc/{self.daemon.process_id}/fd", name))
                 for name in os.listdir(f"/proc/{self.daemon.process_id}/fd")]
        self.assertNotIn(path, links, "a deleted logical unit still holds its file")
        self.assertEqual(session.execute(TEST_UNIT_READY, lun=2).status, CHECK_CONDITION)


class Discovery(SessionCase):
    def discover(self):
        with Session(self.address, None, normal=False) as session:
            return session.text({"SendTargets": "All"})

    def test_discovery_names_every_target_and_where_it_is(self):
        self.daemon.add_memory_disk(tid=2, target=SECOND_TARGET)
        found = self.discover()
        self.assertEqual([value for key, value in found if key == "TargetName"], [TARGET_NAME, SECOND_TARGET])
        self.assertIn(("TargetAddress", f"127.0.0.1:{self.daemon.port},1"), found)

    def test_a_normal_session_may_ask_for_its_own_target(self):
        found = self.session().text({"SendTargets": ""})
        self.assertIn(("TargetName", TARGET_NAME), found)

    def test_a_discovery_session_runs_no_commands(self):
        with Session(self.address, None, normal=False) as session:
            try:
                task = session.execute(TEST_UNIT_READY, timeout=5)
                self.assertNotEqual(task.status, GOOD)
            except InitiatorError:
                self.assertTrue(session.closed.is_set() or session.events)

    def test_several_portals_and_ipv6_serve_the_same_targets(self):
        second = free_port()
        self.daemon.admin("--lld", "iscsi", "--op", "new", "--mode", "portal", "--param", f"portal=127.0.0.1:{second}")
        with Session(("127.0.0.1", second), TARGET_NAME) as session:
            self.assertEqual(session.clear_unit_attentions(1).status, GOOD)
        if no_such_address("::1"):
            self.skipTest("this machine has no ::1")
        self.daemon.admin("--lld", "iscsi", "--op", "new", "--mode", "portal", "--param", f"portal=[::1]:{second}")
        with Session(("::1", second), TARGET_NAME) as session:
            self.assertEqual(session.clear_unit_attentions(1).status, GOOD)


class Admission(SessionCase):
    def test_without_a_rule_nobody_is_admitted_and_a_rule_admits_whom_it_names(self):
        self.daemon.admin("--op", "new", "--mode", "target", "--tid", 2, "-T", SECOND_TARGET)
        with self.assertRaises(InitiatorError):
            Session(self.address, SECOND_TARGET)
        self.daemon.admin("--op", "bind", "--mode", "target", "--tid", 2, "-Q", "iqn.2026-11.example:friend")
        with self.assertRaises(InitiatorError):
            Session(self.address, SECOND_TARGET)
        Session(self.address, SECOND_TARGET, initiator_name="iqn.2026-11.example:friend").close()
        self.daemon.admin("--op", "bind", "--mode", "target", "--tid", 2, "-I", "127.0.0.0/8")
        Session(self.address, SECOND_TARGET).close()

    def test_an_offline_target_admits_nobody(self):
        self.daemon.admin("--op", "update", "--mode", "target", "--tid", 1, "-n", "state", "-v", "offline")
        with self.assertRaises(InitiatorError):
            Session(self.address, TARGET_NAME)
        self.daemon.admin("--op", "update", "--mode", "target", "--tid", 1, "-n", "state", "-v", "ready")
        self.session()


class Life(SessionCase):
    arguments = ()

    def test_a_session_that_logs_in_again_replaces_the_old_one(self):
        isid = bytes([0x80, 1, 2, 3, 4, 5])
        old = self.session(isid=isid)
        new = self.session(isid=isid)
        self.wait_closed(old, 10)
        self.assertEqual(new.execute(TEST_UNIT_READY, lun=1).status, GOOD)
        listed = self.daemon.admin("--op", "show", "--mode", "conn", "--tid", 1).stdout
        self.assertEqual(listed.count("Session: "), 1, listed)

    def test_a_logout_is_answered_and_the_connection_closed(self):
        session = self.session()
        self.assertEqual(session.logout(), 0)
        self.wait_closed(session, 10)

    def test_a_ping_brings_its_data_back(self):
        self.assertEqual(self.session().ping(b"are you there"), b"are you there")

    def test_the_administrator_sees_and_ends_connections(self):
        session = self.session(initiator_name="iqn.2026-11.example:seen")
        listed = self.daemon.admin("--op", "show", "--mode", "conn", "--tid", 1).stdout
        self.assertRegex(listed, r"^Session: (\d+)\n    Connection: 0\n        Initiator: iqn\.2026-11\.example:seen.*\n"
                                 r"        IP Address: 127\.0\.0\.1\n$")
        self.assertIn("Initiator: iqn.2026-11.example:seen alias: none", self.daemon.admin("--op", "show", "--mode",
                                                                                         "target").stdout)
        number = listed.split()[1]
        self.daemon.admin("--op", "delete", "--mode", "conn", "--tid", 1, "--sid", number, "--cid", 0)
        self.wait_closed(session, 10)

    def test_a_target_in_use_is_deleted_only_by_force(self):
        session = self.session()
        refused = self.daemon.admin("--op", "delete", "--mode", "target", "--tid", 1, check=False)
        self.assertEqual((refused.returncode, refused.stderr), (22, "tgtadm: this target is still active\n"))
        reads = [session.command(read10(number, 8), lun=1, read=4096) for number in range(32)]
        self.daemon.admin("--op", "delete", "--force", "--mode", "target", "--tid", 1)
        self.wait_closed(session, 10)
        self.assertTrue(all(read.ended or read.lost for read in reads))
        self.assertEqual(self.daemon.admin("--op", "show", "--mode", "target").stdout, "")

    def test_a_cold_reset_is_answered_and_ends_the_sessions(self):
        sessions = [self.session(), self.session()]
        reset = sessions[0].task_management(TARGET_COLD_RESET)
        self.assertEqual(reset.wait(30).response, FUNCTION_COMPLETE)
        for session in sessions:
            self.wait_closed(session, 15)
        self.session()


class Liveness(SessionCase):
    arguments = ()

    def setUp(self):
        super().setUp()
        for name, value in (("nop_interval", 1), ("nop_count", 2)):
            self.daemon.admin("--op", "update", "--mode", "target", "--tid", 1, "-n", name, "-v", value)

    def test_a_peer_that_answers_no_pings_is_let_go_and_one_that_answers_stays(self):
        alive = self.session()
        dead = self.session()
        dead.answers_pings = False
        self.wait_closed(dead, 15)
        time.sleep(1)
        self.assertFalse(alive.closed.is_set())
        self.assertEqual(alive.execute(TEST_UNIT_READY, lun=1).status, GOOD)


if __name__ == "__main__":
    unittest.main()
