"""Holders and groups by the API: as a CSV brings them in, for programs that have a token for it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from server_stub.audit.models import Entry
from server_stub.holders.models import Assignment, Group
from server_stub.phones.models import Phone
from server_stub.tokens.bearer import make_token

pytestmark = pytest.mark.django_db
Bring = Callable[..., Any]
ANA = {"serial": "A", "holder": "Ana Pérez", "holder_id": "E-1", "group": "Press", "asset_tag": "IT-1"}
EVA = {"serial": "B", "holder": "Eva Ruiz", "group": "Press", "late_after_hours": 48}


@pytest.fixture
def bring(client: Client, sign_in: Callable[[str], Client]) -> Bring:
    """Send entries as a program of somebody of that role, with a token of these scopes."""

    def send(entries: Any, role: str = "operator", scopes: tuple[str, ...] = ("holders:write",), how: str = "") -> Any:
        if (role, scopes) not in tokens:
            sign_in(role)
            tokens[role, scopes] = make_token("ci", role, scopes, 1)[0]
        headers = {"Authorization": f"Bearer {tokens[role, scopes]}"}
        return client.post(f"/api/holders{how}", entries, content_type="application/json", headers=headers)

    tokens: dict[tuple[str, tuple[str, ...]], str] = {}
    return send


def known() -> dict[str, tuple[str, str, str]]:
    rows = Assignment.objects.select_related("holder", "group").order_by("serial")
    return {
        row.serial: (row.holder.name if row.holder else "", row.group.name if row.group else "", row.asset_tag)
        for row in rows
    }


def test_what_is_sent_is_brought_in_once(bring: Bring, scan: Callable[..., Any]) -> None:
    scan("A")
    tried = bring([ANA, EVA], how="?dry_run=true")
    expected = {"new": 2, "changed": 0, "unchanged": 0, "problems": []}
    assert (tried.status_code, tried.json()) == (200, expected | {"dry_run": True})
    assert known() == {}
    assert bring([ANA, EVA]).json() == expected | {"dry_run": False}
    assert known() == {"A": ("Ana Pérez", "Press", "IT-1"), "B": ("Eva Ruiz", "Press", "")}
    assert Group.objects.get().late_after_hours == EVA["late_after_hours"]
    assert Phone.objects.values_list("holder", "group", "asset_tag").get() == ("Ana Pérez", "Press", "IT-1")
    assert bring([ANA, EVA]).json() == {"new": 0, "changed": 0, "unchanged": 2, "problems": [], "dry_run": False}
    named = Entry.objects.filter(action="holders.imported").values_list("actor", "details")
    assert list(named) == [("operator", {"new": 2, "changed": 0})]


def test_what_is_absent_stays_and_what_is_empty_goes(bring: Bring) -> None:
    bring([ANA, EVA])
    assert (
        bring([{"serial": "A", "holder": "Eva Ruiz"}, {"serial": "B", "holder": "", "group": ""}]).json()["changed"]
        == 2
    )
    assert known() == {"A": ("Eva Ruiz", "Press", "IT-1"), "B": ("", "", "")}


def test_nothing_is_brought_in_when_an_entry_is_wrong(bring: Bring) -> None:
    wrong = [ANA, ANA | {"holder": "Other"}, {"serial": " ", "holder": "Eva"}, EVA | {"late_after_hours": 0}]
    answer = bring(wrong)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["title"] == "wrong-entries"
    assert [each["line"] for each in answer.json()["problems"]] == [2, 2, 3, 4]
    assert known() == {}


@pytest.mark.parametrize(
    "sent",
    ["", "{}", "[1]", "[{}]", '[{"serial": "A"}]', '[{"serial": "A", "holder": "B", "pin": "1"}]', "[" * 500,
     '[{"serial": "A", "holder": "B", "late_after_hours": "x"}]'],
)  # fmt: skip
def test_what_has_another_form_is_refused_in_one_sentence(bring: Bring, sent: str) -> None:
    answer = bring(sent)
    assert answer.status_code in (400, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_too_many_at_once_are_refused(bring: Bring) -> None:
    assert bring([{"serial": str(n), "holder": ""} for n in range(5001)]).status_code == 422
    assert bring("[" + " " * 3_000_000 + "]").status_code in (400, 413)
    assert known() == {}


def test_only_a_token_that_may_is_let_in(bring: Bring, client: Client, sign_in: Callable[[str], Client]) -> None:
    refused = [
        bring([ANA], "viewer"),
        bring([ANA], "auditor"),
        bring([ANA], "operator", ("holders:read", "fleet:read")),
        Client(enforce_csrf_checks=True).post("/api/holders", [ANA], content_type="application/json"),
    ]
    assert [answer.status_code for answer in refused] == [403, 403, 403, 401]
    assert sign_in("administrator").post("/api/holders", [ANA], content_type="application/json").status_code == 403
    assert known() == {}
