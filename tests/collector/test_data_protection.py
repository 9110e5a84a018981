"""What is kept and for how long; a holder's erasure keeps the numbers; names are for the roles that need them."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from server_stub.agents.models import EnrolmentCode
from server_stub.audit.chain import TERMINAL, Verified, verify
from server_stub.audit.models import Entry
from server_stub.decisions.models import Statement
from server_stub.holders.importing import import_holders
from server_stub.holders.models import Holder
from server_stub.ingest.current import settle
from server_stub.people.models import Person
from server_stub.phones import tally
from server_stub.phones.models import Phone, Receipt, StoredReport
from server_stub.privacy.retention import Gone, run
from tests.collector.serving import posture_collector
from tests.collector.signing import NOW, fact, result

Scan = Callable[..., dict[str, Any]]
SignIn = Callable[[str], Client]
DAY = timedelta(days=1)
FAILS = result("screen-lock-set", "7", "fail", in_the_way=True)


@pytest.fixture
def aged(scan: Scan) -> list[str]:
    """A phone's reports of 2,000, 500 and 1 days ago, and a phone that was not seen for 600 days."""
    found = [scan("OFTEN", at=NOW - days * DAY, results=(FAILS,)) for days in (2000, 500, 1)]
    scan("ONCE", at=NOW - 600 * DAY, results=(FAILS,))
    EnrolmentCode.objects.create(digest="d", made_at=NOW - 90 * DAY, expires_at=NOW - 89 * DAY)
    Session.objects.create(session_key="s", session_data="", expire_date=NOW - DAY)
    return [each["report_id"] for each in found]


def test_each_kind_goes_in_its_time(aged: list[str], viewer: Client) -> None:
    expected = Gone(contents=2, reports=1, decisions=0, codes=1, sessions=1)
    assert run(TERMINAL, dry_run=True) == expected
    assert StoredReport.objects.count() == 4
    assert run(TERMINAL) == expected
    assert run(TERMINAL) == Gone(0, 0, 0, 0, 0)
    kept = StoredReport.objects.order_by("phone", "scanned_at").values_list("phone_id", "erased_at", "failed")
    assert [(phone, erased is None, failed) for phone, erased, failed in kept] == [
        ("OFTEN", False, 1),
        ("OFTEN", True, 1),
        ("ONCE", True, 1),
    ]
    assert Receipt.objects.count() == 4
    assert list(Entry.objects.filter(action="retention.ran").values_list("details", flat=True)) == [
        {"contents": 2, "reports": 1, "decisions": 0, "codes": 1, "sessions": 1}
    ]
    assert viewer.get("/?format=json").json()["counts"]["fail"] == 2


def test_an_emptied_report_keeps_its_line_and_its_verdict(aged: list[str], sign_in: SignIn) -> None:
    run(TERMINAL)
    auditor = sign_in("auditor")
    at = (NOW - 499 * DAY).isoformat().replace("+00:00", "Z")
    page = auditor.get(f"/phones/OFTEN/?format=json&at={at}").json()
    assert (page["report"]["word"], page["clauses"], page["facts"]) == ("Fails", [], [])
    assert page["erased_at"]
    assert "were erased on" in auditor.get(f"/phones/OFTEN/?at={at}").content.decode()
    assert auditor.get(f"/phones/OFTEN/reports/{aged[1]}/signed").status_code == 410
    assert auditor.get(f"/phones/OFTEN/reports/{aged[2]}/signed").status_code == 200
    assert auditor.get("/phones/OFTEN/").status_code == 200


def test_a_holder_is_erased_and_the_numbers_stay(scan: Scan, sign_in: SignIn) -> None:
    import_holders(b"serial,holder,holder_id,group\nHERS,Ana P,E-7,Press\nHIS,Luis,E-8,Press\n", TERMINAL)
    for serial in ("HERS", "HIS"):
        scan(serial, at=NOW - DAY, results=(FAILS,))
        scan(serial, results=(FAILS,), facts={"network.wifi.ssid": fact("Ana at home")})
    person = Person.objects.create(username="bench")
    Statement.objects.create(
        rule="x", phone_key="HERS", answer=True, by="Ana P", role="holder", noted_by=person, at=NOW, valid_until=NOW
    )
    before = tally.now(), tally.now("7")
    administrator = sign_in("administrator")
    unsure = administrator.post("/data-protection/erase/?format=json", {"holder": "E-7"})
    assert (unsure.status_code, Holder.objects.count()) == (422, 2)
    unknown = administrator.post("/data-protection/erase/?format=json", {"holder": "E-9", "sure": "yes"})
    assert unknown.json()["problem"] == "There is no holder of this number or name."
    erased = administrator.post("/data-protection/erase/?format=json", {"holder": "E-7", "sure": "yes"})
    assert erased.json()["erased"] == {"phones": 1, "reports": 2}
    everything = json.dumps(
        [
            list(model.objects.values())
            for model in (Holder, Phone, Statement, StoredReport, Entry)
        ],
        default=lambda value: bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value),
    )  # fmt: skip
    assert "Ana P" not in everything
    assert list(Holder.objects.values_list("name", flat=True)) == ["Luis"]
    assert (tally.now(), tally.now("7")) == before
    fleet = administrator.get("/?format=json").json()
    assert fleet["counts"]["fail"] == 2
    assert {phone["serial"]: phone["holder"] for phone in fleet["phones"]} == {"HERS": "", "HIS": "Luis"}
    page = administrator.get("/phones/HERS/?format=json").json()
    assert (page["status"]["word"], page["clauses"], page["group"]) == ("Fails", [], "Press")
    assert isinstance(verify(), Verified)
    scan("HERS", results=(FAILS,))
    assert administrator.get("/phones/HERS/?format=json").json()["clauses"] != []


def test_what_rested_on_an_exception_is_not_proved_once_its_report_is_empty(scan: Scan, viewer: Client) -> None:
    import_holders(b"serial,holder\nHERS,Ana\n", TERMINAL)
    ends = (NOW + DAY).isoformat().replace("+00:00", "Z")
    waived = result("screen-lock-set", "7", "waived", measured_status="fail", waiver={"until": ends})
    scan("HERS", results=(waived,))
    StoredReport.objects.update(signed=b"", erased_at=NOW)
    settle(NOW + 2 * DAY)
    assert viewer.get("/?format=json").json()["counts"] == {
        "total": 1, "fail": 0, "not_proved": 1, "late": 0, "meet": 0,
    }  # fmt: skip


def test_names_are_for_the_roles_that_need_them(scan: Scan, sign_in: SignIn) -> None:
    names = ("Finca Roja", "aa:bb:cc:00:11:22", "Cafe 9", "Ana's laptop", "desk-42")
    facts = {
        "network.wifi.ssid": fact(names[0], f'SSID: "{names[0]}"'),
        "network.wifi.bssid": fact(names[1]),
        "network.wifi.security": fact("psk", f'mWifiInfo SSID: "{names[0]}", BSSID: {names[1]}'),
        "network.saved_open": fact([names[2]]),
        "whatsapp.linked_devices": fact([{"name": names[3], "platform": "web", "last_active_at": None}]),
        "device.adb_keys": fact([names[4]]),
    }
    told = f"The phone is on {names[0]}."
    texts = {"en": {"title": "Private network", "message": told, "remediation": f"Leave {names[0]}."}}
    broken = result("network-private", "2", "fail", message=told, facts=list(facts), texts=texts, in_the_way=True)
    scan(at=NOW - DAY, results=(broken,), facts=facts | {"network.wifi.ssid": fact("Other place")})
    content = scan(results=(broken,), facts=facts, summary={"en": told})
    signed = f"/phones/ZY22TEST01/reports/{content['report_id']}/signed"
    viewer, auditor = sign_in("viewer"), sign_in("auditor")
    for address in ("/", "/phones/ZY22TEST01/", "/phones/ZY22TEST01/decide/?rule=network-private"):
        for wanted in ("text/html", "application/json"):
            seen = viewer.get(address, headers={"Accept": wanted}).content.decode()
            assert [name for name in (*names, "Other place", "Ana&#x27;s laptop") if name in seen] == []
    seen = auditor.get("/phones/ZY22TEST01/?format=json").content.decode()
    assert all(name in seen for name in names)
    assert (viewer.get(signed).status_code, auditor.get(signed).status_code) == (403, 200)
    assert "psk" in viewer.get("/phones/ZY22TEST01/?format=json").content.decode()


def test_the_page_says_what_is_kept(viewer: Client, settings: Any) -> None:
    page = viewer.get("/data-protection/?format=json").json()
    assert {each["kind"]: each["days"] for each in page["kept"] if each["days"]} == {
        "Contents of reports": 400,
        "History": 1830,
        "Exceptions and statements": 1830,
        "Alerts": 90,
        "Background work": 14,
        "Enrolment codes": 30,
    }
    named = {each["kind"] for each in page["kept"]}
    assert {"Workstations", "API tokens", "Published policies", "Accounts and sessions"} <= named
    html = viewer.get("/data-protection/").content.decode()
    assert "Erase a holder" not in html


def test_from_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("serial,holder\nSER1,Ana\n")
    data = tmp_path / "data"
    posture_collector(data, "import-holders", str(tmp_path / "people.csv"))
    nothing = (
        "Reports emptied: 0\nLines of the history deleted: 0\nExceptions and statements deleted: 0\n"
        "Enrolment codes deleted: 0\nSessions deleted: 0\n"
    )
    tried = posture_collector(data, "retention", "--dry-run")
    assert (tried.stdout, tried.stderr) == (nothing, "A trial: nothing was changed.\n")
    assert posture_collector(data, "retention").stdout == nothing
    assert posture_collector(data, "erase-holder", "Ana", "--yes").stdout == "Phones: 1. Reports emptied: 0.\n"
    again = posture_collector(data, "erase-holder", "Ana", "--yes")
    assert (again.returncode, again.stderr) == (2, "posture: there is no holder “Ana”\n")
