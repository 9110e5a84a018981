"""When a window is open: the one arithmetic of nights, time zones and clock changes.

A window is named by the day on which it opens, and may close on the next. Its hours are those on the wall, so that a
night in which clocks change is an hour longer or shorter. An hour that a clock change leaves out counts as the one
after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.schedule.plan import Window

_A_YEAR = 366  # days: no window is closed for longer, or it never opens


@dataclass(frozen=True, slots=True)
class Night:
    """One time that a window is open. Instants are UTC; `closes_at` is no longer part of it."""

    window: str
    opens_at: datetime
    closes_at: datetime


def open_now(window: Window, now: datetime) -> Night | None:
    """The night that is on at `now`, None when the window is shut."""
    night = latest(window, now)
    return night if night is not None and now < night.closes_at else None


def latest(window: Window, now: datetime) -> Night | None:
    """The newest night that has begun by `now`; None when there was none for a year."""
    today = now.astimezone(window.zone_info).date()
    days = (today - timedelta(days=back) for back in range(_A_YEAR))
    return next((night for night in _nights(window, days) if night.opens_at <= now), None)


def coming(window: Window, after: datetime) -> Night | None:
    """The first night that begins later than `after`; None when there is none for a year."""
    today = after.astimezone(window.zone_info).date()
    days = (today + timedelta(days=ahead) for ahead in range(-1, _A_YEAR))
    return next((night for night in _nights(window, days) if night.opens_at > after), None)


def _nights(window: Window, days: Iterator[date]) -> Iterator[Night]:
    zone = window.zone_info
    for day in days:
        if window.opens_on(day):
            closing_day = day if window.from_ < window.to else day + timedelta(days=1)
            yield Night(window.name, _instant(day, window.from_, zone), _instant(closing_day, window.to, zone))


def _instant(day: date, on_the_wall: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, on_the_wall, zone).astimezone(UTC)
