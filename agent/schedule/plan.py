"""The plan of the nightly scans, `schedule.yaml` in the agent's data folder, as people write it.

It is read as policies are: unknown names stop the load, and a mistake is told with file, line and nearest name.
"""

from collections.abc import Iterator
from datetime import date, time
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from agent.messages import Language, Message
from agent.policy.document import Duration, Part
from agent.policy.source import Place, PolicyError, no_such, read
from agent.policy.terms import Profile
from agent.policy.validation import validate
from agent.schedule import holidays

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
EVERY_DAY = frozenset(DAYS)

Word = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


def _time_of_day(text: object) -> object:
    if isinstance(text, str):
        hours, colon, minutes = text.partition(":")
        if colon and len(minutes) == 2 and text.replace(":", "", 1).isascii() and (hours + minutes).isdecimal():
            try:
                return time(int(hours), int(minutes))
            except ValueError:
                pass
    raise ValueError(Message("expected a time of day such as 22:30"))


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(Message("expected a time zone such as America/Bogota")) from error
    return name


Region = Annotated[str, AfterValidator(holidays.check)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Zone = Annotated[str, AfterValidator(_zone)]


class Phone(Part):
    """A phone to be scanned. `serial`: its own number, wherever it is found. `address`: HOST:PORT, where to look."""

    serial: Word | None = None
    address: Word | None = None
    name: Word | None = None

    @model_validator(mode="after")
    def _can_be_known(self) -> Self:
        if self.serial is None and self.address is None:
            raise ValueError(Message("a phone needs its serial number, or its address"))
        return self

    @property
    def key(self) -> str:
        """How the journal and other places call it: its serial number, else its address."""
        return self.serial or self.address or ""


class Window(Part):
    """Hours in which phones are scanned, on `days` but `not_on` some dates; it is called by the day it opens on.

    holidays: a country, `CO`, or a region of one, `ES-MD`, on whose public holidays it does not open either.
    jitter: scans begin up to so much later than `from`, so that many workstations do not begin at once.
    phones: only these, by serial number or address; none given means every phone of the plan.
    """

    name: Name
    days: Annotated[frozenset[Day], Field(strict=False, min_length=1)] = EVERY_DAY
    not_on: Annotated[frozenset[Annotated[date, Field(strict=False)]], Field(strict=False)] = frozenset()
    holidays: Region | None = None
    from_: TimeOfDay = Field(alias="from")
    to: TimeOfDay
    zone: Zone
    jitter: Duration = Duration(minutes=10)
    phones: Annotated[tuple[Word, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        minutes = (self.to.hour * 60 + self.to.minute - self.from_.hour * 60 - self.from_.minute) % (24 * 60)
        if not minutes:
            raise ValueError(Message("`from` and `to` are the same time"))
        if self.jitter.in_seconds * 2 > minutes * 60:
            raise ValueError(Message("`jitter` leaves less than half of the window for scans"))
        return self

    def opens_on(self, day: date) -> bool:
        """Whether it opens on a day."""
        if DAYS[day.weekday()] not in self.days or day in self.not_on:
            return False
        return self.holidays is None or not holidays.is_holiday(self.holidays, day)

    @property
    def zone_info(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.zone)


class Retry(Part):
    """How long a phone that could not be scanned is left alone: `first`, doubled each time, at most `longest`."""

    first: Duration = Duration(minutes=2)
    longest: Duration = Duration(minutes=30)

    @model_validator(mode="after")
    def _leaves_alone(self) -> Self:
        if not 0 < self.first.in_seconds <= self.longest.in_seconds:
            raise ValueError("`first` must be longer than nothing, and no longer than `longest`")
        return self


class Plan(Part):
    """Which phones are scanned when, and how.

    connected: look for phones on USB and behind the running adb server. addresses: where any of the phones may be.
    unlisted: whether a connected phone that the plan does not list is scanned too. side_by_side: phones at once.
    """

    collector: Word | None = None
    language: Language | None = None
    profile: Profile = "in-use"
    policy: Word | None = None
    side_by_side: Annotated[int, Field(ge=1, le=64)] = 8
    connected: bool = True
    unlisted: Literal["ignore", "scan"] = "ignore"
    addresses: Annotated[tuple[Word, ...], Field(strict=False, max_length=500)] = ()
    retry: Retry = Retry()
    phones: Annotated[tuple[Phone, ...], Field(strict=False, max_length=5000)] = ()
    windows: Annotated[tuple[Window, ...], Field(strict=False, min_length=1, max_length=100)]

    def phones_of(self, window: Window) -> tuple[Phone, ...]:
        """The phones that are scanned in a window."""
        return tuple(phone for phone in self.phones if not window.phones or phone.key in window.phones)


def load_plan(path: Path) -> Plan:
    """Read the plan. Errors: PolicyError with the line that is wrong, or the command that makes a plan."""
    if not path.exists():
        raise PolicyError(
            Message("there is no {path}; `posture schedule init` writes one to fill in", {"path": str(path)})
        )
    source = read(path, str(path))
    plan = validate(source, Plan)
    for place, problem in _mistakes(plan):
        raise source.error(place, problem)
    return plan


def example() -> str:
    """A commented plan to fill in."""
    return files("agent.schedule").joinpath("schedule.yaml").read_text("utf-8")


def _mistakes(plan: Plan) -> Iterator[tuple[Place, Message]]:
    """What one value alone does not show."""
    if not plan.phones and plan.unlisted == "ignore":
        yield ("phones",), Message("there is no phone to scan; list some, or say `unlisted: scan`")
    if not plan.connected and plan.unlisted == "scan":
        yield ("unlisted",), Message("unlisted phones are those that are connected, and `connected` is false")
    keys = [phone.key for phone in plan.phones]
    names = [window.name for window in plan.windows]
    for what, given in (("phones", keys), ("windows", names)):
        for number, each in enumerate(given):
            if each in given[:number]:
                yield (what, number), Message("“{name}” is listed twice", {"name": each})
    for number, window in enumerate(plan.windows):
        for position, phone in enumerate(window.phones):
            if phone not in keys:
                yield ("windows", number, "phones", position), no_such(Message("phone"), phone, keys)
