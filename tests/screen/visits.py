"""Visits to simulated phones over a real connection, and everything that came over the wire."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.screen import PhoneScreen, Record, visit
from agent.simulator import SimulatedPhone, load
from agent.simulator.screens import LinkedDevice, Screens, WhatsAppScreens
from agent.transport import Transport, find

TOUCHES = ("tap", "swipe", "keyevent")
FOUR = tuple(
    LinkedDevice(name=name, status=status)
    for name, status in (
        ("Google Chrome (Windows)", "Activo ahora"),
        ("Microsoft Edge (Windows)", "Última vez activo ayer a las 18:05"),
        ("macOS", "Última vez activo el lunes a las 7:12 a. m."),
        ("iPad", "Última vez activo el lunes a las 7:12 a. m."),
    )
)


class Wiretap:
    """A transport that keeps what goes through it."""

    def __init__(self, inner: Transport) -> None:
        self.serial = inner.serial
        self.came = bytearray()
        self._inner = inner

    def stream(self, shell_line: str, *, idle_timeout_s: float) -> Iterator[bytes]:
        for data in self._inner.stream(shell_line, idle_timeout_s=idle_timeout_s):
            self.came += data
            yield data

    def close(self) -> None:
        self._inner.close()


@dataclass(frozen=True)
class Visit:
    record: Record
    came: bytes
    ran: list[str]

    @property
    def touched(self) -> list[str]:
        """What was done to the screen, in order."""
        return [line for line in self.ran if line.startswith(("input ", "am start"))]


def visited(screens: Screens, **changes: Any) -> Visit:
    with (
        SimulatedPhone(load("pixel-a14-healthy"), screens=screens, **changes) as phone,
        tempfile.TemporaryDirectory() as keys,
    ):
        (found,) = find(Path(keys), tcp=[phone.address])
        with closing(found.open()) as transport:
            tap = Wiretap(transport)
            record = visit(PhoneScreen(tap))
        ran = [str(each) for each in phone.log if each.kind == "command"]
    return Visit(record, bytes(tap.came), ran)


def screens(app: WhatsAppScreens | None = None, *, package: Any = "com.whatsapp", **phone: Any) -> Screens:
    return Screens(apps={package: app or WhatsAppScreens()}, **phone)
