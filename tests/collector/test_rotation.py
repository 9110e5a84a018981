"""A new key for an agent, end to end: the real agent against a real collector over HTTP, and what each may refuse."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from django.conf import settings
from django.test import Client
from django.utils import timezone

from agent.cli import root
from agent.data_dir import DataDir
from agent.delivery import Collector, Outbox, deliver_due, keep
from agent.report.model import Report
from agent.report.signature import AgentKey, RotationKey
from server_stub.agents.models import Agent
from server_stub.audit.models import Entry
from tests.collector.serving import PASSWORD, posture_collector, served
from tests.collector.signing import NOW, Signer, encode, report

Post = Callable[..., Any]


def rotation(old: Signer, new: Signer, **changes: Any) -> bytes:
    typ = "posture-rotation+jws"
    replaces = json.dumps({"replaces": changes.pop("replaces", old.id)}).encode()
    proof = changes.pop("prover", new).sign(replaces, typ=typ, kid=new.id).decode()
    payload = {"public_jwk": new.public_jwk, "proof": proof} | changes
    return old.sign(json.dumps(payload).encode(), typ=typ)


def send(client: Client, body: bytes) -> tuple[int, str]:
    answer = client.post("/api/agents/key", body, content_type="application/jose+json")
    content = answer.json()
    return answer.status_code, content.get("title") or content["agent_id"]


def sent(agent_id: str, signer: Signer, post: Post, **others: Any) -> tuple[int, str]:
    answer = post(signer.sign(encode(report(agent_id, **others))))
    return answer.status_code, answer.json().get("title") or answer.json()["outcome"]


def jws_header(protected: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(urlsafe_b64decode(protected + "=" * (-len(protected) % 4)))
    return found


@dataclass(frozen=True)
class Bench:
    """A workstation that is enrolled with a collector on the network, and an administrator's browser there."""

    data: DataDir
    url: str
    browser: requests.Session

    def post(self, path: str) -> requests.Response:
        form = {"csrfmiddlewaretoken": self.browser.cookies["csrftoken"]}
        return self.browser.post(self.url + path, form, headers={"Referer": self.url}, timeout=30)

    def agents(self) -> dict[str, dict[str, Any]]:
        told = self.browser.get(f"{self.url}/agents/?format=json", timeout=30).json()["agents"]
        return {agent["id"]: agent for agent in told}

    def signer_of(self, one: Report) -> str:
        address = f"{self.url}/phones/{one.device.serial}/reports/{one.report_id}/signed"
        return str(jws_header(self.browser.get(address, timeout=30).json()["protected"])["kid"])

    def audited(self, action: str) -> list[tuple[str, str]]:
        told = self.browser.get(f"{self.url}/audit/?format=json", timeout=30).json()["entries"]
        return [(entry["actor"], entry["subject"]) for entry in told if entry["action"] == action]


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, requests.Session]]:
    data = tmp_path_factory.mktemp("collector")
    assert posture_collector(data, "create-user", "admin", "--role", "administrator").returncode == 0
    with served(data) as (url, _):
        browser = requests.Session()
        browser.get(f"{url}/account/login/", timeout=30)
        form = {"login": "admin", "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        assert browser.post(f"{url}/account/login/", form, headers={"Referer": url}, timeout=30).url == f"{url}/"
        yield url, browser


@pytest.fixture
def bench(tmp_path: Path, collector: tuple[str, requests.Session]) -> Bench:
    found = Bench(DataDir(tmp_path), *collector)
    code = found.post("/agents/codes/?format=json").json()["code"]
    enrolled = Collector(found.url).enrol(code, "Bench", AgentKey.open(found.data.agent_key).public_jwk)
    found.data.remember_collector(enrolled.collector)
    return found


def kept(bench: Bench, key: AgentKey | None = None) -> Report:
    """A scan's report in the outbox, by the key of now."""
    key = key or AgentKey.open(bench.data.agent_key)
    found = Report.model_validate(report(key.id))
    assert keep(found, key, Outbox(bench.data.outbox), bench.url) is None
    return found


def rotate(bench: Bench) -> str:
    return (
        CliRunner().invoke(root, ["enroll", "--rotate", "--data", str(bench.data.root)], catch_exceptions=False).output
    )


def test_a_workstation_gets_a_new_key_and_loses_nothing(bench: Bench) -> None:
    data, outbox = bench.data, Outbox(bench.data.outbox)
    old = AgentKey.open(data.agent_key)
    before = kept(bench)
    said = rotate(bench)
    new = AgentKey.open(data.agent_key)
    assert new.id != old.id
    assert new.id in said
    assert {path.name for path in data.root.glob("agent-key*")} == {"agent-key.json", f"agent-key.{old.id}.jwk"}
    assert oct(data.agent_key.stat().st_mode)[-3:] == "600"
    after, by_a_process_of_before = kept(bench), kept(bench, old)
    assert deliver_due(outbox).sent == 3
    assert outbox.waiting() == []
    signers = [bench.signer_of(each) for each in (before, after, by_a_process_of_before)]
    assert signers == [old.id, new.id, new.id]
    assert (old.id, new.id) in bench.audited("agent.rotated")


def test_an_agent_that_is_asked_for_a_new_key_gives_one_by_itself(bench: Bench) -> None:
    old = AgentKey.open(bench.data.agent_key)
    assert "Asked for a new key" in bench.post(f"/agents/{old.id}/rotation/").text
    kept(bench)
    said = CliRunner().invoke(root, ["outbox", "--retry", "--data", str(bench.data.root)], catch_exceptions=False)
    new = AgentKey.open(bench.data.agent_key)
    assert new.id != old.id
    assert f"The collector asked for a new key; this workstation signs with {new.id} now." in said.output
    kept(bench)
    assert deliver_due(Outbox(bench.data.outbox)).new_key is None
    agents = bench.agents()
    assert (agents[old.id]["replaced_by"], agents[old.id]["rotation_asked_at"]) == (new.id, None)
    assert (agents[new.id]["replaced_by"], agents[new.id]["name"]) == (None, "Bench")
    assert ("admin", old.id) in bench.audited("agent.rotation-asked")


def test_a_lost_answer_is_asked_for_again(bench: Bench) -> None:
    """The collector has the new key, the workstation does not know: the same is said again."""
    path = bench.data.agent_key
    old, new = RotationKey.open(path), RotationKey.open(path.with_suffix(".next.json"))
    proof = new.sign(json.dumps({"replaces": old.id}).encode())
    Collector(bench.url).rotate(old.sign(json.dumps({"public_jwk": new.public_jwk, "proof": proof}).encode()))
    assert new.id in rotate(bench)
    assert AgentKey.open(path).id == new.id
    assert set(bench.agents()) >= {old.id, new.id}


@pytest.mark.parametrize("words", [["enroll"], ["enroll", "CODE", "--rotate"]])
def test_a_code_or_rotate_but_not_both(bench: Bench, words: list[str]) -> None:
    answer = CliRunner().invoke(root, [*words, "--data", str(bench.data.root)])
    assert (answer.exit_code, "or --rotate" in answer.output) == (2, True)


@pytest.mark.parametrize(
    ("since", "scanned_after", "answer"),
    [
        (timedelta(hours=23), True, (201, "stored")),
        (timedelta(hours=25), True, (403, "replaced-key")),
        (timedelta(days=29), False, (201, "stored")),
        (timedelta(days=31), False, (403, "replaced-key")),
    ],
)
def test_what_a_replaced_key_may_still_sign(
    agent: Agent, signer: Signer, post: Post, client: Client, since: timedelta, *, scanned_after: bool, answer: Any
) -> None:
    assert (timedelta(days=1), timedelta(days=30)) == (settings.KEY_OVERLAP, settings.KEY_LAST_REPORTS)
    new = Signer()
    assert send(client, rotation(signer, new)) == (200, new.id)
    Agent.objects.filter(id=agent.id).update(replaced_at=timezone.now() - since)
    at = NOW - since + timedelta(hours=1 if scanned_after else -1)
    assert sent(agent.id, signer, post, at=at) == answer
    assert sent(new.id, new, post) == (201, "stored")


def test_the_new_key_inherits_and_revoking_it_ends_the_old_ones(
    agent: Agent, signer: Signer, post: Post, client: Client, sign_in: Callable[[str], Client]
) -> None:
    second, third = Signer(), Signer()
    assert send(client, rotation(signer, second)) == (200, second.id)
    assert send(client, rotation(second, third)) == (200, third.id)
    assert set(Agent.objects.values_list("name", flat=True)) == {"Bench"}
    sign_in("administrator").post(f"/agents/{third.id}/revoke/")
    for key in (signer, second, third):
        assert sent(key.id, key, post) == (403, "revoked-agent")


def test_only_the_old_key_introduces_a_new_one_that_agrees(agent: Agent, signer: Signer, client: Client) -> None:
    new, thief = Signer(), Signer()
    assert send(client, rotation(thief, new)) == (401, "unknown-agent")
    assert send(client, rotation(signer, new, replaces="somebody")) == (401, "bad-signature")
    assert send(client, rotation(signer, new, prover=thief)) == (401, "bad-signature")
    assert send(client, rotation(signer, new, public_jwk=new.public_jwk | {"d": "c2VjcmV0"})) == (422, "private-key")
    assert send(client, rotation(signer, new, proof=7)) == (422, "wrong-form")
    assert send(client, signer.sign(encode(report(agent.id)))) == (401, "bad-signature")  # a report is no rotation
    assert send(client, b"{") == (401, "bad-signature")
    assert send(client, b" " * 20_000) == (413, "too-large")
    assert Agent.objects.count() == 1
    refused = Entry.objects.filter(action="agent.rotation-refused").values_list("subject", flat=True)
    assert set(refused) == {"unknown-agent", "bad-signature", "private-key", "wrong-form", "too-large"}


def test_a_key_is_replaced_once(agent: Agent, signer: Signer, client: Client) -> None:
    new = Signer()
    assert send(client, rotation(signer, new)) == (200, new.id)
    assert send(client, rotation(signer, new)) == (200, new.id)
    assert send(client, rotation(signer, Signer())) == (409, "replaced-key")
    assert send(client, rotation(new, signer)) == (409, "known-key")
    Agent.objects.filter(id=new.id).update(revoked_at=NOW)
    assert send(client, rotation(new, Signer())) == (403, "revoked-agent")
    assert Agent.objects.count() == 2


def test_a_rotation_is_no_report(agent: Agent, signer: Signer, post: Post) -> None:
    assert post(rotation(signer, Signer())).json()["title"] == "no-envelope"
