"""The outbox: what was put is there, whatever happens, until the collector has it."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.delivery import Outbox, OutboxError, Waiting

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "state" / "outbox.sqlite3")


def ids(items: list[Waiting]) -> list[str]:
    return [item.report_id for item in items]


def test_an_outbox_never_used_is_empty_and_makes_no_file(outbox: Outbox, tmp_path: Path) -> None:
    assert outbox.waiting() == []
    assert list(tmp_path.iterdir()) == []


def test_what_was_put_waits_and_what_was_delivered_is_forgotten(outbox: Outbox) -> None:
    outbox.put("r1", "S1", "http://c", "signed-1")
    outbox.put("r2", "S2", "http://c", "signed-2")
    outbox.put("r1", "S1", "http://c", "signed-1")
    outbox.delivered("r1")
    (left,) = outbox.waiting()
    assert left == Waiting("r2", "S2", "http://c", "signed-2", left.created_at, 0, left.created_at, False, None)


def test_what_phones_told_is_its_owners_alone(outbox: Outbox, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        outbox.put("r1", "S1", "http://c", "signed-1")
    finally:
        os.umask(before)
    files = {each.name: each.stat().st_mode & 0o777 for each in (tmp_path / "state").iterdir()}
    assert files == dict.fromkeys(files, 0o600)
    assert "outbox.sqlite3" in files


def test_a_failed_try_waits_longer_each_time_up_to_six_hours(outbox: Outbox) -> None:
    outbox.put("r1", "S1", "http://c", "signed")
    waits = []
    for _ in range(12):
        (item,) = outbox.waiting()
        due = outbox.failed(item, "collector answered 503", now=NOW, jitter=1.0, permanent=False)
        waits.append((due - NOW).total_seconds())
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600, 21600]
    (item,) = outbox.waiting()
    assert (item.attempts, item.last_error) == (12, "collector answered 503")


def test_jitter_spreads_the_crowd_but_never_halves_the_wait_again(outbox: Outbox) -> None:
    outbox.put("r1", "S1", "http://c", "signed")
    (item,) = outbox.waiting()
    assert outbox.failed(item, "down", now=NOW, jitter=0.0, permanent=False) == NOW + timedelta(seconds=15)


def test_only_what_is_due_is_tried_and_what_was_refused_only_on_request(outbox: Outbox) -> None:
    for report in ("due", "later", "refused"):
        outbox.put(report, "S", "http://c", "signed")
    index = {item.report_id: item for item in outbox.waiting()}
    now = datetime.now(UTC)
    outbox.failed(index["later"], "down", now=now, jitter=1.0, permanent=False)
    outbox.failed(index["refused"], "bad form", now=now - timedelta(days=1), jitter=1.0, permanent=True)
    assert ids(outbox.due(now)) == ["due"]
    outbox.retry_all()
    assert sorted(ids(outbox.due(now + timedelta(seconds=1)))) == ["due", "later", "refused"]


def test_a_report_survives_a_process_killed_right_after_put(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    code = (
        "import os, signal, sys; from pathlib import Path; from agent.delivery import Outbox;"
        "Outbox(Path(sys.argv[1])).put('r1', 'S1', 'http://c', 'signed'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert killed.returncode == -9
    assert ids(Outbox(path).waiting()) == ["r1"]


def test_two_processes_put_at_once_and_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    code = (
        "import sys; from pathlib import Path; from agent.delivery import Outbox\n"
        "for n in range(20): Outbox(Path(sys.argv[1])).put(f'{sys.argv[2]}-{n}', 'S', 'http://c', 'signed')"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in ("a", "b")]
    assert [process.wait() for process in running] == [0, 0]
    assert sorted(ids(Outbox(path).waiting())) == sorted(f"{name}-{n}" for name in "ab" for n in range(20))


@pytest.mark.parametrize("damage", [b"this is no database, but a long enough text to be read as one" * 40])
def test_a_damaged_file_says_so_in_one_sentence(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "outbox.sqlite3"
    path.write_bytes(damage)
    with pytest.raises(OutboxError, match=r"the outbox .* cannot be used: file is not a database; free some disk"):
        Outbox(path).put("r1", "S1", "http://c", "signed")


def test_a_full_disk_says_so_in_one_sentence(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; from pathlib import Path; from agent.delivery import Outbox, OutboxError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "try: Outbox(Path(sys.argv[1])).put('r1', 'S1', 'http://c', 'x' * 100_000)\n"
        "except OutboxError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "o.sqlite3")], capture_output=True, text=True, check=True
    )
    assert "cannot be used: " in done.stdout
    assert done.stdout.rstrip().endswith("free some disk space or mend the file's permissions")
