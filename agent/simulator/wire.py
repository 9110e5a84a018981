"""ADB's packets on a TCP connection.

Source: packages/modules/adb, protocol.txt and types.h. A packet is a header of six little-endian 32-bit
words (command, two arguments, length, checksum, command inverted) and its payload.
"""

import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.transport.tls import TlsSocket

CNXN, AUTH, OPEN, OKAY, WRTE, CLSE, STLS = (
    int.from_bytes(name, "little") for name in (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"WRTE", b"CLSE", b"STLS")
)
STLS_VERSION = 0x01000000
AUTH_TOKEN, AUTH_SIGNATURE, AUTH_RSAPUBLICKEY = 1, 2, 3

VERSION_CHECKED = 0x01000000
VERSION_UNCHECKED = 0x01000001  # from Android 9: payloads go without a checksum when both sides know this
PAYLOAD_OLD = 256 * 1024
PAYLOAD_NEW = 1024 * 1024

_HEADER = struct.Struct("<6I")


class Disconnected(Exception):
    """The connection is over: the host went away, or said something that ends it."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One ADB packet."""

    command: int
    arg0: int
    arg1: int
    data: bytes = b""


class Wire:
    """One TCP connection that carries packets. `send` may be called from several threads.

    `own` is this side's version and payload size; `agree` sets `version` and `max_payload` to what both know.
    `packet_delay_s` is spent on every packet in either direction, one after another, as on a slow link.
    After `drop_after_bytes` of stream data the connection breaks in the middle of a packet.
    """

    def __init__(
        self,
        connection: socket.socket,
        *,
        modern: bool,
        packet_delay_s: float = 0,
        drop_after_bytes: int | None = None,
    ) -> None:
        self._connection: socket.socket | TlsSocket = connection
        self.own = (VERSION_UNCHECKED, PAYLOAD_NEW) if modern else (VERSION_CHECKED, PAYLOAD_OLD)
        self._delay_s = packet_delay_s
        self._bytes_left = drop_after_bytes
        self._sending = threading.Lock()
        self.version = VERSION_CHECKED
        self.max_payload = self.own[1]

    def agree(self, version: int, max_payload: int) -> None:
        """Settle version and payload size with what the host announced."""
        self.version = min(version, self.own[0])
        self.max_payload = min(max_payload, self.own[1])
        if self.max_payload < 64:
            raise Disconnected("the host takes no data")

    def encrypt(self, secured: "Callable[[socket.socket], TlsSocket]") -> None:
        """Go on over TLS; raise Disconnected when the host is none that the phone knows."""
        if not isinstance(self._connection, socket.socket):
            raise Disconnected("encrypted already")
        try:
            self._connection = secured(self._connection)
        except OSError as error:
            raise Disconnected(str(error)) from error
        self._connection.settimeout(None)

    def receive(self) -> Packet:
        """Read one packet; raise Disconnected at the end, and at anything that adbd hangs up on."""
        command, arg0, arg1, length, checksum, magic = _HEADER.unpack(self._read(_HEADER.size))
        if magic != command ^ 0xFFFFFFFF:
            raise Disconnected("wrong magic")
        if length > self.own[1]:
            raise Disconnected("oversized packet")
        data = self._read(length)
        if self.version < VERSION_UNCHECKED and checksum != _checksum(data):
            raise Disconnected("wrong checksum")
        time.sleep(self._delay_s)
        return Packet(command, arg0, arg1, data)

    def send(self, command: int, arg0: int, arg1: int, data: bytes = b"") -> None:
        """Send one packet; raise Disconnected when the host is gone or the planned break has come."""
        checksum = _checksum(data) if self.version < VERSION_UNCHECKED else 0
        header = _HEADER.pack(command, arg0, arg1, len(data), checksum, command ^ 0xFFFFFFFF)
        with self._sending:
            time.sleep(self._delay_s)
            if command == WRTE and self._bytes_left is not None:
                if len(data) > self._bytes_left:
                    self._transmit(header + data[: self._bytes_left])
                    self.close()
                    raise Disconnected("dropped, as the scenario wants")
                self._bytes_left -= len(data)
            self._transmit(header + data)

    def send_raw(self, data: bytes) -> None:
        """Send bytes that are no packet."""
        with self._sending:
            self._transmit(data)

    def close(self) -> None:
        """Break the connection; a thread that waits in `receive` wakes up."""
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the host was faster

    def _transmit(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise Disconnected(str(error)) from error

    def _read(self, size: int) -> bytes:
        received = bytearray()
        while len(received) < size:
            try:
                chunk = self._connection.recv(min(size - len(received), 65536))
            except OSError as error:
                raise Disconnected(str(error)) from error
            if not chunk:
                raise Disconnected("the host hung up")
            received += chunk
        return bytes(received)


def _checksum(data: bytes) -> int:
    return sum(data) & 0xFFFFFFFF
