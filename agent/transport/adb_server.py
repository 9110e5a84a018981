"""Phones reached through an adb server that already runs on this computer, by adbutils.

The server holds a phone's USB interface and has its own key. It belongs to others too: it is asked, never started,
never stopped. Every call has a time limit, since adbutils has none by itself.
"""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from adbutils import AdbClient, AdbConnection, AdbError, AdbTimeout

from agent.messages import Message
from agent.transport.base import TransportError

_ASK_S = 10.0
_PRESENT_S = 2.0

# Packets of the second shell protocol: one byte of kind, four of length (adb/shell_protocol.h).
_OUT, _ERR, _EXIT = 1, 2, 3

_READY = "device"
_STATES = {
    "unauthorized": Message(
        "{serial} has not accepted this computer: unlock the phone, tick “Always allow from this computer” "
        "in the question on its screen, accept, and scan again"
    ),
    "authorizing": Message("{serial} is still being asked to accept this computer; look at its screen and scan again"),
    "connecting": Message("{serial} is still connecting; scan again in a moment"),
    "offline": Message(
        "{serial} is offline; unlock it, unplug it and plug it in again, or run `adb reconnect offline`"
    ),
    "no permissions": Message(
        "this computer's user may not use {serial} over USB; allow it with a udev rule "
        "(on Debian and Ubuntu: install android-sdk-platform-tools-common), then plug the phone in again"
    ),
    "bootloader": Message("{serial} is in its bootloader; start Android and scan again"),
    "recovery": Message("{serial} is in recovery; start Android and scan again"),
    "sideload": Message("{serial} is in recovery, waiting for an update; start Android and scan again"),
}
_OTHER_STATE = Message("{serial} is in the state “{state}”; restart the phone and scan again")
_LOST = Message("the adb server lost the phone {serial}; connect it again and scan once more")


@dataclass(frozen=True, slots=True)
class Listed:
    """A phone that the server knows. `trouble` says why it cannot be used now, None when it can.

    unaccepted: the trouble is that the person at the phone has not accepted this computer.
    """

    serial: str
    trouble: Message | None
    unaccepted: bool = False


class AdbServer:
    """The adb server at HOST:PORT; by default where ANDROID_ADB_SERVER_ADDRESS and _PORT say, else 127.0.0.1:5037."""

    def __init__(self, host: str | None = None, port: int | None = None) -> None:
        self._host = host or os.environ.get("ANDROID_ADB_SERVER_ADDRESS") or "127.0.0.1"
        self._port = port or int(os.environ.get("ANDROID_ADB_SERVER_PORT") or 5037)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self._host, self._port

    def is_running(self) -> bool:
        """Whether something listens there. adbutils would start a server of its own where nothing does."""
        try:
            socket.create_connection((self._host, self._port), timeout=_PRESENT_S).close()
        except OSError:
            return False
        return True

    def phones(self) -> list[Listed]:
        """Every phone that the server lists, usable or not. Errors: TransportError when no server answers."""
        return [_listed(serial, state) for serial, state in self.states().items()]

    def states(self) -> dict[str, str]:
        """What the server says of each phone: `device`, `unauthorized`, `offline`… Errors: as `phones`."""
        return _states(self._ask("host:devices"))

    def version(self) -> int:
        """The server's version: 41 for 1.0.41, by which an `adb` decides whether to end it. Errors: as `phones`."""
        try:
            return int(self._ask("host:version"), 16)
        except ValueError as error:
            raise self._unanswered() from error

    def track(self) -> Iterator[list[Listed]]:
        """Every phone that the server lists, now and whenever that changes, until the server ends.

        Errors: TransportError when no server answers, or it went away.
        """
        client = self._client()
        try:
            with client.make_connection() as connection:
                connection.send_command("host:track-devices")
                connection.check_okay()
                connection.conn.settimeout(None)  # nothing changes for hours
                while True:
                    yield [_listed(serial, state) for serial, state in _states(_block(connection)).items()]
        except (AdbError, OSError, EOFError, ValueError) as error:
            raise self._unanswered() from error

    def open(self, serial: str) -> "ServedPhone":
        """Take the phone that the server calls `serial`. Errors: TransportError, with the server's state of it."""
        found = [phone for phone in self.phones() if phone.serial == serial]
        if not found:
            raise TransportError(
                Message("the adb server knows no phone {serial}; look at `adb devices`", {"serial": serial})
            )
        if found[0].trouble is not None:
            raise TransportError(found[0].trouble)
        return ServedPhone(serial, self._client())

    def _ask(self, service: str) -> str:
        try:
            with self._client().make_connection() as connection:
                connection.send_command(service)
                connection.check_okay()
                return _block(connection)
        except (AdbError, OSError, EOFError, ValueError) as error:
            raise self._unanswered() from error

    def _client(self) -> AdbClient:
        if not self.is_running():
            raise TransportError(
                Message(
                    "no adb server answers at {address}; start one with `adb start-server`",
                    {"address": f"{self._host}:{self._port}"},
                )
            )
        return AdbClient(self._host, self._port, socket_timeout=_ASK_S)

    def _unanswered(self) -> TransportError:
        return TransportError(
            Message(
                "what answers at {address} is no adb server, or it hangs; look at `adb devices`",
                {"address": f"{self._host}:{self._port}"},
            )
        )


class ServedPhone:
    """One phone behind the server. `serial` is the server's name for it."""

    def __init__(self, serial: str, client: AdbClient) -> None:
        self.serial = serial
        self._client = client
        self._connection: AdbConnection | None = None

    def stream(self, shell_line: str, *, idle_timeout_s: float) -> Iterator[bytes]:
        """Run `shell_line` and yield what it prints; see `Transport.stream`.

        With the second shell protocol where the phone has it: without it adbd runs the command on a PTY, which hands
        on 4 KiB at a time.
        """
        try:
            second = self._open(shell_line)
            if self._connection is not None:
                self._connection.conn.settimeout(idle_timeout_s)
                yield from self._second() if second else self._first()
        except (TimeoutError, AdbTimeout) as error:
            raise TransportError(
                Message(
                    "the phone stopped answering for {seconds} seconds; unlock its screen, check the connection "
                    "and scan again",
                    {"seconds": round(idle_timeout_s)},
                )
            ) from error
        except (AdbError, OSError, EOFError, ValueError) as error:
            raise TransportError(Message(_LOST.sentence, {"serial": self.serial})) from error
        finally:
            self.close()

    def close(self) -> None:
        """Close the stream, which ends what the phone runs; safe to call again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self, shell_line: str) -> bool:
        device = self._client.device(self.serial)
        with device.open_transport("features", timeout=_ASK_S) as asked:
            second = "shell_v2" in asked.read_string_block().split(",")
        self._connection = device.open_transport(timeout=_ASK_S)
        service = (f"shell,v2,raw:{shell_line}" if second else f"exec:{shell_line}").encode()
        # adbutils sends what fits into the socket's buffer at once, and no more.
        self._connection.conn.sendall(b"%04x" % len(service) + service)
        self._connection.check_okay()
        return second

    def _first(self) -> Iterator[bytes]:
        assert self._connection is not None  # noqa: S101
        while data := self._connection.recv(65536):
            yield data

    def _second(self) -> Iterator[bytes]:
        assert self._connection is not None  # noqa: S101
        while True:
            header = self._connection.read_exact(5)
            left = int.from_bytes(header[1:], "little")
            if header[0] == _EXIT:
                return
            while left:
                data = self._connection.recv(min(left, 65536))
                if not data:
                    raise EOFError
                left -= len(data)
                if header[0] in (_OUT, _ERR):
                    yield data


def _block(connection: AdbConnection) -> str:
    """One answer of the server; adbutils' own reading takes one that was cut short for a whole one."""
    return str(connection.read_exact(int(connection.read_exact(4), 16)).decode(errors="replace"))


def _states(text: str) -> dict[str, str]:
    return {serial: state for serial, tab, state in (line.partition("\t") for line in text.splitlines()) if tab}


def _listed(serial: str, state: str) -> Listed:
    """One line of the server's list: `R58N000TEST<tab>unauthorized`; a state may have its explanation behind it."""
    if state == _READY:
        return Listed(serial, None)
    known = next((message for name, message in _STATES.items() if state.startswith(name)), _OTHER_STATE)
    trouble = Message(known.sentence, {"serial": serial, "state": state})
    return Listed(serial, trouble, state.startswith(("unauthorized", "authorizing")))
