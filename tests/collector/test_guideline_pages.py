"""Clauses and policy: how the fleet stands on each, over time; what a draft would change, from stored facts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agent.facts import instant
from server_stub.guideline.policy import shipped
from server_stub.web.clauses import CLAUSES
from tests.collector.signing import NOW, fact, result

Scan = Callable[..., dict[str, Any]]
WHATSAPP = {"package": "com.whatsapp", "user": 0, "version": "2.26.1", "signature": "verified"}
BACKUP = {
    "whatsapp.installed": fact([WHATSAPP | {"installer": "com.android.vending"}]),
    "whatsapp.backup.count": fact(3),
}
OVERLAY = """
schema: posture-overlay/1
overlays: CM-G-03
layer: organisation
name: Example
parameters: {backup_age: {days: %s}}
"""


def test_each_clause_counts_its_phones_and_links_to_them(scan: Scan, viewer: Client) -> None:
    scan("A", results=(result("lock", "7", "fail"), result("net", "2", "inconclusive")))
    scan("B", results=(result("lock", "7", "pass"), result("net", "2", "not_applicable")))
    rows = {row["number"]: row for row in viewer.get("/clauses/?format=json").json()["clauses"]}
    assert list(rows) == list(CLAUSES)
    numbers = {number: (row["fail"], row["not_proved"], row["meet"]) for number, row in rows.items()}
    assert (numbers["7"], numbers["2"], numbers["1"]) == ((1, 0, 1), (0, 1, 0), (0, 0, 0))
    for number, row in rows.items():
        for status, name in (("non_compliant", "fail"), ("inconclusive", "not_proved"), ("compliant", "meet")):
            listed = viewer.get(f"/?format=json&clause={number}&status={status}").json()["phones"]
            assert len(listed) == row[name]


def test_a_clause_says_how_it_is_measured_what_cannot_be_and_who_fails(scan: Scan, viewer: Client) -> None:
    scan("A", NOW - timedelta(days=3), (result("backup", "6", "fail"),))
    page = viewer.get("/clauses/6/?format=json").json()
    assert [phone["serial"] for phone in page["phones"]] == ["A"]
    assert [rule["rule"] for rule in page["rules"]] == [rule.id for rule in shipped().rules if rule.clause == "6"]
    assert page["cannot"]
    assert (page["trend"]["days"][-1]["fail"], page["trend"]["lines"][0]["word"]) == (1, "Fails")
    spanish = viewer.get("/clauses/6/", headers={"Accept-Language": "es"}).content.decode()
    assert "Cómo se mide" in spanish
    assert shipped().clauses[5].title.es not in ("", None)


@pytest.mark.parametrize(("address", "status"), [("/clauses/7/", 200), ("/clauses/99/", 404), ("/clauses/lock/", 404)])
def test_only_clauses_that_there_are(viewer: Client, db: None, address: str, status: int) -> None:
    assert viewer.get(address).status_code == status


def test_a_clause_of_a_policy_that_we_do_not_know(scan: Scan, viewer: Client) -> None:
    scan("A", results=(result("own", "house-1", "fail"),))
    assert viewer.get("/clauses/house-1/?format=json").json()["clause"]["fail"] == 1


def test_the_policy_is_named_exactly(viewer: Client, db: None) -> None:
    page = viewer.get("/policy/?format=json").json()
    assert (page["version"], page["sha256"], page["rules"]) == (
        shipped().version,
        shipped().sha256,
        len(shipped().rules),
    )
    age = next(row for row in page["parameters"] if row["name"] == "backup_age")
    assert age == {
        "name": "backup_age",
        "title": "Greatest age of the newest backup",
        "value": "7 days",
        "layer": "The policy itself",
    }
    assert viewer.get("/policy/").status_code == 200


def test_a_draft_says_who_would_change_and_why(scan: Scan, sign_in: Callable[[str], Client]) -> None:
    for serial, days in (("FRESH", 1), ("OLD", 20)):
        latest = instant(NOW - timedelta(days=days))
        scan(
            serial,
            facts=BACKUP
            | {
                "whatsapp.backup.latest_at": fact(latest),
                "device.clock_at": fact(NOW.isoformat().replace("+00:00", "Z")),
            },
        )
    draft = SimpleUploadedFile("overlay.yaml", (OVERLAY % 30).encode())
    auditor = sign_in("auditor")
    answer = auditor.post("/policy/preview/?format=json", {"draft": draft}).json()["preview"]
    assert (answer["judged"], answer["next"]) == (2, None)
    [changed] = answer["phones"]
    assert changed["serial"] == "OLD"
    assert [(rule["before"], rule["after"]) for rule in changed["rules"]] == [("Fails", "Meets")]
    page = auditor.post("/policy/preview/", {"text": OVERLAY % 30}).content.decode()
    assert "2 phones judged." in page


@pytest.mark.parametrize(
    "text", ["", "a: [", "schema: posture-overlay/1\noverlays: other", OVERLAY % '"x"', "\x00", "{}"]
)
def test_a_draft_that_is_none_is_one_sentence(sign_in: Callable[[str], Client], text: str) -> None:
    answer = sign_in("auditor").post("/policy/preview/?format=json", {"text": text})
    assert answer.status_code == 200
    assert answer.json()["problem"]
