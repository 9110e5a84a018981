"""The addresses of published policies: their history, one edition, submitting, and what is done about a submission."""

from dataclasses import dataclass

from django import forms
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from agent.policy.model import Policy
from agent.policy.source import LIMIT_BYTES, PolicyError
from server_stub.guideline.clauses import reader
from server_stub.guideline.policy import shipped
from server_stub.people.models import Person
from server_stub.policies import drafts, editing
from server_stub.policies.models import Edition
from server_stub.policies.published import in_force
from server_stub.policies.rows import EditionRow, edition_row
from server_stub.policies.wording import Difference, differences
from server_stub.privacy.hiding import PERMISSION
from server_stub.web.answer import answer
from server_stub.web.keyset import cut
from server_stub.web.text import clean

_HISTORY = 30


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """All editions, newest first."""

    editions: list[EditionRow]
    after: str | None
    before: str | None


@dataclass(frozen=True, slots=True)
class EditionPage:
    """One edition, and what it changes. `text` and networks' names are empty for who may not see them."""

    edition: EditionRow
    against: str  # what it is compared with
    differences: list[Difference]
    others: list[EditionRow]  # editions of the same layer that it may be compared with
    text: str
    own: bool  # the reader submitted it
    holds: bool
    problem: str


class _Submission(forms.Form):
    note = forms.CharField(max_length=500, strip=True)
    effective_from = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M"], required=False)


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def history_page(request: HttpRequest) -> HttpResponse:
    """Every edition that was submitted."""
    editions = Edition.objects.select_related("submitted_by", "decided_by").defer("text", "files")
    found = cut(editions, ("-id",), request.GET.dict(), _HISTORY)
    return answer(
        request, "editions.html", HistoryPage([edition_row(e) for e in found.rows], found.after, found.before)
    )


@require_safe
@permission_required("phones.view_phone", raise_exception=True)
def edition_page(request: HttpRequest, edition_id: int) -> HttpResponse:
    """One edition, beside the one before it (`?against=`: beside another)."""
    return _answer(request, _edition(edition_id))


@require_POST
@permission_required("policies.submit_edition", raise_exception=True)
def submit(request: HttpRequest) -> HttpResponse:
    """Ask for a draft to be published."""
    file = request.FILES.get("draft")
    text = file.read(LIMIT_BYTES + 1) if file else request.POST.get("text", "").encode()
    if len(text) > LIMIT_BYTES:
        raise BadRequest("the draft is too large")
    form = _Submission(request.POST)
    with timezone.override(in_force().time_zone):
        valid = form.is_valid()
    try:
        if not valid:
            raise editing.NotAllowed(gettext("Say why, in a few words; the instant from when it holds is optional."))
        told = form.cleaned_data
        edition = editing.submit(_person(request), text, told["note"], told["effective_from"])
    except (PolicyError, editing.NotAllowed) as error:
        from server_stub.guideline.pages import refused_draft  # noqa: PLC0415 - the two pages know each other

        sentence = error.message(reader()) if isinstance(error, PolicyError) else str(error)
        return refused_draft(request, clean(sentence, 600), text)
    return redirect("edition", edition.pk)


@require_POST
@permission_required(["policies.submit_edition", "policies.approve_edition"], raise_exception=True)
def step(request: HttpRequest, edition_id: int, what: str) -> HttpResponse:
    """Approve, refuse or withdraw a submission; submit an earlier edition again, or that a layer be lifted."""
    edition, person, note = _edition(edition_id), _person(request), request.POST.get("note", "")
    try:
        if what == "approve":
            edition = editing.approve(person, edition.pk)
        elif what == "refuse":
            edition = editing.refuse(person, edition.pk)
        elif what == "withdraw":
            edition = editing.withdraw(person, edition.pk)
        elif what == "again":
            edition = editing.again(person, edition, note)
        else:
            edition = editing.lift(person, edition, note)
    except editing.NotAllowed as problem:
        response = _answer(request, edition, str(problem))
        response.status_code = 409
        return response
    return redirect("edition", edition.pk)


def _edition(edition_id: int) -> Edition:
    return get_object_or_404(Edition.objects.select_related("submitted_by", "decided_by"), pk=edition_id)


def _person(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Http404
    return request.user


def _answer(request: HttpRequest, edition: Edition, problem: str = "") -> HttpResponse:
    private, others = request.user.has_perm(PERMISSION), _others(edition)
    asked = request.GET.get("against", "")
    before = next((each for each in others if str(each.pk) == asked), None) if asked else _before(edition, others)
    try:
        told = differences(_policy(before, edition), _policy(edition, edition), reader(), private=private)
    except PolicyError as error:
        told, problem = [], problem or clean(error.message(reader()), 600)
    page = EditionPage(
        edition=edition_row(edition),
        against=_named(before, edition),
        differences=told,
        others=[edition_row(each) for each in others],
        text=edition.text if private else "",
        own=edition.submitted_by_id == request.user.pk,
        holds=edition.state == Edition.State.PUBLISHED and _newest(edition) == edition.pk,
        problem=problem,
    )
    return answer(request, "edition.html", page)


def _others(edition: Edition) -> list[Edition]:
    same = Edition.objects.filter(layer=edition.layer, name=edition.name, state=Edition.State.PUBLISHED)
    return list(same.exclude(pk=edition.pk).select_related("submitted_by", "decided_by").order_by("-number")[:20])


def _before(edition: Edition, others: list[Edition]) -> Edition | None:
    """The edition that this one replaced, or would replace."""
    return next((each for each in others if edition.number is None or (each.number or 0) < edition.number), None)


def _newest(edition: Edition) -> int | None:
    same = Edition.objects.filter(layer=edition.layer, name=edition.name, state=Edition.State.PUBLISHED)
    begun = same.filter(effective_from__lte=timezone.now()).order_by("-effective_from", "-number")
    return begun.values_list("pk", flat=True).first()


def _policy(edition: Edition | None, shown: Edition) -> Policy:
    """What an edition gives, over what holds now; None, or one that lies empty: what lies below."""
    if edition is not None and edition.sha256:
        return drafts.of_edition(edition).policy
    return shipped() if shown.layer == Edition.Layer.POLICY else in_force()


def _named(edition: Edition | None, shown: Edition) -> str:
    if edition is not None:
        return gettext("Edition %(number)s") % {"number": edition.number}
    if shown.layer == Edition.Layer.POLICY:
        return gettext("What comes with this version of the collector")
    return gettext("What holds for everybody")
