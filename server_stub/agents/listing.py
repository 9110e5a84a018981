"""The agents as people see them, and ending one."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from server_stub.agents.models import Agent
from server_stub.audit.chain import Actor, record

_MOST = 500
_SKEW_WORTH_SAYING_S = 30


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent."""

    id: str
    name: str
    host: str
    version: str
    enrolled_at: str
    last_seen_at: str | None
    revoked_at: str | None
    clock_skew_s: int | None
    clock_off: bool


def rows() -> list[AgentRow]:
    """All agents, those in use first, by name."""
    agents = sorted(Agent.objects.order_by("name", "id")[:_MOST], key=lambda agent: agent.revoked_at is not None)
    return [_row(agent) for agent in agents]


def revoke(agent_id: str, actor: Actor) -> bool:
    """From now on, refuse what this key signs; what it signed before stays. False when there is no such agent."""
    with transaction.atomic():
        if Agent.objects.filter(id=agent_id, revoked_at=None).update(revoked_at=timezone.now()):
            record("agent.revoked", actor, agent_id)
    return Agent.objects.filter(id=agent_id).exists()


def _row(agent: Agent) -> AgentRow:
    skew = agent.clock_skew_s
    return AgentRow(
        id=agent.id,
        name=agent.name,
        host=agent.host,
        version=agent.version,
        enrolled_at=agent.enrolled_at.isoformat(),
        last_seen_at=agent.last_seen_at.isoformat() if agent.last_seen_at else None,
        revoked_at=agent.revoked_at.isoformat() if agent.revoked_at else None,
        clock_skew_s=skew,
        clock_off=skew is not None and abs(skew) > _SKEW_WORTH_SAYING_S,
    )
