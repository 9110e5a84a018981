"""A computer that speaks ADB byte by byte, so that it can also speak it wrongly."""

import socket
import struct
from types import TracebackType
from typing import Self

from agent.simulator import SimulatedPhone

CNXN, AUTH, OPEN, OKAY, WRTE, CLSE = b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"WRTE", b"CLSE"
NEW, OLD = 0x01000001, 0x01000000


class Host:
    """One connection. `send` and `receive` are one packet each; `receive` gives None when the phone hung up."""

    def __init__(self, phone: SimulatedPhone, version: int = NEW, max_payload: int = 1 << 20) -> None:
        self.socket = socket.create_connection((phone.host, phone.port), timeout=20)
        self._version, self._max_payload = version, max_payload

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(
        self,
        command: bytes,
        arg0: int,
        arg1: int,
        data: bytes = b"",
        *,
        checksum: int | None = None,
        magic: int | None = None,
        length: int | None = None,
    ) -> None:
        word = int.from_bytes(command, "little")
        header = struct.pack(
            "<6I",
            word,
            arg0,
            arg1,
            len(data) if length is None else length,
            sum(data) if checksum is None else checksum,
            word ^ 0xFFFFFFFF if magic is None else magic,
        )
        self.socket.sendall(header + data)

    def receive(self) -> tuple[bytes, int, int, bytes] | None:
        header = self._read(24)
        if len(header) < 24:
            return None
        word, arg0, arg1, length, checksum, magic = struct.unpack("<6I", header)
        data = self._read(length)
        assert magic == word ^ 0xFFFFFFFF
        assert checksum in (0, sum(data))
        self.last_checksum = checksum
        return word.to_bytes(4, "little"), arg0, arg1, data

    def log_in(self) -> tuple[bytes, int, int, bytes]:
        """Do the handshake; return the phone's CNXN."""
        self.send(CNXN, self._version, self._max_payload, b"host::features=shell_v2\0")
        asked = self.receive()
        assert asked is not None
        assert asked[:2] == (AUTH, 1)
        self.send(AUTH, 2, 0, b"any signature")
        greeting = self.receive()
        assert greeting is not None
        return greeting

    def collect(self, ours: int) -> list[bytes]:
        """Acknowledge every WRTE of the one open stream until it is closed; return what they held."""
        payloads = []
        while (packet := self.receive()) is not None and packet[0] != CLSE:
            if packet[0] == WRTE:
                payloads.append(packet[3])
                self.send(OKAY, ours, packet[1])
        return payloads

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                chunk = self.socket.recv(size - len(data))
            except ConnectionResetError:
                break
            if not chunk:
                break
            data += chunk
        return data
