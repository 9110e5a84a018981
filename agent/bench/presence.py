"""Which phones are there now: told by the adb server, seen on USB, announced on Wi-Fi, or knocked at by address."""

import socket
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread

from agent.messages import Message
from agent.transport import Found, TransportError, find
from agent.transport.accepting import accept_steps
from agent.transport.finding import on_wifi, paired_among
from agent.transport.paired import PairedPhones
from agent.transport.tcp import parse_address

ACCEPT_S = 300.0  # the person at the bench looks for the phone's question in their own time
_LOOK_S = 1.0
_KNOCK_S = 2.0


@dataclass(frozen=True, slots=True)
class Present:
    """A phone that is there. `trouble`: why it cannot be scanned yet, by the adb server's account.

    steps: what the person at the phone is to do about it, where it takes several.
    """

    found: Found
    trouble: Message | None = None
    steps: tuple[Message, ...] = ()


There = Mapping[str, Present]


@dataclass(frozen=True, slots=True)
class Presence:
    """Looks for phones until `stop` is set. `tell(way, phones)` is called, by any thread, whenever one way changes.

    data: where this computer's ADB key is; busy: whether a phone is being scanned, which is then left in peace;
    on_ask: called with a phone's name when it asks the person to accept this computer.
    """

    data: Path
    tell: Callable[[str, There], None]
    busy: Callable[[str], bool]
    on_ask: Callable[[str], None]
    stop: Event

    def start(self, *, tcp: Sequence[str], usb: bool, adb_server: bool, wifi: bool = False) -> None:
        """Begin to look; wifi: for paired phones that announce themselves.

        Errors: TransportError for an address that is none.
        """
        for address in tcp:
            parse_address(address)
            self._run(self._knock, address)
        if adb_server:
            self._run(self._served)
        if usb:
            self._run(self._plugged)
        if wifi:
            self._run(self._announced)

    def _run(self, look: Callable[..., None], *arguments: str) -> None:
        Thread(target=look, args=arguments, name=f"look-{look.__name__}", daemon=True).start()

    def _knock(self, address: str) -> None:
        (found,) = find(self.data, tcp=[address], accept_s=ACCEPT_S, on_ask=self.on_ask)
        there: bool | None = None
        while not self.stop.wait(_LOOK_S if there is not None else 0):
            if self.busy(address):
                continue
            answered = _answers(address)
            if answered != there:
                there = answered
                self.tell(f"tcp {address}", {address: Present(found)} if there else {})

    def _served(self) -> None:
        from agent.transport.adb_server import AdbServer, Listed  # noqa: PLC0415 - half a second to import

        server = AdbServer()
        asked = known = False

        def present(listed: Listed) -> Present:
            found = Found(listed.serial, "adb-server", partial(server.open, listed.serial))
            return Present(found, listed.trouble, accept_steps(None) if listed.unaccepted else ())

        while not self.stop.wait(_LOOK_S if asked else 0):
            asked = True
            with suppress(TransportError):  # no server, or it ended: another may come
                for phones in server.track():
                    self.tell("adb-server", {each.serial: present(each) for each in phones})
                    known = bool(phones)
            if known:
                self.tell("adb-server", {})
                known = False

    def _plugged(self) -> None:
        from agent.transport.usb import usb_changes  # noqa: PLC0415 - half a second to import

        seen: set[str] | None = None
        with suppress(TransportError):  # no libusb: the adb server sees all that is plugged in
            for _ in usb_changes(self.stop):
                phones = self._on_usb()
                if {phone.serial for phone in phones} != seen:
                    seen = {phone.serial for phone in phones}
                    self.tell("usb", {phone.serial: Present(phone) for phone in phones})

    def _announced(self) -> None:
        with suppress(TransportError):  # no network to listen on
            while not self.stop.wait(_LOOK_S):
                if guids := self._paired():
                    self._listen(guids)

    def _paired(self) -> set[str]:
        return {phone.guid for phone in PairedPhones(self.data)}

    def _listen(self, guids: Container[str]) -> None:
        """Tell of paired phones until others are paired."""
        from agent.transport.nearby import Nearby  # noqa: PLC0415 - mDNS loads slowly, and few pair

        known: dict[str, str] = {}
        with Nearby("connect", guids.__contains__) as nearby:
            while not self.stop.wait(_LOOK_S) and self._paired() == guids:
                there = dict(paired_among(self.data, nearby.announced, _held()))
                if there != known:
                    known = there
                    found = {serial: on_wifi(serial, address, self.data) for serial, address in there.items()}
                    self.tell("wifi", {serial: Present(each) for serial, each in found.items()})

    def _on_usb(self) -> list[Found]:
        try:
            return find(self.data, usb=True, accept_s=ACCEPT_S, on_ask=self.on_ask)
        except TransportError:  # a bus that cannot be read this time
            return []


def _held() -> Collection[str]:
    """What the adb server calls the phones that it holds."""
    from agent.transport.adb_server import AdbServer  # noqa: PLC0415 - half a second to import

    server = AdbServer()
    with suppress(TransportError):
        return server.states() if server.is_running() else ()
    return ()


def _answers(address: str) -> bool:
    try:
        socket.create_connection(parse_address(address), timeout=_KNOCK_S).close()
    except OSError:
        return False
    return True
