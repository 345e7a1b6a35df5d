# SPDX-License-Identifier: Apache-2.0
"""A small iSCSI initiator for tests: many commands in flight, task management beside them, and a note of when what ended.

    with Session(("127.0.0.1", port), target_name) as session:
        reads = [session.command(read10(0, 8), lun=1, read=4096) for _ in range(4)]
        reset = session.task_management(LOGICAL_UNIT_RESET, lun=1)
        print(reset.wait(30).response, [read.ended for read in reads])
"""

import itertools
import os
import socket
import struct
import threading
import time

from . import pdu
from .pdu import Wire

ABORT_TASK, ABORT_TASK_SET, CLEAR_TASK_SET = 1, 2, 4
LOGICAL_UNIT_RESET, TARGET_WARM_RESET, TARGET_COLD_RESET = 5, 6, 7
FUNCTION_COMPLETE, TASK_DOES_NOT_EXIST, LUN_DOES_NOT_EXIST, FUNCTION_REJECTED = 0, 1, 2, 255
GOOD, CHECK_CONDITION, BUSY, TASK_SET_FULL, TASK_ABORTED = 0x00, 0x02, 0x08, 0x28, 0x40

INITIATOR_NAME = "iqn.2026-11.example.tests:initiator"
SMALL_READS = {"InitialR2T": "Yes", "ImmediateData": "Yes", "MaxRecvDataSegmentLength": "262144", "MaxBurstLength": "1048576",
               "FirstBurstLength": "65536", "MaxOutstandingR2T": "8", "MaxConnections": "1", "DefaultTime2Wait": "2",
               "DefaultTime2Retain": "0", "ErrorRecoveryLevel": "0", "DataPDUInOrder": "Yes", "DataSequenceInOrder": "Yes"}


_ISIDS = itertools.count(os.getpid() % 4096 << 12)


class InitiatorError(Exception):
    """Login was refused, the connection closed, or something did not end in time."""


def read10(block, count):
    return struct.pack(">BBIBHB", 0x28, 0, block, 0, count, 0)


def write10(block, count):
    return struct.pack(">BBIBHB", 0x2A, 0, block, 0, count, 0)


TEST_UNIT_READY = bytes(6)


def inquiry(length=96, page=None):
    return bytes([0x12, 0 if page is None else 1, page or 0, length >> 8, length & 0xFF, 0])


class Pending:
    """Something sent that will be answered."""

    def __init__(self, session, tag, label):
        self._session = session
        self._done = threading.Event()
        self.tag = tag
        self.label = label
        self.sent_at = time.monotonic()
        self.ended_at = None
        self.lost = False

    @property
    def ended(self):
        return self._done.is_set() and not self.lost

    def wait(self, timeout=20):
        """Waits for the answer and returns self; raises when it does not come or the connection closes first."""
        if not self._done.wait(timeout):
            raise InitiatorError(f"no answer within {timeout} s: {self.label}")
        if self.lost:
            raise InitiatorError(f"the connection closed before the answer: {self.label}")
        return self

    def settle(self, timeout):
        """Waits, and says whether an answer came; without one nothing is raised."""
        self._done.wait(timeout)
        return self.ended

    def finish(self):
        self.ended_at = time.monotonic()
        self._done.set()

    def lose(self):
        self.lost = True
        self._done.set()


class Command(Pending):
    """A SCSI command and, once it ended, its status, sense data, data and residual."""

    def __init__(self, session, tag, cdb, write):
        super().__init__(session, tag, f"command {cdb.hex()} tag {tag}")
        self.write = write
        self.command_sn = None
        self.data = bytearray()
        self.status = None
        self.response = None
        self.sense = b""
        self.underflow = self.overflow = 0

    @property
    def sense_codes(self):
        """(sense key, ASC, ASCQ) of fixed or descriptor format; None without sense data."""
        if len(self.sense) < 4:
            return None
        if self.sense[0] & 0x7F in (0x72, 0x73):
            return (self.sense[1] & 0xF, self.sense[2], self.sense[3])
        return (self.sense[2] & 0xF, self.sense[12], self.sense[13])


class TaskManagement(Pending):
    """A task management request and its response code."""

    def __init__(self, session, tag, function):
        super().__init__(session, tag, f"task management function {function}")
        self.response = None


class Question(Pending):
    """A logout, text or NOP-Out request and the PDU that answers it."""

    answer = None


class Session:
    """One session with one connection. A thread of its own reads; the caller writes."""

    def __init__(self, address, target_name, *, keys=None, initiator_name=INITIATOR_NAME, isid=None, normal=True):
        self._wire = Wire(address)
        self._tags = itertools.count(1)
        self._pending = {}
        self._lock = threading.Lock()
        self._window = threading.Condition(self._lock)
        self._command_sn = 1
        self._max_command_sn = 1
        self._expected_status_sn = 0
        self._isid = isid or bytes([0x80, 0, 0]) + next(_ISIDS).to_bytes(3, "big")
        self.events = []  # PDUs that answer nothing: async messages, rejects
        self.closed = threading.Event()
        self.answers_pings = True
        self.keys = {}
        names = {"InitiatorName": initiator_name, "SessionType": "Normal" if normal else "Discovery"}
        if normal:
            names["TargetName"] = target_name
        try:
            self._login(names, {**SMALL_READS, **(keys or {})})
        except BaseException:
            self._wire.close()
            raise
        self._wire.socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Requests

    def command(self, cdb, *, lun=0, read=0, write=b"", attribute=1, timeout=60):
        """Sends a command; waits only for the command window. Attribute: 1 SIMPLE, 2 ORDERED, 3 HEAD OF QUEUE."""
        task = Command(self, next(self._tags), cdb, write)
        flags = pdu.FINAL | (0x40 if read else 0) | (0x20 if write else 0) | attribute
        immediate = write[:min(len(write), self._immediate_limit())]
        expected = read or len(write)
        with self._window:
            if not self._window.wait_for(self._window_open, timeout):
                raise InitiatorError(f"the command window stayed closed for {timeout} s")
            self._expect(task)
            task.command_sn = self._command_sn
            self._command_sn = (self._command_sn + 1) & 0xFFFFFFFF
            rest = struct.pack(">III", expected, task.command_sn, self._expected_status_sn) + cdb[:16].ljust(16, b"\0")
            head = pdu.header(pdu.SCSI_COMMAND, flags=flags, lun=pdu.lun_field(lun), tag=task.tag, rest=rest)
            self._wire.send(head, immediate, additional_header=_extended_cdb(cdb))
        return task

    def execute(self, cdb, *, timeout=30, **options):
        """Sends a command and waits for its end."""
        return self.command(cdb, **options).wait(timeout)

    def task_management(self, function, *, lun=0, task=None):
        """Sends a task management request as immediate; `task` is the command to abort."""
        request = TaskManagement(self, next(self._tags), function)
        referenced = task.tag if task is not None else pdu.NO_TAG
        with self._lock:
            self._expect(request)
            reference_sn = task.command_sn if task is not None else 0
            rest = struct.pack(">IIII", referenced, self._command_sn, self._expected_status_sn, reference_sn)
            head = pdu.header(pdu.TASK_MANAGEMENT | pdu.IMMEDIATE, flags=pdu.FINAL | function, lun=pdu.lun_field(lun),
                              tag=request.tag, rest=rest)
            self._wire.send(head)
        return request

    def clear_unit_attentions(self, lun, rounds=8):
        """TEST UNIT READY until no unit attention is pending; returns the last command."""
        for _ in range(rounds):
            task = self.execute(TEST_UNIT_READY, lun=lun)
            if task.status != CHECK_CONDITION or task.sense_codes[0] != 6:
                break
        return task

    def logout(self, reason=0):
        """Sends a logout and waits for the answer; returns the response code."""
        rest = struct.pack(">HHII", 0, 0, self._command_sn, self._expected_status_sn)
        return self._ask(pdu.LOGOUT, pdu.FINAL | reason, rest).header[2]

    def text(self, keys):
        """Sends a text request and waits for the answer; returns its keys as a list of pairs."""
        rest = struct.pack(">III", pdu.NO_TAG, self._command_sn, self._expected_status_sn)
        answer = self._ask(pdu.TEXT, pdu.FINAL, rest, pdu.text_segment(keys))
        return [tuple(item.decode().split("=", 1)) for item in answer.data.split(b"\0") if item]

    def ping(self, payload=b"ping"):
        """Sends a NOP-Out and waits for its answer; returns the data that came back."""
        rest = struct.pack(">III", pdu.NO_TAG, self._command_sn, self._expected_status_sn)
        return self._ask(pdu.NOP_OUT, pdu.FINAL, rest, payload).data

    def send_raw(self, header_bytes, data=b"", **options):
        """Sends any PDU; nobody waits for an answer (see `events`)."""
        with self._lock:
            self._wire.send(header_bytes, data, **options)

    def vanish(self):
        """Ends the connection with a reset: as a host that lost its power and is back before the target has noticed."""
        self._wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close(socket.SHUT_RD)

    def close(self, how=socket.SHUT_RDWR):
        """Closes the connection without a logout."""
        try:
            self._wire.socket.shutdown(how)
        except OSError:
            pass
        self._reader.join(5)
        self._wire.close()

    # Inside

    def _expect(self, pending):
        """With the lock held: whoever waits hears of the answer, or of the end of the connection."""
        if self.closed.is_set():
            raise InitiatorError("the connection is closed")
        self._pending[pending.tag] = pending

    def _ask(self, opcode, flags, rest, data=b""):
        """One immediate PDU and its answer."""
        question = Question(self, next(self._tags), f"opcode {opcode:#04x}")
        with self._lock:
            self._expect(question)
            self._wire.send(pdu.header(opcode | pdu.IMMEDIATE, flags=flags, tag=question.tag, rest=rest), data)
        return question.wait().answer

    def _login(self, names, operational):
        keys = self._exchange(stage=0, next_stage=1, keys={**names, "AuthMethod": "None"}, transit=True)
        operational.setdefault("HeaderDigest", "None")
        operational.setdefault("DataDigest", "None")
        keys.update(self._exchange(stage=1, next_stage=3, keys=operational, transit=True))
        self.keys = keys
        self._wire.header_digest = keys.get("HeaderDigest") == "CRC32C"
        self._wire.data_digest = keys.get("DataDigest") == "CRC32C"

    def _exchange(self, stage, next_stage, keys, transit):
        flags = (pdu.FINAL if transit else 0) | stage << 2 | (next_stage if transit else 0)
        rest = struct.pack(">HHII", 0, 0, self._command_sn, self._expected_status_sn)
        head = pdu.header(pdu.LOGIN | pdu.IMMEDIATE, flags=flags, lun=self._isid + bytes(2), tag=0, rest=rest)
        self._wire.send(head, pdu.text_segment(keys))
        answer = self._wire.receive()
        if answer is None:
            raise InitiatorError("the target closed the connection during login")
        if answer.opcode != pdu.LOGIN_RESPONSE or answer.number(36, 2) != 0:
            raise InitiatorError(f"login refused: {answer!r}")
        self._expected_status_sn = answer.number(24) + 1
        self._command_sn = answer.number(28)
        self._max_command_sn = answer.number(32)
        if not answer.flags & pdu.FINAL:
            return {**pdu.parse_text(answer.data), **self._exchange(stage, next_stage, {}, True)}
        return pdu.parse_text(answer.data)

    def _immediate_limit(self):
        if self.keys.get("ImmediateData", "Yes") != "Yes":
            return 0
        return min(int(self.keys.get("FirstBurstLength", 65536)), int(self.keys.get("MaxRecvDataSegmentLength", 8192)))

    def _window_open(self):
        return self.closed.is_set() or (self._max_command_sn - self._command_sn) & 0xFFFFFFFF < 0x80000000

    def _read(self):
        try:
            while (answer := self._wire.receive()) is not None:
                self._take(answer)
        except (OSError, ValueError) as error:
            if not isinstance(error, OSError):
                self.events.append(error)
        with self._window:
            self.closed.set()
            for pending in self._pending.values():
                pending.lose()
            self._window.notify_all()

    def _take(self, answer):
        with self._window:
            if answer.opcode != pdu.READY_TO_TRANSFER and not (answer.opcode == pdu.DATA_IN and not answer.flags & 1):
                self._expected_status_sn = (answer.number(24) + 1) & 0xFFFFFFFF
            if (answer.number(32) - self._max_command_sn) & 0xFFFFFFFF < 0x80000000:
                self._max_command_sn = answer.number(32)
            self._window.notify_all()
            self._dispatch(answer)

    def _dispatch(self, answer):
        if answer.opcode == pdu.NOP_IN and answer.number(20) != pdu.NO_TAG:
            if not self.answers_pings:
                return
            rest = answer.header[20:24] + struct.pack(">II", self._command_sn, self._expected_status_sn)
            self._wire.send(pdu.header(pdu.NOP_OUT | pdu.IMMEDIATE, lun=answer.header[8:16], rest=rest))
            return
        pending = self._pending.get(answer.task_tag)
        if pending is None or answer.opcode in (pdu.ASYNC_MESSAGE, pdu.REJECT):
            self.events.append(answer)
        elif answer.opcode == pdu.DATA_IN:
            self._take_data(pending, answer)
        elif answer.opcode == pdu.READY_TO_TRANSFER:
            self._send_data(pending, answer)
        elif answer.opcode == pdu.SCSI_RESPONSE:
            self._finish_command(pending, answer)
        elif answer.opcode == pdu.TASK_MANAGEMENT_RESPONSE:
            pending.response = answer.header[2]
            self._end(pending)
        elif isinstance(pending, Question):
            pending.answer = answer
            self._end(pending)
        else:
            self.events.append(answer)

    def _take_data(self, task, answer):
        offset = answer.number(40)
        task.data[offset:offset + len(answer.data)] = answer.data
        if answer.flags & 1:  # status comes with the last data
            task.response, task.status = 0, answer.header[3]
            self._take_residual(task, answer)
            self._end(task)

    def _send_data(self, task, answer):
        offset, length = answer.number(40), answer.number(44)
        limit = int(self.keys.get("MaxRecvDataSegmentLength", 8192))
        for number, start in enumerate(range(offset, offset + length, limit)):
            end = min(start + limit, offset + length)
            rest = answer.header[20:24] + struct.pack(">IIIIII", 0, self._expected_status_sn, 0, number, start, 0)
            flags = pdu.FINAL if end == offset + length else 0
            head = pdu.header(pdu.DATA_OUT, flags=flags, lun=answer.header[8:16], tag=task.tag, rest=rest)
            self._wire.send(head, task.write[start:end])

    def _finish_command(self, task, answer):
        task.response, task.status = answer.header[2], answer.header[3]
        if len(answer.data) >= 2:
            task.sense = answer.data[2:2 + int.from_bytes(answer.data[:2], "big")]
        self._take_residual(task, answer)
        self._end(task)

    @staticmethod
    def _take_residual(task, answer):
        task.underflow = answer.number(44) if answer.flags & 0x02 else 0
        task.overflow = answer.number(44) if answer.flags & 0x04 else 0

    def _end(self, pending):
        del self._pending[pending.tag]
        pending.finish()


def _extended_cdb(cdb):
    """The additional header segment for what a CDB has beyond 16 bytes (RFC 7143 section 11.2.2.3)."""
    if len(cdb) <= 16:
        return b""
    rest = cdb[16:]
    return pdu.padded(struct.pack(">HBB", len(rest) + 1, 1, 0) + rest)
