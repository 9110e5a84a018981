"""The audit page: who did what, when, and how far the chain holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from server_stub.agents.models import Agent
from server_stub.audit.chain import Broken, Verified, verify
from server_stub.audit.models import Entry, Stamp
from server_stub.audit.words import ACTIONS, ACTORS
from server_stub.web.answer import answer
from server_stub.web.keyset import cut

# A page checks so many rows, the newest; `posture collector verify-audit` checks all.
_CHECKED = 2000
_STAMPS = 3


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row, its actor and its action also in words."""

    number: int
    at: str
    actor_kind: str
    actor: str
    who: str
    action: str
    words: str
    subject: str
    details: dict[str, str | int | bool]
    hash: str


@dataclass(frozen=True, slots=True)
class StampRow:
    """A time stamp (RFC 3161) of a row's hash."""

    number: int
    at: str
    authority: str
    address: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """What the audit page shows. Exactly one of `verified` and `broken` is there."""

    verified: Verified | None
    broken: Broken | None
    stamps: list[StampRow]  # the newest ones
    entries: list[AuditRow]
    after: str | None
    before: str | None


@require_safe
@permission_required("audit.view_entry", raise_exception=True)
def audit_page(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first."""
    found = cut(Entry.objects.all(), ("-number",), request.GET.dict(), settings.PAGE_SIZE)
    chain = verify(_CHECKED)
    agents = Agent.objects.filter(id__in={entry.actor for entry in found.rows if entry.actor_kind == "agent"})
    names = dict(agents.values_list("id", "name"))
    page = AuditPage(
        verified=chain if isinstance(chain, Verified) else None,
        broken=chain if isinstance(chain, Broken) else None,
        stamps=[_stamp(each) for each in Stamp.objects.order_by("-id").defer("response")[:_STAMPS]],
        entries=[_row(entry, names) for entry in found.rows],
        after=found.after,
        before=found.before,
    )
    return answer(request, "audit.html", page)


@require_safe
@permission_required("audit.view_entry", raise_exception=True)
def stamp_file(request: HttpRequest, stamp_id: int) -> HttpResponse:
    """The stamp as the authority gave it, for `openssl ts -verify`."""
    kept = get_object_or_404(Stamp, pk=stamp_id)
    response = HttpResponse(bytes(kept.response), content_type="application/timestamp-reply")
    response.headers["Content-Disposition"] = f'attachment; filename="audit-row-{kept.number}.tsr"'
    return response


def _stamp(kept: Stamp) -> StampRow:
    return StampRow(kept.number, kept.at.isoformat(), kept.authority, reverse("stamp", args=[kept.pk]))


def _row(entry: Entry, names: Mapping[str, str]) -> AuditRow:
    return AuditRow(
        number=entry.number,
        at=entry.at.isoformat(),
        actor_kind=entry.actor_kind,
        actor=entry.actor,
        who=names.get(entry.actor) or entry.actor or str(ACTORS[entry.actor_kind]),
        action=entry.action,
        words=str(ACTIONS.get(entry.action, entry.action)),
        subject=entry.subject,
        details=entry.details,
        hash=entry.hash,
    )
