"""The morning: who was scanned in a night, who was not, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from agent.facts import instant
from agent.messages import Language, Message
from agent.policy.terms import Verdict
from agent.schedule.journal import Attempt, Journal, in_every_language
from agent.schedule.plan import Plan, Window
from agent.schedule.windows import latest

State = Literal["scanned", "partly", "not_scanned", "waiting"]
"""Wholly scanned; went away half way; not scanned; not yet, and the window is still open."""

_NO_SCHEDULER = Message(
    "no scheduler worked in this window: the computer was off or asleep, or `posture schedule run` was not running"
)
_NOT_YET = Message("not tried yet")


@dataclass(frozen=True, slots=True)
class Line:
    """One phone in a night. `reasons`: why it was not scanned, in every language. Instants are RFC 3339 in UTC.

    last_scanned_at: when it was last wholly scanned, in any night; None: never.
    """

    phone: str
    name: str | None
    state: State
    verdict: Verdict | None
    attempts: int
    last_attempt_at: str | None
    last_scanned_at: str | None
    report_id: str | None
    reasons: Mapping[Language, str] | None


@dataclass(frozen=True, slots=True)
class Summary:
    """One night. `is_open`: it is not over yet."""

    window: str
    opens_at: str
    closes_at: str
    is_open: bool
    phones: tuple[Line, ...]

    @property
    def all_scanned(self) -> bool:
        """Whether nobody is missing."""
        return all(line.state == "scanned" for line in self.phones)

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)


def summarise(plan: Plan, window: Window, journal: Journal, now: datetime) -> Summary | None:
    """The newest night of a window; None when it has never been open."""
    night = latest(window, now)
    if night is None:
        return None
    # The plan may have changed since; a night is held against what it was to do.
    expected = journal.expected(night)
    attempts = journal.attempts(night)
    was_there = bool(expected or attempts)
    phones = expected or {phone.key: phone.name for phone in plan.phones_of(window)}
    phones |= dict.fromkeys(attempts.keys() - phones.keys())
    seen = journal.seen()
    is_open = now < night.closes_at
    lines = []
    untried = _NOT_YET if was_there or is_open else _NO_SCHEDULER
    for phone, name in phones.items():
        last_scanned_at = seen[phone].scanned_at if phone in seen else None
        lines.append(_line(phone, name, attempts.get(phone, ()), last_scanned_at, is_open=is_open, untried=untried))
    return Summary(night.window, instant(night.opens_at), instant(night.closes_at), is_open, tuple(lines))


def _line(
    phone: str,
    name: str | None,
    attempts: Sequence[Attempt],
    last_scanned_at: str | None,
    *,
    is_open: bool,
    untried: Message,
) -> Line:
    """What a night says of one phone: its best attempt counts, its last tells why there is no better."""
    best = next((each for outcome in ("scanned", "partly") for each in attempts if each.outcome == outcome), None)
    state: State
    if best is not None:
        state = "scanned" if best.outcome == "scanned" else "partly"
    else:
        state = "waiting" if is_open else "not_scanned"
    why = attempts[-1].reasons if attempts else in_every_language(untried)
    return Line(
        phone=phone,
        name=name,
        state=state,
        verdict=best.verdict if best else None,
        attempts=len(attempts),
        last_attempt_at=attempts[-1].ended_at if attempts else None,
        last_scanned_at=last_scanned_at,
        report_id=best.report_id if best else None,
        reasons=None if state == "scanned" else why,
    )
