"""Who has which phone: a CSV that can be tried, imported, imported again; errors by line; periods by group."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from server_stub.audit.chain import TERMINAL
from server_stub.audit.models import Entry
from server_stub.holders.importing import Outcome, import_holders
from server_stub.holders.models import Assignment, Group, Holder
from server_stub.holders.reading import read
from server_stub.phones.models import Phone
from tests.collector.serving import posture_collector
from tests.collector.signing import NOW, result

Scan = Callable[..., dict[str, Any]]
GOOD = """\
serial,holder,holder_id,group,asset_tag,late_after_hours
SER1,Ana Pérez,E-7,Press,IT-0001,48
SER2,Luis Gómez,E-8,Press,IT-0002,48
SER3,Ana Pérez,E-7,,,
"""


def lines() -> list[tuple[str, str | None, str | None, str]]:
    fields = ("phone_key", "holder__name", "group__name", "asset_tag")
    return list(Assignment.objects.order_by("phone_key").values_list(*fields))


def imported(text: str, *, dry_run: bool = False) -> Outcome:
    return import_holders(text.encode(), TERMINAL, dry_run=dry_run)


IMPORTED = [
    ("SER1", "Ana Pérez", "Press", "IT-0001"),
    ("SER2", "Luis Gómez", "Press", "IT-0002"),
    ("SER3", "Ana Pérez", None, ""),
]


def test_a_trial_changes_nothing(db: None) -> None:
    assert imported(GOOD, dry_run=True) == Outcome(3, 0, 0, [], dry_run=True)
    assert (lines(), Holder.objects.count(), Group.objects.count(), Entry.objects.count()) == ([], 0, 0, 0)


def test_again_changes_nothing(db: None) -> None:
    assert imported(GOOD) == Outcome(3, 0, 0, [], dry_run=False)
    assert imported(GOOD) == Outcome(0, 0, 3, [], dry_run=False)
    assert lines() == IMPORTED
    assert Entry.objects.count() == 1


def test_what_changed_reaches_the_phones(scan: Scan, db: None) -> None:
    imported(GOOD)
    scan("SER1")
    scan("SER2")
    assert imported("serial,holder\nSER2,\n") == Outcome(0, 1, 0, [], dry_run=False)
    # A new name for the holder's number, and a new period for the group: phones that are not in the file follow.
    renamed = "serial,holder,holder_id,group,late_after_hours\nSER9,Ana P. Ruiz,E-7,Press,72\n"
    assert imported(renamed) == Outcome(1, 3, 0, [], dry_run=False)
    phones = Phone.objects.order_by("key").values_list("key", "holder", "group", "asset_tag", "late_hours")
    assert list(phones) == [
        ("SER1", "Ana P. Ruiz", "Press", "IT-0001", 72),
        ("SER2", "", "Press", "IT-0002", 72),
    ]


def test_as_spreadsheets_write_it(db: None) -> None:
    text = '\ufeffSerial;Holder;Group\r\n SER1 ;"Pérez; Ana";Press\r\n\r\n;;\r\n'
    assert import_holders(text.encode(), TERMINAL).new == 1
    assert lines() == [("SER1", "Pérez; Ana", "Press", "")]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["1: The first line should name a column “serial”.", "1: The first line should name a column “holder”."]),
        (
            "serial,holder,phone\nA,B,C\n",
            ["1: There is no column “phone”; the columns are serial, holder, holder_id, group, asset_tag, "
             "late_after_hours."],
        ),
        ("serial,holder,holder\n", ["1: The column “holder” is there twice."]),
        ("serial,holder\nSER1\n", ["2: The line has 1 cells; the first line names 2."]),
        ("serial,holder\n,Ana\nunknown,Ana\n", ["2: The serial is empty.", "3: The serial is empty."]),
        ("serial,holder\nSER1,Ana\n\nSER1,Eva\n", ["4: The phone is already in line 2."]),
        ("serial,holder\nSER1," + "x" * 201 + "\n", ["2: “holder” is longer than 200 characters."]),
        ("serial,holder\nSER1,A\u202eB\n", ["2: “holder” holds characters that cannot be seen."]),
        (
            "serial,holder,group,late_after_hours\nS1,A,G,two\nS2,A,G,0\nS3,A,G,24\nS4,A,G,25\nS5,A,,9\n",
            [
                "2: “late_after_hours” should be whole hours, 1 to 8784.",
                "3: “late_after_hours” should be whole hours, 1 to 8784.",
                "5: The group has another period in line 4.",
                "6: “late_after_hours” is a group's; the line names no group.",
            ],
        ),
        (
            "serial,holder,holder_id\nS1,Ana,7\nS2,Eva,7\nS3,,7\n",
            ["3: The holder's number has another name in line 2.", "4: There is a holder's number without a name."],
        ),
    ],
)  # fmt: skip
def test_mistakes_are_told_by_line_and_nothing_is_imported(db: None, text: str, problems: list[str]) -> None:
    outcome = imported(text)
    assert [f"{each.line}: {each.sentence}" for each in outcome.problems] == problems
    assert (lines(), Holder.objects.count()) == ([], 0)


def test_bytes_that_are_no_text_are_told_by_line(db: None) -> None:
    problems = import_holders(b"serial,holder\nSER1,Ana\nSER2,Jos\xe9\n", TERMINAL).problems
    assert [(each.line, each.sentence) for each in problems] == [(3, "The file is not UTF-8; save it as “CSV UTF-8”.")]


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"serial,holder\n{text}".encode()))
def test_no_file_breaks_it(content: bytes) -> None:
    sheet = read(content)
    assert sheet.problems or all(line.serial for line in sheet.lines)


def test_a_groups_period_makes_its_phones_late(scan: Scan, viewer: Client) -> None:
    imported("serial,holder,group,late_after_hours\nSLOW,Ana,Night,48\nQUICK,Ana,Day,2\n")
    for serial in ("SLOW", "QUICK", "USUAL"):
        scan(serial, at=NOW - timedelta(hours=30), results=(result("lock", "7", "pass"),))
    counts = viewer.get("/?format=json").json()["counts"]
    assert counts == {"total": 3, "fail": 0, "not_proved": 0, "late": 2, "meet": 1}
    for query, serials in (("late=yes", {"QUICK", "USUAL"}), ("status=compliant", {"SLOW"}), ("group=Night", {"SLOW"})):
        phones = viewer.get(f"/?format=json&{query}").json()["phones"]
        assert {phone["serial"] for phone in phones} == serials


def test_fleet_and_phone_show_it_and_search_finds_it(scan: Scan, viewer: Client) -> None:
    imported(GOOD)
    scan("SER1")
    for word in ("pérez", "it-0001"):
        found = viewer.get(f"/?format=json&q={word}").json()["phones"]
        assert [(p["holder"], p["group"], p["asset_tag"]) for p in found] == [("Ana Pérez", "Press", "IT-0001")]
    page = viewer.get("/phones/SER1/").content.decode()
    assert "held by Ana Pérez" in page
    assert "IT-0001" in page


def test_the_page(scan: Scan, sign_in: Callable[[str], Client]) -> None:
    operator, viewer = sign_in("operator"), sign_in("viewer")
    assert "No phone has been given to anybody yet" in viewer.get("/holders/").content.decode()
    upload = {"file": SimpleUploadedFile("a.csv", GOOD.encode()), "dry_run": "yes"}
    tried = operator.post("/holders/import/?format=json", upload)
    assert (tried.status_code, tried.json()["outcome"]["new"], lines()) == (200, 3, [])
    operator.post("/holders/import/", {"file": SimpleUploadedFile("a.csv", GOOD.encode())})
    assert lines() == IMPORTED
    wrong = operator.post("/holders/import/", {"file": SimpleUploadedFile("a.csv", b"serial\n")})
    assert wrong.status_code == 422
    assert "Line 1:" in wrong.content.decode()
    scan("SER2")
    page = viewer.get("/holders/?format=json").json()
    assert [(p["serial"], p["holder_id"], p["seen_at"] is None) for p in page["phones"]] == [
        ("SER1", "E-7", True),
        ("SER2", "E-8", False),
        ("SER3", "E-7", True),
    ]
    assert [(g["name"], g["phones"], g["late_after_hours"]) for g in page["groups"]] == [("Press", 2, 48)]
    group = page["groups"][0]["id"]
    for hours, kept in (("72", 72), ("-1", 72), ("", None)):
        operator.post(f"/holders/groups/{group}/period/", {"hours": hours})
        assert Group.objects.get().late_after_hours == Phone.objects.get().late_hours == kept
    assert len(viewer.get("/holders/?format=json&q=luis").json()["phones"]) == 1


def test_from_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "bad.csv").write_text("serial,holder\n,Ana\n")
    data = tmp_path / "data"
    tried = posture_collector(data, "import-holders", str(tmp_path / "good.csv"), "--dry-run")
    assert (tried.stdout, tried.stderr) == (
        "Phones: 3 new, 0 changed, 0 as before.\n",
        "A trial: nothing was changed.\n",
    )
    taken = posture_collector(data, "import-holders", str(tmp_path / "good.csv"))
    assert (taken.returncode, taken.stdout) == (0, "Phones: 3 new, 0 changed, 0 as before.\n")
    bad = posture_collector(data, "import-holders", str(tmp_path / "bad.csv"))
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr == f"{tmp_path}/bad.csv:2: The serial is empty.\nNothing was imported.\n"
