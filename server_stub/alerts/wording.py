"""What a message says: what happened, to which phone, and where to look. No name of a person, no name of a network.

A phone is told by its asset tag, else by the end of its serial. Whoever wants to know more follows the link, and
signs in first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, gettext, override

from agent.facts import instant
from server_stub.alerts.events import AT_ONCE, EVENTS, EXPIRED, EXPIRES, REFUSED, SEVERITIES, WAITS
from server_stub.alerts.models import Alert
from server_stub.alerts.told import Told, ToldEvent
from server_stub.guideline.policy import shipped
from server_stub.phones.models import Phone
from server_stub.policies.published import in_force
from server_stub.web.clauses import clause
from server_stub.web.text import clean
from server_stub.web.words import SEVERITIES as SEVERITY_WORDS

MOST = 20  # alerts that one message tells one by one
_LISTS: Mapping[str, str] = {"phone.fails": "?status=non_compliant", "phone.late": "?late=yes"}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `content` says the same to a program."""

    subject: str
    text: str
    content: dict[str, Any]


def word(alerts: Sequence[Alert], numbers: Mapping[str, int], language: str) -> Message:
    """Tell of some alerts, the heaviest first; `numbers` has how many there are of each event, told or not."""
    labels = _labels(alerts)
    with override(language):
        counted = [(event, numbers[event]) for event in EVENTS if numbers.get(event)]
        told = "; ".join(f"{EVENTS[event]}: {number}" for event, number in counted)
        parts = [_part(event, number, [a for a in alerts if a.event == event], labels) for event, number in counted]
        subject = clean(f"Phone Posture: {told}", 300)
        text = "\n\n".join([*parts, gettext("What a message leaves out stands in the collector, behind a login.")])
    return Message(subject, text + "\n", _content(subject, alerts, numbers, labels))


def label(serial: str, asset_tag: str) -> str:
    """A phone's name for messages: its asset tag, else the last four characters of its serial."""
    return clean(asset_tag, 80) or f"…{clean(serial[-4:], 4)}"


def link(path: str) -> str:
    """A full address, where the collector knows its own; else nothing."""
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else ""


def _labels(alerts: Sequence[Alert]) -> dict[str, str]:
    keys = {alert.phone_key for alert in alerts if alert.phone_key}
    rows = Phone.objects.filter(key__in=keys).values_list("key", "serial", "asset_tag")
    return {key: label(serial, asset_tag) for key, serial, asset_tag in rows}


def _part(event: str, number: int, alerts: Sequence[Alert], labels: Mapping[str, str]) -> str:
    lines = [f"{EVENTS[event]}: {number}", *(f"- {_line(alert, labels)}" for alert in alerts)]
    if number > len(alerts):
        more = gettext("and %(number)s more") % {"number": number - len(alerts)}
        where = link(reverse("fleet") + _LISTS[event]) if event in _LISTS else link(reverse("fleet"))
        lines.append(f"- {more}" + (f": {where}" if where else ""))
    return "\n".join(lines)


def _line(alert: Alert, labels: Mapping[str, str]) -> str:
    said = [labels.get(alert.phone_key, "…") if alert.phone_key else "", *_what(alert)]
    line = ", ".join(each for each in said if each)
    address = link(reverse("alert", args=[alert.pk])) if alert.pk else ""
    return f"{line}: {address}" if address else line


def _what(alert: Alert) -> list[str]:
    if alert.event == REFUSED:
        return [gettext("agent %(key)s…") % {"key": alert.about[:8]}]
    if alert.event in (EXPIRES, EXPIRED, WAITS):
        return [rule_title(alert.about), until_text(alert.until) if alert.until else ""]
    if alert.clause and alert.event not in AT_ONCE:
        titled = gettext("clause %(number)s, %(title)s") % {"number": alert.clause, "title": clause(alert.clause).title}
        return [titled, str(SEVERITY_WORDS[SEVERITIES[alert.weight]]).lower()]
    return [gettext("row %(number)s") % {"number": alert.about}] if alert.about else []


def until_text(until: datetime) -> str:
    """An instant in the organisation's time zone."""
    zone = in_force().time_zone
    return format_datetime(until, "d MMM y, HH:mm z", tzinfo=zone, locale=get_language() or "en")


def rule_title(rule: str) -> str:
    """A rule's title in the message's language."""
    known = in_force().rule(rule) or shipped().rule(rule)
    return known.title["es" if (get_language() or "").startswith("es") else "en"] if known else clean(rule, 80)


def _content(
    subject: str, alerts: Sequence[Alert], numbers: Mapping[str, int], labels: Mapping[str, str]
) -> dict[str, Any]:
    events = [
        ToldEvent(
            event=alert.event,
            severity=SEVERITIES[alert.weight],
            at=instant(alert.at),
            phone=labels.get(alert.phone_key, "…") if alert.phone_key else None,
            clause=alert.clause or None,
            about=alert.about or None,
            until=instant(alert.until) if alert.until else None,
            link=link(reverse("alert", args=[alert.pk])) or None,
        )
        for alert in alerts
    ]
    return asdict(Told(subject, dict(numbers), events))
