"""Reports handed out: the certificate from the phone's page, the signed bytes, the forms of auditors' tools."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from pypdf import PdfReader

from agent.report.export import FORMATS
from server_stub.agents.models import Agent
from server_stub.audit.chain import TERMINAL
from server_stub.decisions.models import Statement, Waiver
from server_stub.holders.importing import import_holders
from server_stub.papers import pages
from server_stub.people.models import Person
from tests.collector.signing import NOW, Signer, encode, report, result

Scan = Callable[..., dict[str, Any]]


def squeezed(content: bytes) -> str:
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return "".join(text.replace("\u200b", "").split())


def test_holders_and_decisions_as_csv(scan: Scan, sign_in: Callable[[str], Client]) -> None:
    scan("A", results=(result("lock", "7", "fail"),))
    content = b"serial,holder,holder_id,group,asset_tag,late_after_hours\r\nA,Ana,E-1,Press,IT-1,48\r\nB,,,,,\r\n"
    import_holders(content, TERMINAL)
    client = sign_in("operator")
    exported = client.get("/holders/?format=csv").getvalue()
    assert exported.decode("utf-8-sig").encode() == content
    assert import_holders(exported, TERMINAL).unchanged == 2
    ana = Person.objects.create(username="ana")
    Waiver.objects.create(
        rule="lock", phone_key="A", reason="A drill", requested_by=ana, requested_at=NOW, until=NOW + timedelta(days=1)
    )
    Statement.objects.create(
        rule="own", phone_key="A", answer=True, by="=Luis", role="holder", noted_by=ana, at=NOW, valid_until=NOW
    )
    rows = list(csv.DictReader(io.StringIO(client.get("/due/?format=csv").getvalue().decode("utf-8-sig"))))
    assert [(row["kind"], row["rule"], row["by"], row["noted_or_asked_by"], row["approved"]) for row in rows] == [
        ("exception", "lock", "", "ana", "False"),
        ("statement", "own", "'=Luis", "ana", ""),
    ]


@pytest.mark.parametrize("media_type", ["application/jose", "application/jose+json"])
def test_the_hand_over_certificate_from_the_phones_page(
    agent: Agent, signer: Signer, post: Callable[..., Any], sign_in: Callable[[str], Client], media_type: str
) -> None:
    content = report(agent.id, "OUT-1", results=(result("reset-proved", "8", "pass"),), profile="handover")
    body = signer.sign(encode(content)) if media_type.endswith("json") else signer.compact(encode(content))
    assert post(body, media_type).status_code == 201
    operator = sign_in("operator")
    shown = operator.get("/phones/OUT-1/", headers={"Accept-Language": "en"}).content.decode()
    address = f"/phones/OUT-1/reports/{content['report_id']}/as/pdf"
    assert "Hand-over certificate (PDF)" in shown
    assert address in shown
    text = squeezed(operator.get(address).content)
    for told in ("certificate", "OUT-1", agent.id):
        assert told in text


def test_one_report_in_every_form(scan: Scan, sign_in: Callable[[str], Client]) -> None:
    content = scan("A", results=(result("lock", "7", "fail"), result("net", "2", "inconclusive")))
    client = sign_in("auditor")
    found = {
        form: client.get(f"/phones/A/reports/{content['report_id']}/as/{form}").content.decode() for form in FORMATS
    }
    assert [row["status"] for row in csv.DictReader(io.StringIO(found["csv"]))] == ["fail", "inconclusive"]
    assert len(found["ocsf"].splitlines()) == 2
    assert json.loads(found["sarif"])["version"] == "2.1.0"
    assert "assessment-results" in json.loads(found["oscal"])
    assert ElementTree.fromstring(found["junit"]).tag == "testsuites"


def test_the_newest_reports_of_the_phones_that_the_filters_leave(
    scan: Scan, sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "_AT_ONCE", 2)
    for number in range(5):
        scan(f"P{number}", NOW - timedelta(minutes=9 - number), (result("lock", "7", "fail" if number else "pass"),))
    client = sign_in("auditor")
    answer = client.get("/exports/csv?status=non_compliant")
    assert answer.streaming
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert [(row["serial"], row["status"]) for row in rows] == [(f"P{n}", "fail") for n in range(1, 5)]
    assert len(client.get("/exports/ocsf").getvalue().splitlines()) == 5
    assert client.get("/exports/sarif").status_code == 200
    monkeypatch.setattr(pages, "MOST_IN_ONE", 4)
    refused = client.get("/exports/sarif")
    assert (refused.status_code, refused.json()["title"]) == (413, "too-many")
