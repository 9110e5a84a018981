"""Background work: what recurs is queued once whoever looks, missed runs are made good once, and it ends cleanly."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import requests
from django.test import Client
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from server_stub.audit.models import Entry
from server_stub.work.jobs import RECURRING, let_go, tidy
from server_stub.work.models import Routine
from server_stub.work.queueing import LEASE, Recurring, queue_due
from server_stub.work.recurrence import Daily, Every
from tests.collector.serving import environment_of, served
from tests.collector.signing import result
from tests.collector.telling import something_told
from tests.postgres import postgresql

ZONE = ZoneInfo("America/Lima")
NOW = datetime.now(UTC)
DONE: list[str] = []
HOURLY = {"hourly": Recurring(tidy, Every(timedelta(hours=1)))}


@task()
def note(word: str) -> None:
    if word == "broken":
        raise ValueError(word)
    DONE.append(word)


def test_what_recurs() -> None:
    at = datetime(2026, 11, 24, 7, 59, tzinfo=UTC)  # 02:59 in Lima
    assert Daily(3).after(at, ZONE) == at + timedelta(minutes=1)
    assert Daily(3).after(at + timedelta(minutes=1), ZONE) == at + timedelta(days=1, minutes=1)
    assert Every(timedelta(minutes=5)).after(at, ZONE) == at + timedelta(minutes=5)


@pytest.mark.django_db
def test_a_routine_is_queued_once_and_missed_runs_are_made_good_once(work: Callable[[], None]) -> None:
    assert queue_due(HOURLY, NOW, ZONE) == ["hourly"]
    assert queue_due(HOURLY, NOW, ZONE) == []
    later = NOW + timedelta(hours=7)
    assert queue_due(HOURLY, later, ZONE) == []  # the first run waits still: a second would do the same
    work()
    assert (Routine.objects.get().succeeded_at is not None, DBTaskResult.objects.count()) == (True, 0)
    much_later = NOW + timedelta(days=3)
    assert queue_due(HOURLY, much_later, ZONE) == ["hourly"]
    assert queue_due(HOURLY, much_later, ZONE) == []
    assert Routine.objects.get().due_at == much_later + timedelta(hours=1)


@pytest.mark.django_db
def test_a_worker_that_died_does_not_stop_a_routine_for_ever(work: Callable[[], None]) -> None:
    queue_due(HOURLY, NOW, ZONE)
    DBTaskResult.objects.get().claim("gone")
    assert queue_due(HOURLY, NOW + timedelta(hours=1), ZONE) == []
    DBTaskResult.objects.update(started_at=NOW - LEASE * 2)
    assert queue_due(HOURLY, NOW + timedelta(hours=2), ZONE) == ["hourly"]
    work()
    assert list(DBTaskResult.objects.values_list("status", "exception_class_path")) == [("FAILED", "worker lost")]


@pytest.mark.django_db
def test_one_job_that_fails_costs_no_other(work: Callable[[], None]) -> None:
    DONE.clear()
    for word in ("one", "broken", "two"):
        note.enqueue(word)
    work()
    assert DONE == ["one", "two"]
    assert list(DBTaskResult.objects.values_list("status", "exception_class_path")) == [
        ("FAILED", "builtins.ValueError")
    ]


@pytest.mark.django_db
def test_every_routine_runs_on_a_full_and_on_an_empty_collector(
    scan: Callable[..., dict[str, Any]], work: Callable[[], None]
) -> None:
    for _ in range(2):
        Routine.objects.update(due_at=NOW)
        queue_due({name: Recurring(each.job, Every(timedelta(hours=1))) for name, each in RECURRING.items()}, NOW, ZONE)
        work()
        assert {(each.failures, each.succeeded_at is None) for each in Routine.objects.all()} == {(0, False)}
        something_told("P0")
        for number in range(3):
            scan(f"P{number}", NOW - timedelta(days=number, minutes=1), (result("lock", "7", "fail"),))


@pytest.mark.django_db
def test_its_state_is_in_the_metrics(client: Client, work: Callable[[], None]) -> None:
    queue_due({"retention": Recurring(let_go, Every(timedelta(days=1)))}, NOW, ZONE)
    waits = client.get("/metrics").content.decode()
    assert 'posture_jobs{state="waiting"} 1' in waits
    assert 'posture_routine_succeeded_seconds{routine="retention"}' not in waits
    work()
    done = client.get("/metrics").content.decode()
    assert 'posture_jobs{state="waiting"} 0' in done
    assert 'posture_routine_succeeded_seconds{routine="retention"} 1' in done
    assert 'posture_routine_failures{routine="retention"} 0' in done
    assert not Entry.objects.exists()  # nothing was old enough


_MARKING = """
import threading
from django_tasks import task
from server_stub.audit.chain import COLLECTOR, record

BEGUN, GO = threading.Event(), threading.Event()

@task(priority=50)
def slow() -> None:
    BEGUN.set()
    GO.wait()
    record("job.done", COLLECTOR, "1")

@task()
def mark(number: int = -1) -> None:
    record("job.done", COLLECTOR, str(number))
"""
_ONE_OF_TWO = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from server_stub import run

run.configure(Path(sys.argv[1]))
if sys.argv[2] == "fill":
    run.migrate()
from marking import mark
from django_tasks_db.models import DBTaskResult
from server_stub.guideline.policy import shipped
from server_stub.work.queueing import Recurring, queue_due
from server_stub.work.recurrence import Every
from server_stub.work.worker import Background

if sys.argv[2] == "fill":
    for number in range(20):
        mark.enqueue(number)
else:
    print("ready", flush=True)
    sys.stdin.readline()
    print(queue_due({"often": Recurring(mark, Every(timedelta(days=1)))}, datetime.now(UTC), shipped().time_zone))
    background = Background()
    background.start()
    while DBTaskResult.objects.exists():
        time.sleep(0.05)
    background.stop()
"""


def test_two_processes_on_postgresql_do_each_job_once(tmp_path: Path) -> None:
    (tmp_path / "marking.py").write_text(_MARKING)
    with postgresql() as url:
        environment = environment_of(tmp_path, POSTURE_DATABASE_URL=url, PYTHONPATH=f"{tmp_path}:{Path.cwd()}")

        def run(what: str) -> subprocess.Popen[str]:
            words = [sys.executable, "-c", _ONE_OF_TWO, str(tmp_path), what]
            return subprocess.Popen(
                words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )

        assert run("fill").communicate(timeout=120) == ("", "")
        both = [run("work") for _ in range(2)]
        for each in both:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        said = sorted(each.communicate("\n", timeout=120)[0] for each in both)
        assert said == ["['often']\n", "[]\n"]
        with psycopg.connect(url) as database:
            done = database.execute("SELECT subject FROM audit_entry ORDER BY subject::int").fetchall()
        assert [int(number) for (number,) in done] == list(range(-1, 20))


_STOPPED = """
import sys, threading
from pathlib import Path
from server_stub import run

run.configure(Path(sys.argv[1]))
run.migrate()
from marking import BEGUN, GO, mark, slow
from django_tasks_db.models import DBTaskResult
from server_stub.audit.models import Entry
from server_stub.work.worker import Background

slow.enqueue()
mark.enqueue(2)
background = Background()
background.start()
BEGUN.wait()
stopping = threading.Thread(target=background.stop)
stopping.start()
background._ending.wait()
GO.set()
stopping.join()
left = DBTaskResult.objects.filter(task_path="marking.mark").count()
print(list(Entry.objects.values_list("subject", flat=True)), left)
"""


def test_it_ends_after_the_job_in_hand_and_before_the_next(tmp_path: Path) -> None:
    (tmp_path / "marking.py").write_text(_MARKING)
    environment = environment_of(tmp_path, PYTHONPATH=f"{tmp_path}:{Path.cwd()}")
    words = [sys.executable, "-W", "error", "-c", _STOPPED, str(tmp_path)]
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.stdout, ended.stderr) == ("['1'] 1\n", "")


_WORKER = "from agent.cli import main; main()"


def test_a_worker_beside_a_collector_that_does_not_work_itself(tmp_path: Path) -> None:
    def noticed(address: str) -> bool:
        return 'succeeded_seconds{routine="noticing"}' in requests.get(f"{address}/metrics", timeout=30).text

    words = [sys.executable, "-c", _WORKER, "collector", "worker"]
    with served(tmp_path, "--no-worker") as (address, _):
        assert not noticed(address)
        worker = subprocess.Popen(
            words, env=environment_of(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert worker.stdout is not None
        assert worker.stdout.readline() == "Working. Ctrl-C ends it.\n"
        while not noticed(address):
            assert worker.poll() is None
        os.kill(worker.pid, signal.SIGTERM)
        assert worker.communicate(timeout=30) == ("", "Stopped.\n")
        assert worker.returncode == 0
