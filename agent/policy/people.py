"""What people add to a measurement: statements of what no command proves, and exceptions."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.capture import quoted
from agent.facts import instant
from agent.messages import Message
from agent.policy.source import PolicyError

CLOCK_SLACK = timedelta(minutes=5)  # two honest workstations may differ by so much


@dataclass(frozen=True, slots=True)
class Attestation:
    """A person's answer to a rule's question. Instants are aware; it counts from `at` until `valid_until`.

    `role` is that in which the person answered, as the question's `answered_by` has it; None where nobody noted it.
    """

    rule: str
    answer: bool
    by: str
    at: datetime
    valid_until: datetime
    role: str | None = None

    def reported(self, *, lapsed: bool) -> dict[str, Any]:
        """As a report shows it."""
        return {
            "answer": self.answer,
            "by": quoted(self.by),
            "role": self.role,
            "at": instant(self.at),
            "valid_until": instant(self.valid_until),
            "state": "lapsed" if lapsed else "valid",
        }


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception from one rule for one phone or one group, approved by another person than asked for it."""

    rule: str
    reason: str
    requested_by: str
    approved_by: str
    approved_at: datetime
    until: datetime
    serial: str | None = None
    group: str | None = None

    def covers(self, serial: str | None, groups: Iterable[str]) -> bool:
        """Whether this phone is meant."""
        return (self.serial is not None and self.serial == serial) or (self.group is not None and self.group in groups)

    def reported(self, *, expired: bool) -> dict[str, Any]:
        """As a report shows it."""
        return {
            "reason": quoted(self.reason),
            "requested_by": quoted(self.requested_by),
            "approved_by": quoted(self.approved_by),
            "approved_at": instant(self.approved_at),
            "until": instant(self.until),
            "state": "expired" if expired else "active",
        }


def check_waiver(waiver: Waiver, rules: Iterable[str], longest: timedelta) -> None:
    """Raise PolicyError for an exception that nobody may grant."""
    if problem := _problem(waiver, set(rules), longest):
        raise PolicyError(
            Message("exception from {rule}: {problem}", {"rule": quoted(waiver.rule), "problem": problem})
        )


def _same(name: str) -> str:
    """A name without what people write differently: case, spaces, forms of a letter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _problem(waiver: Waiver, rules: set[str], longest: timedelta) -> Message | None:  # noqa: PLR0911 - a table in words
    if waiver.rule not in rules:
        return Message("the policy has no such rule")
    if (waiver.serial is None) == (waiver.group is None):
        return Message("it is for one phone or for one group")
    if not (waiver.reason.strip() and waiver.requested_by.strip() and waiver.approved_by.strip()):
        return Message("it needs a reason, who asked for it and who approved it")
    if _same(waiver.requested_by) == _same(waiver.approved_by):
        return Message("whoever asks for an exception cannot approve it")
    if waiver.until.tzinfo is None or waiver.approved_at.tzinfo is None:
        return Message("its times need a time zone")
    if waiver.until.astimezone(UTC).second or waiver.until.microsecond:
        return Message("it ends at a whole minute")
    if waiver.until <= waiver.approved_at:
        return Message("it ends before it begins")
    if waiver.until - waiver.approved_at > longest:
        return Message("it is longer than the {days} days that the policy allows", {"days": longest.days})
    return None
