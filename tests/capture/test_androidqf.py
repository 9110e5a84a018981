"""androidqf's folders: Android's dumps by its names, and what it read itself."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.capture import Answer, Outcome
from agent.capture.sources import open_capture

RULE = "-" * 79
END = "--------- 0.004s was the duration of dumpsys {}, ending at: 2026-05-04 09:30:09\n"
DUMPSYS = (
    "Currently running services:\n  accessibility\n  adb\n\n"
    "DUMP OF SERVICE accessibility:\nACCESSIBILITY MANAGER\n" + END.format("accessibility") + f"{RULE}\n"
    "DUMP OF SERVICE adb:\nADB MANAGER STATE:\n" + END.format("adb") + f"{RULE}\n"
    "DUMP OF SERVICE wifi:\nWi-Fi is"
).encode()
FILES = {
    "getprop.txt": b"[ro.build.version.release]: [16]\n",
    "settings_global.txt": b"adb_enabled=1\n",
    "settings_secure.txt": b"a=1\n",
    "dumpsys.txt": DUMPSYS,
    "packages.json": b"[]",
    "root_binaries.json": b'["/system/xbin/su"]',
    "processes.txt": b"USER PID\n",
    "acquisition.json": json.dumps({"uuid": "x", "started": "2026-05-04T09:30:00.5-06:00"}).encode(),
    "logcat.txt": b"not read",
    "files.json": b"[]",
}


@pytest.fixture
def acquisition(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_gives_each_file_the_name_of_its_command(acquisition: Path) -> None:
    capture = open_capture(acquisition)
    assert capture.captured_at == datetime(2026, 5, 4, 15, 30, 0, 500000, UTC)
    assert capture.source == "capture"
    assert capture.answers == {
        "getprop": Answer(FILES["getprop.txt"]),
        "settings list global": Answer(FILES["settings_global.txt"]),
        "settings list secure": Answer(FILES["settings_secure.txt"]),
        "dumpsys accessibility": Answer(b"ACCESSIBILITY MANAGER\n"),
        "dumpsys adb": Answer(b"ADB MANAGER STATE:\n"),
        "dumpsys wifi": Answer(b"Wi-Fi is", Outcome.CUT),
        "androidqf packages.json": Answer(b"[]"),
        "androidqf root_binaries.json": Answer(FILES["root_binaries.json"]),
        "androidqf acquisition.json": Answer(FILES["acquisition.json"]),
        "ps": Answer(FILES["processes.txt"]),
    }


@pytest.mark.parametrize("started", ["yesterday", 5, None, "2026-05-04T09:30:00"])
def test_a_time_that_is_none_leaves_the_files_own(acquisition: Path, started: object) -> None:
    (acquisition / "acquisition.json").write_text(json.dumps({"started": started}), encoding="utf-8")
    newest = max(
        path.stat().st_mtime for path in acquisition.iterdir() if path.name not in {"logcat.txt", "files.json"}
    )
    assert open_capture(acquisition).captured_at == datetime.fromtimestamp(newest, UTC)


def test_processes_that_its_collector_listed_are_no_ps(acquisition: Path) -> None:
    (acquisition / "processes.txt").write_bytes(b'[{"pid": 1}]')
    assert "ps" not in open_capture(acquisition).answers
