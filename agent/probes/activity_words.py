"""What a row of WhatsApp's screen Linked devices says, in English, Spanish and Portuguese: when, and of what kind.

"Active now", "Last active today at 12:29 AM", "… yesterday at 18:05", a weekday or a date and a time, in the phone's
zone. How WhatsApp words it in other languages, or will tomorrow, is not known: then nothing is said of the time.
A date without a time is taken for the end of that day, so that a session never looks older than it is; of today and
yesterday that says too little, and nothing is concluded.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NOW = {"active now", "activo ahora", "activa ahora", "ativo agora", "ativa agora"}
_DAYS = {"today": 0, "hoy": 0, "hoje": 0, "yesterday": 1, "ayer": 1, "ontem": 1}
# Monday is 0; without accents.
_WEEKDAYS = (
    ("monday", "lunes", "segunda-feira", "segunda"),
    ("tuesday", "martes", "terca-feira", "terca"),
    ("wednesday", "miercoles", "quarta-feira", "quarta"),
    ("thursday", "jueves", "quinta-feira", "quinta"),
    ("friday", "viernes", "sexta-feira", "sexta"),
    ("saturday", "sabado"),
    ("sunday", "domingo"),
)
_MONTHS = (
    ("jan", "ene"), ("feb", "fev"), ("mar",), ("apr", "abr"), ("may", "mai"), ("jun",), ("jul",), ("aug", "ago"),
    ("sep", "set"), ("oct", "out"), ("nov",), ("dec", "dic", "dez"),
)  # fmt: skip

_TIME = re.compile(r"\b(\d{1,2})[:.](\d{2})(?::\d{2})?(?:\s?([ap])\.?\s?m\b\.?)?")
_NUMERIC = re.compile(r"\b(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})\b")
_DAY_MONTH = re.compile(r"\b(\d{1,2})(?:\s+de)?\s+([a-z]{3,10})\.?(?:(?:,|\s+de)?\s+(\d{4}))?\b")
_MONTH_DAY = re.compile(r"\b([a-z]{3,10})\.?\s+(\d{1,2})(?:,?\s+(\d{4}))?\b")
_AHEAD = timedelta(minutes=2)
_DRAWN = timedelta(seconds=90)
# As in `companion_devices`, but for what a name does not tell.
_PLATFORMS = (
    ("edge", "edge"), ("chrome", "chrome"), ("firefox", "firefox"), ("safari", "safari"), ("opera", "opera"),
    ("ipad", "ipad"), ("iphone", "ios-phone"), ("windows", "desktop"), ("mac", "desktop"), ("linux", "desktop"),
    ("android", "android-ambiguous"), ("wear", "wear-os"), ("watch", "wear-os"), ("portal", "aloha"), ("quest", "vr"),
    ("glasses", "smartglasses"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Activity:
    """`active_now`: None where the words are not known. `at`: aware UTC, None where they do not tell."""

    active_now: bool | None
    at: datetime | None


def read(status: str, now: datetime, zone: ZoneInfo | None, locale: str = "") -> Activity:
    """Read the line below a linked device's name; `now` is the phone's clock, `zone` its zone.

    locale: the phone's ("es-CO"). It tells whether 3/5/2026 is in March or in May, where the words are its language's.
    """
    text = _plain(status)
    if text in _NOW:
        return Activity(active_now=True, at=None)
    if not re.search(r"\ba(?:c?tiv[aeio])", text):
        return Activity(None, None)
    at = _moment(text, now.astimezone(zone), zone, locale) if zone is not None else None
    if at is not None and at > now + _AHEAD:
        return Activity(None, None)
    return Activity(active_now=False if at is not None else None, at=at)


def platform(name: str) -> str:
    """Tell a device's kind by its name ("Google Chrome (Windows)"); `unknown` where that does not tell."""
    return next((kind for word, kind in _PLATFORMS if word in name.casefold()), "unknown")


def _moment(text: str, now: datetime, zone: ZoneInfo, locale: str) -> datetime | None:
    days, rest = _days(text, now, _orders(text, locale))
    clock = _TIME.search(rest)
    if len(days) != 1 or re.search(r"\d", _TIME.sub(" ", rest, count=1)):
        return None
    (day,) = days
    if clock is None:
        if (now.date() - day).days < 2:
            return None
        return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
    of_day = _of_day(clock)
    return datetime.combine(day, of_day, zone).astimezone(UTC) if of_day else None


def _of_day(found: re.Match[str]) -> time | None:
    hour, minute = int(found[1]), int(found[2])
    if found[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[3] == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


_DAY_FIRST, _MONTH_FIRST = (2, 1, 0), (2, 0, 1)
_MONTH_FIRST_PLACES = ("PA", "PR", "US")  # CLDR's short dates in Spanish


def _orders(text: str, locale: str) -> tuple[tuple[int, int, int], ...]:
    """Return where year, month and day may stand in a short date."""
    language, _, place = locale.partition("-")
    place = place.rpartition("-")[2]
    if re.search(r"\bac?tiv[oa]\b", text) and language in ("es", "pt") and place not in _MONTH_FIRST_PLACES:
        return (_DAY_FIRST,)
    if "active" in text and (language, place) == ("en", "US"):
        return (_MONTH_FIRST,)
    return (_DAY_FIRST, _MONTH_FIRST)


def _days(text: str, now: datetime, orders: tuple[tuple[int, int, int], ...]) -> tuple[set[date], str]:
    """Return each day that the words may mean (none or two say nothing), and the text without its date."""
    today = now.date()
    if found := _NUMERIC.search(text):
        return set(_numeric(found, today, orders)), _without(text, found)
    if (found := _DAY_MONTH.search(text)) and (month := _month(found[2])):
        return set(_dated(int(found[1]), month, found[3], today)), _without(text, found)
    if (found := _MONTH_DAY.search(text)) and (month := _month(found[1])):
        return set(_dated(int(found[2]), month, found[3], today)), _without(text, found)
    # The screen was drawn a moment before or after it was midnight: then "today" may be either day.
    return {day for moment in (now - _DRAWN, now + _DRAWN) for day in _named(text, moment.date())}, text


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _named(text: str, today: date) -> Iterator[date]:
    for word in re.findall(r"[a-z]+(?:-feira)?", text):
        if word in _DAYS:
            yield today - timedelta(days=_DAYS[word])
        for number, names in enumerate(_WEEKDAYS):
            if word in names:
                yield today - timedelta(days=(today.weekday() - number - 1) % 7 + 1)


def _numeric(found: re.Match[str], today: date, orders: tuple[tuple[int, int, int], ...]) -> Iterator[date]:
    """2026-05-03, 3/5/2026, 5/3/26: whichever orders give a day of the past year."""
    parts = int(found[1]), int(found[3]), int(found[4])
    for year, month, day in [(0, 1, 2)] if len(found[1]) == 4 else orders:
        yield from _near(parts[year] + 2000 if parts[year] < 100 else parts[year], parts[month], parts[day], today)


def _dated(day: int, month: int, year: str | None, today: date) -> Iterator[date]:
    if year is not None:
        yield from _near(int(year), month, day, today)
        return
    yield from list(_near(today.year, month, day, today)) or list(_near(today.year - 1, month, day, today))


def _near(year: int, month: int, day: int, today: date) -> Iterator[date]:
    try:
        found = date(year, month, day)
    except ValueError:
        return
    if timedelta(0) <= today - found <= timedelta(days=366):
        yield found


def _month(word: str) -> int | None:
    return next((at for at, names in enumerate(_MONTHS, 1) if word[:3] in names), None)


def _plain(text: str) -> str:
    """Lower case, without accents, marks of direction (shown as U+FFFD by then) and double spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold()).replace("\N{REPLACEMENT CHARACTER}", "")
    return " ".join("".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Cf")).split())
