"""A phone reached at HOST:PORT, spoken to without an adb server."""

import socket
from collections.abc import Callable

from adb_shell.auth.sign_cryptography import CryptographySigner
from adb_shell.transport.base_transport import BaseTransport

from agent.messages import Message
from agent.transport.base import TransportError
from agent.transport.direct import ACCEPT_S, ANSWER_S, DirectPhone, WireBroken, WireTimeout, connect

DEFAULT_PORT = 5555

# The first word of a phone that wants TLS: the "wireless debugging" of Android 11 and later.
_STARTS_TLS = b"STLS"


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
) -> DirectPhone:
    """Connect to the phone at `address` (HOST:PORT).

    accept_s: how long to wait for the person at the phone to accept this computer; answer_s: for the phone itself.
    Errors: TransportError, in one sentence that says what to do.
    """
    host, port = parse_address(address)
    wire = _Socket(address, host, port)
    return connect(address, wire, key, wire.stranger, accept_s, answer_s, on_ask)


class _Socket(BaseTransport):  # type: ignore[misc]
    """adb-shell's own TCP wire takes a closed connection for silence, and a write that was cut short for whole."""

    def __init__(self, address: str, host: str, port: int) -> None:
        self._address = address
        self._at = host, port
        self._socket: socket.socket | None = None
        self._first = b""

    def connect(self, transport_timeout_s: float | None) -> None:
        """Open the connection. Errors: TransportError with the reason that the system gives."""
        values = {"address": self._address}
        try:
            self._socket = socket.create_connection(self._at, timeout=transport_timeout_s)
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
                    {**values, "why": error.strerror or str(error)},
                )
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Close the connection; safe to call again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def bulk_read(self, numbytes: int, transport_timeout_s: float | None) -> bytes:
        """Return what there is, at most `numbytes`. Errors: WireTimeout, WireBroken."""
        try:
            received = self._use(transport_timeout_s).recv(numbytes)
        except TimeoutError as error:
            raise WireTimeout from error
        except OSError as error:
            raise WireBroken from error
        if not received:
            raise WireBroken
        if len(self._first) < 4:
            self._first += received[:4]
        return received

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
                "{address} is a wireless debugging port, which asks for pairing; pair it with `adb pair` "
                "and scan with --adb-server, or use a cable",
                values,
            )
        if not self._first:
            return Message(
                "{address} closed the connection at once; another computer may hold the phone's debugging", values
            )
        return Message("what answers at {address} is not a phone's ADB; check the address and the port", values)

    def _use(self, timeout_s: float | None) -> socket.socket:
        if self._socket is None:
            raise WireBroken
        self._socket.settimeout(timeout_s)
        return self._socket
