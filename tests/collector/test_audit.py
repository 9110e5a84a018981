"""The audit log: every change is in it, and no row can be changed, removed or reordered without being found."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from server_stub import run
from server_stub.agents.models import Agent
from server_stub.audit.chain import TERMINAL, Actor, Broken, Verified, digest, record, verify
from server_stub.audit.models import Entry, Head
from server_stub.audit.often import MOST
from tests.collector.signing import NOW, Signer, encode, report, result

PASSWORD = "seven-quiet-lanterns"


def rows() -> list[tuple[str, str, str, str]]:
    fields = ("actor_kind", "actor", "action", "subject")
    return list(Entry.objects.order_by("number").values_list(*fields))


def without_guard(sql: str, *values: object) -> None:
    """What somebody does who may do everything to the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER IF EXISTS audit_entry_no_UPDATE")
            cursor.execute("DROP TRIGGER IF EXISTS audit_entry_no_DELETE")
        else:
            cursor.execute("DROP TRIGGER IF EXISTS audit_entry_no_change ON audit_entry")
        cursor.execute(sql, values)


@pytest.fixture
def five(db: None) -> list[Entry]:
    return [record("agent.revoked", Actor("person", "ana"), f"agent {n}", count=n, flag=True) for n in range(1, 6)]


def test_a_whole_chain_verifies(five: list[Entry]) -> None:
    assert verify() == Verified(1, 5, five[-1].hash, five[-1].at)
    assert verify(2) == Verified(4, 5, five[-1].hash, five[-1].at)
    assert [entry.previous for entry in five] == ["0" * 64, *(entry.hash for entry in five[:-1])]


def test_an_empty_log_verifies(db: None) -> None:
    assert verify() == Verified(0, 0, "0" * 64, None)


@pytest.mark.parametrize(
    ("sql", "number", "how"),
    [
        ("UPDATE audit_entry SET actor = 'eva' WHERE number = 3", 3, "changed"),
        ('UPDATE audit_entry SET details = \'{"count": 9, "flag": true}\' WHERE number = 3', 3, "changed"),
        ("UPDATE audit_entry SET at = '2026-01-01 00:00:00+00' WHERE number = 5", 5, "changed"),
        ("UPDATE audit_entry SET hash = previous WHERE number = 1", 1, "changed"),
        ("DELETE FROM audit_entry WHERE number = 2", 2, "missing"),
        ("DELETE FROM audit_entry WHERE number = 1", 1, "missing"),
        ("DELETE FROM audit_entry WHERE number >= 4", 4, "cut"),
        ("DELETE FROM audit_entry", 1, "cut"),
    ],
)
def test_what_was_tampered_with_is_found(five: list[Entry], sql: str, number: int, how: Any) -> None:
    without_guard(sql)
    assert verify() == Broken(number, how)


def test_swapped_rows_are_found(five: list[Entry]) -> None:
    for before, after in ((2, 99), (3, 2), (99, 3)):
        without_guard("UPDATE audit_entry SET number = %s WHERE number = %s", after, before)
    assert verify() == Broken(2, "changed")


def test_a_row_that_was_hashed_anew_no_longer_leads_to_the_next(five: list[Entry]) -> None:
    forged = Entry.objects.get(number=2)
    forged.actor = "eva"
    without_guard("UPDATE audit_entry SET actor = 'eva', hash = %s WHERE number = 2", digest(forged))
    assert verify() == Broken(3, "unlinked")


def test_a_chains_end_that_was_moved_is_found(five: list[Entry]) -> None:
    Head.objects.update(number=6)
    assert verify() == Broken(6, "cut")


@pytest.mark.parametrize("sql", ["UPDATE audit_entry SET actor = 'eva'", "DELETE FROM audit_entry"])
def test_the_database_refuses_to_change_it(five: list[Entry], sql: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert verify() == Verified(1, 5, five[-1].hash, five[-1].at)


def test_what_a_stranger_wrote_is_cleaned(db: None) -> None:
    entry = record("agent.enrolled", Actor("agent", "a\x00b"), "x" * 500, name="one\ntwo\u202e")
    assert (entry.actor, len(entry.subject), entry.details) == ("a�b", 160, {"name": "one�two�"})
    assert isinstance(verify(), Verified)


def test_enrolment_and_its_end(client: Client, signer: Signer, sign_in: Callable[[str], Client]) -> None:
    operator = sign_in("operator")
    code = operator.post("/agents/codes/", headers={"Accept": "application/json"}).json()["code"]
    for _ in range(2):
        sent = {"code": code, "name": "Annex", "public_jwk": signer.public_jwk}
        client.post("/api/enrol", json.dumps(sent), content_type="application/json")
    sent = {"code": "WRONG", "name": "Annex", "public_jwk": signer.public_jwk}
    client.post("/api/enrol", json.dumps(sent), content_type="application/json")
    for _ in range(2):
        operator.post(f"/agents/{signer.id}/revoke/")
    run.enrolment_code()
    told = [row for row in rows() if not row[2].startswith("person")]
    code_name = told[0][3]
    assert told == [
        ("person", "operator", "agent.code-made", code_name),
        ("agent", signer.id, "agent.enrolled", "Annex"),
        ("stranger", "", "agent.enrolment-refused", "wrong-code"),
        ("person", "operator", "agent.revoked", signer.id),
        ("terminal", "", "agent.code-made", told[-1][3]),
    ]


def test_refused_deliveries_name_the_agent(
    scan: Callable[..., Any], agent: Agent, signer: Signer, post: Callable[..., Any]
) -> None:
    taken = scan()
    post(signer.sign(encode(taken | {"results": [result("lock", "7", "fail")], "verdict": "non_compliant"})))
    post(signer.sign(encode(report(agent.id, at=NOW + timedelta(hours=2)))))
    post(signer.sign(encode(report("other"))))
    post(signer.sign(encode(report(agent.id)))[:-40] + b'AAAA"}')
    post(Signer().sign(encode(report(agent.id))))
    post(b"{}")
    post(b" " * 2_000_000)
    Agent.objects.update(revoked_at=NOW)
    post(signer.sign(encode(report(agent.id))))
    assert rows() == [
        ("agent", agent.id, "delivery.refused", "another-report"),
        ("agent", agent.id, "delivery.refused", "from-the-future"),
        ("agent", agent.id, "delivery.refused", "wrong-agent"),
        ("stranger", "", "delivery.refused", "no-envelope"),
        ("stranger", "", "delivery.refused", "unknown-agent"),
        ("stranger", "", "delivery.refused", "no-envelope"),
        ("stranger", "", "delivery.refused", "too-large"),
        ("agent", agent.id, "delivery.refused", "revoked-agent"),
    ]


def test_a_stranger_cannot_flood_it(db: None, post: Callable[..., Any]) -> None:
    post(b"{}\n" * (MOST + 5), "application/jsonl")
    assert len(rows()) == MOST


def test_accounts(db: None, client: Client) -> None:
    run.create_person("ana", PASSWORD, "admin")
    run.create_person("ana", PASSWORD, "viewer")
    for name, password in (("ana", "wrong"), ("a-password-in-the-wrong-field", "x"), ("ana", PASSWORD)):
        client.post("/account/login/", {"login": name, "password": password})
    new = {"oldpassword": PASSWORD, "password1": "nine-loud-lanterns", "password2": "nine-loud-lanterns"}
    client.post("/account/password/change/", new)
    client.post("/account/logout/")
    assert rows() == [
        ("terminal", "", "person.created", "ana"),
        ("terminal", "", "person.changed", "ana"),
        ("person", "ana", "person.sign-in-failed", ""),
        ("stranger", "", "person.sign-in-failed", ""),
        ("person", "ana", "person.signed-in", ""),
        ("person", "ana", "person.password-changed", ""),
        ("person", "ana", "person.signed-out", ""),
    ]
    assert Entry.objects.get(number=1).details == {"role": "administrator"}


def test_the_page_shows_who_did_what_and_how_far_the_chain_holds(
    five: list[Entry], agent: Agent, sign_in: Callable[[str], Client]
) -> None:
    record("delivery.refused", Actor("agent", agent.id), "too-large", why="The body is too long.")
    auditor = sign_in("auditor")  # a seventh row
    page = auditor.get("/audit/?format=json").json()
    assert (page["verified"]["last"], page["broken"], [e["number"] for e in page["entries"]][:2]) == (7, None, [7, 6])
    refused = page["entries"][1]
    assert (refused["who"], refused["actor"], refused["words"]) == ("Bench", agent.id, "was refused a delivery")
    html = auditor.get("/audit/").content.decode()
    assert "Chain verified up to row 7" in html
    without_guard("UPDATE audit_entry SET actor = '<b>' WHERE number = 3")
    html = auditor.get("/audit/").content.decode()
    assert "The chain is broken at row 3" in html
    assert "<b>" not in html


def test_it_pages_by_key(db: None, sign_in: Callable[[str], Client], settings: Any) -> None:
    settings.PAGE_SIZE = 2
    auditor = sign_in("auditor")
    for _ in range(4):
        record("agent.code-made", TERMINAL)
    first = auditor.get("/audit/?format=json").json()
    second = auditor.get(f"/audit/?format=json&after={first['after']}").json()
    assert [[e["number"] for e in page["entries"]] for page in (first, second)] == [[5, 4], [3, 2]]
