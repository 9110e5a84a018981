"""A new key for an agent, introduced by its old one; and what the old one may still sign.

What is posted is a JWS by the old key, whose payload holds the new public key and a JWS by the new key that names the
old one: nobody can introduce a key that is not theirs. Saying the same again gives the same answer.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel, ValidationError

from agent.keys import Refusals, opened
from agent.messages import Message, PostureError
from agent.report.signature import RotationKey
from server_stub.agents.enrolment import read_public_key
from server_stub.agents.models import Agent
from server_stub.audit.chain import Actor, record
from server_stub.ingest.refusal import Refusal

LIMIT_BYTES = 16 * 1024
_WORDS = Refusals(PostureError, *(Message(""),) * 4)  # told apart by nobody: each is a bad signature


class _Rotation(BaseModel):
    """What the old key signs."""

    public_jwk: dict[str, Any]
    proof: str


def rotate(signed: bytes) -> Agent:
    """Give an agent its new key. Returns the agent by its new id; raises Refusal."""
    old_id, payload = _open(signed, _enrolled)
    try:
        sent = _Rotation.model_validate_json(payload)
    except ValidationError:
        raise Refusal(422, "wrong-form", "A rotation should hold public_jwk and proof.") from None
    jwk, new_id = read_public_key(sent.public_jwk)
    proved_by, proof = _open(sent.proof.encode(), lambda _: jwk)
    if (proved_by, _json(proof)) != (new_id, {"replaces": old_id}):
        raise Refusal(401, "bad-signature", "The new key does not say that it replaces the old one.")
    with transaction.atomic():
        old = Agent.objects.select_for_update().get(id=old_id)
        _check_in_use(old)  # somebody may have revoked it meanwhile
        if old.replaced_by_id == new_id:
            return Agent.objects.get(id=new_id)
        if old.replaced_by_id is not None:
            raise Refusal(409, "replaced-key", "This key was replaced already, by another one.")
        if Agent.objects.filter(id=new_id).exists():
            raise Refusal(409, "known-key", "This agent's key is enrolled already; use another key for another agent.")
        return _replace(old, new_id, jwk)


def check_age(agent: Agent, scanned_at: datetime, now: datetime) -> None:
    """Raise Refusal when this agent's key was replaced too long ago to have signed this report.

    For KEY_OVERLAP it still signs anything: another process of the workstation may not have seen the new key. After
    that only what was scanned before, until KEY_LAST_REPORTS: it waited in an outbox. A stolen key is to be revoked.
    """
    if agent.replaced_at is None:
        return
    since = now - agent.replaced_at
    allowed = settings.KEY_LAST_REPORTS if scanned_at <= agent.replaced_at else settings.KEY_OVERLAP
    if since > allowed:
        raise Refusal(403, "replaced-key", "The key that signed this report was replaced; sign with the new one.")


def _replace(old: Agent, new_id: str, jwk: dict[str, Any]) -> Agent:
    now = timezone.now()
    same = {name: getattr(old, name) for name in ("name", "version", "host", "last_seen_at", "clock_skew_s", "group")}
    new = Agent.objects.create(id=new_id, public_jwk=jwk, enrolled_at=now, **same)
    old.replaced_by, old.replaced_at, old.rotation_asked_at = new, now, None
    old.save()
    record("agent.rotated", Actor("agent", old.id), new.id, name=old.name)
    return new


def _enrolled(key_id: str) -> dict[str, Any]:
    agent = Agent.objects.filter(id=key_id).first()
    if agent is None:
        raise Refusal(401, "unknown-agent", "The old key is not enrolled here; enrol the agent first.")
    _check_in_use(agent)
    jwk: dict[str, Any] = agent.public_jwk
    return jwk


def _check_in_use(agent: Agent) -> None:
    if agent.revoked_at is not None:
        raise Refusal(403, "revoked-agent", "The old key was revoked; enrol the agent anew.")


def _open(signed: bytes, find_key: Callable[[str], dict[str, Any]]) -> tuple[str, bytes]:
    """Returns who signed it and what."""

    def named(header: dict[str, Any]) -> dict[str, Any] | None:
        kid = header.get("kid")
        return find_key(kid) if isinstance(kid, str) and header.get("typ") == RotationKey.TYPE else None

    try:
        header, payload = opened(signed, named, _WORDS)
    except PostureError:
        raise Refusal(401, "bad-signature", "A signature does not fit, or is none.") from None
    return str(header["kid"]), payload


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
