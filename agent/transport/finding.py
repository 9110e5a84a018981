"""Which phones can be reached, and how to open each. Nothing is opened before somebody asks for it.

adbutils and libusb take half a second to import, so each is imported by the way that needs it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from agent.messages import Message
from agent.transport.base import Transport, TransportError

Way = Literal["tcp", "usb", "adb-server"]


@dataclass(frozen=True, slots=True)
class Found:
    """A phone that can be tried. `open` connects to it, or raises TransportError with the one sentence that helps.

    `serial` is what adb would call it: HOST:PORT for TCP.
    """

    serial: str
    way: Way
    open: Callable[[], Transport]


@dataclass(frozen=True, slots=True)
class _Asking:
    accept_s: float
    on_ask: Callable[[str], None]


def find(
    data: Path,
    *,
    tcp: Sequence[str] = (),
    usb: bool = False,
    adb_server: bool = False,
    serials: Sequence[str] = (),
    accept_s: float = 15.0,
    on_ask: Callable[[str], None] = lambda _: None,
) -> list[Found]:
    """Return the phones at the `tcp` addresses, on USB, and behind the adb server; by default all but TCP.

    data: the agent's data directory, where this computer's ADB key is kept.
    serials: only these; one that is not there is returned too, and opening it says so.
    accept_s: how long to wait for the person at the phone to accept this computer; on_ask: called with a phone's
    serial when it asks them.
    Errors: TransportError when the way that was asked for cannot be used at all.
    """
    asking = _Asking(accept_s, on_ask)
    found = [Found(address, "tcp", partial(_open_tcp, address, data, asking)) for address in dict.fromkeys(tcp)]
    if usb or adb_server:
        found += [*(_served() if adb_server else ()), *(_plugged(data, asking) if usb else ())]
    elif not tcp:
        found += _whatever_there_is(data, asking)
    # The server and libusb see the same cable; what the server holds, only the server can use.
    by_serial: dict[str, Found] = {}
    for phone in found:
        by_serial.setdefault(phone.serial, phone)
    if not serials:
        return list(by_serial.values())
    return [
        by_serial.get(serial) or Found(serial, "adb-server", partial(_absent, serial))
        for serial in dict.fromkeys(serials)
    ]


def _whatever_there_is(data: Path, asking: _Asking) -> list[Found]:
    from agent.transport.adb_server import AdbServer

    if not AdbServer().is_running():
        return list(_plugged(data, asking))
    served = list(_served())
    try:
        return served + list(_plugged(data, asking))
    except TransportError:  # no libusb: the server sees all that is plugged in
        return served


def _served() -> Iterator[Found]:
    from agent.transport.adb_server import AdbServer

    server = AdbServer()
    for phone in server.phones():
        yield Found(phone.serial, "adb-server", partial(server.open, phone.serial))


def _plugged(data: Path, asking: _Asking) -> Iterator[Found]:
    from agent.transport.usb import usb_serials

    for serial in usb_serials():
        yield Found(serial, "usb", partial(_open_usb, serial, data, asking))


def _open_tcp(address: str, data: Path, asking: _Asking) -> Transport:
    from agent.transport.keys import workstation_key
    from agent.transport.tcp import open_tcp

    return open_tcp(address, workstation_key(data), accept_s=asking.accept_s, on_ask=partial(asking.on_ask, address))


def _open_usb(serial: str, data: Path, asking: _Asking) -> Transport:
    from agent.transport.keys import workstation_key
    from agent.transport.usb import open_usb

    return open_usb(serial, workstation_key(data), accept_s=asking.accept_s, on_ask=partial(asking.on_ask, serial))


def _absent(serial: str) -> Transport:
    raise TransportError(
        Message("no phone {serial} is connected; check the cable, and that USB debugging is on", {"serial": serial})
    )
