"""A phone reached at HOST:PORT, spoken to without an adb server."""

import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from adb_shell.auth.sign_cryptography import CryptographySigner
from adb_shell.transport.base_transport import BaseTransport

from agent.messages import Message, because
from agent.transport.base import TransportError
from agent.transport.direct import ACCEPT_S, ANSWER_S, DirectPhone, WireBroken, WireTimeout, connect

if TYPE_CHECKING:
    from agent.transport.tls import TlsSocket

DEFAULT_PORT = 5555

# A phone's answer, and ours, when it wants TLS: the "wireless debugging" of Android 11 and later (protocol.txt).
_STARTS_TLS = b"STLS"
_HEADER = struct.Struct("<4s5I")
_TLS_VERSION = 0x01000000


def parse_address(text: str) -> tuple[str, int]:
    """Take HOST, HOST:PORT, an IPv6 address, or [IPv6]:PORT apart. Errors: TransportError for anything else."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, port = text, str(DEFAULT_PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
        raise TransportError(
            Message("{address} is no address; write HOST:PORT, for example 192.0.2.7:5555", {"address": text}),
            permanent=True,
        )
    return host, int(port)


def open_tcp(
    address: str,
    key: CryptographySigner,
    *,
    accept_s: float = ACCEPT_S,
    answer_s: float = ANSWER_S,
    on_ask: Callable[[], None] = lambda: None,
    paired: bool = False,
) -> DirectPhone:
    """Connect to the phone at `address` (HOST:PORT); over TLS where it asks for that.

    accept_s: how long to wait for the person at the phone to accept this computer; answer_s: for the phone itself.
    paired: a paired phone should be there, and whoever wants no TLS is not taken for it.
    Errors: TransportError, in one sentence that says what to do.
    """
    host, port = parse_address(address)
    wire = _Socket(address, host, port, key, encrypted=paired)
    return connect(address, wire, key, wire.stranger, accept_s, answer_s, on_ask)


class _Socket(BaseTransport):  # type: ignore[misc]
    """adb-shell's own TCP wire takes a closed connection for silence, and a write that was cut short for whole."""

    def __init__(self, address: str, host: str, port: int, key: CryptographySigner, *, encrypted: bool) -> None:
        self._address = address
        self._at = host, port
        self._key = key
        self._encrypted = encrypted
        self._socket: socket.socket | TlsSocket | None = None
        self._first = b""  # what the phone said first, up to one header
        self._ahead: bytes | None = None  # of that, what was not handed on yet; None before it was read

    def connect(self, transport_timeout_s: float | None) -> None:
        """Open the connection. Errors: TransportError with the reason that the system gives."""
        values = {"address": self._address}
        try:
            plain = socket.create_connection(self._at, timeout=transport_timeout_s)
        except TimeoutError as error:
            raise TransportError(
                Message(
                    "nothing answers at {address}; check the address, and that the phone is on this network", values
                )
            ) from error
        except ConnectionRefusedError as error:
            raise TransportError(
                Message("{address} refuses the connection; turn on debugging over the network on the phone", values)
            ) from error
        except OSError as error:
            raise TransportError(
                Message(
                    "{address} cannot be reached ({why}); check the address, and that the phone is on this network",
                    {**values, "why": because(error)},
                )
            ) from error
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = plain

    def close(self) -> None:
        """Close the connection; safe to call again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def bulk_read(self, numbytes: int, transport_timeout_s: float | None) -> bytes:
        """Return what there is, at most `numbytes`. Errors: WireTimeout, WireBroken."""
        if self._ahead is None:
            self._begin(transport_timeout_s)
        if self._ahead:
            handed, self._ahead = self._ahead[:numbytes], self._ahead[numbytes:]
            return handed
        return self._receive(numbytes, transport_timeout_s)

    def bulk_write(self, data: bytes, transport_timeout_s: float | None) -> int:
        """Send all of `data`. Errors: WireTimeout, WireBroken."""
        try:
            self._use(transport_timeout_s).sendall(data)
        except TimeoutError as error:
            raise WireTimeout from error
        except OSError as error:
            raise WireBroken from error
        return len(data)

    def stranger(self) -> Message:
        """What is at the other end, when it does not speak ADB as this agent does."""
        values = {"address": self._address}
        if self._first.startswith(_STARTS_TLS):
            return Message(
                "{address} broke off the encrypted connection of its wireless debugging; turn wireless debugging off "
                "and on, and pair it again with `posture pair`",
                values,
            )
        if not self._first:
            return Message(
                "{address} closed the connection at once; another computer may hold the phone's debugging", values
            )
        return Message("what answers at {address} is not a phone's ADB; check the address and the port", values)

    def _begin(self, timeout_s: float | None) -> None:
        """Read the phone's first header. One that asks for TLS is answered here: adb-shell knows nothing of it."""
        while len(self._first) < _HEADER.size and _STARTS_TLS.startswith(self._first[:4]):
            self._first += self._receive(_HEADER.size - len(self._first), timeout_s)
        if not self._first.startswith(_STARTS_TLS):
            if self._encrypted:
                raise TransportError(
                    Message(
                        "what answers at {address} is not the paired phone that is announced there: it wants no "
                        "encryption; find out who announces it, and use a cable meanwhile",
                        {"address": self._address},
                    )
                )
            self._ahead = self._first
            return
        if not isinstance(self._socket, socket.socket):
            raise WireBroken
        self._encrypt(self._socket, timeout_s)
        self._ahead = b""

    def _encrypt(self, plain: socket.socket, timeout_s: float | None) -> None:
        from agent.transport.tls import Stranger, as_computer  # noqa: PLC0415 - OpenSSL loads slowly, and is rarely met

        magic = int.from_bytes(_STARTS_TLS, "little") ^ 0xFFFFFFFF
        self.bulk_write(_HEADER.pack(_STARTS_TLS, _TLS_VERSION, 0, 0, 0, magic), timeout_s)
        try:
            self._socket = as_computer(plain, self._key.rsa_key, within_s=timeout_s or ANSWER_S)
        except Stranger as error:
            raise TransportError(
                Message(
                    "{address} does not know this computer's key, so nothing was said to it: it was never paired, "
                    "forgot this computer, or is another phone; pair it with `posture pair`",
                    {"address": self._address},
                )
            ) from error
        except TimeoutError as error:
            raise WireTimeout from error
        except OSError as error:
            raise WireBroken from error

    def _receive(self, numbytes: int, timeout_s: float | None) -> bytes:
        try:
            received = self._use(timeout_s).recv(numbytes)
        except TimeoutError as error:
            raise WireTimeout from error
        except OSError as error:
            raise WireBroken from error
        if not received:
            raise WireBroken
        return received

    def _use(self, timeout_s: float | None) -> "socket.socket | TlsSocket":
        if self._socket is None:
            raise WireBroken
        self._socket.settimeout(timeout_s)
        return self._socket
