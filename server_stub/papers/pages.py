"""The addresses of what is handed out: one report as a PDF or in a tool's form, the newest reports of many phones."""

from collections.abc import Iterator, Sequence
from itertools import islice

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseGone, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import get_valid_filename
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from agent.messages import Language
from agent.report.check import Opened
from agent.report.export import FORMATS
from agent.report.model import Report
from agent.report.render import rendered
from server_stub.decisions.applying import as_it_stands, decisions_of
from server_stub.guideline.clauses import reader
from server_stub.ingest.api import problem
from server_stub.ingest.envelope import open_envelope
from server_stub.ingest.refusal import Refusal
from server_stub.papers.forms import FORMS
from server_stub.phones import fleet
from server_stub.phones.models import Phone, StoredReport
from server_stub.phones.stored import report_of
from server_stub.privacy.hiding import PERMISSION
from server_stub.web.keyset import windows

MOST_IN_ONE = 200  # phones in a form that is one document
_AT_ONCE = 50


class PaperForm:
    """A form of one report in an address."""

    regex = "|".join(["pdf", *FORMS])

    def to_python(self, value: str) -> str:
        """The word itself."""
        return value

    def to_url(self, value: str) -> str:
        """The word itself."""
        return value


class ManyForm(PaperForm):
    """A form of many reports."""

    regex = "|".join(FORMS)


@require_safe
@permission_required(PERMISSION, raise_exception=True)
def paper(request: HttpRequest, key: str, report_id: str, form: str) -> HttpResponse:
    """One report. The PDF is that of the signed report, its signature checked; a hand-over's is the certificate."""
    phone = get_object_or_404(Phone, key=key)
    stored = get_object_or_404(StoredReport.objects.select_related("agent"), phone=phone, report_id=report_id)
    if stored.erased_at is not None:
        return HttpResponseGone(gettext("The contents of this report were erased."), content_type="text/plain")
    language = reader()
    if form == "pdf":
        content = rendered(_opened(stored), "pdf", language)
        return _file(content, "application/pdf", f"{key}-{stored.scanned_at:%Y%m%d}.pdf")
    at = timezone.now() if str(stored.report_id) == str(phone.report_id) else stored.scanned_at
    report = as_it_stands(report_of(phone, stored), decisions_of([phone])[phone.key], at)
    told = FORMATS[form]([report], language).encode()
    return _file(told, FORMS[form].media_type, f"{key}-{stored.scanned_at:%Y%m%d}.{FORMS[form].ending}")


@require_safe
@permission_required(PERMISSION, raise_exception=True)
def many(request: HttpRequest, form: str) -> HttpResponseBase:
    """The newest reports of the phones that the fleet's filters leave, as they stand; streamed where the form lets."""
    filters, language = fleet.Filters.read(request.GET.dict()), reader()
    phones, of = windows(fleet.select(filters), ("key",), _AT_ONCE), FORMS[form]
    name = f"phones-{timezone.now():%Y%m%d}.{of.ending}"
    if not of.by_line:
        found = list(islice(phones, MOST_IN_ONE + 1))
        if len(found) > MOST_IN_ONE:
            return problem(
                Refusal(
                    413,
                    "too-many",
                    "This form holds %(limit)s phones at most: narrow the filters, or take CSV or OCSF.",
                    {"limit": MOST_IN_ONE},
                )
            )
        return _file(FORMATS[form](_reports(found), language).encode(), of.media_type, name)
    return _named(StreamingHttpResponse(_parts(phones, form, language), of.media_type), name)


def _parts(phones: Iterator[Phone], form: str, language: Language) -> Iterator[str]:
    """A few phones at a time; a CSV's names stand once."""
    first = True
    while some := list(islice(phones, _AT_ONCE)):
        told = FORMATS[form](_reports(some), language)
        yield told if first or form != "csv" else told.partition("\n")[2]
        first = False


def _reports(phones: Sequence[Phone]) -> list[Report]:
    now, people = timezone.now(), decisions_of(phones)
    found = []
    for phone in phones:
        stored = StoredReport.objects.get(phone=phone, report_id=str(phone.report_id))
        report = report_of(phone, stored)
        found.append(report if stored.erased_at else as_it_stands(report, people[phone.key], now))
    return found


def _opened(stored: StoredReport) -> Opened:
    """The signed report, its signature checked by the rules by which it was taken."""
    found = open_envelope(bytes(stored.signed), stored.media_type, lambda _: stored.agent.public_jwk)
    return Opened(found.report, found.digest, "verified", found.agent_id)


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    _named(response, name)
    return response


def _named(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response.headers["Content-Disposition"] = f'attachment; filename="{get_valid_filename(name)}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response
