"""The published policy on its way to agents: to those alone, signed, and so that bench and dashboard say the same."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client

from agent.capture.sources import open_capture
from agent.cli.judging import set_up
from agent.data_dir import DataDir
from agent.delivery import Collector
from agent.facts import instant
from agent.messages import PostureError
from agent.policy import bundle
from agent.policy.trust import Trust
from agent.report.signature import AgentKey
from agent.simulator.scenario import SCENARIOS
from server_stub.agents.models import Agent, Refused
from server_stub.audit.models import Entry
from server_stub.holders.models import Assignment, Group
from server_stub.people.models import Person
from server_stub.policies import drafts
from server_stub.policies.models import Edition
from server_stub.policies.published import packed
from tests.collector.serving import PASSWORD, posture_collector, served
from tests.collector.signing import NOW, Signer
from tests.collector.test_policies import overlay


@pytest.fixture
def ask(client: Client, agent: Agent, signer: Signer, settings: Any, tmp_path: Path) -> Callable[..., Any]:
    """Ask as the agent would."""
    settings.POLICY_KEY = tmp_path / "key.json"

    def get(
        serial: str = "", *, at: Any = NOW, signed_for: str | None = None, by: Signer = signer, **headers: str
    ) -> Any:
        told = {"serial": serial if signed_for is None else signed_for, "at": instant(at)}
        proof = _proof(by, told, headers.pop("typ", "posture-request+jws"))
        return client.get(
            "/api/policy", {"serial": serial}, headers={"Authorization": f"PostureAgent {proof}", **headers}
        )

    return get


def _proof(signer: Signer, told: dict[str, str], typ: str) -> str:
    members = json.loads(signer.sign(json.dumps(told).encode(), typ=typ))
    return ".".join(members[name] for name in ("protected", "payload", "signature"))


def published(text: str, number: int) -> Edition:
    draft, person = drafts.read(text.encode()), Person.objects.get_or_create(username="ana")[0]
    return Edition.objects.create(
        layer=draft.layer,
        name=draft.name,
        number=number,
        text=text,
        files=packed(draft.files),
        policy=draft.policy.id,
        version=draft.version,
        sha256=draft.sha256,
        state="published",
        submitted_by=person,
        submitted_at=NOW,
        effective_from=NOW - timedelta(minutes=1),
    )


def test_each_phone_has_its_own(ask: Callable[..., Any]) -> None:
    assert ask().status_code == 204
    everybody, _ = published(overlay(30), 1), published(overlay(14, "group", "Press"), 2)
    group = Group.objects.create(name="Press")
    Assignment.objects.create(phone_key="IN", serial="IN", group=group)
    found = {serial: ask(serial) for serial in ("", "OUT", "IN")}
    files = {serial: bundle.unpack(answer.content) for serial, answer in found.items()}
    assert files[""].sha256 == files["OUT"].sha256 == everybody.sha256 != files["IN"].sha256
    assert [len(files[serial].overlays) for serial in ("OUT", "IN")] == [1, 2]
    assert found[""].headers["ETag"] == found["OUT"].headers["ETag"] != found["IN"].headers["ETag"]
    again = ask("IN", **{"If-None-Match": found["IN"].headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_nobody_else_gets_it(ask: Callable[..., Any], client: Client, agent: Agent) -> None:
    published(overlay(30), 1)
    assert client.get("/api/policy").json()["title"] == "unknown-agent"
    answers = {
        "stranger": ask(by=Signer()),
        "report's signature": ask(typ="posture-report+jws"),
        "another phone's": ask("A", signed_for="B"),
        "played back": ask(at=NOW - timedelta(minutes=6)),
    }
    Agent.objects.update(revoked_at=NOW)
    answers["revoked"] = ask()
    assert {name: (answer.status_code, answer.headers["Content-Type"]) for name, answer in answers.items()} == (
        dict.fromkeys(answers, (401, "application/problem+json"))
    )
    assert _refused() == [
        ("", "bad-signature", 3), ("", "stale-request", 2), ("", "unknown-agent", 1),
    ]  # fmt: skip


def test_an_agent_of_a_group_gets_that_groups_alone(ask: Callable[..., Any], agent: Agent) -> None:
    published(overlay(30), 1)
    agent.group = Group.objects.create(name="Press")
    agent.save()
    Assignment.objects.create(phone_key="IN", serial="IN", group=agent.group)
    assert [ask(serial).status_code for serial in ("IN", "OUT")] == [200, 403]
    assert _refused() == [(agent.id, "foreign-phone", 1)]


def _refused() -> list[tuple[str, str, int]]:
    """What was counted, by sender and kind; the audit log names each as often."""
    told = Refused.objects.order_by("sender", "kind").values_list("sender", "kind", "number")
    named = Counter(Entry.objects.filter(action="agent.policy-refused").values_list("actor", "subject"))
    assert named == {(sender, kind): number for sender, kind, number in told}
    return list(told)


def _entered(address: str, name: str) -> requests.Session:
    browser = requests.Session()
    browser.get(f"{address}/account/login/", timeout=30)
    form = {"login": name, "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    browser.post(f"{address}/account/login/", form, headers={"Referer": address}, timeout=30)
    return browser


def _post(browser: requests.Session, address: str, **form: str) -> str:
    token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(address, form | token, headers={"Referer": address}, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.url


def test_from_the_approval_to_the_bench(tmp_path: Path) -> None:
    """A real collector publishes; a workstation that asks for it judges by it, and keeps it when nobody answers."""
    bench = DataDir(tmp_path / "bench")
    for name in ("ana", "eva"):
        posture_collector(tmp_path / "collector", "create-user", name, "--role", "approver")
    code = posture_collector(tmp_path / "collector", "enrol-code").stdout.strip()
    capture = open_capture(SCENARIOS / "pixel-a14-healthy")
    with served(tmp_path / "collector") as (address, _):
        Collector(address).enrol(code, "Bench", AgentKey.open(bench.agent_key).public_jwk)
        bench.configuration.write_text(f"schema: posture-configuration/1\ncollector: {address}\npolicy: collector\n")
        own = set_up(bench, None, "in-use", "en")
        assert own.judge(capture).report.policy.version == "2.1"
        edition = _post(_entered(address, "ana"), f"{address}/policy/submit/", text=overlay(2), note="A drill")
        browser = _entered(address, "eva")
        _post(browser, f"{edition}approve/")
        sha256 = browser.get(f"{edition}?format=json", timeout=30).json()["edition"]["sha256"]
        judge = set_up(bench, None, "in-use", "en")
        report = judge.judge(capture).report
        assert (judge.policy.sha256, report.policy.sha256) == (sha256, sha256)
        words = [
            sys.executable,
            "-c",
            "from agent.cli import main; main()",
            "policy",
            "pull",
            "--data",
            str(bench.root),
        ]
        pulled = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert sha256 in pulled.stdout, pulled.stderr
        values = {name: each for result in report.results for name, each in result.parameters.items()}
        assert values["backup_age"] == {"value": 2, "unit": "days", "layer": "organisation Example"}
    alone = set_up(bench, None, "in-use", "en")
    assert alone.judge(capture).report.policy.sha256 == sha256
    Trust(bench.policy_trust).pin(Signer().public_jwk)
    with pytest.raises(PostureError, match="does not trust"):
        set_up(bench, None, "in-use", "en")
