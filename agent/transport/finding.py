"""Which phones can be reached, and how to open each. Nothing is opened before somebody asks for it.

adbutils, libusb and mDNS take up to half a second to import, so each is imported by the way that needs it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent.messages import Message, quoted
from agent.transport.base import Transport, TransportError

if TYPE_CHECKING:
    from agent.transport.nearby import Announced

Way = Literal["tcp", "usb", "adb-server", "wifi"]

# How long to listen for paired phones: one that is awake answers within a fraction of it.
_LISTEN_S = 2.0


_NAMED = 5  # phones in one line
_CHOSEN: "Mapping[Way, Message]" = {
    "adb-server": Message("Through the adb server that runs here and holds their USB: {phones}"),
    "usb": Message("Directly over USB, since no adb server holds them: {phones}"),
    "wifi": Message("Over Wi-Fi, since they were paired and announce themselves: {phones}"),
}
_HELD = Message("{phone}: the adb server that runs here holds its USB, so it is read through that server")


@dataclass(frozen=True, slots=True)
class Found:
    """A phone that can be tried. `open` connects to it, or raises TransportError with the one sentence that helps.

    `serial` is what adb would call it: HOST:PORT for TCP; for a paired phone on Wi-Fi its serial number.
    """

    serial: str
    way: Way
    open: Callable[[], Transport]


@dataclass(frozen=True, slots=True)
class _Asking:
    accept_s: float
    on_ask: Callable[[str], None]
    on_note: Callable[[Message], None]


def find(  # noqa: PLR0913 - each is named where it is called
    data: Path,
    *,
    tcp: Sequence[str] = (),
    usb: bool = False,
    adb_server: bool = False,
    serials: Sequence[str] = (),
    accept_s: float = 15.0,
    on_ask: Callable[[str], None] = lambda _: None,
    on_note: Callable[[Message], None] = lambda _: None,
) -> list[Found]:
    """Return the phones at the `tcp` addresses, on USB, and behind the adb server.

    By default the latter two, and those that were paired for wireless debugging and announce themselves.
    data: the agent's data directory, where this computer's ADB key is kept, and which phones it was paired with.
    serials: only these; one that is not there is returned too, and opening it says so.
    accept_s: how long to wait for the person at the phone to accept this computer; on_ask: called with a phone's
    serial when it asks them; on_note: given one line on which way was chosen, where nobody chose or it cannot be had.
    Errors: TransportError when the way that was asked for cannot be used at all.
    """
    asking = _Asking(accept_s, on_ask, on_note)
    found = [Found(address, "tcp", partial(_open_tcp, address, data, asking)) for address in dict.fromkeys(tcp)]
    if usb or adb_server:
        found += [*(_served() if adb_server else ()), *(_plugged(data, asking) if usb else ())]
    elif not tcp:
        found += _whatever_there_is(data, asking, serials)
    # The server and libusb see the same cable; what the server holds, only the server can use.
    by_serial: dict[str, Found] = {}
    for phone in found:
        by_serial.setdefault(phone.serial, phone)
    if not tcp and not usb and not adb_server:
        _explain([phone for phone in by_serial.values() if not serials or phone.serial in serials], on_note)
    if not serials:
        return list(by_serial.values())
    return [
        by_serial.get(serial) or Found(serial, "adb-server", partial(_absent, serial, data))
        for serial in dict.fromkeys(serials)
    ]


def _whatever_there_is(data: Path, asking: _Asking, serials: Sequence[str]) -> list[Found]:
    from agent.transport.adb_server import AdbServer

    found = list(_served()) if (served := AdbServer().is_running()) else []
    troubles = []
    for look in (partial(_plugged, data, asking), partial(_announced, data, asking, serials, found)):
        try:
            found += look()
        except TransportError as error:  # no libusb, or no network to listen on
            troubles.append(error)
    if troubles and not found and not served:  # the server sees all that is plugged in
        raise troubles[0]
    return found


def _explain(found: Sequence[Found], on_note: Callable[[Message], None]) -> None:
    """Say how phones on cables are reached, since nobody said how."""
    for way, sentence in _CHOSEN.items():
        names = [quoted(phone.serial, 60) for phone in found if phone.way == way]
        if names:
            shown = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
            on_note(Message(sentence.sentence, {"phones": shown}))


def _served() -> Iterator[Found]:
    from agent.transport.adb_server import AdbServer

    server = AdbServer()
    for phone in server.phones():
        yield Found(phone.serial, "adb-server", partial(server.open, phone.serial))


def _plugged(data: Path, asking: _Asking) -> Iterator[Found]:
    from agent.transport.usb import usb_serials

    for serial in usb_serials():
        yield Found(serial, "usb", partial(_open_usb, serial, data, asking))


def paired_among(
    data: Path, announced: "Mapping[str, Announced]", served: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Serial number and address of each paired phone that is `announced`, but not held by the adb server already."""
    from agent.transport.paired import PairedPhones

    addresses = {each.name: each.address for each in announced.values()}
    return [
        (phone.serial, addresses[phone.guid])
        for phone in PairedPhones(data)
        if phone.guid in addresses and not any(name.startswith(f"{phone.guid}.") for name in served)
    ]


def _announced(data: Path, asking: _Asking, serials: Sequence[str], others: Sequence[Found]) -> Iterator[Found]:
    """Paired phones, but those that `others` name: a cable is quicker, and the server's own connection is its own."""
    from agent.transport.paired import PairedPhones

    held = {phone.serial for phone in others}
    wanted = {
        phone.guid
        for phone in PairedPhones(data)
        if (not serials or phone.serial in serials) and phone.serial not in held
    }
    if not wanted:
        return
    from agent.transport.nearby import Nearby

    with Nearby("connect", wanted.__contains__) as nearby:
        announced = nearby.wait(_LISTEN_S, lambda found: wanted <= {each.name for each in found.values()})
    for serial, address in paired_among(data, announced, held):
        yield on_wifi(serial, address, data, asking.accept_s)


def on_wifi(serial: str, address: str, data: Path, accept_s: float = 15.0) -> Found:
    """A paired phone that announced itself at `address`."""
    return Found(serial, "wifi", partial(_open_wifi, address, data, accept_s))


def _open_wifi(address: str, data: Path, accept_s: float) -> Transport:
    from agent.transport.keys import workstation_key
    from agent.transport.tcp import open_tcp

    return open_tcp(address, workstation_key(data), accept_s=accept_s, paired=True)


def _open_tcp(address: str, data: Path, asking: _Asking) -> Transport:
    from agent.transport.keys import workstation_key
    from agent.transport.tcp import open_tcp

    return open_tcp(address, workstation_key(data), accept_s=asking.accept_s, on_ask=partial(asking.on_ask, address))


def _open_usb(serial: str, data: Path, asking: _Asking) -> Transport:
    from agent.transport.keys import workstation_key
    from agent.transport.usb import HeldError, open_usb

    try:
        return open_usb(serial, workstation_key(data), accept_s=asking.accept_s, on_ask=partial(asking.on_ask, serial))
    except HeldError:
        if (served := _through_the_server(serial)) is None:
            raise
        asking.on_note(Message(_HELD.sentence, {"phone": quoted(serial, 60)}))
        return served


def _through_the_server(serial: str) -> Transport | None:
    """The phone by the running adb server; None where none runs, or it does not know that phone."""
    from agent.transport.adb_server import AdbServer

    server = AdbServer()
    if not server.is_running() or serial not in server.states():
        return None
    return server.open(serial)


def unannounced(serial: str) -> Message:
    """What is to be done about a paired phone that is not to be found."""
    return Message(
        "{serial} is on no cable and does not announce itself on the network; have it on this network, with "
        "its screen on and Developer options › Wireless debugging on",
        {"serial": serial},
    )


def _absent(serial: str, data: Path) -> Transport:
    from agent.transport.paired import PairedPhones

    if any(phone.serial == serial for phone in PairedPhones(data)):
        raise TransportError(unannounced(serial))
    raise TransportError(
        Message("no phone {serial} is connected; check the cable, and that USB debugging is on", {"serial": serial})
    )
