"""Of which phones an agent may report: of all, or of one group's."""

from django.db import transaction

from server_stub.agents.models import Agent
from server_stub.audit.chain import Actor, record
from server_stub.holders.models import Assignment, Group
from server_stub.ingest.refusal import Refusal


def check_phone(agent: Agent, phone_key: str) -> None:
    """Raise Refusal when this agent may report of one group alone and the phone is not in it."""
    if agent.group_id is None:
        return
    if not Assignment.objects.filter(phone_key=phone_key, group_id=agent.group_id).exists():
        raise Refusal(403, "foreign-phone", "This agent reports of its own group's phones alone; this is another one.")


def limit(agent_id: str, name: str, actor: Actor) -> bool:
    """Let the agent report of one group's phones alone; "": of all. False when there is no such agent or group."""
    group = Group.objects.filter(name=name).first() if name else None
    if group is None and name:
        return False
    with transaction.atomic():
        found = Agent.objects.select_for_update().filter(id=agent_id, revoked_at=None, replaced_at=None).first()
        if found is None:
            return False
        if found.group != group:
            for each in (agent_id, *_keys_before(agent_id)):  # they may sign for a while yet
                Agent.objects.filter(id=each).update(group=group)
            record("agent.limited", actor, agent_id, group=name)
    return True


def _keys_before(agent_id: str) -> list[str]:
    """The ids of the agent's earlier keys."""
    found = list(Agent.objects.filter(replaced_by=agent_id).values_list("id", flat=True))
    return [*found, *(each for key in found for each in _keys_before(key))]
