"""What waits for a decision, what lapses soon, what has lapsed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.decorators import permission_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from server_stub.decisions.models import Statement, Waiver
from server_stub.guideline.clauses import reader
from server_stub.ingest.current import settle
from server_stub.people.models import Person
from server_stub.phones.models import Phone
from server_stub.phones.pages import PhoneRow, phone_row
from server_stub.policies.models import Edition
from server_stub.policies.published import in_force
from server_stub.web.answer import answer
from server_stub.web.keyset import windows
from server_stub.web.sheet import sheet, wants_csv

_SOON = timedelta(days=30)
_LATELY = timedelta(days=90)
_MOST = 100


@dataclass(frozen=True, slots=True)
class DueRow:
    """An exception (by `id`) or a statement (`id` None); `own`: the reader asked for it and cannot decide on it."""

    id: int | None
    kind: str
    rule: str
    title: str
    about: str
    address: str
    reason: str
    asked_by: str
    decided_by: str
    until: str
    ended: bool
    own: bool


@dataclass(frozen=True, slots=True)
class DuePage:
    """What the page shows. `phones`: their verdict rests on what lapses soon, whoever granted it."""

    waiting: list[DueRow]
    soon: list[DueRow]
    lapsed: list[DueRow]
    phones: list[PhoneRow]
    policies: int  # that wait for an approval
    soon_days: int
    problem: str


@require_safe
@permission_required("decisions.view_waiver", raise_exception=True)
def due_page(request: HttpRequest) -> HttpResponseBase:
    """Exceptions and statements by when they lapse; as CSV, all that there are."""
    if wants_csv(request):
        return sheet("decisions", _COLUMNS, _all())
    person = request.user if isinstance(request.user, Person) else None
    return answer(request, "due.html", due_view(person))


_COLUMNS = (
    "kind", "rule", "phone", "group", "answer", "reason", "by", "role", "noted_or_asked_by", "decided_by", "approved",
    "at", "until", "ended_at",
)  # fmt: skip


def _all() -> Iterator[tuple[object, ...]]:
    """Every exception that was asked for, then every statement."""
    for each in windows(Waiver.objects.select_related("group", "requested_by", "decided_by"), ("id",)):
        decided_by = each.decided_by.username if each.decided_by else ""
        yield (
            *("exception", each.rule, each.phone_key, each.group.name if each.group else "", None, each.reason, "", ""),
            *(each.requested_by.username, decided_by, each.approved, each.requested_at.isoformat()),
            *(each.until.isoformat(), each.ended_at.isoformat() if each.ended_at else None),
        )
    for stated in windows(Statement.objects.select_related("noted_by"), ("id",)):
        yield (
            *("statement", stated.rule, stated.phone_key, "", stated.answer, "", stated.by, stated.role),
            *(stated.noted_by.username, "", None, stated.at.isoformat(), stated.valid_until.isoformat(), None),
        )


def due_view(person: Person | None, problem: str = "") -> DuePage:
    """Read everything for the page."""
    now = timezone.now()
    settle(now)
    waivers = Waiver.objects.select_related("group", "requested_by", "decided_by")
    granted = waivers.filter(approved=True)
    over = Q(until__lte=now) | Q(ended_at__isnull=False)
    resting = Phone.objects.filter(holds_until__lte=now + _SOON).order_by("holds_until", "key")
    return DuePage(
        waiting=_rows(waivers.filter(decided_at=None, until__gt=now).order_by("requested_at", "id"), (), person),
        soon=_rows(
            granted.filter(until__lte=now + _SOON).exclude(over).order_by("until", "id"),
            _statements(now, now + _SOON),
            person,
        ),
        lapsed=_rows(
            granted.filter(over, until__gte=now - _LATELY).order_by("-until", "-id"),
            _statements(now - _LATELY, now),
            person,
        ),
        phones=[phone_row(phone) for phone in resting[:_MOST]],
        policies=Edition.objects.filter(state=Edition.State.SUBMITTED).count(),
        soon_days=_SOON.days,
        problem=problem,
    )


def _statements(after: datetime, before: datetime) -> list[Statement]:
    """Those that lapse between; one that was stated anew since is no longer due."""
    found = Statement.objects.filter(valid_until__gt=after, valid_until__lte=before).order_by("valid_until", "id")
    newer = {
        (each.rule, each.phone_key)
        for each in Statement.objects.filter(valid_until__gt=before, phone_key__in=[e.phone_key for e in found[:_MOST]])
    }
    return [each for each in found[:_MOST] if (each.rule, each.phone_key) not in newer]


def _rows(waivers: "QuerySet[Waiver]", statements: Iterable[Statement], person: Person | None) -> list[DueRow]:
    rows = [_waiver_row(each, person) for each in waivers[:_MOST]] + [_statement_row(each) for each in statements]
    return sorted(rows, key=lambda row: row.until)


def _title(rule: str) -> str:
    known = in_force().rule(rule)
    return known.title[reader()] if known else rule


def _waiver_row(waiver: Waiver, person: Person | None) -> DueRow:
    group = waiver.group
    return DueRow(
        id=waiver.pk,
        kind=gettext("Exception"),
        rule=waiver.rule,
        title=_title(waiver.rule),
        about=gettext("Group %(name)s") % {"name": group.name} if group else waiver.phone_key,
        address=f"{reverse('fleet')}?group={group.name}" if group else reverse("phone", args=[waiver.phone_key]),
        reason=waiver.reason,
        asked_by=waiver.requested_by.username,
        decided_by=waiver.decided_by.username if waiver.decided_by else "",
        until=min(waiver.until, waiver.ended_at or waiver.until).isoformat(),
        ended=waiver.ended_at is not None,
        own=person is not None and waiver.requested_by_id == person.pk,
    )


def _statement_row(statement: Statement) -> DueRow:
    return DueRow(
        id=None,
        kind=gettext("Statement"),
        rule=statement.rule,
        title=_title(statement.rule),
        about=statement.phone_key,
        address=reverse("phone", args=[statement.phone_key]),
        reason="",
        asked_by=statement.by,
        decided_by="",
        until=statement.valid_until.isoformat(),
        ended=False,
        own=False,
    )
