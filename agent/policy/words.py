"""Facts and parameters as words, in a person's language; gaps in a policy's sentences filled with them."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal

from agent.capture import quoted
from agent.facts import FACTS, Kind, State
from agent.messages import Language, Message
from agent.policy.conditions import Scene
from agent.policy.document import Duration

GAP = re.compile(r"\{([a-z0-9_.]+)\}")
FOUND = "found"
_ENTRIES_SHOWN = 5
_ENTRY_LENGTH = 80


def fill(sentence: str, gap: Callable[[str], str]) -> str:
    """Fill the gaps of a policy's sentence. What is filled in is never looked at again."""
    return GAP.sub(lambda match: gap(match[1]), sentence)


def fact(name: str, scene: Scene, language: Language) -> str:
    """The value of a fact for people, or the word for unknown."""
    seen = scene.fact(name)
    if seen.state is not State.KNOWN:
        return Message("not known")(language)
    kind = FACTS[name].kind
    if kind is Kind.INSTANT:
        return ago(datetime.fromisoformat(seen.value), scene.now, language)
    if kind is Kind.BOOL:
        return (Message("yes") if seen.value else Message("no"))(language)
    if kind is Kind.INT:
        return integer(name, seen.value, language)
    if kind in (Kind.LIST, Kind.RECORDS):
        return entries(seen.value, language)
    return quoted(str(seen.value), _ENTRY_LENGTH)


def integer(name: str, value: int, language: Language) -> str:
    """A number with its unit, where the fact's name tells it."""
    from babel.numbers import format_decimal  # noqa: PLC0415 - heavy, and only for people
    from babel.units import format_unit  # noqa: PLC0415

    for suffix, unit in (("_seconds", "second"), ("_days", "day"), ("_bytes", "byte")):
        if name.endswith(suffix):
            return format_unit(value, unit, locale=language)
    return format_decimal(value, locale=language)


def ago(at: datetime, now: datetime, language: Language) -> str:
    """Return “34 days ago”: whole minutes, from two hours on hours, from two days on days."""
    from babel.dates import format_timedelta  # noqa: PLC0415 - heavy, and only for people

    age = now - at.astimezone(UTC)
    granularity: Literal["day", "hour", "minute"] = (
        "day" if abs(age) >= timedelta(days=2) else "hour" if abs(age) >= timedelta(hours=2) else "minute"
    )
    whole = timedelta(**{f"{granularity}s": int(age / timedelta(**{f"{granularity}s": 1}))})
    # The threshold keeps days from being told as weeks or months: “34 days” says more where 7 are allowed.
    return format_timedelta(-whole, granularity, threshold=10**6, locale=language, add_direction=True)


def moment(at: datetime, zone: tzinfo, language: Language) -> str:
    """A date and minute in a time zone."""
    from babel.dates import format_datetime  # noqa: PLC0415 - heavy, and only for people

    return format_datetime(at.astimezone(zone), "d MMM y HH:mm", locale=language)


def parameter(value: Any, language: Language) -> str:
    """The value of a parameter."""
    from babel.units import format_unit  # noqa: PLC0415 - heavy, and only for people

    if isinstance(value, Duration):
        return format_unit(value.value, value.unit.removesuffix("s"), locale=language)
    if isinstance(value, tuple):
        return entries(value, language)
    return str(value)


def entries(values: Any, language: Language) -> str:
    """A list as a person writes it; long ones end in a count."""
    names = [_entry(value) for value in values]
    if not names:
        return Message("none")(language)
    shown = ", ".join(names[:_ENTRIES_SHOWN])
    if len(names) <= _ENTRIES_SHOWN:
        return shown
    return Message("{some} and {count} more", {"some": shown, "count": len(names) - _ENTRIES_SHOWN})(language)


def _entry(value: Any) -> str:
    if isinstance(value, Mapping):
        value = next((each for each in value.values() if isinstance(each, str) and each), "?")
    return quoted(str(value), _ENTRY_LENGTH)
