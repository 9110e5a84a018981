"""The agents' page: key, last seen, version, clock; a code for a new one; an end to an old one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from server_stub.agents.models import Agent
from tests.collector.signing import NOW, Signer, encode, report


def test_what_it_shows(scan: Callable[..., Any], agent: Agent, viewer: Client) -> None:
    scan(at=timezone.now() - timedelta(seconds=50))
    Agent.objects.create(id="k2", name="Annex", public_jwk={}, enrolled_at=NOW, revoked_at=NOW)
    rows = viewer.get("/agents/?format=json").json()["agents"]
    assert [(row["id"], row["name"], row["host"], row["version"], row["clock_off"]) for row in rows] == [
        (agent.id, "Bench", "bench-1", "0.1.0", True),
        ("k2", "Annex", "", "", False),
    ]
    page = viewer.get("/agents/").content.decode()
    assert agent.id in page
    assert "Revoked on" in page


def test_the_empty_page_says_what_to_do_first(viewer: Client) -> None:
    assert "No agent is enrolled yet" in viewer.get("/agents/").content.decode()


def test_an_operator_makes_a_code_that_works_and_is_shown_once(
    sign_in: Callable[[str], Client], client: Client, signer: Signer
) -> None:
    operator = sign_in("operator")
    answer = operator.post("/agents/codes/", headers={"Accept": "application/json"})
    code = answer.json()["code"]
    sent = {"code": code, "name": "New", "public_jwk": signer.public_jwk}
    assert client.post("/api/enrol", sent, content_type="application/json").status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert code not in operator.get("/agents/").content.decode()


def test_a_revoked_agent_is_no_longer_heard(
    sign_in: Callable[[str], Client], agent: Agent, signer: Signer, post: Callable[..., Any]
) -> None:
    assert sign_in("administrator").post(f"/agents/{agent.id}/revoke/").status_code == 302
    agent.refresh_from_db()
    assert agent.revoked_at is not None
    assert agent.revoked_at <= timezone.now()
    assert post(signer.sign(encode(report(agent.id)))).status_code == 403


def test_nobody_is_revoked_who_is_not_there(sign_in: Callable[[str], Client]) -> None:
    assert sign_in("administrator").post("/agents/nobody/revoke/").status_code == 404
