"""An exception or a statement that lapsed after the scan no longer counts as passed, on no page."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from agent.facts import instant
from server_stub.phones.models import Phone
from tests.collector.signing import NOW, result

Scan = Callable[..., dict[str, Any]]
LATER, BEFORE = instant(NOW + timedelta(days=3)), instant(NOW - timedelta(seconds=30))


def by_exception(until: str) -> dict[str, Any]:
    waiver = {"reason": "r", "approved_by": "B", "until": until, "state": "active"}
    return result("lock", "7", "waived", measured_status="fail", waiver=waiver)


def by_statement(until: str) -> dict[str, Any]:
    stated = {"answer": True, "by": "Ana", "at": "2026-11-01T00:00:00Z", "valid_until": until, "state": "valid"}
    return result("shares", "1", "pass", kind="attested", measured_status="inconclusive", attestation=stated)


@pytest.mark.parametrize("made", [by_exception, by_statement])
def test_it_counts_until_it_lapses(scan: Scan, viewer: Client, made: Callable[[str], dict[str, Any]]) -> None:
    failing = made is by_exception
    scan("HOLDS", results=(made(LATER), result("other", "2", "pass")))
    scan("LAPSED", results=(made(BEFORE), result("other", "2", "pass")))
    fleet = viewer.get("/?format=json").json()
    assert fleet["counts"] == {"total": 2, "fail": int(failing), "not_proved": int(not failing), "late": 0, "meet": 1}
    shown = {phone["serial"]: (phone["status"]["word"], phone["headline"]) for phone in fleet["phones"]}
    assert shown == {
        "HOLDS": ("Meets", ""),
        "LAPSED": (
            "Fails" if failing else "Not proved",
            "An exception or a statement has lapsed; scan the phone again.",
        ),
    }
    for status, serial in (("compliant", "HOLDS"), ("non_compliant" if failing else "inconclusive", "LAPSED")):
        listed = viewer.get(f"/?format=json&status={status}").json()["phones"]
        assert [phone["serial"] for phone in listed] == [serial]


@pytest.mark.parametrize(("made", "word", "steps"), [(by_exception, "Fails", 1), (by_statement, "Not proved", 1)])
def test_the_phones_page_shows_what_was_measured(
    scan: Scan, viewer: Client, made: Callable[[str], dict[str, Any]], word: str, steps: int
) -> None:
    scan(results=(made(BEFORE),))
    page = viewer.get("/phones/ZY22TEST01/?format=json").json()
    assert page["status"]["word"] == word
    assert page["clauses"][0]["results"][0]["word"] == word
    assert len(page["steps"]) == steps


def test_the_past_keeps_what_held_then(scan: Scan, viewer: Client) -> None:
    scan(at=NOW - timedelta(hours=2), results=(by_exception(BEFORE),))
    scan(at=NOW - timedelta(minutes=2), results=(result("lock", "7", "pass"),))
    page = viewer.get(f"/phones/ZY22TEST01/?format=json&at={instant(NOW - timedelta(hours=1))}").json()
    assert page["clauses"][0]["results"][0]["sign"] == "waived"


@pytest.mark.parametrize("waiver", [{}, {"until": 7}, {"until": "never"}, {"until": "9999-12-31T23:59:59-23:59"}, None])
def test_an_end_that_is_none_breaks_nothing(scan: Scan, viewer: Client, waiver: Any) -> None:
    scan(results=(result("lock", "7", "waived", measured_status="fail", waiver=waiver),))
    assert Phone.objects.get().holds_until is None
    assert viewer.get("/phones/ZY22TEST01/").status_code == 200
