"""100,000 stored reports, judged again under a new policy on two processes, as a preview of its effect would.

2,000 different reports of the simulated phones lie in SQLite; each is read, parsed and judged fifty times, with the
statements that it holds. Nothing is kept from one time to the next.
"""

import multiprocessing
import sqlite3
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pydantic_core

from agent import probes
from agent.capture.sources import open_capture
from agent.policy import Policy, evaluate, load, recorded, verdict_only
from agent.report.build import build
from agent.simulator import shipped
from agent.simulator.scenario import SCENARIOS
from benchmarks.measuring import Ratio, timed

STORED, TIMES = 2_000, 50
PROCESSES = 2
AIM_S = 60.0
_BATCH = 100
_NEW = (
    "schema: posture-overlay/1\noverlays: CM-G-03\nlayer: organisation\nname: New\n"
    "parameters:\n  backup_age: {hours: 12}\n  lock_delay: {seconds: 30}\n"
)


def measure() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        database, new = Path(folder) / "reports.sqlite3", Path(folder) / "new.yaml"
        new.write_text(_NEW)
        size_bytes = store(database)
        batches = [range(first, first + _BATCH) for first in range(0, STORED, _BATCH)] * TIMES
        verdicts, busy = Counter[str](), []
        with multiprocessing.get_context("spawn").Pool(PROCESSES, _start, (database, new)) as pool:
            pool.map(_ready, range(PROCESSES), chunksize=1)

            def all_of_them() -> None:
                for counted, busy_s in pool.imap_unordered(_judge, batches):
                    verdicts.update(counted)
                    busy.append(busy_s)

            seconds = timed(all_of_them)
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    print(f"  {sum(verdicts.values())} reports of {size_bytes // STORED} bytes: {told}")
    print(f"  {sum(busy):.1f} s of processor time, {sum(busy) / PROCESSES:.1f} s a core")
    yield Ratio(f"{sum(verdicts.values())} reports on {PROCESSES} processes", seconds, "the aim", AIM_S, aim=1.0)


def store(database: Path) -> int:
    """Write the reports; return their size in bytes."""
    policy, size_bytes = load(), 0
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE report (id INTEGER PRIMARY KEY, body BLOB)")
        for i, body in enumerate(reports(policy)):
            connection.execute("INSERT INTO report VALUES (?, ?)", (i, body))
            size_bytes += len(body)
    return size_bytes


def reports(policy: Policy) -> Iterator[bytes]:
    """Reports that differ in phone, time and age of what was found."""
    names = shipped()
    captures = [open_capture(SCENARIOS / name) for name in names]
    facts = [probes.read_facts(capture) for capture in captures]
    for i in range(STORED):
        capture = replace(
            captures[i % len(names)],
            captured_at=datetime.now(UTC) - timedelta(minutes=i),
            serial=f"PHONE{i:05}",
        )
        evaluation = evaluate(
            policy, facts[i % len(names)], profile="in-use", scanned_at=capture.captured_at, serial=capture.serial
        )
        report = build(capture, evaluation, policy, agent_id=str(uuid.UUID(int=i)), profile="in-use", language="en")
        yield report.to_json().encode()


_connection: sqlite3.Connection
_policy: Policy


def _start(database: Path, new: Path) -> None:
    global _connection, _policy
    _connection, _policy = sqlite3.connect(database), load(new)


def _ready(_: int) -> None:
    time.sleep(0.2)  # until the other worker has its share too


def _judge(ids: range) -> tuple[Counter[str], float]:
    """The verdicts of some reports, and the processor's seconds that they took."""
    begun, verdicts = time.process_time(), Counter[str]()
    rows = _connection.execute("SELECT body FROM report WHERE id BETWEEN ? AND ?", (ids.start, ids.stop - 1))
    for (body,) in rows:
        told = pydantic_core.from_json(body)
        verdict = verdict_only(
            _policy,
            recorded.facts(told["facts"]),
            profile=told["profile"],
            scanned_at=datetime.fromisoformat(told["scanned_at"]),
            attestations=recorded.attestations(told["results"]),
        )
        verdicts[verdict] += 1
    return verdicts, time.process_time() - begun
