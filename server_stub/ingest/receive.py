"""What happens to a posted body: one report, or a batch of them, each answered for itself."""

import json
from collections import Counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from server_stub.agents.models import Agent
from server_stub.ingest import body
from server_stub.ingest.envelope import open_envelope
from server_stub.ingest.refusal import Refusal
from server_stub.ingest.store import store

OUTCOMES: Counter[str] = Counter()  # since this process started; for /metrics

_STATUS = {"stored": 201, "known": 200}


def receive_one(received: bytes, form: body.Form) -> dict[str, Any]:
    """Take one report. Returns {"status", "report_id", "outcome"}; raises Refusal. Counts either."""
    try:
        envelope = open_envelope(received, form, _key_of)
        outcome = store(envelope)
    except Refusal as refusal:
        OUTCOMES[refusal.kind] += 1
        raise
    OUTCOMES[outcome] += 1
    return {"status": _STATUS[outcome], "report_id": envelope.report.report_id, "outcome": outcome}


def receive_batch(received: bytes) -> tuple[int, str]:
    """Take one report a line; blank lines are passed over. Returns (status, JSON lines), one answer a line.

    The status is 201 when something was stored and nothing refused, 200 when all was known, 207 when any was refused.
    """
    answers = []
    for number, line in enumerate(received.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            if len(line) > settings.REPORT_LIMIT_BYTES:
                raise body.too_large(settings.REPORT_LIMIT_BYTES)
            answer = receive_one(line.strip(), "application/jose+json")
        except Refusal as refusal:
            answer = refusal.problem()
        answers.append({"line": number, **answer})
    if not answers:
        raise Refusal(400, "empty", "The batch is empty: it should have one signed report a line.")
    statuses = {answer["status"] for answer in answers}
    status = 207 if statuses - {200, 201} else max(statuses)
    return status, "".join(json.dumps(answer) + "\n" for answer in answers)


def read_posted(request: HttpRequest) -> tuple[body.Form, bytes]:
    """The form of the reports and their bytes. Raises Refusal, counted."""
    try:
        form = body.form_of(request)
        return form, body.read(request, body.limit_of(form))
    except Refusal as refusal:
        OUTCOMES[refusal.kind] += 1
        raise


def _key_of(agent_id: str) -> dict[str, Any]:
    agent = Agent.objects.filter(id=agent_id).first()
    if agent is None:
        raise Refusal(
            401, "unknown-agent", "The key that signed this report is not enrolled here; enrol the agent first."
        )
    if agent.revoked_at is not None:
        raise Refusal(403, "revoked-agent", "The key that signed this report was revoked; enrol the agent anew.")
    jwk: dict[str, Any] = agent.public_jwk
    return jwk
