"""What the page of alerts shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from server_stub.alerts.events import EVENTS, SEVERITIES
from server_stub.alerts.models import Channel, Delivery, Grace, Subscription
from server_stub.alerts.wording import rule_title
from server_stub.holders.models import Group
from server_stub.policies.published import in_force
from server_stub.web.clauses import CLAUSES, clause
from server_stub.web.keyset import cut
from server_stub.web.words import SEVERITIES as SEVERITY_WORDS
from server_stub.web.words import Sign

if TYPE_CHECKING:
    from django.db.models import QuerySet

KINDS: Mapping[str, str | Promise] = {"email": _("E-mail"), "webhook": _("Webhook"), "apprise": "Apprise"}
STATES: Mapping[str, tuple[str | Promise, Sign]] = {
    "waiting": (_("Waits"), "late"),
    "sending": (_("Is being sent"), "late"),
    "sent": (_("Sent"), "meets"),
    "failed": (_("Not delivered"), "fails"),
}
_MOST = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """A word of a form, and what it means."""

    value: str
    word: str


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel in use."""

    id: int
    name: str
    kind: str
    kind_word: str
    shown: str


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """What a channel is told of; `groups` empty: all. `digest_hour` None: at once."""

    id: int
    channel: str
    events: list[Choice]
    groups: list[str]
    least: str
    digest_hour: int | None
    language: str


@dataclass(frozen=True, slots=True)
class GraceRow:
    """A rule or a clause whose failures are not told at once."""

    name: str
    title: str
    days: int


@dataclass(frozen=True, slots=True)
class Try:
    """One try to deliver a message."""

    at: str
    sent: bool
    said: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message; `next_at` is there while it waits for another try."""

    id: str
    made_at: str
    to: str
    subject: str
    text: str
    state: str
    word: str
    sign: str
    next_at: str | None
    ended: bool
    tries: list[Try]


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """What the page shows. `secret` is there once, right after it was made."""

    channels: list[ChannelRow]
    subscriptions: list[SubscriptionRow]
    graces: list[GraceRow]
    time_zone: str
    mail_works: bool
    state: str
    deliveries: list[DeliveryRow]
    after: str | None
    before: str | None
    secret: str | None
    problem: str


def alerts_view(query: Mapping[str, str], *, secret: str | None = None, problem: str = "") -> AlertsPage:
    """Read everything for the page."""
    found = cut(_log(query), ("-made_at", "-id"), query, settings.PAGE_SIZE)
    subscriptions = Subscription.objects.select_related("channel").order_by("channel__name", "id")
    return AlertsPage(
        channels=[_channel(each) for each in Channel.objects.filter(ended_at=None).order_by("name", "id")[:_MOST]],
        subscriptions=[_subscription(each) for each in subscriptions[:_MOST]],
        graces=[GraceRow(each.name, _title(each.name), each.days) for each in Grace.objects.order_by("name")[:_MOST]],
        time_zone=str(in_force().time_zone),
        mail_works=bool(settings.MAIL_FROM),
        state=query.get("state", "") if query.get("state") in STATES else "",
        deliveries=[_delivery(each) for each in found.rows],
        after=found.after,
        before=found.before,
        secret=secret,
        problem=problem,
    )


LOG_COLUMNS = ("made_at", "to", "subject", "state", "tries", "last_try", "said")


def log_rows(query: Mapping[str, str]) -> Iterator[tuple[object, ...]]:
    """The log, newest first, for a sheet."""
    for each in _log(query).order_by("-made_at", "-id").iterator(chunk_size=500):
        row = _delivery(each)
        last = row.tries[-1] if row.tries else None
        yield (
            *(row.made_at, row.to, row.subject, row.state, len(row.tries)),
            *((last.at, last.said) if last else (None, None)),
        )


def _log(query: Mapping[str, str]) -> "QuerySet[Delivery]":
    rows = Delivery.objects.select_related("channel", "person")
    return rows.filter(state=query["state"]) if query.get("state") in STATES else rows


def choices() -> dict[str, list[Choice]]:
    """What the forms offer."""
    rules = [Choice(rule.id, f"{rule.id}: {rule_title(rule.id)}") for rule in in_force().rules]
    groups = Group.objects.order_by("name").values_list("name", flat=True)[:_MOST]
    return {
        "kinds": [Choice(kind, str(word)) for kind, word in KINDS.items()],
        "events": [Choice(event, str(word)) for event, word in EVENTS.items()],
        "groups": [Choice(name, name) for name in groups],
        "severities": [Choice(each, str(SEVERITY_WORDS[each])) for each in SEVERITIES[::-1]],
        "hours": [Choice(str(hour), f"{hour:02}:00") for hour in range(24)],
        "languages": [Choice(code, name) for code, name in settings.LANGUAGES],
        "states": [Choice(state, str(word)) for state, (word, _sign) in STATES.items()],
        "clauses": [Choice(number, _title(number)) for number in CLAUSES],
        "rules": rules,
    }


def _title(name: str) -> str:
    return str(clause(name).title) if name in CLAUSES else rule_title(name)


def _channel(channel: Channel) -> ChannelRow:
    return ChannelRow(channel.pk, channel.name, channel.kind, str(KINDS[channel.kind]), channel.shown)


def _subscription(subscription: Subscription) -> SubscriptionRow:
    return SubscriptionRow(
        id=subscription.pk,
        channel=subscription.channel.name,
        events=[Choice(event, str(EVENTS[event])) for event in EVENTS if event in subscription.events],
        groups=list(subscription.groups),
        least=str(SEVERITY_WORDS[SEVERITIES[subscription.least]]),
        digest_hour=subscription.digest_hour,
        language=subscription.language,
    )


def _delivery(delivery: Delivery) -> DeliveryRow:
    word, sign = STATES[delivery.state]
    to = gettext("Reminder to %(name)s") % {"name": delivery.person.username} if delivery.person else ""
    return DeliveryRow(
        id=str(delivery.pk),
        made_at=delivery.made_at.isoformat(),
        to=delivery.channel.name if delivery.channel else to,
        subject=delivery.subject,
        text=delivery.text,
        state=delivery.state,
        word=str(word),
        sign=sign,
        next_at=delivery.next_at.isoformat() if delivery.state == "waiting" else None,
        ended=delivery.state in ("sent", "failed"),
        tries=[Try(str(each["at"]), bool(each["sent"]), _said(str(each["said"]))) for each in delivery.log],
    )


def _said(text: str) -> str:
    """Our own sentences in the reader's language; what the other side answered as it came."""
    return gettext(text) if text else ""
