"""Which policy holds for a phone at an instant: the edition for everybody, its group's over it, its own on top.

Where nothing was published, each agent's own judgement stands.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from agent.policy.files import Files, find
from agent.policy.loading import assemble
from agent.policy.model import Policy
from agent.policy.source import PolicyError, Source, parse
from server_stub.guideline.policy import shipped
from server_stub.phones.models import Phone
from server_stub.policies.models import Edition

if TYPE_CHECKING:
    from django.db.models import QuerySet

log = logging.getLogger(__name__)
_LAYERS = (Edition.Layer.POLICY, Edition.Layer.GROUP, Edition.Layer.PHONE)
_HEAVY = ("text", "files", "note")


@dataclass(frozen=True, slots=True)
class Stack:
    """Editions that lie over one another, by their digests; where they are kept says `ids`."""

    digests: tuple[str, ...]
    ids: tuple[int, ...] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Layers:
    """The published editions that may hold for one phone."""

    editions: tuple[Edition, ...] = ()

    def at(self, at: datetime) -> Policy | None:
        """The policy that held then; None: the agent's own judgement stands.

        So it does where this version cannot read what was published; the policy's page then says so.
        """
        stack = self.stack(at)
        if stack is None:
            return None
        try:
            return assembled(stack)
        except PolicyError as error:
            log.error("the published policy %s cannot be read: %s", stack.digests, error.message("en"))
            return None

    def stack(self, at: datetime) -> Stack | None:
        """What lay over what then."""
        found = [newest for layer in _LAYERS if (newest := self.newest(layer, at)) is not None and newest.sha256]
        return Stack(tuple(e.sha256 for e in found), tuple(e.pk for e in found)) if found else None

    def newest(self, layer: str, at: datetime) -> Edition | None:
        """The edition of one layer that held then."""
        begun = [each for each in self.editions if each.layer == layer and each.effective_from <= at]
        return max(begun, key=lambda each: (each.effective_from, each.number or 0), default=None)


NONE = Layers()


@dataclass(frozen=True, slots=True)
class Published:
    """All that was published, by layer and name."""

    editions: Mapping[tuple[str, str], tuple[Edition, ...]]

    def over(self, phone: Phone) -> Layers:
        """What of it may hold for this phone."""
        if not self.editions:
            return NONE
        names = ("", phone.group, phone.serial)
        return Layers(tuple(e for place in zip(_LAYERS, names, strict=True) for e in self.editions.get(place, ())))


def layers_of(phones: Iterable[Phone]) -> dict[str, Layers]:
    """What was published for each of these phones."""
    with connection.cursor() as cursor:
        cursor.execute(LAST)
        found = published(cursor.fetchone())
    return {phone.key: found.over(phone) for phone in phones}


# What was published last. Of what was published before it nothing ever changes: it names them all.
LAST = (
    "SELECT id, sha256, effective_from FROM policies_edition WHERE number = (SELECT max(number) FROM policies_edition)"
)


@lru_cache(maxsize=2)
def published(last: tuple[object, ...] | None) -> Published:
    """All that was published up to what `LAST` finds; None: nothing."""
    found: dict[tuple[str, str], tuple[Edition, ...]] = {}
    for each in _published().order_by("number") if last else ():
        found[each.layer, each.name] = (*found.get((each.layer, each.name), ()), each)
    return Published(found)


def _published() -> "QuerySet[Edition]":
    return Edition.objects.filter(state=Edition.State.PUBLISHED).defer(*_HEAVY)


def of_everybody(at: datetime | None = None) -> Edition | None:
    """The edition that holds for everybody; None: none was published, or none lies there any more."""
    found = Layers(tuple(_published().filter(layer=Edition.Layer.POLICY))).newest(
        Edition.Layer.POLICY, at or timezone.now()
    )
    return found if found is not None and found.sha256 else None


def in_force() -> Policy:
    """The policy for everybody: the published one, else the one that comes with this version."""
    edition = of_everybody()
    if edition is None:
        return shipped()
    try:
        return assembled(Stack((edition.sha256,), (edition.pk,)))
    except PolicyError:
        return shipped()


def policy_for(phone: Phone | None = None, group: str = "") -> Policy:
    """What holds now for a phone, or for a group; where nothing was published, what comes with this version."""
    asked = phone or Phone(key="~", group=group)
    return layers_of([asked])[asked.key].at(timezone.now()) or shipped()


def holding() -> list[Edition]:
    """All editions that hold now, of every layer, those for everybody first."""
    now, found = timezone.now(), dict[tuple[str, str], Edition]()
    begun = _published().filter(effective_from__lte=now).select_related("submitted_by", "decided_by")
    for each in begun.order_by("effective_from", "number"):
        found[each.layer, each.name] = each
    order = {layer: place for place, layer in enumerate(_LAYERS)}
    return sorted((e for e in found.values() if e.sha256), key=lambda e: (order[Edition.Layer(e.layer)], e.name))


@lru_cache(maxsize=64)
def assembled(stack: Stack) -> Policy:
    """The editions as one policy, kept by its digests. Raises PolicyError."""
    return assemble(files_of(stack))


@lru_cache(maxsize=64)
def files_of(stack: Stack) -> Files:
    """The files of editions that lie over one another. Raises PolicyError."""
    kept = Edition.objects.in_bulk(stack.ids)
    parts = [unpacked(kept[pk].files) for pk in stack.ids]
    base = parts[0].base or coming_along().base
    return Files(base, tuple(overlay for part in parts for overlay in part.overlays))


def unpacked(files: dict[str, list[dict[str, str]]]) -> Files:
    """The files of one edition; without a base where it is an overlay. Raises PolicyError."""
    return Files(_sources(files.get("base", [])), _sources(files.get("overlays", [])))


def packed(files: Files) -> dict[str, list[dict[str, str]]]:
    """The other way round, to be kept."""
    return {
        part: [{"name": each.name, "text": each.raw.decode()} for each in sources]
        for part, sources in (("base", files.base), ("overlays", files.overlays))
    }


def _sources(told: list[dict[str, str]]) -> tuple[Source, ...]:
    return tuple(_source(each["name"], each["text"]) for each in told)


@lru_cache(maxsize=128)
def _source(name: str, text: str) -> Source:
    """A file, read once: that takes longer than all else that is done with it."""
    return parse(text.encode(), name)


@cache
def coming_along() -> Files:
    """The files of the policy that comes with this version."""
    return find(None)
