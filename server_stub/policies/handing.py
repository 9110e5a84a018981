"""Handing the published policy out to agents, so that bench and dashboard say the same: signed, by phone, with ETags.

An agent shows who it is by a short JWS in the Authorization header. A policy names the organisation's networks:
strangers get none, and an agent of one group gets it for the phones of that group alone.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router
from pydantic import Field

from agent.keys import Refusals, opened
from agent.messages import Message, PostureError
from agent.policy.bundle import PublisherKey, pack
from agent.report.signature import RequestKey
from server_stub.agents.models import Agent
from server_stub.agents.refusals import refused
from server_stub.audit.chain import STRANGER, Actor
from server_stub.holders.models import Assignment
from server_stub.ingest.extract import phone_key
from server_stub.ingest.refusal import Refusal
from server_stub.phones.models import Phone
from server_stub.policies.published import Stack, files_of, layers_of
from server_stub.web.text import clean

router = Router()
SCHEME = "PostureAgent"
_SLACK = timedelta(minutes=5)
_LIMIT = 4096
_WORDS = Refusals(PostureError, *(Message(""),) * 4)  # told apart by nobody: each is a bad signature
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}


@router.get(
    "/policy",
    operation_id="get_policy",
    summary="The policy that was published for a phone, as a signed bundle",
    description=(
        "For agents: Authorization: PostureAgent, and a compact JWS by the agent's key (typ posture-request+jws) over "
        '{"serial", "at"}. Without a serial, what holds for everybody.'
    ),
    response={200: None},
    openapi_extra={
        "security": [{"agent": []}],
        "responses": {
            200: {
                "description": "A policy bundle: JWS with its publisher's key (typ posture-policy+jws)",
                "content": {"application/jose+json": {"schema": {"type": "object"}}},
                "headers": {"ETag": {"schema": {"type": "string"}}},
            },
            204: {"description": "Nothing was published for it: the agent judges by its own policy"},
            304: {"description": "As the agent has it already"},
            "4XX": {"description": "Refused, and why", "content": _PROBLEM},
        },
    },
)
def get_policy(request: HttpRequest, serial: Annotated[str, Field(max_length=300)] = "") -> HttpResponse:
    """What is published for a phone."""
    asker = STRANGER
    try:
        agent = _asking(request, serial)
        asker, phone = Actor("agent", agent.id), _phone(clean(serial, 300))
        if agent.group_id is not None and serial and phone.group != agent.group.name:  # type: ignore[union-attr]
            raise Refusal(403, "foreign-phone", "This agent belongs to one group, and the phone is not in it.")
    except Refusal as refusal:
        refused("agent.policy-refused", asker, refusal.kind)
        raise
    stack = layers_of([phone])[phone.key].stack(timezone.now())
    if stack is None:
        return HttpResponse(status=204)
    etag = f'"{hashlib.sha256("".join(stack.digests).encode()).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == etag:
        answer = HttpResponse(status=304)
    else:
        answer = HttpResponse(_bundle(stack, settings.POLICY_KEY), content_type="application/jose+json")
    answer.headers["ETag"], answer.headers["Cache-Control"] = etag, "private, no-cache"
    return answer


@lru_cache(maxsize=64)
def _bundle(stack: Stack, key: Path) -> str:
    return pack(files_of(stack), PublisherKey.open(key))


def _phone(serial: str) -> Phone:
    """The phone as it is known here, or as far as it is known before its first scan."""
    key = phone_key(serial)
    if (known := Phone.objects.filter(key=key).first()) is not None:
        return known
    given = Assignment.objects.filter(phone_key=key).select_related("group").first()
    return Phone(key=key, serial=serial, group=given.group.name if given and given.group else "")


def _asking(request: HttpRequest, serial: str) -> Agent:
    """The agent that asks. Raises Refusal for anybody else, and for what was asked for another phone or long ago."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    parts = token.strip().split(".")
    if scheme != SCHEME or len(parts) != 3 or len(token) > _LIMIT:
        raise Refusal(401, "unknown-agent", "Only an enrolled agent may ask for the policy.")
    signed = json.dumps(dict(zip(("protected", "payload", "signature"), parts, strict=True)))
    try:
        header, payload = opened(signed, _key, _WORDS)
        told = json.loads(payload)
        at = datetime.fromisoformat(str(told["at"])).astimezone(UTC)
        fits = told["serial"] == serial
    except (PostureError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise Refusal(401, "bad-signature", "The signature does not fit, or its key is not enrolled here.") from None
    if not fits or abs(timezone.now() - at) > _SLACK:
        raise Refusal(401, "stale-request", "This was signed for another phone, or by a clock that is off; ask anew.")
    return Agent.objects.select_related("group").get(id=header["kid"])


def _key(header: dict[str, Any]) -> dict[str, Any] | None:
    kid = header.get("kid")
    if not isinstance(kid, str) or header.get("typ") != RequestKey.TYPE or not kid.isprintable():
        return None
    agent = Agent.objects.filter(id=kid, revoked_at=None, replaced_by=None).first()
    return agent.public_jwk if agent else None
