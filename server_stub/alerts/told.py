"""What a webhook is sent, as the API's description has it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """One alert. `phone`: its asset tag, else the end of its serial. Instants are RFC 3339 in UTC."""

    event: str
    severity: str
    at: str
    phone: str | None
    clause: str | None
    about: str | None  # an agent's id, a rule or a row of the audit log
    until: str | None
    link: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """One message: how many alerts of each event, and the heaviest of them."""

    summary: str
    counts: dict[str, int]
    events: list[ToldEvent]


@dataclass(frozen=True, slots=True)
class Posted:
    """The body of a webhook; its headers are those of Standard Webhooks."""

    type: Literal["posture.alert"]
    timestamp: str
    data: Told
