"""Where each phone may be tonight: on a cable, behind the adb server, or at an address that changes.

A cable names its phone. An address does not: only the report tells whose phone answered there.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.messages import Message
from agent.schedule.journal import Seen
from agent.schedule.plan import Phone, Plan
from agent.transport import Found, TransportError, find
from agent.transport.finding import unannounced
from agent.transport.paired import PairedPhones

# At night nobody is there to accept this computer: a phone that asks is told of in the morning.
_ACCEPT_S = 3.0


@dataclass(frozen=True, slots=True)
class Place:
    """A place to look at. `surely`: keys of phones that should be there, so that its trouble is theirs.

    unlisted: it holds a phone that the plan does not list, and that is to be scanned all the same.
    """

    found: Found
    surely: frozenset[str]
    unlisted: bool


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look. `nowhere`: keys of phones for which there is no place to look, each with the reason."""

    places: tuple[Place, ...]
    nowhere: Mapping[str, Message]


def look_for(due: Sequence[Phone], plan: Plan, seen: Mapping[str, Seen], taken: Collection[str], data: Path) -> Places:
    """Where the phones that are due may be, each place once.

    seen: where phones were found in other nights. taken: places where other phones were scanned this night.
    """
    connected, trouble = _connected(data) if plan.connected else ({}, None)
    anywhere = {*plan.addresses, *filter(_is_address, connected)} - set(taken)
    surely: dict[str, set[str]] = {}
    nowhere: dict[str, Message] = {}
    paired = _paired(data) if plan.connected else set()
    for phone in due:
        own = _own(phone, connected, seen.get(phone.key)) - set(taken)
        for place in own:
            surely.setdefault(place, set()).add(phone.key)
        if not own and not anywhere and not plan.addresses:
            nowhere[phone.key] = trouble or _absent(phone, paired)
    wanted = set(surely)
    if any(phone.serial not in connected for phone in due):
        wanted |= anywhere
    unlisted: set[str] = set()
    if plan.unlisted == "scan":
        unlisted = set(connected) - set(taken) - {phone.serial for phone in plan.phones if phone.serial is not None}
    wanted |= unlisted
    found = {**_at(sorted(wanted - set(connected)), data), **connected}
    return Places(
        tuple(Place(found[at], frozenset(surely.get(at, ())), at in unlisted) for at in sorted(wanted)), nowhere
    )


def _own(phone: Phone, connected: Collection[str], before: Seen | None) -> set[str]:
    """Where a phone itself may be. One on a cable is there, whatever the network now has under its old address."""
    if phone.serial is not None and phone.serial in connected:
        return {phone.serial}
    places = {phone.address} if phone.address is not None else set()
    if before is not None and (_is_address(before.place) or before.place in connected):
        places.add(before.place)
    return places


def _is_address(place: str) -> bool:
    """Whether any phone may be there: HOST:PORT, or the name by which the adb server finds a phone on the network."""
    return ":" in place or "._adb" in place


def _at(addresses: Sequence[str], data: Path) -> dict[str, Found]:
    # Without an address, `find` looks on the cables.
    return {phone.serial: phone for phone in find(data, tcp=addresses, accept_s=_ACCEPT_S)} if addresses else {}


def _connected(data: Path) -> tuple[dict[str, Found], Message | None]:
    try:
        return {phone.serial: phone for phone in find(data, accept_s=_ACCEPT_S)}, None
    except TransportError as error:
        return {}, error.message


def _paired(data: Path) -> set[str]:
    with suppress(TransportError):  # a list that cannot be read: its trouble was told already, or does not matter
        return {phone.serial for phone in PairedPhones(data)}
    return set()


def _absent(phone: Phone, paired: Collection[str]) -> Message:
    if phone.serial is not None and phone.serial in paired:
        return unannounced(phone.serial)
    return Message(
        "{phone} is not connected, and no address is known where it may be; plug it in, or write its address into "
        "schedule.yaml",
        {"phone": phone.key},
    )
