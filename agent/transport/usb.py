"""Phones on this computer's USB, spoken to without an adb server, by adb-shell over libusb."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING, Any

from adb_shell import exceptions
from adb_shell.auth.sign_cryptography import CryptographySigner
from adb_shell.transport.base_transport import BaseTransport

from agent.messages import Message
from agent.transport import libusb
from agent.transport.base import TransportError
from agent.transport.direct import ACCEPT_S, DirectPhone, WireBroken, WireTimeout, connect

if TYPE_CHECKING:
    from adb_shell.transport.usb_transport import UsbTransport

try:
    import usb1
    from adb_shell.transport import usb_transport
except OSError:  # neither the wheel has a libusb for this system, nor the system itself
    usb1 = usb_transport = None

_NO_LIBUSB = Message(
    "USB needs libusb, which this computer has not (on Debian and Ubuntu: apt-get install libusb-1.0-0); "
    "install it, or scan with --adb-server"
)
_BUSY = Message(
    "another program holds {serial}, most likely an adb server; scan with --adb-server, or close that program"
)
_FORBIDDEN = Message(
    "this computer's user may not use {serial} over USB; allow it with a udev rule "
    "(on Debian and Ubuntu: install android-sdk-platform-tools-common), then plug the phone in again"
)
_GONE = Message("{serial} went away; plug it in again and scan once more")
_OTHER = Message("{serial} cannot be used over USB ({why}); plug it in again, into another port")


_LOOK_S = 1.0


class HeldError(TransportError):
    """Another program holds the phone's ADB interface, most likely an adb server."""


def usb_serials() -> list[str]:
    """The serial numbers of the phones with USB debugging on this computer's USB.

    A phone that may not be asked for its number is called by where it is plugged in, `usb:1-2`.
    Errors: TransportError when USB cannot be used at all.
    """
    return [_name(phone) for phone in _phones()]


def usb_changes(stop: Event) -> Iterator[None]:
    """Yield now, as soon as something is plugged in or out, and every second, until `stop` is set.

    libusb tells of plugs where the system has that (Linux, macOS; not Windows). The second is for what no plug tells:
    the rights that udev gives to a phone a moment after it came.
    Errors: TransportError when USB cannot be used at all.
    """
    yield
    context = _context()
    told = Event()

    def tell(*_: object) -> bool:
        told.set()
        return False  # and go on telling

    with suppress(usb1.USBError):  # the system has it, and not here: looking every second is enough
        if usb1.hasCapability(usb1.CAP_HAS_HOTPLUG):
            registered = context.hotplugRegisterCallback(tell)
            try:
                while not stop.is_set():
                    told.clear()
                    until = time.monotonic() + _LOOK_S
                    # Returns early for each packet of a phone that is being scanned, too.
                    while not told.is_set() and (left := until - time.monotonic()) > 0:
                        context.handleEventsTimeout(left)
                    yield
            finally:
                context.hotplugDeregisterCallback(registered)
    while not stop.wait(_LOOK_S):
        yield


def open_usb(
    serial: str,
    key: CryptographySigner,
    *,
    accept_s: float = ACCEPT_S,
    on_ask: Callable[[], None] = lambda: None,
) -> DirectPhone:
    """Connect to the phone that `usb_serials` calls `serial`. Errors: TransportError, in one sentence."""
    for phone in _phones():
        if _name(phone) == serial:
            return connect(
                serial, _Cable(serial, phone), key, lambda: _filled(_OTHER, serial, "no ADB"), accept_s, on_ask=on_ask
            )
    raise TransportError(
        Message("no phone {serial} on USB; check the cable, and that USB debugging is on", {"serial": serial})
    )


def _context() -> Any:
    """The context of libusb, which adb-shell's wires share."""
    if usb_transport is None:
        raise TransportError(_NO_LIBUSB, permanent=True)
    return usb_transport.UsbTransport.USB1_CTX


def _phones() -> "list[UsbTransport]":
    _context()
    try:
        return list(usb_transport.UsbTransport.find_all_adb_devices())
    except usb1.USBError as error:
        raise TransportError(libusb.unreadable(error)) from error


def _name(phone: "UsbTransport") -> str:
    try:
        return str(phone.serial_number)
    except usb1.USBError:
        bus, *ports = phone.port_path
        return f"usb:{bus}-" + ".".join(map(str, ports))


class _Cable(BaseTransport):  # type: ignore[misc]
    """adb-shell's USB wire, its errors sorted into what a person can do about them."""

    def __init__(self, serial: str, wire: "UsbTransport") -> None:
        self._serial = serial
        self._wire = wire

    def connect(self, transport_timeout_s: float | None) -> None:
        """Claim the phone's ADB interface. Errors: TransportError, which says who else holds it."""
        try:
            self._wire.connect(transport_timeout_s)
        except usb1.USBError as error:
            kind = HeldError if isinstance(error, usb1.USBErrorBusy) else TransportError
            raise kind(trouble(self._serial, error)) from error

    def close(self) -> None:
        """Let the interface go; safe to call again."""
        self._wire.close()

    def bulk_read(self, numbytes: int, transport_timeout_s: float | None) -> bytes:
        """Return what the phone sent, at most `numbytes`. Errors: WireTimeout, WireBroken."""
        try:
            return bytes(self._wire.bulk_read(numbytes, transport_timeout_s))
        except exceptions.UsbReadFailedError as error:
            raise _sorted(error.usb_error) from error

    def bulk_write(self, data: bytes, transport_timeout_s: float | None) -> int:
        """Send all of `data`. Errors: WireTimeout, WireBroken."""
        try:
            return int(self._wire.bulk_write(data, transport_timeout_s))
        except exceptions.UsbWriteFailedError as error:
            raise _sorted(error.args[-1]) from error


def _sorted(error: object) -> Exception:
    return WireTimeout() if isinstance(error, usb1.USBErrorTimeout) else WireBroken()


def trouble(serial: str, error: Exception) -> Message:
    """What libusb's refusal means to a person."""
    for kind, message in (
        (usb1.USBErrorBusy, _BUSY),
        (usb1.USBErrorAccess, _FORBIDDEN),
        (usb1.USBErrorNoDevice, _GONE),
    ):
        if isinstance(error, kind):
            return _filled(message, serial)
    return _filled(_OTHER, serial, str(error))


def _filled(message: Message, serial: str, why: str = "") -> Message:
    return Message(message.sentence, {"serial": serial, "why": why})
