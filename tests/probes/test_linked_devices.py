"""Linked devices by root: what is concluded, what is kept, and what a hostile file can do."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.capture import Answer, Outcome
from agent.facts import Evidence
from agent.probes import linked_devices, whatsapp_package
from agent.probes.companion_devices import FILE_BYTES, Databases, distil
from agent.probes.linked_devices import FACTS, ROOT
from tests.probes.companions import END, NUMBER, SCHEMAS, database, printed, row
from tests.probes.phone import facts_of, phone, reason_of, run, values_of

NOW = 1777908600  # 2026-05-04T15:30:00Z
LIST = whatsapp_package.LIST.key
ONE = "user 0\npackage:com.whatsapp  installer=com.android.vending uid:10233\n230\n"
WORK = "user 10\npackage:com.whatsapp.w4b  installer=com.android.vending uid:1010234\n180\n"


def ago(**past: int) -> int:
    seconds = past.get("days", 0) * 86400 + past.get("hours", 0) * 3600 + past.get("seconds", 0)
    return (NOW - seconds) * 1000 + 250


def rooted(answer: str | bytes | Answer, apps: str = ONE) -> Any:
    """A phone whose root printed this, as a scan keeps it."""
    kept = answer if isinstance(answer, Answer) else distil(answer.encode() if isinstance(answer, str) else answer)
    return phone({"date +%s": f"{NOW} -0500\n", LIST: apps, ROOT.key: kept})


def devices_of(answer: str | bytes, apps: str = ONE) -> Any:
    return values_of(linked_devices, rooted(answer, apps))[FACTS[0]]


def reason(answer: str | bytes | Answer, apps: str = ONE) -> str:
    return reason_of(facts_of(linked_devices, rooted(answer, apps))[FACTS[0]])


CHROME = row(3, device_os="Windows", platform_type=1, last_active=ago(days=3), logout_time=0)
GONE = row(4, device_os="Mac OS", platform_type=12, last_active=ago(days=9), logout_time=ago(days=8))
TABLET = row(5, device_os="Android", platform_type=9, last_active=ago(seconds=10), nickname="Tableta de Ana")
NEVER = row(6, device_os=None, platform_type=77, last_active=0, nickname="")


def test_every_linked_device_and_none_that_was_logged_out(tmp_path: Path) -> None:
    found = printed(database(tmp_path, CHROME, GONE, TABLET, NEVER))
    assert devices_of(found + END) == [
        {"name": "Windows", "platform": "chrome", "last_active_at": "2026-05-01T15:30:00Z", "active_now": False},
        {
            "name": "Tableta de Ana",
            "platform": "android-tablet",
            "last_active_at": "2026-05-04T15:29:50Z",
            "active_now": True,
        },
        {"name": "platform 77", "platform": "platform 77", "last_active_at": None, "active_now": None},
    ]


def test_what_stands_in_the_log_beside_the_file_counts(tmp_path: Path) -> None:
    files = database(tmp_path, CHROME, "DELETE FROM devices", TABLET, behind=3)
    assert set(files) == {"db", "db-wal"}
    assert [each["name"] for each in devices_of(printed(files) + END)] == ["Tableta de Ana"]


@pytest.mark.parametrize("version", SCHEMAS)
def test_every_form_of_the_table(version: int, tmp_path: Path) -> None:
    statement = row(3, device_os="Windows", platform_type=7, last_active=ago(hours=5))
    assert devices_of(printed(database(tmp_path, statement, version=version)) + END) == [
        {"name": "Windows", "platform": "desktop", "last_active_at": "2026-05-04T10:30:00Z", "active_now": None}
    ]


def test_nothing_linked_is_known_and_each_list_stands_in_the_evidence(tmp_path: Path) -> None:
    empty = database(tmp_path)
    answer = printed(empty) + printed(database(tmp_path, CHROME), 10, "com.whatsapp.w4b") + END
    fact = facts_of(linked_devices, rooted(printed(empty) + END))[FACTS[0]]
    assert (fact.value, fact.evidence) == (
        [],
        (Evidence(ROOT.key, "user 0: data/com.whatsapp: no linked device"),),
    )
    (line,) = (line for line in facts_of(linked_devices, rooted(answer, ONE + WORK))[FACTS[0]].evidence)
    assert line.line == "user 10: user/10/com.whatsapp.w4b: Windows (chrome), last active 2026-05-01T15:30:00Z"


def test_neither_number_nor_place_nor_anything_else_is_kept(tmp_path: Path) -> None:
    told = row(3, device_os="Windows", platform_type=1, last_active=ago(days=3), place_name="Leticia")
    kept = distil((printed(database(tmp_path, told)) + END).encode())
    assert NUMBER.encode() not in kept
    assert b"Leticia" not in kept
    assert set(Databases.model_validate_json(kept).databases[0].devices[0].model_dump()) == {
        "name",
        "platform",
        "last_active",
        "linked",
    }


def test_a_whatsapp_whose_list_was_not_shown_leaves_it_unknown(tmp_path: Path) -> None:
    shown = printed(database(tmp_path)) + END
    assert "root showed no folder of com.whatsapp.w4b (user 10)" in reason(shown, ONE + WORK)
    assert "root showed no folder of com.whatsapp (user 0)" in reason(END)
    assert "`pm list packages -i -U whatsapp`" in reason(shown, "Error: no\n")


FILES_OF_A_STRANGER = {
    "no file": ({}, "has no list"),
    "written meanwhile": ("changed", "meanwhile"),
    "no database": ({"db": b"x"}, "does not know"),
    "noise": ({"db": b"SQLite format 3\0" + bytes(range(256)) * 60}, "damaged"),
    "too large": ({"db": bytes(FILE_BYTES + 200)}, "larger than any"),
}


@pytest.mark.parametrize("name", FILES_OF_A_STRANGER)
def test_a_list_that_cannot_be_read_is_unknown_and_says_why(name: str, tmp_path: Path) -> None:
    files, why = FILES_OF_A_STRANGER[name]
    if isinstance(files, str):
        assert why in reason(printed(database(tmp_path, CHROME), db=b"later") + END)
    else:
        assert why in reason(printed(files) + END)


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
GROWING = (
    SCHEMAS[5].replace("device_os TEXT", "device_os TEXT AS (printf('%.*c', {}, 'x')) VIRTUAL")
    + ";"
    + row(3, platform_type=1)
)
HOSTILE = {
    "a view that never ends": f"CREATE VIEW devices AS {ENDLESS} i AS device_id, i AS device_os, "
    "i AS platform_type, i AS last_active FROM n",
    "another table": "CREATE TABLE devices (device_id TEXT)",
    "no table": "CREATE TABLE others (device_id TEXT)",
    "a text for a number": SCHEMAS[25] + ";" + row(3, device_os="W", platform_type="chrome", last_active="now"),
    "a time before time": SCHEMAS[25] + ";" + row(3, device_os="W", platform_type=1, last_active=-5),
    "a hundred devices": SCHEMAS[25] + ";" + ";".join(row(n, device_os="W", platform_type=1) for n in range(100)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gives_nothing(name: str, tmp_path: Path) -> None:
    path = tmp_path / "db"
    connection = sqlite3.connect(path)
    connection.executescript(HOSTILE[name])
    connection.close()
    said = reason(printed({"db": path.read_bytes()}) + END)
    assert "damaged" in said or "does not know" in said


def test_a_name_that_is_long_is_cut(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "db")
    connection.executescript(GROWING.format(900_000))
    connection.close()
    (device,) = devices_of(printed({"db": (tmp_path / "db").read_bytes()}) + END)
    assert device["name"] == "x" * 99 + "…"


@given(place=st.floats(0, 0.999), new=st.binary(min_size=1, max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_damaged_file_gives_what_stands_in_it_or_nothing(place: float, new: bytes, tmp_path: Path) -> None:
    data = database(tmp_path, CHROME)["db"]
    at = int(place * len(data))
    kept = distil((printed({"db": data[:at] + new + data[at + len(new) :]}) + END).encode())
    assert Databases.model_validate_json(kept).databases[0].user == 0


@pytest.mark.parametrize(
    "said",
    [
        "/system/bin/sh: su: inaccessible or not found\n",
        "Permission denied\n",
        "su: permission denied\n",
        "2000\n",
        "",
        "= 0 com.whatsapp data/com.whatsapp\n+ db\n",
        "= zero com.whatsapp x\n= end\n",
        "= end\nmore",
        "= 0 com.whatsapp data/com.whatsapp\n" * 80 + "= end\n",
    ],
)
def test_refused_or_broken_off_is_unknown(said: str) -> None:
    assert devices_of(said) == "unknown"


def test_of_an_answer_that_broke_off_nothing_is_left() -> None:
    broken = Answer(b"", Outcome.TIMED_OUT)
    assert "did not answer in time" in reason(broken)


def test_without_leave_nothing_is_asked_and_a_person_is_told_where_to_look() -> None:
    fact = facts_of(linked_devices, phone({LIST: ONE}))[FACTS[0]]
    assert "Linked devices together with the phone's owner" in reason_of(fact)


def test_the_phones_part_prints_every_users_files(tmp_path: Path) -> None:
    files = database(tmp_path, CHROME, TABLET, behind=3)
    home = tmp_path / "phone data"
    for place in ("data/com.whatsapp", "user/10/com.whatsapp.w4b", "data/com.whatsapp/accounts/1001"):
        folder = home / place / "databases"
        folder.mkdir(parents=True)
        for name, data in files.items():
            (folder / name.replace("db", "companion_devices.db", 1)).write_bytes(data)
    (home / "user" / "11" / "com.other").mkdir(parents=True)
    programs = {
        "su": '[ "$1" = -c ] || exit 1; case "$2" in "id -u") echo 0;; *) eval "$2";; esac',
        "id": "echo 2000",
        "base64": 'exec toybox base64 "$@"',
        "sha256sum": "exec toybox sha256sum",
        "toybox": f'exec {shutil.which("toybox")} "$@"',
    }
    (tmp_path / "bin").mkdir()
    kept = distil(run(ROOT, tmp_path / "bin", programs, {"ANDROID_DATA": str(home)}).encode())
    assert [(each.user, each.folder, len(each.devices)) for each in Databases.model_validate_json(kept).databases] == [
        (0, "data/com.whatsapp", 2),
        (0, "data/com.whatsapp/accounts/1001", 2),
        (10, "user/10/com.whatsapp.w4b", 2),
    ]
