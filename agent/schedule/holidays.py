"""Public holidays of a country, or of one of its regions, from the package `holidays`.

It takes a third of a second to import, and only plans that name a country need it.
"""

from datetime import date
from functools import cache
from typing import Any

from agent.messages import Message
from agent.policy.source import no_such


def check(region: str) -> str:
    """Return a region as `CO` or `ES-MD`. Errors: ValueError with a Message, which names the nearest."""
    import holidays  # noqa: PLC0415

    known = holidays.list_supported_countries(include_aliases=False)
    country, dash, part = region.partition("-")
    if country not in known:
        raise ValueError(no_such(Message("country"), country, sorted(known)))
    if dash and part not in known[country]:
        raise ValueError(no_such(Message("region"), part, sorted(known[country])))
    return region


def is_holiday(region: str, day: date) -> bool:
    """Whether a day is a public holiday there. `region` is one that `check` took."""
    return day in _calendar(region)


@cache
def _calendar(region: str) -> Any:
    import holidays  # noqa: PLC0415

    country, _, part = region.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)
