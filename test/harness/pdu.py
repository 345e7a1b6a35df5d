# SPDX-License-Identifier: Apache-2.0
"""iSCSI PDUs as bytes (RFC 7143 section 11): enough to speak the protocol well, and to speak it badly on purpose."""

import socket
import struct
import time

NOP_OUT, SCSI_COMMAND, TASK_MANAGEMENT, LOGIN, TEXT, DATA_OUT, LOGOUT = 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
NOP_IN, SCSI_RESPONSE, TASK_MANAGEMENT_RESPONSE, LOGIN_RESPONSE, TEXT_RESPONSE = 0x20, 0x21, 0x22, 0x23, 0x24
DATA_IN, LOGOUT_RESPONSE, READY_TO_TRANSFER, ASYNC_MESSAGE, REJECT = 0x25, 0x26, 0x31, 0x32, 0x3F
IMMEDIATE = 0x40
FINAL = 0x80
NO_TAG = 0xFFFFFFFF
HEADER_SIZE = 48


def _crc32c_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC32C = _crc32c_table()


def crc32c(data):
    """The digest of RFC 7143 section 13.1 as it stands in the PDU."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC32C[(crc ^ byte) & 0xFF]
    return struct.pack("<I", crc ^ 0xFFFFFFFF)


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def lun_field(lun):
    """A LUN below 256 in the eight bytes of peripheral device addressing."""
    return bytes([0, lun, 0, 0, 0, 0, 0, 0])


def text_segment(keys):
    """Key=value pairs as a text data segment. `keys` is a dictionary or a list of pairs."""
    pairs = keys.items() if isinstance(keys, dict) else keys
    return b"".join(f"{key}={value}".encode() + b"\0" for key, value in pairs)


def parse_text(data):
    pairs = [item.decode(errors="replace").partition("=") for item in data.split(b"\0") if item]
    return {key: value for key, _, value in pairs}


class Pdu:
    """A received PDU. Fields that all PDUs share have names; others are read with `number`."""

    def __init__(self, header, additional_header, data):
        self.header = header
        self.additional_header = additional_header
        self.data = data
        self.received_at = time.monotonic()

    @property
    def opcode(self):
        return self.header[0] & 0x3F

    @property
    def flags(self):
        return self.header[1]

    @property
    def task_tag(self):
        return self.number(16)

    def number(self, offset, size=4):
        return int.from_bytes(self.header[offset:offset + size], "big")

    def __repr__(self):
        return f"Pdu(opcode={self.opcode:#04x}, header={self.header.hex()}, data={self.data[:32].hex()})"


def header(opcode, *, flags=FINAL, byte2=0, byte3=0, lun=bytes(8), tag=NO_TAG, rest=b""):
    """48 bytes with the data segment length still zero. `rest` is what follows the initiator task tag (byte 20)."""
    return (bytes([opcode, flags, byte2, byte3]) + bytes(4) + lun + struct.pack(">I", tag) + rest).ljust(48, b"\0")


class Wire:
    """A TCP connection that carries PDUs. Digests are switched on by the owner after login."""

    def __init__(self, address, timeout=20):
        self.socket = socket.create_connection(address, timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.header_digest = False
        self.data_digest = False

    def send(self, header_bytes, data=b"", *, additional_header=b"", length=None):
        """Sends a PDU. `length` puts another data segment length into the header than the data has."""
        claimed = len(data) if length is None else length
        head = bytearray(header_bytes)
        head[4] = len(additional_header) // 4
        head[5:8] = claimed.to_bytes(3, "big")
        parts = bytes(head) + additional_header
        if self.header_digest:
            parts += crc32c(parts)
        if data:
            body = padded(data)
            parts += body + (crc32c(body) if self.data_digest else b"")
        self.socket.sendall(parts)

    def receive(self):
        """The next PDU; None when the peer closed the connection."""
        head = self._exactly(HEADER_SIZE)
        if head is None:
            return None
        additional = self._exactly(head[4] * 4)
        if self.header_digest:
            self._check(self._exactly(4), head + additional)
        length = int.from_bytes(head[5:8], "big")
        body = self._exactly(length + -length % 4)
        if body is None:
            return None
        if self.data_digest and body:
            self._check(self._exactly(4), body)
        return Pdu(head, additional, body[:length])

    def close(self):
        self.socket.close()

    @staticmethod
    def _check(received, covered):
        if received != crc32c(covered):
            raise ValueError("wrong digest from the target")

    def _exactly(self, count):
        parts, missing = [], count
        while missing:
            try:
                part = self.socket.recv(min(missing, 1 << 20))
            except ConnectionResetError:
                return None
            if not part:
                return None
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)
