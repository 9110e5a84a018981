"""The agents' page: who scans, whether they are heard of, and taking a new one in."""

from dataclasses import dataclass

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from server_stub.agents import listing, reach
from server_stub.agents.enrolment import make_code
from server_stub.agents.listing import AgentRow, rows
from server_stub.agents.refusals import RefusedRow, by_sender
from server_stub.audit.chain import by
from server_stub.holders.models import Group
from server_stub.people.models import Person
from server_stub.web.answer import answer

_MOST_GROUPS = 200


@dataclass(frozen=True, slots=True)
class AgentsPage:
    """What the agents' page shows. `code` is there once, right after it was made."""

    agents: list[AgentRow]
    unknown: list[RefusedRow]  # refusals of senders that are no agents here
    groups: list[str]
    code: str | None
    code_expires_at: str | None


@require_safe
@permission_required("agents.view_agent", raise_exception=True)
def agents_page(request: HttpRequest) -> HttpResponse:
    """All agents, those in use first."""
    return answer(request, "agents.html", _page())


@require_POST
@never_cache
@permission_required("agents.enrol_agent", raise_exception=True)
def new_code(request: HttpRequest) -> HttpResponse:
    """Make a one-time code and show it, this once."""
    person = request.user if isinstance(request.user, Person) else None
    code, expires_at = make_code(person)
    return answer(request, "agents.html", _page(code, expires_at.isoformat()))


@require_POST
@permission_required("agents.revoke_agent", raise_exception=True)
def revoke(request: HttpRequest, agent_id: str) -> HttpResponseRedirect:
    """From now on, refuse what this key signs. What it signed before stays."""
    if not listing.revoke(agent_id, by(request.user)):
        raise Http404
    return redirect("agents")


@require_POST
@permission_required("agents.revoke_agent", raise_exception=True)
def ask_rotation(request: HttpRequest, agent_id: str) -> HttpResponseRedirect:
    """With its next delivery, ask the agent for a new key."""
    if not listing.ask_rotation(agent_id, by(request.user)):
        raise Http404
    return redirect("agents")


@require_POST
@permission_required("agents.revoke_agent", raise_exception=True)
def limit(request: HttpRequest, agent_id: str) -> HttpResponseRedirect:
    """Let the agent report of one group's phones alone, or of all."""
    if not reach.limit(agent_id, request.POST.get("group", ""), by(request.user)):
        raise Http404
    return redirect("agents")


def _page(code: str | None = None, code_expires_at: str | None = None) -> AgentsPage:
    groups = list(Group.objects.order_by("name").values_list("name", flat=True)[:_MOST_GROUPS])
    return AgentsPage(rows(), by_sender().get("", []), groups, code, code_expires_at)
