"""What happens to a posted body: one report, or a batch of them, each answered for itself."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from server_stub.agents import refusals
from server_stub.agents.models import Agent
from server_stub.audit.chain import STRANGER, Actor, record
from server_stub.audit.often import too_often
from server_stub.ingest import body
from server_stub.ingest.by_hand import columns, loaded
from server_stub.ingest.envelope import open_envelope
from server_stub.ingest.pipeline import prepared
from server_stub.ingest.refusal import Refusal
from server_stub.ingest.store import Delivery, Outcome, admit, store

OUTCOMES: Counter[str] = Counter()  # since this process started; for /metrics
ENROLMENTS: Counter[str] = Counter()  # the same for agents that ask to be taken in

_STATUS = {"stored": 201, "known": 200}
_AT_ONCE = 100  # reports a transaction


def receive_one(received: bytes, form: body.Form) -> dict[str, Any]:
    """Take one report. Returns {"status", "report_id", "outcome"}; raises Refusal. Counts either."""
    sender = _Sender()
    try:
        delivery = _open(received, form, sender)
        outcome = store([delivery])[0]
        _note_repeated([delivery], [outcome])
        return _answer(delivery, outcome)
    except Refusal as refusal:
        _count(refusal, sender.agent)
        raise


def receive_batch(received: bytes) -> tuple[int, str]:
    """Take one report a line; blank lines are passed over. Returns (status, JSON lines), one answer a line.

    The status is 201 when something was stored and nothing refused, 200 when all was known, 207 when any was refused.
    """
    answers: dict[int, dict[str, Any]] = {}
    waiting: list[tuple[int, Delivery, Agent | None]] = []
    sender = _Sender()
    for number, line in enumerate(received.split(b"\n"), start=1):
        if not line.strip():
            continue
        answers[number] = {}  # in its place, whenever it is known
        try:
            waiting.append((number, _open(line, "application/jose+json", sender), sender.agent))
        except Refusal as refusal:
            _count(refusal, sender.agent)
            answers[number] = refusal.problem()
        if len(waiting) == _AT_ONCE:
            answers |= _store(waiting)
            waiting = []
    answers |= _store(waiting)
    if not answers:
        raise Refusal(400, "empty", "The batch is empty: it should have one signed report a line.")
    statuses = {answer["status"] for answer in answers.values()}
    status = 207 if statuses - {200, 201} else max(statuses)
    return status, "".join(json.dumps({"line": number, **answer}) + "\n" for number, answer in answers.items())


def _open(received: bytes, form: body.Form, sender: "_Sender") -> Delivery:
    sender.agent = None
    if len(received) > settings.REPORT_LIMIT_BYTES:
        raise body.too_large(settings.REPORT_LIMIT_BYTES)
    envelope = open_envelope(received.strip(), form, sender.key)
    return admit(envelope, sender.agent)


def _store(waiting: Sequence[tuple[int, Delivery, Agent | None]]) -> dict[int, dict[str, Any]]:
    """Store what waits in one transaction. Returns the answers by line."""
    if not waiting:
        return {}
    answers = {}
    deliveries = [delivery for _, delivery, _ in waiting]
    outcomes = store(deliveries)
    _note_repeated(deliveries, outcomes)
    for (number, delivery, agent), outcome in zip(waiting, outcomes, strict=True):
        try:
            answers[number] = _answer(delivery, outcome)
        except Refusal as refusal:
            _count(refusal, agent)
            answers[number] = refusal.problem()
    return answers


def _answer(delivery: Delivery, outcome: Outcome | Refusal) -> dict[str, Any]:
    if isinstance(outcome, Refusal):
        raise outcome
    OUTCOMES[outcome] += 1
    answer = {"status": _STATUS[outcome], "report_id": str(delivery.id), "outcome": outcome}
    asked = delivery.agent is not None and delivery.agent.rotation_asked_at is not None
    return answer | {"new_key_wanted": True} if asked else answer


def read_posted(request: HttpRequest) -> tuple[body.Form, bytes]:
    """The form of the reports and their bytes. Raises Refusal, counted."""
    try:
        form = body.form_of(request)
        received = body.read(request, body.limit_of(form))
        if form == "application/jsonl":
            body.check_lines(received)
        return form, received
    except Refusal as refusal:
        _count(refusal, None)
        raise


class _Sender:
    """Whose key a report claims to be signed by, as soon as that is known. Lives no longer than a request."""

    def __init__(self) -> None:
        self.agent: Agent | None = None
        self._known: dict[str, Agent | None] = {}

    def key(self, agent_id: str) -> dict[str, Any]:
        """The agent's public JWK."""
        if agent_id not in self._known:
            self._known[agent_id] = _agent(agent_id)
        self.agent = agent = self._known[agent_id]
        if agent is None:
            raise Refusal(
                401, "unknown-agent", "The key that signed this report is not enrolled here; enrol the agent first."
            )
        if agent.revoked_at is not None:
            raise Refusal(403, "revoked-agent", "The key that signed this report was revoked; enrol the agent anew.")
        jwk: dict[str, Any] = agent.public_jwk
        return jwk


def _agent(agent_id: str) -> Agent | None:
    with prepared(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns(Agent, 'agents_agent')} FROM agents_agent WHERE id = %s", [agent_id])  # noqa: S608
        return next(loaded(Agent, cursor.fetchall()), None)


def _note_repeated(deliveries: Iterable[Delivery], outcomes: Iterable[Outcome | Refusal]) -> None:
    """Count what came once more: an agent whose answer got lost, or somebody who plays reports back."""
    again = Counter(
        delivery.envelope.agent_id for delivery, outcome in zip(deliveries, outcomes, strict=True) if outcome == "known"
    )
    for agent_id, number in sorted(again.items()):
        refusals.note(agent_id, "known", number)
        if not too_often("delivery.repeated", agent_id):
            record("delivery.repeated", Actor("agent", agent_id), number=number)


def _count(refusal: Refusal, agent: Agent | None) -> None:
    OUTCOMES[refusal.kind] += 1
    actor = STRANGER if agent is None else Actor("agent", agent.id)
    refusals.refused("delivery.refused", actor, refusal.kind, why=refusal.detail)
