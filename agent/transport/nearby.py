"""Phones that announce their wireless debugging on the network, by mDNS. What is announced is a stranger's word.

Source: packages/modules/adb, adb_mdns.h and daemon/mdns.cpp: a phone with wireless debugging on announces
`_adb-tls-connect._tcp` by its GUID, at a port that changes each time; while it shows a pairing code or has read a QR
code it announces `_adb-tls-pairing._tcp`, by its GUID or by the name of the QR code.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Condition
from types import TracebackType
from typing import Literal, Self

from zeroconf import Error, InterfaceChoice, IPVersion, ServiceBrowser, ServiceInfo, ServiceStateChange, Zeroconf

from agent.messages import Message, because
from agent.transport.base import TransportError

Service = Literal["connect", "pairing"]

_TYPES = {"connect": "_adb-tls-connect._tcp.local.", "pairing": "_adb-tls-pairing._tcp.local."}
_RESOLVE_MS = 1000
_MOST = 256  # announcements; whoever floods the network is not listened to further
_AGAIN = re.compile(r" \(\d{1,3}\)$")  # mDNS adds it to a name that another host also has


@dataclass(frozen=True, slots=True)
class Announced:
    """A phone, as somebody on the network has it: its name of itself, and HOST:PORT."""

    name: str
    address: str


class Nearby:
    """Listens on every network of this computer, loopback too, from `with` to its end.

    wanted: whether to ask where a name is; each that does not answer holds up the next.
    Errors: TransportError where this computer can listen on none.
    """

    def __init__(self, service: Service, wanted: Callable[[str], bool] = lambda _: True) -> None:
        self._type = _TYPES[service]
        self._wanted = wanted
        self._found: dict[str, Announced] = {}
        self._changed = Condition()

    def __enter__(self) -> Self:
        try:
            self._zeroconf = Zeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.V4Only)
        except OSError as error:
            raise TransportError(
                Message(
                    "this computer cannot listen for phones on its networks ({why}); give the phone's address instead",
                    {"why": because(error)},
                )
            ) from error
        self._browser = ServiceBrowser(self._zeroconf, self._type, handlers=[self._hear])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zeroconf.close()

    @property
    def announced(self) -> Mapping[str, Announced]:
        """Who is there now, by name."""
        with self._changed:
            return dict(self._found)

    def wait(self, within_s: float, enough: Callable[[Mapping[str, Announced]], bool]) -> Mapping[str, Announced]:
        """Listen until `enough` says so of `announced`, but not longer than `within_s`; return who is there then."""
        with self._changed:
            self._changed.wait_for(lambda: enough(self._found), within_s)
            return dict(self._found)

    def _hear(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        said = name.removesuffix(f".{service_type}")
        there = None
        if state_change is not ServiceStateChange.Removed:
            with suppress(Error):  # a name of another service, or nobody listens any more
                there = self._resolved(zeroconf, name, said)
            if there is None:
                return
        with self._changed:
            if there is None:
                self._found.pop(said, None)
            else:
                self._found[said] = there
            self._changed.notify_all()

    def _resolved(self, zeroconf: Zeroconf, name: str, said: str) -> Announced | None:
        own = _AGAIN.sub("", said)
        if not self._wanted(own) or len(self._found) >= _MOST:
            return None
        info = ServiceInfo(self._type, name)
        if not info.request(zeroconf, _RESOLVE_MS) or not info.port:
            return None
        addresses = info.parsed_addresses(IPVersion.V4Only)
        return Announced(own, f"{addresses[0]}:{info.port}") if addresses else None
