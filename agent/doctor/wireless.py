"""Wireless debugging: phones that announce it, those that were paired, and whether the two fit."""

from collections.abc import Iterator

from agent.doctor.finding import Finding, NotLooked, Workstation
from agent.messages import Message, quoted
from agent.transport import TransportError
from agent.transport.keys import workstation_key
from agent.transport.paired import Paired, PairedPhones

_LISTEN_S = 1.0  # a phone that is awake answers within a quarter of it
_SHOWN = 20  # of what strangers may announce


def wireless(workstation: Workstation) -> Iterator[Finding]:
    """Yield paired phones that cannot be reached, and phones that could be paired."""
    from agent.transport.nearby import Nearby  # noqa: PLC0415 - mDNS loads slowly

    paired = {phone.guid: phone for phone in PairedPhones(workstation.data.root)}
    try:
        with Nearby("connect") as nearby:
            found = {each.name: each.address for each in nearby.wait(_LISTEN_S, lambda _: False).values()}
    except TransportError as error:
        raise NotLooked(error.message) from error
    for guid, phone in paired.items():
        yield from _reach(workstation, phone, found.get(guid))
    for guid, address in sorted(found.items())[:_SHOWN]:
        stranger = Paired.of(guid)
        if stranger is not None and guid not in paired:
            yield Finding(
                "note",
                Message(
                    "{serial} offers wireless debugging at {address}, and is not paired with this computer",
                    {"serial": quoted(stranger.serial), "address": address},
                ),
                Message("to scan it over Wi-Fi: `posture pair`; else nothing needs to be done"),
            )


def _reach(workstation: Workstation, phone: Paired, address: str | None) -> Iterator[Finding]:
    from agent.transport.tcp import open_tcp  # noqa: PLC0415 - adb-shell, where a phone is paired

    if address is None:
        yield Finding(
            "note",
            Message("{serial} is paired, but does not announce itself on this network", {"serial": phone.serial}),
            Message(
                "to scan it over Wi-Fi: have it on this network with Developer options › Wireless debugging on; "
                "if it is here no longer: `posture pair --forget {serial}`",
                {"serial": phone.serial},
            ),
        )
        return
    try:
        open_tcp(address, workstation_key(workstation.data.root), paired=True).close()
    except TransportError as error:
        yield Finding(
            "warning",
            Message("{serial} is paired, but cannot be reached: {why}", {"serial": phone.serial, "why": error.message}),
            Message("pair it again: `posture pair`"),
        )
