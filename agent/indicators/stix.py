"""STIX 2.0 and 2.1: a bundle of indicators, and what each indicates.

Read: `[app:id='x']`, `[app:cert.sha1='…']`, `[app:cert.sha256='…']`, and several joined by OR (the forms of MVT's and
Amnesty's files; STIX 2.1, part 9). A pattern that says more (AND, FOLLOWEDBY, NOT, LIKE, MATCHES) would mean
something else when read in part, so it is counted as unread. The stix2 package brings a grammar's parser and seconds
of start for these three forms.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from agent.indicators.model import Found, meant

_ONE = r"(?P<path>[a-z0-9-]{1,40}:[A-Za-z0-9_.'\-]{1,80}?)\s{0,9}=\s{0,9}'(?P<value>[^'\\]{0,400})'"
_COMPARISON = re.compile(rf"\s{{0,9}}\[?\s{{0,9}}{_ONE}\s{{0,9}}\]?\s{{0,9}}(?P<join>OR\s|$)")
_KINDS = {
    "app:id": Found.package,
    "app:cert.sha1": Found.certificate,
    "app:cert.sha256": Found.certificate,
    "app:cert.'sha1'": Found.certificate,
    "app:cert.'sha256'": Found.certificate,
}


def read(bundle: Mapping[str, Any], now: datetime) -> tuple[Found, str | None]:
    """Return what a bundle holds, and the newest instant at which something in it was modified.

    What is revoked or has expired by `now` is left out.
    """
    objects = [each for each in bundle.get("objects") or () if isinstance(each, dict)]
    meanings = _meanings(objects)
    found = Found()
    for each in objects:
        if each.get("type") == "indicator" and not _over(each, now):
            _take(str(each.get("pattern", "")), meanings.get(str(each.get("id")), ""), found)
    return found, max((at for each in objects if (at := _instant(each.get("modified")))), default=None)


def _take(pattern: str, meaning: str, found: Found) -> None:
    read = list(_comparisons(pattern))
    if not read or any(path not in _KINDS for path, _ in read):
        found.skip([pattern])
        return
    for path, value in read:
        _KINDS[path](found, value, meaning or "known spyware")


def _comparisons(pattern: str) -> Iterator[tuple[str, str]]:
    """The comparisons of a pattern that is nothing but comparisons joined by OR; else none at all."""
    at, ended, read = 0, False, list[tuple[str, str]]()
    while not ended and (match := _COMPARISON.match(pattern, at)):
        read.append((match["path"], match["value"]))
        at, ended = match.end(), not match["join"]
    return iter(read if ended and pattern.count("[") == pattern.count("]") else [])


def _over(indicator: Mapping[str, Any], now: datetime) -> bool:
    until = _instant(indicator.get("valid_until"))
    return indicator.get("revoked") is True or (until is not None and until <= now.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _meanings(objects: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What each indicator indicates, by its id."""
    names = {str(each.get("id")): meant(each["name"]) for each in objects if isinstance(each.get("name"), str)}
    indicated = {
        str(each.get("source_ref")): names[str(each.get("target_ref"))]
        for each in objects
        if each.get("relationship_type") == "indicates" and str(each.get("target_ref")) in names
    }
    return names | indicated


def _instant(text: object) -> str | None:
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at.tzinfo else None
