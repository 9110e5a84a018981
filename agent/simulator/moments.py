"""Moments relative to the phone's clock, so that a scenario is as true tomorrow as today.

`now-34d`, `today+9h`, `last 02:00-1d`: a base, then any number of steps in days, hours, minutes or seconds.
`today` is last midnight, `last HH:MM` that time of today or, if it is still to come, of yesterday, both in
the phone's time zone. In a text file it stands in double braces with a form: `{{now-34d:%Y-%m-%d}}`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_MOMENT = re.compile(r"(now|today|last (\d\d):(\d\d))((?: ?[+-] ?\d{1,6}[dhms])*)")
_STEP = re.compile(r"([+-]) ?(\d{1,6})([dhms])")
_PLACE = re.compile(rb"\{\{((?:now|today|last )[^{}:\n]{0,60}(?::\d\d[^{}:\n]{0,60})?):([^{}\n]{1,60})\}\}")
_START = re.compile(rb"\{\{(?:now|today|last )[^\n]{0,40}")
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


@dataclass(frozen=True, slots=True)
class Clock:
    """The phone's clock at the moment it starts: an instant, and the zone in which it is shown."""

    now: datetime
    zone: ZoneInfo

    def at(self, text: str) -> datetime:
        """Compute a moment; ValueError says what is wrong with it."""
        found = _MOMENT.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"expected a moment such as `now-34d`, `today+9h` or `last 02:00-1d`, not `{text}`")
        local = self.now.astimezone(self.zone)
        moment = local
        if found[1] != "now":
            hour, minute = (int(found[2]), int(found[3])) if found[2] else (0, 0)
            moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
            if moment > local:
                moment -= timedelta(days=1)
        for sign, number, unit in _STEP.findall(found[4]):
            step = timedelta(**{_UNITS[unit]: int(number)})
            moment = moment + step if sign == "+" else moment - step
        return moment

    def shown(self, moment: datetime, form: str) -> str:
        """Write a moment: `s`, `ms`, `hexms` since the epoch, or a form of strftime, after `utc ` in UTC."""
        seconds = moment.timestamp()
        if form == "s":
            return str(int(seconds))
        if form == "ms":
            return str(int(seconds * 1000))
        if form == "hexms":
            return f"{int(seconds * 1000):x}"
        if form.startswith("utc "):
            return moment.astimezone(UTC).strftime(form.removeprefix("utc "))
        return moment.strftime(form)


class Misplaced(ValueError):
    """A placeholder that cannot be filled: the line it is in, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def has_places(data: bytes) -> bool:
    """Tell whether a file holds placeholders; one that holds none is served byte for byte."""
    return _START.search(data) is not None


def fill(data: bytes, clock: Clock) -> bytes:
    """Fill every placeholder; raise Misplaced for one that is not understood."""

    def fill_one(found: re.Match[bytes]) -> bytes:
        try:
            moment = clock.at(found[1].decode("ascii", "replace"))
            return clock.shown(moment, found[2].decode()).encode()
        except (ValueError, OverflowError) as error:
            raise Misplaced(data.count(b"\n", 0, found.start()) + 1, str(error)) from error

    filled = _PLACE.sub(fill_one, data)
    if left := _START.search(filled):
        line = filled.count(b"\n", 0, left.start()) + 1
        raise Misplaced(line, f"not a placeholder: {left[0].decode('utf-8', 'replace')}")
    return filled
