"""The agents as people see them, and ending one."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from server_stub.agents.models import Agent
from server_stub.agents.refusals import RefusedRow, by_sender
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
    replaced_at: str | None  # its key was replaced, by that of the agent `replaced_by`
    replaced_by: str | None
    rotation_asked_at: str | None
    group: str  # the only group of whose phones it may report; "" for all
    refused: list[RefusedRow]


def rows() -> list[AgentRow]:
    """All agents, those in use first, by name; those whose keys are of the past last."""
    found = Agent.objects.select_related("group").order_by("name", "id")[:_MOST]
    refused = by_sender()
    past = sorted(found, key=lambda agent: (agent.revoked_at is not None, agent.replaced_at is not None))
    return [_row(agent, refused.get(agent.id, [])) for agent in past]


def revoke(agent_id: str, actor: Actor) -> bool:
    """From now on, refuse what this key signs, and the keys before it; what they signed stays.

    False when there is no such agent.
    """
    with transaction.atomic():
        ids = [agent_id]
        while ids:
            for each in ids:
                if Agent.objects.filter(id=each, revoked_at=None).update(revoked_at=timezone.now()):
                    record("agent.revoked", actor, each)
            ids = list(Agent.objects.filter(replaced_by__in=ids).values_list("id", flat=True))
    return Agent.objects.filter(id=agent_id).exists()


def ask_rotation(agent_id: str, actor: Actor) -> bool:
    """With its next delivery, ask the agent for a new key. False when there is no such agent in use."""
    with transaction.atomic():
        in_use = Agent.objects.filter(id=agent_id, revoked_at=None, replaced_at=None)
        if in_use.filter(rotation_asked_at=None).update(rotation_asked_at=timezone.now()):
            record("agent.rotation-asked", actor, agent_id)
    return in_use.exists()


def _row(agent: Agent, refused: list[RefusedRow]) -> AgentRow:
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
        replaced_at=agent.replaced_at.isoformat() if agent.replaced_at else None,
        replaced_by=agent.replaced_by_id,
        rotation_asked_at=agent.rotation_asked_at.isoformat() if agent.rotation_asked_at else None,
        group=agent.group.name if agent.group else "",
        refused=refused,
    )
