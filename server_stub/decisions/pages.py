"""One rule on one phone, with the forms to ask for an exception and to state; deciding on what was asked."""

from dataclasses import dataclass

from django import forms
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from agent.policy import ROLES
from server_stub.decisions import deciding
from server_stub.decisions.models import Waiver
from server_stub.guideline.clauses import reader
from server_stub.holders.models import Group
from server_stub.people.models import Person
from server_stub.phones.models import Phone
from server_stub.phones.phone import Instant, phone_view
from server_stub.phones.reading import ResultView
from server_stub.policies.published import policy_for
from server_stub.privacy.hiding import PERMISSION
from server_stub.web.answer import answer


@dataclass(frozen=True, slots=True)
class Choice:
    """A role in which a question may be answered."""

    role: str
    word: str


@dataclass(frozen=True, slots=True)
class DecidePage:
    """What the page of one rule on one phone shows. `question` is empty when the policy asks nobody."""

    key: str
    serial: str
    model: str
    holder: str
    group: str
    result: ResultView
    question: str
    answered_by: list[Choice]
    holds_days: int
    longest_days: int
    time_zone: str
    problem: str


class _Ask(forms.Form):
    rule = forms.CharField(max_length=120)
    reason = forms.CharField(max_length=500)
    until = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M"])
    scope = forms.ChoiceField(choices=[("phone", ""), ("group", "")])


class _State(forms.Form):
    rule = forms.CharField(max_length=120)
    answer = forms.ChoiceField(choices=[("yes", ""), ("no", "")])
    by = forms.CharField(max_length=120)
    role = forms.CharField(max_length=40)


@require_safe
@permission_required("decisions.view_waiver", raise_exception=True)
def decide_page(request: HttpRequest, key: str) -> HttpResponse:
    """One rule on one phone (`?rule=`)."""
    return _answer(request, key, request.GET.get("rule", ""))


@require_POST
@permission_required("decisions.ask_waiver", raise_exception=True)
def ask(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for an exception for this phone, or for its group."""
    phone, form = _phone(key), _Ask(request.POST)
    with timezone.override(policy_for(phone).time_zone):
        valid = form.is_valid()
    if not valid:
        why = gettext("Give a reason, and an end as a date and time.")
        return _answer(request, key, request.POST.get("rule", ""), why)
    told = form.cleaned_data
    group = Group.objects.filter(name=phone.group).first() if told["scope"] == "group" else None
    try:
        deciding.ask(
            _person(request), told["rule"], None if group else phone, group, told["reason"].strip(), told["until"]
        )
    except deciding.NotAllowed as problem:
        return _answer(request, key, told["rule"], str(problem))
    return redirect("due")


@require_POST
@permission_required("decisions.note_statement", raise_exception=True)
def state(request: HttpRequest, key: str) -> HttpResponse:
    """Note what a person stated."""
    phone, form = _phone(key), _State(request.POST)
    if not form.is_valid():
        return _answer(request, key, request.POST.get("rule", ""), gettext("Say who answered, and what."))
    told = form.cleaned_data
    try:
        deciding.state(
            _person(request), told["rule"], phone, answer=told["answer"] == "yes", name=told["by"], role=told["role"]
        )
    except deciding.NotAllowed as problem:
        return _answer(request, key, told["rule"], str(problem))
    return redirect(reverse("phone", args=[key]) + f"#rule-{told['rule']}")


@require_POST
@permission_required("decisions.approve_waiver", raise_exception=True)
def decide(request: HttpRequest, waiver_id: int, what: str) -> HttpResponse:
    """Approve, refuse or end an exception."""
    try:
        if what == "end":
            deciding.end(_person(request), waiver_id)
        else:
            deciding.decide(_person(request), waiver_id, approve=what == "approve")
    except Waiver.DoesNotExist as error:
        raise Http404 from error
    except deciding.NotAllowed as problem:
        return due_answer(request, str(problem))
    return redirect("due")


def _phone(key: str) -> Phone:
    return get_object_or_404(Phone, key=key, scanned_at__isnull=False)


def _person(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Http404
    return request.user


def _answer(request: HttpRequest, key: str, rule: str, problem: str = "") -> HttpResponse:
    phone = _phone(key)
    shown = phone_view(phone, Instant(None), {}, private=request.user.has_perm(PERMISSION))
    result = next((each for clause in shown.clauses for each in clause.results if each.rule == rule), None)
    if result is None:
        raise Http404
    question, policy, language = deciding.question_of(rule, phone), policy_for(phone), reader()
    page = DecidePage(
        key=phone.key,
        serial=phone.serial,
        model=phone.model,
        holder=phone.holder,
        group=phone.group,
        result=result,
        question=question.ask[language] if question else "",
        answered_by=[Choice(role, ROLES[role](language)) for role in question.answered_by] if question else [],
        holds_days=question.valid_for.days if question else 0,
        longest_days=policy.longest_waiver.days,
        time_zone=str(policy.time_zone),
        problem=problem,
    )
    response = answer(request, "decide.html", page)
    response.status_code = 422 if problem else 200
    return response


def due_answer(request: HttpRequest, problem: str) -> HttpResponse:
    """The page of what is due, with what could not be done."""
    from server_stub.decisions.due import due_view  # noqa: PLC0415 - the two pages know each other

    response = answer(request, "due.html", due_view(_person(request), problem))
    response.status_code = 409
    return response
