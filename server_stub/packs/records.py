"""What people decided, what was refused and what was let go within a range."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from babel.dates import format_datetime
from django.db.models import Count, Q
from django.utils.translation import get_language, gettext

from server_stub.audit.models import Entry
from server_stub.audit.words import ACTIONS
from server_stub.decisions.models import Statement, Waiver
from server_stub.guideline.clauses import reader
from server_stub.packs.document import Section, Table, section, table
from server_stub.packs.span import Span, rows_of
from server_stub.policies.published import in_force

if TYPE_CHECKING:
    from datetime import datetime

MOST = 500
_REFUSED = ("delivery.refused", "agent.enrolment-refused", "agent.rotation-refused", "agent.policy-refused")
_LETTING_GO = ("holder.erased", "retention.ran")


def exceptions(span: Span) -> Section:
    """The exceptions that held at any instant of the range."""
    found = Waiver.objects.select_related("group", "requested_by", "decided_by").filter(
        Q(ended_at=None) | Q(ended_at__gt=span.start), approved=True, decided_at__lt=span.end, until__gt=span.start
    )
    rows = [
        (
            _title(each.rule),
            gettext("Group %(name)s") % {"name": each.group.name} if each.group else each.phone_key,
            each.requested_by.username,
            each.decided_by.username if each.decided_by else "",
            _moment(min(each.until, each.ended_at or each.until)),
            each.reason,
        )
        for each in found.order_by("decided_at", "id")[:MOST]
    ]
    heads = (
        gettext("Rule"),
        gettext("About"),
        gettext("Asked by"),
        gettext("Approved by"),
        gettext("Until"),
        gettext("Reason"),
    )
    return _listed(gettext("Exceptions in force"), rows, table(heads, (6, 4, 3, 3, 4, 8), rows), found.count())


def statements(span: Span) -> Section:
    """The statements that held at any instant of the range."""
    found = Statement.objects.select_related("noted_by").filter(at__lt=span.end, valid_until__gt=span.start)
    rows = [
        (
            _title(each.rule),
            each.phone_key,
            gettext("Yes") if each.answer else gettext("No"),
            f"{each.by} ({each.role})",
            each.noted_by.username,
            f"{_moment(each.at)} – {_moment(each.valid_until)}",
        )
        for each in found.order_by("at", "id")[:MOST]
    ]
    heads = (
        gettext("Rule"),
        gettext("Phone"),
        gettext("Answer"),
        gettext("Stated by"),
        gettext("Noted by"),
        gettext("Holds"),
    )
    return _listed(gettext("Statements in force"), rows, table(heads, (6, 4, 2, 4, 3, 6), rows), found.count())


def refusals(span: Span) -> Section:
    """What the log names as refused to agents, or to strangers in their place, by kind."""
    rows = rows_of(span)
    found = Entry.objects.filter(number__gte=rows.first, number__lt=rows.beyond)
    refused = found.filter(action__in=_REFUSED)
    kinds = refused.values_list("action", "subject").annotate(Count("number")).order_by("action", "subject")[:MOST]
    told = [(str(ACTIONS[action]), kind, str(number)) for action, kind, number in kinds]
    heads = (gettext("What"), gettext("Why"), gettext("Rows of the audit log"))
    return section(
        gettext("Refused deliveries"),
        gettext("Each kind from each sender is in the log at most 20 times an hour.") if told else gettext("None."),
        of=table(heads, (6, 6, 3), told, (1,)) if told else None,
    )


def data_protection(span: Span) -> Section:
    """What was erased and let go."""
    rows = rows_of(span)
    found = Entry.objects.filter(number__gte=rows.first, number__lt=rows.beyond, action__in=_LETTING_GO)
    told = [
        (str(each.number), _moment(each.at), each.actor or each.actor_kind, str(ACTIONS[each.action]), details(each))
        for each in found.order_by("number")[:MOST]
    ]
    heads = (gettext("Row"), gettext("When"), gettext("Who"), gettext("What"), gettext("Details"))
    return _listed(gettext("Data protection"), told, table(heads, (2, 4, 4, 5, 8), told), found.count())


def details(entry: Entry) -> str:
    """A row's details in a line."""
    return ", ".join(f"{name} {value}" for name, value in entry.details.items())


def _listed(title: str, rows: Sequence[object], of: Table, total: int) -> Section:
    told = "" if rows else gettext("None.")
    if total > len(rows):
        told = gettext("The first %(listed)s of %(total)s are listed.") % {"listed": len(rows), "total": total}
    return section(title, told, of=of if rows else None)


def _title(rule: str) -> str:
    known = in_force().rule(rule)
    return known.title[reader()] if known else rule


def _moment(at: "datetime") -> str:
    return format_datetime(at, "d MMM y, HH:mm", locale=get_language() or "en")
