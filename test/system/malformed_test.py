# SPDX-License-Identifier: Apache-2.0
"""PDUs that no initiator should send: each is refused or its connection closed, soon, and nobody else notices."""

import random
import socket
import struct
import time
import unittest

from harness import pdu
from harness.daemon import TARGET_NAME, Daemon
from harness.initiator import (GOOD, INITIATOR_NAME, SMALL_READS, TEST_UNIT_READY, Session, inquiry, read10, write10)

SOON = 10  # seconds in which the target must have shown what it makes of it
LOGIN_TO_OPERATIONAL = pdu.FINAL | 0 << 2 | 1
LOGIN_TO_FULL_FEATURE = pdu.FINAL | 1 << 2 | 3
ISID = bytes([0x80, 0, 0, 9, 9, 9])
NAMES = {"InitiatorName": INITIATOR_NAME, "SessionType": "Normal", "TargetName": TARGET_NAME, "AuthMethod": "None"}

CLOSED, REFUSED, REJECTED, ALIVE = "closed", "login refused", "rejected", "goes on"


def login_header(flags, *, version_max=0, version_min=0, tsih=0, command_sn=1):
    rest = struct.pack(">HHII", 0, 0, command_sn, 0)
    head = bytearray(pdu.header(pdu.LOGIN | pdu.IMMEDIATE, flags=flags, byte2=version_max, byte3=version_min,
                                lun=ISID + struct.pack(">H", tsih), tag=0, rest=rest))
    return bytes(head)


class MalformedCase(unittest.TestCase):
    """One daemon; a bystander's session must get through everything unharmed."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon())
        cls.daemon.add_memory_disk()
        cls.address = ("127.0.0.1", cls.daemon.port)
        cls.bystander = cls.enterClassContext(Session(cls.address, TARGET_NAME, initiator_name=INITIATOR_NAME + ".bystander"))
        cls.bystander.clear_unit_attentions(1)

    def tearDown(self):
        self.assertTrue(self.daemon.running, "tgtd died")
        self.assertEqual(self.bystander.execute(read10(0, 8), lun=1, read=4096, timeout=10).status, GOOD)
        self.assertEqual(self.bystander.events, [])


class Login(MalformedCase):
    def outcome(self, send):
        """What becomes of a connection on which `send(wire)` is done right after connecting."""
        wire = pdu.Wire(self.address, timeout=SOON)
        try:
            send(wire)
            while True:
                answer = wire.receive()
                if answer is None:
                    return CLOSED
                if answer.opcode == pdu.REJECT:
                    return REJECTED
                if answer.opcode == pdu.LOGIN_RESPONSE and answer.number(36, 2) != 0:
                    return REFUSED
                if answer.opcode == pdu.LOGIN_RESPONSE:
                    return ALIVE
        except socket.timeout:
            return f"neither answered nor closed within {SOON} s"
        except (BrokenPipeError, ConnectionResetError):
            return CLOSED
        finally:
            wire.close()

    def expect_no_login(self, send):
        self.assertIn(self.outcome(send), (CLOSED, REFUSED, REJECTED))

    def first(self, data=None, flags=LOGIN_TO_OPERATIONAL, keys=None, **options):
        """Sends a first login PDU with this text."""
        text = pdu.text_segment(NAMES if keys is None else keys) if data is None else data
        return lambda wire: wire.send(login_header(flags), text, **options)

    def test_the_healthy_login_that_the_others_are_variants_of_is_accepted(self):
        self.assertEqual(self.outcome(self.first()), ALIVE)

    def test_bytes_that_are_no_pdu(self):
        self.expect_no_login(lambda wire: wire.socket.sendall(b"\xff" * 48))
        self.expect_no_login(lambda wire: wire.socket.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b" " * 48))

    def test_any_other_pdu_before_login(self):
        for opcode in (pdu.NOP_OUT, pdu.SCSI_COMMAND, pdu.TASK_MANAGEMENT, pdu.TEXT, pdu.DATA_OUT, pdu.LOGOUT, 0x10, 0x1C,
                       0x1F, pdu.LOGIN_RESPONSE, pdu.SCSI_RESPONSE, pdu.REJECT):
            with self.subTest(opcode=opcode):
                self.expect_no_login(lambda wire, opcode=opcode: wire.send(pdu.header(opcode | pdu.IMMEDIATE, tag=1)))

    def test_a_data_segment_larger_than_login_allows(self):
        self.expect_no_login(lambda wire: wire.send(login_header(LOGIN_TO_OPERATIONAL), length=0xFFFFFF))
        self.expect_no_login(self.first(data=b"X-a=" + b"b" * 60000 + b"\0"))

    def test_additional_headers_in_a_login(self):
        outcome = self.outcome(lambda wire: wire.send(login_header(LOGIN_TO_OPERATIONAL), pdu.text_segment(NAMES),
                                                      additional_header=bytes(255 * 4)))
        self.assertIn(outcome, (CLOSED, REFUSED, REJECTED, ALIVE))  # ALIVE: read over, as they mean nothing here

    def test_a_version_that_does_not_exist(self):
        self.expect_no_login(lambda wire: wire.send(login_header(LOGIN_TO_OPERATIONAL, version_max=9, version_min=9),
                                                    pdu.text_segment(NAMES)))

    def test_stages_that_make_no_sense(self):
        for flags in (pdu.FINAL | 2 << 2 | 3, pdu.FINAL | 3 << 2 | 3, pdu.FINAL | 1 << 2 | 0, pdu.FINAL | 0 << 2 | 2,
                      pdu.FINAL | 0x40 | 1):
            with self.subTest(flags=flags):
                self.expect_no_login(self.first(flags=flags))

    def test_a_session_that_does_not_exist(self):
        self.expect_no_login(lambda wire: wire.send(login_header(LOGIN_TO_OPERATIONAL, tsih=0x7777), pdu.text_segment(NAMES)))

    def test_missing_names(self):
        for missing in ("InitiatorName", "TargetName"):
            with self.subTest(missing=missing):
                keys = {key: value for key, value in NAMES.items() if key != missing}
                self.expect_no_login(self.first(keys=keys))

    def test_a_target_that_does_not_exist(self):
        self.assertEqual(self.outcome(self.first(keys={**NAMES, "TargetName": "iqn.2026-11.example:nobody"})), REFUSED)

    def test_text_that_breaks_the_rules_of_text(self):
        good = pdu.text_segment(NAMES)
        for name, data in (("no terminator", good[:-1] + b"X"), ("no equals sign", good + b"Nonsense\0"),
                           ("a key of 64 bytes", good + b"K" * 64 + b"=x\0"), ("an empty key", good + b"=value\0"),
                           ("InitiatorName of 224 bytes", pdu.text_segment({**NAMES, "InitiatorName": "iqn." + "a" * 220})),
                           ("a value of 256 bytes", good + b"HeaderDigest=" + b"N" * 256 + b"\0"),
                           ("bytes that are no text", bytes(range(128, 256)) * 4), ("the same key twice", good + good)):
            with self.subTest(name):
                self.expect_no_login(self.first(data=data))

    def test_numbers_out_of_their_range(self):
        for key, value in (("MaxRecvDataSegmentLength", "0"), ("MaxRecvDataSegmentLength", "99999999999"),
                           ("MaxBurstLength", "-1"), ("FirstBurstLength", "many"), ("MaxConnections", "0x"),
                           ("MaxOutstandingR2T", "0")):
            with self.subTest(key=key, value=value):
                outcome = self.outcome(self.first(keys={**NAMES, key: value}))
                self.assertIn(outcome, (CLOSED, REFUSED, REJECTED, ALIVE))  # ALIVE: answered key=Reject

    def test_a_login_that_never_ends(self):
        def endless(wire):
            for number in range(10000):
                wire.send(login_header(0x40 | 0 << 2), b"X-%d=" % number + b"v" * 4000 + b"\0")
        self.assertIn(self.outcome_of_stream(endless), (CLOSED, REFUSED, REJECTED))

    def test_a_negotiation_that_never_ends(self):
        def endless(wire):
            wire.send(login_header(LOGIN_TO_OPERATIONAL), pdu.text_segment(NAMES))
            wire.receive()
            for number in range(10000):
                wire.send(login_header(1 << 2), pdu.text_segment({f"X-example.{number}": "1"}))
                answer = wire.receive()
                if answer is None or answer.number(36, 2) != 0:
                    raise BrokenPipeError
        self.assertIn(self.outcome_of_stream(endless), (CLOSED, REFUSED))

    def outcome_of_stream(self, send):
        """Like outcome, for senders that do not wait for answers: what came is looked at afterwards."""
        wire = pdu.Wire(self.address, timeout=30)
        try:
            send(wire)
        except socket.timeout:
            return "it neither ends nor reads"
        except OSError:
            return CLOSED
        finally:
            wire.close()
        return ALIVE

    def test_a_connection_that_ends_in_the_middle(self):
        whole = login_header(LOGIN_TO_OPERATIONAL)
        for size in (1, 20, 47, 48):
            with socket.create_connection(self.address, timeout=SOON) as connection:
                head = bytearray(whole)
                head[5:8] = (200).to_bytes(3, "big")
                connection.sendall(bytes(head)[:size])
                connection.shutdown(socket.SHUT_WR)
                self.assertEqual(self.drain(connection), CLOSED)

    @staticmethod
    def drain(connection):
        try:
            while connection.recv(4096):
                pass
        except ConnectionResetError:
            pass
        except socket.timeout:
            return "not closed"
        return CLOSED


class FullFeature(MalformedCase):
    def setUp(self):
        self.session = Session(self.address, TARGET_NAME, keys=self.keys())
        self.addCleanup(self.session.close)
        self.session.clear_unit_attentions(1)

    @staticmethod
    def keys():
        return {}

    def outcome(self):
        """CLOSED, REJECTED, or ALIVE when the connection still answers a ping."""
        ping = pdu.header(pdu.NOP_OUT | pdu.IMMEDIATE, tag=0x0BADCAFE, rest=struct.pack(">III", pdu.NO_TAG, 0, 0))
        deadline = time.monotonic() + SOON
        pinged = False
        while time.monotonic() < deadline:
            if self.session.closed.is_set():
                return CLOSED
            answers = [event for event in self.session.events if isinstance(event, pdu.Pdu)]
            if any(answer.opcode == pdu.REJECT for answer in answers):
                return REJECTED
            if any(answer.opcode == pdu.NOP_IN and answer.task_tag == 0x0BADCAFE for answer in answers):
                return ALIVE
            if not pinged and time.monotonic() > deadline - SOON + 1:
                pinged = True
                try:
                    self.session.send_raw(self.current(ping))
                except OSError:
                    pass
            time.sleep(0.02)
        return f"nothing within {SOON} s"

    def current(self, header):
        """The header with today's CmdSN and ExpStatSN."""
        head = bytearray(header)
        head[24:32] = struct.pack(">II", self.session._command_sn, self.session._expected_status_sn)
        return bytes(head)

    def send(self, header, data=b"", **options):
        self.session.send_raw(self.current(header), data, **options)

    def expect_refusal(self):
        self.assertIn(self.outcome(), (CLOSED, REJECTED))

    def command_header(self, cdb, *, flags, expected, tag=0x100):
        rest = struct.pack(">III", expected, 0, 0) + cdb.ljust(16, b"\0")
        return pdu.header(pdu.SCSI_COMMAND, flags=flags | 1, lun=pdu.lun_field(1), tag=tag, rest=rest)

    def test_opcodes_that_do_not_exist_or_are_the_targets_own(self):
        for opcode in (0x07, 0x1C, 0x1F, pdu.NOP_IN, pdu.SCSI_RESPONSE, pdu.LOGIN_RESPONSE, pdu.DATA_IN, 0x3F):
            with self.subTest(opcode=opcode):
                self.tearDownSession()
                self.send(pdu.header(opcode | pdu.IMMEDIATE, tag=5))
                self.expect_refusal()

    def tearDownSession(self):
        self.session.close()
        self.session = Session(self.address, TARGET_NAME, keys=self.keys())
        self.addCleanup(self.session.close)

    def test_a_login_in_the_middle_of_a_session(self):
        self.send(login_header(LOGIN_TO_FULL_FEATURE), pdu.text_segment({"MaxBurstLength": "512"}))
        self.expect_refusal()

    def test_a_data_segment_larger_than_the_target_takes(self):
        self.send(pdu.header(pdu.NOP_OUT | pdu.IMMEDIATE, tag=7), length=0xFFFFFF)
        self.expect_refusal()

    def test_a_snack_at_error_recovery_level_0(self):
        self.send(pdu.header(0x10, flags=pdu.FINAL | 1, tag=pdu.NO_TAG))
        self.expect_refusal()

    def test_data_that_nobody_asked_for(self):
        for transfer_tag in (pdu.NO_TAG, 0x12345678):
            with self.subTest(transfer_tag=transfer_tag):
                self.tearDownSession()
                rest = struct.pack(">IIIIIII", transfer_tag, 0, 0, 0, 0, 0, 0)
                self.send_data(0x4711, rest, bytes(512))
                self.assertIn(self.outcome(), (CLOSED, REJECTED, ALIVE))  # data for a task that is over is dropped

    def send_data(self, tag, rest, data):
        self.session.send_raw(pdu.header(pdu.DATA_OUT, lun=pdu.lun_field(1), tag=tag, rest=rest), data)

    def wait_for_transfer_request(self, length):
        """Starts a WRITE without data and returns the R2T. The session's own answer to it is switched off."""
        requests = []
        self.session._send_data = lambda task, answer: requests.append(answer)
        self.session._immediate_limit = lambda: 0
        write = self.session.command(write10(0, length // 512), lun=1, write=bytes(length))
        deadline = time.monotonic() + SOON
        while not requests and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertTrue(requests, "no R2T")
        return write, requests[0]

    def answer_transfer_request(self, *, offset=None, length=None, number=0, flags=pdu.FINAL):
        """Answers an R2T with data that is wrong in some way. Either the connection ends or the command does not end well."""
        write, request = self.wait_for_transfer_request(131072)
        asked_offset, asked_length = request.number(40), request.number(44)
        size = asked_length if length is None else length
        limit = int(self.session.keys.get("MaxRecvDataSegmentLength", 8192))
        rest = request.header[20:24] + struct.pack(">IIIIII", 0, 0, 0, number,
                                                   asked_offset if offset is None else offset, 0)
        head = pdu.header(pdu.DATA_OUT, flags=flags, lun=request.header[8:16], tag=write.tag, rest=rest)
        self.session.send_raw(head, bytes(min(size, limit)))
        deadline = time.monotonic() + SOON
        while time.monotonic() < deadline:
            if self.session.closed.is_set() or any(getattr(event, "opcode", 0) == pdu.REJECT
                                                   for event in self.session.events):
                return
            if write.ended:
                self.assertNotEqual(write.status, GOOD)
                return
            time.sleep(0.02)
        self.fail("the target goes on as if nothing were wrong")

    def test_data_at_the_wrong_offset(self):
        self.answer_transfer_request(offset=4096)

    def test_data_beyond_what_was_asked_for(self):
        self.answer_transfer_request(offset=0x7FFFF000)

    def test_data_with_the_wrong_number(self):
        self.answer_transfer_request(number=3)

    def test_data_that_ends_too_early(self):
        self.answer_transfer_request(length=512)

    def test_more_immediate_data_than_the_command_expects(self):
        header = self.command_header(write10(0, 1), flags=pdu.FINAL | 0x20, expected=512)
        self.send(header, bytes(4096))
        self.assertIn(self.outcome_of_command(), (CLOSED, REJECTED, "failed"))

    def outcome_of_command(self):
        outcome = self.outcome()
        if outcome == ALIVE:
            answers = [event for event in self.session.events if getattr(event, "opcode", None) == pdu.SCSI_RESPONSE]
            if answers and (answers[0].header[2] != 0 or answers[0].header[3] != GOOD):
                return "failed"
        return outcome

    def test_extended_command_blocks_that_do_not_fit(self):
        for additional in (struct.pack(">HBB", 0xFFFF, 1, 0), struct.pack(">HBB", 0, 1, 0), struct.pack(">HBB", 17, 1, 0),
                           struct.pack(">HBB", 5, 0x3F, 0) + bytes(4), struct.pack(">HBB", 253, 1, 0) + bytes(252)):
            with self.subTest(additional=additional[:4].hex()):
                self.tearDownSession()
                header = self.command_header(inquiry(36), flags=pdu.FINAL | 0x40, expected=36)
                self.send(header, additional_header=additional)
                self.assertIn(self.outcome_of_command(), (CLOSED, REJECTED, "failed"))

    def test_commands_outside_the_command_window_are_ignored(self):
        header = bytearray(self.command_header(TEST_UNIT_READY, flags=pdu.FINAL, expected=0))
        for distance in (100000, -5):
            header[24:32] = struct.pack(">II", (self.session._command_sn + distance) & 0xFFFFFFFF,
                                        self.session._expected_status_sn)
            self.session.send_raw(bytes(header))
        self.assertEqual(self.outcome(), ALIVE)
        self.assertFalse([event for event in self.session.events if event.opcode == pdu.SCSI_RESPONSE])

    def test_a_task_management_function_that_does_not_exist(self):
        answer = self.session.task_management(0x55, lun=1).wait(SOON)
        self.assertIn(answer.response, (5, 255))

    def test_a_logout_of_another_connection(self):
        self.send(pdu.header(pdu.LOGOUT | pdu.IMMEDIATE, flags=pdu.FINAL | 1, tag=9, rest=struct.pack(">HH", 77, 0)))
        deadline = time.monotonic() + SOON
        while time.monotonic() < deadline and not self.session.events and not self.session.closed.is_set():
            time.sleep(0.02)
        answers = [event for event in self.session.events if event.opcode == pdu.LOGOUT_RESPONSE]
        self.assertTrue(self.session.closed.is_set() or (answers and answers[0].header[2] != 0) or
                        any(event.opcode == pdu.REJECT for event in self.session.events))

    def test_text_without_a_terminator(self):
        self.send(pdu.header(pdu.TEXT | pdu.IMMEDIATE, tag=11, rest=struct.pack(">I", pdu.NO_TAG)), b"SendTargets=All")
        self.assertIn(self.outcome(), (CLOSED, REJECTED, ALIVE))

    def test_text_with_a_target_transfer_tag_that_was_never_given(self):
        self.send(pdu.header(pdu.TEXT | pdu.IMMEDIATE, tag=12, rest=struct.pack(">I", 0x77777777)), b"SendTargets=All\0")
        self.assertIn(self.outcome(), (CLOSED, REJECTED, ALIVE))

    def test_logical_unit_numbers_that_lie_nowhere(self):
        for lun in (b"\xff" * 8, b"\x00\x01\x00\x01\x00\x00\x00\x00", b"\xc1\x01" + bytes(6), b"\x40\x05" + bytes(6)):
            with self.subTest(lun=lun.hex()):
                rest = struct.pack(">III", 36, 0, 0) + inquiry(36).ljust(16, b"\0")
                self.session.events.clear()
                self.send(pdu.header(pdu.SCSI_COMMAND | pdu.IMMEDIATE, flags=pdu.FINAL | 0x41, lun=lun, tag=0x200, rest=rest))
                self.assertEqual(self.outcome(), ALIVE)
                self.session.events.clear()


class Digests(FullFeature):
    """The same with both digests, and digests that are wrong."""

    @staticmethod
    def keys():
        return {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"}

    def test_a_wrong_header_digest_ends_the_connection(self):
        ping = self.current(pdu.header(pdu.NOP_OUT | pdu.IMMEDIATE, tag=1, rest=struct.pack(">I", pdu.NO_TAG)))
        self.session._wire.socket.sendall(ping + b"\0\0\0\0")
        self.assertEqual(self.outcome(), CLOSED)

    def test_a_wrong_data_digest_is_not_taken_for_good_data(self):
        ping = bytearray(self.current(pdu.header(pdu.NOP_OUT | pdu.IMMEDIATE, tag=1, rest=struct.pack(">I", pdu.NO_TAG))))
        ping[7] = 4
        self.session._wire.socket.sendall(bytes(ping) + pdu.crc32c(bytes(ping)) + b"data" + b"\0\0\0\0")
        self.assertIn(self.outcome(), (CLOSED, REJECTED))


class Mutations(MalformedCase):
    """Healthy conversations with bytes changed, from a fixed seed."""

    ROUNDS = 300

    def test_nothing_that_is_mutated_harms_the_daemon(self):
        chance = random.Random(7143)
        began = time.monotonic()
        for _ in range(self.ROUNDS):
            self.converse(chance)
        self.assertLess(time.monotonic() - began, 120)

    def converse(self, chance):
        login = [(login_header(LOGIN_TO_OPERATIONAL), pdu.text_segment(NAMES)),
                 (login_header(LOGIN_TO_FULL_FEATURE), pdu.text_segment(SMALL_READS))]
        rest = struct.pack(">III", 4096, 1, 1)
        healthy = [
            (pdu.header(pdu.SCSI_COMMAND, flags=pdu.FINAL | 0x41, lun=pdu.lun_field(1), tag=1, rest=rest + read10(0, 8)), b""),
            (pdu.header(pdu.SCSI_COMMAND, flags=pdu.FINAL | 0x21, lun=pdu.lun_field(1), tag=2,
                        rest=struct.pack(">III", 4096, 2, 1) + write10(0, 8)), bytes(4096)),
            (pdu.header(pdu.NOP_OUT | pdu.IMMEDIATE, tag=3, rest=struct.pack(">III", pdu.NO_TAG, 3, 1)), b"ping"),
            (pdu.header(pdu.TASK_MANAGEMENT | pdu.IMMEDIATE, flags=pdu.FINAL | 1, lun=pdu.lun_field(1), tag=4,
                        rest=struct.pack(">IIII", 1, 3, 1, 1)), b""),
            (pdu.header(pdu.TEXT | pdu.IMMEDIATE, tag=5, rest=struct.pack(">III", pdu.NO_TAG, 3, 1)), b"SendTargets=All\0")]
        victims = login if chance.random() < 0.4 else healthy
        self.mutate(victims, chance)
        try:
            self.talk(login, healthy)
        except (OSError, ValueError):
            pass

    @staticmethod
    def mutate(victims, chance):
        index = chance.randrange(len(victims))
        header, data = (bytearray(part) for part in victims[index])
        for _ in range(chance.randrange(1, 5)):
            if data and chance.random() < 0.3:
                data[chance.randrange(len(data))] = chance.randrange(256)
            else:
                header[chance.randrange(48)] = chance.randrange(256)
        victims[index] = (bytes(header), bytes(data))

    def talk(self, login, requests):
        with socket.create_connection(self.address, timeout=0.5) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for header, data in login + requests:
                head = bytearray(header)
                if head[5:8] == b"\0\0\0":
                    head[5:8] = len(data).to_bytes(3, "big")
                connection.sendall(bytes(head) + pdu.padded(data))
                if (header, data) in login:
                    connection.recv(4096)
            connection.shutdown(socket.SHUT_WR)
            for _ in range(16):
                if not connection.recv(65536):
                    return


if __name__ == "__main__":
    unittest.main()
