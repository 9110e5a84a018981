"""A phone spoken to without an adb server, by adb-shell: what TCP and USB have in common."""

from collections.abc import Callable, Iterator

from adb_shell import exceptions
from adb_shell.auth.sign_cryptography import CryptographySigner
from adb_shell.transport.base_transport import BaseTransport

from agent.messages import Message
from agent.transport import libusb
from agent.transport.base import TransportError

libusb.choose()
from adb_shell.adb_device import AdbDevice  # noqa: E402 - opens libusb when it is imported

# How long a phone may take for one packet of the greeting.
ANSWER_S = 10.0
# How long a phone may show its question before the scan goes on without it.
ACCEPT_S = 15.0

# What adb-shell raises for a phone that speaks, but not as the protocol has it.
_GARBLED = (
    exceptions.InvalidChecksumError,
    exceptions.InvalidCommandError,
    exceptions.InvalidResponseError,
)


class WireTimeout(Exception):
    """Nothing could be read or written in time. Raised by the wires, turned into a sentence here."""


class WireBroken(Exception):
    """The other end is gone. Raised by the wires, turned into a sentence here."""


class DirectPhone:
    """An ADB connection of our own to one phone. One stream at a time."""

    def __init__(self, serial: str, device: AdbDevice) -> None:
        self.serial = serial
        self._device = device

    def stream(self, shell_line: str, *, idle_timeout_s: float) -> Iterator[bytes]:
        """Run `shell_line` and yield what it prints; see `Transport.stream`.

        adb-shell speaks the first shell protocol. Given a command, adbd runs it on a PTY in raw mode
        (shell_service.cpp, API 26 to 36), so the bytes are the command's own.
        """
        ended = False
        try:
            yield from self._device.streaming_shell(
                shell_line, transport_timeout_s=idle_timeout_s, read_timeout_s=idle_timeout_s, decode=False
            )
            ended = True
        except (WireTimeout, exceptions.AdbTimeoutError) as error:
            raise TransportError(
                Message(
                    "the phone stopped answering for {seconds} seconds; unlock its screen, check the connection "
                    "and scan again",
                    {"seconds": round(idle_timeout_s)},
                )
            ) from error
        except (WireBroken, exceptions.AdbConnectionError) as error:
            raise TransportError(Message("the phone went away; connect it again and scan once more")) from error
        except _GARBLED as error:
            raise TransportError(
                Message("the phone sent what is not ADB; connect it again and scan once more")
            ) from error
        finally:
            # adb-shell leaves a stream open that was not read to its end; adbd ends what runs with the connection.
            if not ended:
                self.close()

    def close(self) -> None:
        """Let go of the phone; safe to call again."""
        self._device.close()


def connect(
    serial: str,
    wire: BaseTransport,
    key: CryptographySigner,
    not_adb: Callable[[], Message],
    accept_s: float = ACCEPT_S,
    answer_s: float = ANSWER_S,
    on_ask: Callable[[], None] = lambda: None,
) -> DirectPhone:
    """Greet the phone at the end of `wire` and be accepted by it.

    accept_s: how long to wait for the person at the phone to accept this computer; on_ask: called when it asks them.
    not_adb: says what is at the other end when it is no phone's ADB.
    Errors: TransportError for a phone that has not accepted this computer, does not answer, or is not one.
    """
    asked: list[AdbDevice] = []

    def ask(device: AdbDevice) -> None:
        asked.append(device)
        on_ask()

    device = AdbDevice(wire)
    try:
        device.connect(
            [key],
            transport_timeout_s=answer_s,
            auth_timeout_s=accept_s,
            read_timeout_s=answer_s + accept_s,
            auth_callback=ask,
        )
    except (WireTimeout, WireBroken, exceptions.AdbTimeoutError) as error:
        device.close()
        raise TransportError(unaccepted(serial) if asked else _silent(serial, error, not_adb)) from error
    except _GARBLED as error:
        device.close()
        raise TransportError(not_adb()) from error
    except TransportError:
        device.close()
        raise
    return DirectPhone(serial, device)


def unaccepted(serial: str) -> Message:
    """What the person at a phone is to do that does not know this computer."""
    return Message(
        "{serial} has not accepted this computer: unlock the phone, tick “Always allow from this computer” "
        "in the question on its screen, accept, and scan again",
        {"serial": serial},
    )


def _silent(serial: str, error: Exception, not_adb: Callable[[], Message]) -> Message:
    if isinstance(error, WireBroken):
        return not_adb()
    return Message(
        "{serial} does not answer; unlock the phone, turn USB debugging off and on, and scan again", {"serial": serial}
    )
