"""The audit pack: everything of some days in one PDF that a machine can read too, with the chain's proof."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from server_stub.audit.chain import TERMINAL, Actor, record
from server_stub.audit.models import Entry, Head
from server_stub.decisions.models import Statement, Waiver
from server_stub.packs import making
from server_stub.packs.span import read, rows_of
from server_stub.people.models import Person
from server_stub.phones.models import Phone
from tests.collector.signing import NOW, result

Scan = Callable[..., dict[str, Any]]
TODAY = NOW.date().isoformat()
HOSTILE = '#set page(fill: red) $x$ "]  <b>漢</b>'


def text_of(content: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).replace("\u200b", "")


def squeezed(text: str) -> str:
    """Without the ends of lines and cells: where a line breaks is the compiler's own choice."""
    return "".join(text.split())


@pytest.fixture
def fleet(scan: Scan, sign_in: Callable[[str], Client]) -> Client:
    """Three phones, decisions, refusals; an auditor's browser."""
    auditor = sign_in("auditor")
    scan("BAD-1", NOW - timedelta(days=3), (result("screen-lock-set", "7", "pass"),))
    scan("BAD-1", results=(result("screen-lock-set", "7", "fail"),), device={"model": HOSTILE})
    scan("GOOD-2", NOW - timedelta(hours=1), (result("screen-lock-set", "7", "pass"),))
    scan("LATE-3", NOW - timedelta(days=9), (result("screen-lock-set", "7", "pass"),))
    Phone.objects.filter(key="BAD-1").update(holder="Ana Pérez", group="Press", late_hours=999)
    ana, eva = (Person.objects.create(username=name) for name in ("ana", "eva"))
    Waiver.objects.create(
        rule="no-such-rule", phone_key="BAD-1", reason=HOSTILE, requested_by=ana, requested_at=NOW, decided_by=eva,
        decided_at=NOW - timedelta(hours=1), approved=True, until=NOW + timedelta(days=3),
    )  # fmt: skip
    Statement.objects.create(
        rule="own-rule", phone_key="GOOD-2", answer=True, by="Luis", role="holder", noted_by=ana,
        at=NOW - timedelta(hours=1), valid_until=NOW + timedelta(days=3),
    )  # fmt: skip
    record("delivery.refused", Actor("stranger"), "too-large", why=HOSTILE)
    record("holder.erased", TERMINAL, "E-1")
    return auditor


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", ("Audit pack", "Policies in force", "Exceptions in force", "Proof", "1 / ")),
        ("es", ()),
    ],
)
def test_everything_of_some_days(fleet: Client, language: str, says: tuple[str, ...]) -> None:
    answer = fleet.get(f"/audit/pack/?from={TODAY}&to={TODAY}", headers={"Accept-Language": language})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    document = PdfReader(io.BytesIO(answer.content))
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert document.trailer["/Root"]["/Lang"] == language
    assert document.xmp_metadata is not None
    assert "pdfuaid:part" in document.xmp_metadata.stream.get_data().decode()
    text = squeezed(text_of(answer.content))
    for told in ("BAD-1", "LATE-3", "AnaPérez", "ana", "eva", "Luis", "too-large", "E-1", *says):
        assert squeezed(told) in text
    assert squeezed('#set page(fill: red) $x$ "]') in text  # a stranger's text stays text
    *before, packed = Entry.objects.order_by("number")
    assert all(entry.hash in text for entry in before)
    assert (packed.action, packed.actor, Head.objects.get().number) == ("audit.packed", "auditor", packed.number)


def test_a_past_end_is_judged_by_what_held_then(fleet: Client) -> None:
    past = (NOW - timedelta(days=2)).date().isoformat()
    first = (NOW - timedelta(days=4)).date().isoformat()
    answer = fleet.get(f"/audit/pack/?format=csv&from={first}&to={past}")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [(row["serial"], row["status"], row["late"], row["reports"]) for row in rows] == [
        ("LATE-3", "compliant", "True", "0")
    ]
    now = fleet.get(f"/audit/pack/?format=csv&from={first}&to={TODAY}")
    rows = list(csv.DictReader(io.StringIO(now.getvalue().decode("utf-8-sig"))))
    assert [(row["serial"], row["status"], row["holder"]) for row in rows] == [
        ("BAD-1", "non_compliant", "Ana Pérez"),
        ("LATE-3", "compliant", ""),
    ]


def test_what_is_not_listed_is_said(fleet: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MOST_PHONES", 1)
    text = squeezed(text_of(fleet.get(f"/audit/pack/?from={TODAY}&to={TODAY}").content))
    assert squeezed("1 of them are listed") in text
    assert ("BAD-1" in text, "LATE-3" in text) == (True, False)


def test_the_logs_rows_whole(fleet: Client) -> None:
    answer = fleet.get(f"/audit/rows/?from={TODAY}&to={TODAY}")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [row["hash"] for row in rows] == list(Entry.objects.order_by("number").values_list("hash", flat=True))
    assert rows[0]["previous"] == "0" * 64


@pytest.mark.parametrize(
    "query", ["", "from=2026-01-01", "from=x&to=y", "from=2026-02-02&to=2026-02-01", "from=2999-01-01&to=2999-01-02"]
)
def test_days_that_are_none(fleet: Client, query: str) -> None:
    for address in ("/audit/pack/", "/audit/rows/"):
        told = fleet.get(f"{address}?{query}", headers={"Accept": "application/json"})
        assert (told.status_code, told.json()["title"]) == (400, "no-days")
        shown = fleet.get(f"{address}?{query}", follow=True).content.decode()
        assert told.json()["detail"] in shown


def test_the_rows_of_days_are_found_without_an_index(db: None) -> None:
    for _ in range(5):
        record("agent.revoked", TERMINAL)
    today = timezone.now().date()
    found, before = rows_of(read(str(today), str(today))), rows_of(read("2020-01-01", "2020-01-02"))
    assert ((found.first, found.count), before.count) == ((1, 5), 0)
