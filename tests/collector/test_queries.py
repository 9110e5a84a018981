"""No page and no delivery reads a large table without the phone's key or a bounded window: the schema can be spread.

Exports are streamed whole, and say so; what is counted comes from kept numbers (`tally`) and from the late ones alone.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from server_stub.agents.models import Agent
from server_stub.work.jobs import RECURRING
from tests.collector.signing import NOW, Signer, encode, report, result
from tests.collector.telling import something_told

LARGE = re.compile(r'(?:FROM|JOIN|UPDATE|INTO) "?(phones_(?:phone|rulestate|clausestate|storedreport|receipt|movement))"?\b')
KEY = r'"?(?:phone_id|key|report_id)"? (?:=|IN)'
LATE = r'COUNT\(.*"scanned_at" <'  # the late ones, found by their index
DAYS = r'"day" > .*"topic" ='  # 90 days of one topic
BOUNDED = re.compile(rf"{KEY}|{LATE}|{DAYS}|LIMIT \d+|^INSERT .* VALUES|min\(", re.DOTALL)
PAGES = (
    "/", "/?status=non_compliant", "/?late=yes", "/?clause=7&severity=high", "/?q=a&maker=Acme&patch_days=90",
    "/?failing_days=1&unseen_days=2&sort=seen", "/phones/P1/", "/phones/P1/?at=2020-01-01T00:00:00Z", "/clauses/",
    "/clauses/7/", "/policy/", "/policy/history/", "/agents/", "/holders/", "/holders/?seen=never",
    "/alerts/", "/metrics",
)  # fmt: skip


def unbounded(statements: list[dict[str, str]]) -> list[str]:
    return [each["sql"] for each in statements if LARGE.search(each["sql"]) and not BOUNDED.search(each["sql"])]


@pytest.mark.parametrize("page", PAGES)
def test_pages(scan: Callable[..., dict[str, Any]], viewer: Client, page: str) -> None:
    for number in range(3):
        scan(f"P{number}", NOW - timedelta(days=number, minutes=1), (result("lock", "7", "fail"),))
    with CaptureQueriesContext(connection) as seen:
        viewer.get(page)
    assert unbounded(seen.captured_queries) == []


def test_deliveries(agent: Agent, signer: Signer, post: Callable[..., Any]) -> None:
    looks = [
        report(agent.id, f"P{n % 2}", NOW - timedelta(minutes=9 - n), (result("r", "7", "pass"),)) for n in range(4)
    ]
    bodies = [signer.sign(encode(look)) for look in looks]
    with CaptureQueriesContext(connection) as seen:
        assert post(bodies[0]).status_code == 201
        assert post(b"\n".join(bodies), "application/jsonl").status_code == 201
    assert unbounded(seen.captured_queries) == []


def test_background_work(scan: Callable[..., dict[str, Any]]) -> None:
    something_told("P0")
    for number in range(3):
        scan(f"P{number}", NOW - timedelta(days=number, minutes=1), (result("lock", "7", "fail"),))
    with CaptureQueriesContext(connection) as seen:
        for routine in RECURRING.values():
            routine.job.func()
    assert unbounded(seen.captured_queries) == []


def test_the_rule_itself_finds_what_it_should() -> None:
    assert unbounded([{"sql": 'SELECT COUNT(*) FROM "phones_phone" WHERE "rank" = 0'}])
    assert unbounded([{"sql": 'SELECT * FROM "phones_storedreport" WHERE "rank" = 0 ORDER BY "scanned_at"'}])
