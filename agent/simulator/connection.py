"""One computer's connection to the phone: handshake, authorisation, and the streams it opens.

Source: packages/modules/adb, adb.cpp (handle_packet), daemon/auth.cpp and daemon/services.cpp. What adbd
ignores (a packet before authorisation, an unknown command or stream) is ignored here too.
"""

import errno
import os
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from agent.simulator.authorisation import TOKEN_BYTES, Authorisation, read_key, signed_by
from agent.simulator.child import SHELL_NAME, Child, Surroundings
from agent.simulator.services import read_service
from agent.simulator.stream import EXIT, STDERR, Stream
from agent.simulator.wire import (
    AUTH,
    AUTH_RSAPUBLICKEY,
    AUTH_SIGNATURE,
    AUTH_TOKEN,
    CLSE,
    CNXN,
    OKAY,
    OPEN,
    STLS,
    STLS_VERSION,
    WRTE,
    Disconnected,
    Packet,
    Wire,
)

if TYPE_CHECKING:
    from agent.simulator.wireless import WirelessDebugging

MAX_STREAMS = 256
_U32 = 0xFFFFFFFF
_NOISE = bytes(range(256)) * 16


@dataclass(frozen=True, slots=True)
class Door:
    """What every connection to one phone shares. `keys` grows when the person at the phone accepts one.

    wireless: the port is that of wireless debugging, which knows only computers that were paired; None for all others.
    """

    banner: str
    authorisation: Authorisation
    keys: list[RSAPublicKey]
    shell_v2: bool
    around: Surroundings
    greeting: Literal["adb", "silence", "noise"]
    note: Callable[[str], None]
    wireless: "WirelessDebugging | None" = None


class Connection:
    """Serves one host until it goes. `run` returns when the connection is over and its streams hung up."""

    def __init__(self, wire: Wire, door: Door) -> None:
        self._wire = wire
        self._door = door
        self._online = False
        self._token = b""
        self._tap: threading.Timer | None = None
        self._last_id = 0
        self._streams: dict[int, Stream] = {}  # open ones, by our id
        self._ended = False
        self._started: list[Stream] = []  # and those that the host has closed, until their child has ended

    def run(self) -> None:
        """Handle packets until the host goes, or says something that ends the connection."""
        try:
            while True:
                self._handle(self._wire.receive())
        except Disconnected:
            pass
        finally:
            if self._tap is not None:
                self._tap.cancel()
            self._wire.close()
            self._hang_up()
            self._ended = True

    @property
    def is_over(self) -> bool:
        """Whether `run` has returned and every child has ended."""
        return self._ended and all(stream.is_over for stream in self._started)

    @property
    def sessions(self) -> set[int]:
        """Sessions of the children that have not ended."""
        return {stream.session for stream in self._started if not stream.is_over}

    def close(self) -> None:
        """End `run` from another thread."""
        self._wire.close()

    def join_streams(self) -> None:
        """Wait for the end of every stream's child, once `run` has returned."""
        for stream in self._started:
            stream.join()

    def _hang_up(self) -> None:
        for stream in self._streams.values():
            stream.hang_up()
        self._streams.clear()

    def _handle(self, packet: Packet) -> None:
        if self._door.greeting == "silence":
            return
        if self._door.greeting == "noise":
            self._wire.send_raw(_NOISE)
        elif packet.command == CNXN:
            self._greet(packet)
        elif packet.command == AUTH:
            self._authorise(packet)
        elif packet.command == STLS and self._door.wireless is not None and not self._online:
            self._wire.encrypt(self._door.wireless.secured)
            self._go_online()
        elif not self._online:
            return
        elif packet.command == OPEN:
            self._open(packet)
        elif (stream := self._streams.get(packet.arg1)) is not None:
            if packet.command == OKAY:
                stream.acknowledged()
            elif packet.command == WRTE:
                stream.received(packet.data)
            elif packet.command == CLSE:
                stream.hang_up()
                del self._streams[packet.arg1]
                with suppress(Disconnected):
                    self._wire.send(CLSE, packet.arg1, packet.arg0)

    def _greet(self, packet: Packet) -> None:
        self._online = False
        self._hang_up()
        self._wire.agree(packet.arg0, packet.arg1)
        if self._door.wireless is not None:
            self._wire.send(STLS, STLS_VERSION, 0)
        else:
            self._challenge()

    def _challenge(self) -> None:
        self._token = os.urandom(TOKEN_BYTES)
        self._wire.send(AUTH, AUTH_TOKEN, 0, self._token)

    def _authorise(self, packet: Packet) -> None:
        if self._online or not self._token:
            return
        if packet.arg0 == AUTH_SIGNATURE:
            known = self._door.authorisation.any_key or any(
                signed_by(key, self._token, packet.data) for key in self._door.keys
            )
            if known:
                self._go_online()
            else:
                self._challenge()
        elif packet.arg0 == AUTH_RSAPUBLICKEY and (key := read_key(packet.data)) is not None:
            self._ask_person(key)

    def _ask_person(self, key: RSAPublicKey) -> None:
        authorisation = self._door.authorisation
        if authorisation.any_key or not authorisation.tap_after_s:
            if authorisation.any_key or authorisation.tap_after_s is not None:
                self._accept(key)
            return
        if self._tap is None:
            self._tap = threading.Timer(authorisation.tap_after_s, self._accept, [key])
            self._tap.daemon = True
            self._tap.start()

    def _accept(self, key: RSAPublicKey) -> None:
        self._door.keys.append(key)
        with suppress(Disconnected):
            self._go_online()

    def _go_online(self) -> None:
        self._token = b""
        self._online = True
        self._wire.send(CNXN, *self._wire.own, self._door.banner.encode())

    def _open(self, packet: Packet) -> None:
        host_id = packet.arg0
        if host_id == 0:
            return
        self._streams = {number: stream for number, stream in self._streams.items() if not stream.is_over}
        self._started = [stream for stream in self._started if not stream.is_over]
        service = packet.data.split(b"\0")[0].decode("utf-8", "surrogateescape")
        asked = read_service(service, shell_v2=self._door.shell_v2)
        if asked is None or len(self._started) >= MAX_STREAMS:
            self._wire.send(CLSE, 0, host_id)
            return
        self._last_id = self._last_id % _U32 + 1
        ids = (self._last_id, host_id)
        self._door.note(asked.line)
        try:
            child = Child(asked.line, asked.console, self._door.around, asked.terminal_type)
        except (OSError, ValueError) as error:
            self._report(ids, error, framed=asked.framed)
            return
        stream = Stream(self._wire, ids, child, framed=asked.framed)
        self._streams[ids[0]] = stream
        self._started.append(stream)
        try:
            self._wire.send(OKAY, *ids)
        finally:
            stream.start()  # even when the host is gone: it ends the child

    def _report(self, ids: tuple[int, int], error: OSError | ValueError, *, framed: bool) -> None:
        """Tell a failed start as adbd does: the text on stderr, status 126."""
        why = os.strerror(error.errno or errno.EINVAL) if isinstance(error, OSError) else str(error)
        text = f"error: exec '{SHELL_NAME}' failed: {why}\n".encode()
        if framed:
            text = struct.pack("<BI", STDERR, len(text)) + text + struct.pack("<BIB", EXIT, 1, 126)
        self._wire.send(OKAY, *ids)
        self._wire.send(WRTE, *ids, text)
        self._wire.send(CLSE, *ids)
