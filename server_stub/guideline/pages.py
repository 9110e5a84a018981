"""The addresses of the guideline: clauses, one clause, the policy, what a draft of it would change."""

from dataclasses import dataclass

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from agent.policy.source import LIMIT_BYTES, PolicyError
from server_stub.guideline.clauses import clause_view, clauses_view, failing, is_known, reader
from server_stub.guideline.policy import ParameterRow, parameter_row
from server_stub.guideline.preview import Preview, preview
from server_stub.ingest.current import settle
from server_stub.phones.pages import fleet_sheet
from server_stub.policies import drafts
from server_stub.policies.published import in_force
from server_stub.policies.rows import EditionRow, holding_rows, waiting_rows
from server_stub.privacy.hiding import PERMISSION
from server_stub.web.answer import answer
from server_stub.web.sheet import wants_csv
from server_stub.web.text import clean


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One line of the change log."""

    day: str
    version: str
    change: str


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """What the policy's page shows. `holding`: what was published here and holds now.

    `preview` answers a draft; `problem` says why it is none.
    """

    id: str
    title: str
    version: str
    day: str
    sha256: str
    layers: list[str]
    rules: int
    time_zone: str
    parameters: list[ParameterRow]
    changes: list[ChangeRow]
    holding: list[EditionRow]
    waiting: list[EditionRow]
    preview: Preview | None
    problem: str | None


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def clauses_page(request: HttpRequest) -> HttpResponse:
    """How the fleet stands on each clause."""
    settle(timezone.now())
    return answer(request, "clauses.html", clauses_view())


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def clause_page(request: HttpRequest, number: str) -> HttpResponseBase:
    """One clause."""
    settle(timezone.now())
    if not is_known(number):
        raise Http404
    if wants_csv(request):
        return fleet_sheet(f"clause-{number}", failing(number))
    return answer(request, "clause.html", clause_view(number, request.GET.dict()))


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def policy_page(request: HttpRequest) -> HttpResponse:
    """The policy in force."""
    return answer(request, "policy.html", _page())


@require_POST
@permission_required(PERMISSION, raise_exception=True)
def preview_page(request: HttpRequest) -> HttpResponse:
    """What a draft would change. Nothing is stored; but a draft may ask for any fact, networks' names among them."""
    file = request.FILES.get("draft")
    text = file.read(LIMIT_BYTES + 1) if file else request.POST.get("text", "").encode()
    if len(text) > LIMIT_BYTES:
        raise BadRequest("the draft is too large")
    try:
        found = preview(drafts.read(text), reader(), request.POST.get("after", "")[:80].replace("\x00", ""))
    except PolicyError as error:
        return answer(request, "policy.html", _page(problem=clean(error.message(reader()), 600)), text=_shown(text))
    return answer(request, "policy.html", _page(found=found), text=_shown(text))


def refused_draft(request: HttpRequest, problem: str, text: bytes) -> HttpResponse:
    """The policy's page with what stands against a draft, and the draft, so that nobody has to type it again."""
    response = answer(request, "policy.html", _page(problem=problem), text=_shown(text))
    response.status_code = 422
    return response


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _page(found: Preview | None = None, problem: str | None = None) -> PolicyPage:
    policy, language = in_force(), reader()
    return PolicyPage(
        id=policy.id,
        title=policy.title[language],
        version=policy.version,
        day=policy.date.isoformat(),
        sha256=policy.sha256,
        layers=list(policy.layers[1:]),
        rules=len(policy.rules),
        time_zone=str(policy.time_zone),
        parameters=[parameter_row(each, language) for each in policy.parameters.values()],
        changes=[ChangeRow(c.date.isoformat(), c.version, c.change[language]) for c in reversed(policy.changes)],
        holding=holding_rows(),
        waiting=waiting_rows(),
        preview=found,
        problem=problem,
    )
