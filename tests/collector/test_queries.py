"""Every statement that the service makes in any of the collector's tests is looked at (`conftest`, `unbounded`).

Here are those that no other test makes, and the rule itself.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from server_stub.phones.models import Phone
from server_stub.web.keyset import windows
from tests.collector.signing import NOW, result
from tests.collector.unbounded import TABLES, is_unbounded, unbounded

PAGES = (
    "/", "/?status=non_compliant", "/?late=yes", "/?clause=7&severity=high", "/?q=a&maker=Acme&patch_days=90",
    "/?failing_days=1&unseen_days=2&sort=seen", "/?group=Press&android=14&sort=longest-unseen", "/?format=csv",
    "/?format=csv&clause=7&q=p", "/phones/P1/", "/phones/P1/?at=2020-01-01T00:00:00Z", "/phones/P1/?format=csv",
    "/clauses/", "/clauses/7/", "/clauses/7/?format=csv", "/clauses/elsewhere/", "/policy/", "/agents/", "/holders/",
    "/metrics",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_pages(scan: Callable[..., dict[str, Any]], viewer: Client, page: str) -> None:
    for number in range(3):
        scan(f"P{number}", NOW - timedelta(days=number, minutes=1), (result("lock", "7", "fail"),))
    with unbounded() as found:
        answer = viewer.get(page)
        b"".join(answer if answer.streaming else [answer.content])
    assert found == []


def test_a_file_is_read_in_windows(scan: Callable[..., dict[str, Any]]) -> None:
    for number in range(5):
        scan(f"P{number}")
    with unbounded() as found:
        assert [phone.key for phone in windows(Phone.objects.all(), ("key",), 2)] == ["P0", "P1", "P2", "P3", "P4"]
        assert [phone.key for phone in windows(Phone.objects.all(), ("-key",), 5)] == ["P4", "P3", "P2", "P1", "P0"]
    assert found == []


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT COUNT(*) FROM "phones_phone" WHERE "rank" = 0',
        'SELECT * FROM "phones_storedreport" WHERE "rank" = 0 ORDER BY "scanned_at"',
        'UPDATE "phones_phone" SET "rank" = %s WHERE "rank" = %s',
        'DELETE FROM "phones_clausestate" WHERE "clause" = %s',
    ],
)
def test_the_rule_finds_what_it_should(sql: str) -> None:
    assert is_unbounded(sql)


def test_every_table_by_phone_is_held_to_it() -> None:
    """Each table whose key begins with the phone or that grows with the reports; a new one is asked for here."""
    names = {model._meta.db_table.removeprefix("phones_") for model in apps.get_app_config("phones").get_models()}
    assert names == {*TABLES, "tally"}  # a few numbers a clause


def test_the_schema_can_be_spread_by_phone(db: None) -> None:
    """Unique keys of a distributed table hold the column by which it is spread (docs/growing.md)."""
    spread = {"phones_phone": "key", "phones_receipt": "report_id"}
    for table in ("rulestate", "clausestate", "storedreport"):
        spread[f"phones_{table}"] = "phone_id"
    for table, column in spread.items():
        with connection.cursor() as cursor:
            constraints = connection.introspection.get_constraints(cursor, table)
        unique = [tuple(each["columns"]) for each in constraints.values() if each["unique"] or each["primary_key"]]
        assert unique, table
        assert all(column in columns for columns in unique), (table, unique)
