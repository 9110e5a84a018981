"""The addresses of the audit pack: the PDF, and its phones and the audit log's rows whole, as CSV."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from agent.report.render.pdf import compiled
from server_stub.audit.chain import Actor, by, record
from server_stub.audit.models import Entry
from server_stub.ingest.api import problem
from server_stub.ingest.refusal import Refusal
from server_stub.packs.making import Maker, make
from server_stub.packs.phones import lines
from server_stub.packs.span import Span, read, rows_of
from server_stub.phones import tally
from server_stub.phones.models import Rank
from server_stub.web.answer import wants_json
from server_stub.web.sheet import sheet, wants_csv

_HOLDERS = "holders.view_holder"
MOST_OF_THE_PAST = 2000  # phones judged anew while a browser waits; the command has no limit
PHONES = (
    "serial", "model", "holder", "group", "status", "late", "seen_at", "reports_failed", "reports_not_proved",
    "reports", "headline",
)  # fmt: skip
ROWS = ("number", "at", "actor_kind", "actor", "action", "subject", "details", "previous", "hash")


@require_safe
@permission_required("audit.view_entry", raise_exception=True)
def pack(request: HttpRequest) -> HttpResponseBase:
    """The pack of some days (`?from=`, `?to=`) in the reader's language; `?format=csv`: all its phones."""
    try:
        span = read(request.GET.get("from", ""), request.GET.get("to", ""))
        if not span.is_now and sum(tally.now().values()) > MOST_OF_THE_PAST:
            raise ValueError(gettext("So many phones take too long here: use posture collector audit-pack."))
    except ValueError as error:
        return _refused(request, str(error))
    holders = request.user.has_perm(_HOLDERS)
    if wants_csv(request):
        return sheet(f"phones-{_named(span)}", PHONES, phone_rows(span, holders=holders))
    made = pdf(span, Maker(request.user.get_username(), holders), by(request.user))
    response = HttpResponse(made, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{_named(span)}.pdf"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_safe
@permission_required("audit.view_entry", raise_exception=True)
def rows(request: HttpRequest) -> HttpResponseBase:
    """The audit log's rows of some days, as CSV."""
    try:
        span = read(request.GET.get("from", ""), request.GET.get("to", ""))
    except ValueError as error:
        return _refused(request, str(error))
    return sheet(f"audit-{_named(span)}", ROWS, entry_rows(span))


def pdf(span: Span, maker: Maker, actor: Actor) -> bytes:
    """The pack as PDF, noted in the audit log with its digest, so that anybody can tell a forged one."""
    template = (Path(__file__).parent / "pack.typ").read_bytes()
    made = compiled(template, asdict(make(span, maker)))
    digest = hashlib.sha256(made).hexdigest()
    record("audit.packed", actor, _named(span), sha256=digest, size=len(made))
    return made


def phone_rows(span: Span, *, holders: bool) -> Iterator[tuple[object, ...]]:
    """All phones of a pack, one at a time."""
    for each in lines(span):
        if each.told_of:
            yield (
                *(each.serial, each.model, each.holder if holders else "•••", each.group, Rank(each.rank).label),
                *(each.late, each.seen_at.isoformat(), each.failed, each.unproved, each.reports, each.headline),
            )


def entry_rows(span: Span) -> Iterator[tuple[object, ...]]:
    """The audit log's rows, one at a time."""
    found = rows_of(span)
    for each in Entry.objects.filter(number__gte=found.first, number__lt=found.beyond).order_by("number").iterator():
        details = "; ".join(f"{name}={value}" for name, value in each.details.items())
        yield (
            *(each.number, each.at.isoformat(), each.actor_kind, each.actor, each.action, each.subject, details),
            *(each.previous, each.hash),
        )


def _refused(request: HttpRequest, sentence: str) -> HttpResponseBase:
    """A person is led back to the page, with the sentence; a program is told."""
    if wants_json(request):
        return problem(Refusal(400, "no-days", sentence))
    messages.error(request, sentence)
    return redirect("audit")


def _named(span: Span) -> str:
    return f"{span.first.isoformat()}-{span.last.isoformat()}"
