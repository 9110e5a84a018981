"""All that is refused is counted, named in the audit log and shown on the agents' page; nothing of it is kept."""

import gzip
import html
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from server_stub.agents.models import Agent
from server_stub.audit.models import Entry
from server_stub.holders.models import Assignment, Group
from server_stub.phones.models import StoredReport
from tests.collector.signing import NOW, Signer, encode, report

Post = Callable[..., Any]


@dataclass(frozen=True)
class Bench:
    """An enrolled agent that may report of the group Press alone, in which P1 is."""

    agent: Agent
    signer: Signer
    post: Post

    def send(self, signer: Signer | None = None, kid: str | None = None, **content: Any) -> Any:
        body = encode(report(self.agent.id, **{"serial": "P1", **content}))
        return self.post((signer or self.signer).sign(body, **({"kid": kid} if kid else {})))

    def replay(self) -> Any:
        signed = self.signer.sign(encode(report(self.agent.id, "P1")))
        assert self.post(signed).status_code == 201
        return self.post(signed)

    def same_number(self) -> Any:
        first = report(self.agent.id, "P1")
        assert self.post(self.signer.sign(encode(first))).status_code == 201
        return self.send(report_id=first["report_id"], duration_ms=1)

    def replaced(self) -> Any:
        Agent.objects.update(replaced_at=timezone.now() - timedelta(days=2))
        return self.send()

    def revoked(self) -> Any:
        Agent.objects.update(revoked_at=NOW)
        return self.send()

    def in_anothers_name(self) -> Any:
        return self.send(agent={"id": "somebody-else", "version": "1", "host": "h"})

    def bomb(self) -> Any:
        packed = gzip.compress(b" " * (50 * settings.REPORT_LIMIT_BYTES), mtime=0)
        assert len(packed) < settings.REPORT_LIMIT_BYTES
        return self.post(packed, **{"Content-Encoding": "gzip"})


@pytest.fixture
def bench(agent: Agent, signer: Signer, post: Post) -> Bench:
    agent.group = Group.objects.create(name="Press")
    agent.save()
    Assignment.objects.create(phone_key="P1", serial="P1", group=agent.group)
    return Bench(agent, signer, post)


CASES: dict[str, tuple[Callable[[Bench], Any], int, str, bool]] = {
    # What is sent, the answer's status and word, and whether the agent is known by whom it was sent.
    "a replay": (Bench.replay, 200, "known", True),
    "a number used for another report": (Bench.same_number, 409, "another-report", True),
    "a forged signature": (lambda b: b.send(Signer(), kid=b.agent.id), 401, "bad-signature", True),
    "another agent's name": (Bench.in_anothers_name, 403, "wrong-agent", True),
    "another agent's phone": (lambda b: b.send(serial="P2"), 403, "foreign-phone", True),
    "from the future": (lambda b: b.send(at=NOW + timedelta(hours=1)), 422, "from-the-future", True),
    "a key that was revoked": (Bench.revoked, 403, "revoked-agent", True),
    "a key that was replaced": (Bench.replaced, 403, "replaced-key", True),
    "no agent of ours": (lambda b: b.send(Signer()), 401, "unknown-agent", False),
    "over the limit": (lambda b: b.post(b" " * (settings.REPORT_LIMIT_BYTES + 1)), 413, "too-large", False),
    "a zip bomb": (Bench.bomb, 413, "too-large", False),
}

STORED_ONCE = {"a replay", "a number used for another report"}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_counted_and_named(name: str, bench: Bench, viewer: Client, client: Client) -> None:
    act, status, word, known = CASES[name]
    sender = bench.agent.id if known else ""
    answer = act(bench)
    told = answer.json()
    assert (answer.status_code, told.get("title") or told["outcome"]) == (status, word)
    assert StoredReport.objects.count() == (1 if name in STORED_ONCE else 0)

    page = viewer.get("/agents/?format=json").json()
    counts = page["agents"][0]["refused"] if known else page["unknown"]
    assert [(each["kind"], each["number"]) for each in counts] == [(word, 1)]
    assert f"1 · {counts[0]['words']}" in html.unescape(viewer.get("/agents/").content.decode())
    named = Entry.objects.filter(action="delivery.repeated" if word == "known" else "delivery.refused")
    subject = "" if word == "known" else word
    assert set(named.values_list("actor", "subject")) == {(sender, subject)}
    assert f'outcome="{word}"' in client.get("/metrics").content.decode()


def test_many_repeated_in_one_batch_are_one_row(bench: Bench) -> None:
    lines = b"\n".join(bench.signer.sign(encode(report(bench.agent.id, "P1"))) for _ in range(3))
    assert bench.post(lines, "application/jsonl").status_code == 201
    assert bench.post(lines, "application/jsonl").status_code == 200
    assert [entry.details for entry in Entry.objects.filter(action="delivery.repeated")] == [{"number": 3}]


def test_a_flood_of_one_kind_is_counted_but_does_not_fill_the_log(bench: Bench, viewer: Client) -> None:
    for _ in range(23):
        bench.send(serial="P2")
    assert Entry.objects.filter(action="delivery.refused").count() == 20
    assert viewer.get("/agents/?format=json").json()["agents"][0]["refused"][0]["number"] == 23


def test_an_operator_limits_an_agent_to_a_group(
    agent: Agent, signer: Signer, post: Post, sign_in: Callable[[str], Client]
) -> None:
    bench, operator = Bench(agent, signer, post), sign_in("operator")
    Group.objects.create(name="Press")
    assert bench.send(serial="P2").status_code == 201
    assert operator.post(f"/agents/{agent.id}/group/", {"group": "Press"}).status_code == 302
    assert bench.send(serial="P2").json()["title"] == "foreign-phone"
    assert operator.post(f"/agents/{agent.id}/group/", {"group": "Nobody's"}).status_code == 404
    assert operator.get("/agents/?format=json").json()["agents"][0]["group"] == "Press"
    assert operator.post(f"/agents/{agent.id}/group/", {"group": ""}).status_code == 302
    assert bench.send(serial="P2").status_code == 201
    assert [entry.details for entry in Entry.objects.filter(action="agent.limited").order_by("number")] == [
        {"group": "Press"},
        {"group": ""},
    ]
