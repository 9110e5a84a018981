"""Ingest against a bare insert of the same bytes into the same database: one by one, in batches, over HTTP.

The reports are those of the simulated phones (75 kB signed), night after night, of which one phone in twenty changed;
they are judged by the policy that was published, as the agents have it.
A bare insert is one committed INSERT of a signed report into a table of its own, over the same connection; at once
means all in one transaction. A commit waits for the disk, on PostgreSQL as it comes and on SQLite as the collector
sets it. SQLite has no aim: it writes a report in a third of a millisecond, and a signature alone takes most of that.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import urlsplit

from benchmarks.enrolled import enrolled
from benchmarks.measuring import Ratio
from benchmarks.signed import Nights
from tests.collector.serving import served
from tests.postgres import postgresql

_PHONES = range(25)
_ROUNDS = 40
_CLIENTS = 8
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=512MB", "max_wal_size=4GB")
_INSERT = "INSERT INTO {} (signed) VALUES (%s)"
_TABLES = ("bare", "bare_lz4")  # as PostgreSQL comes, and compressed as the collector's own column


def measure() -> Iterator[Ratio]:
    """Each database in a process of its own: Django is configured once."""
    if os.environ.get("POSTURE_BENCH_INGEST"):
        yield from _measure()
        return
    for kind in ("PostgreSQL", "SQLite"):
        with TemporaryDirectory() as data:
            subprocess.run(
                [sys.executable, "-m", "benchmarks", "ingest"],
                env=os.environ | {"POSTURE_BENCH_INGEST": kind, "POSTURE_DATA": data},
                check=True,
            )


def _measure() -> Iterator[Ratio]:
    if os.environ["POSTURE_BENCH_INGEST"] == "SQLite":
        os.environ.pop("POSTURE_DATABASE_URL", None)
        yield from _against_bare("SQLite", ("bare",))
        return
    with postgresql(*DURABLE) as url:
        os.environ["POSTURE_DATABASE_URL"] = url
        yield from _against_bare("PostgreSQL", _TABLES)
        from django.db import connection

        connection.close()


def _against_bare(kind: str, tables: Sequence[str]) -> Iterator[Ratio]:
    from server_stub import run

    run.configure()
    run.migrate()
    import server_stub.wsgi  # noqa: F401 - as it is served
    from server_stub.ingest.receive import receive_batch, receive_one

    nights = Nights(enrolled())
    _make(tables)
    receive_batch(b"\n".join(nights.of(4 * _ROUNDS, _PHONES)))
    ways: dict[str, Callable[[list[bytes]], object]] = {
        "one by one": lambda bodies: [receive_one(body, "application/jose+json") for body in bodies],
        "as a batch": lambda bodies: receive_batch(b"\n".join(bodies)),
    }
    for table in tables:
        ways[f"{table}, one by one"] = lambda bodies, table=table: _bare(table, bodies)  # type: ignore[misc]
        ways[f"{table}, as a batch"] = lambda bodies, table=table: _bare_at_once(table, bodies)  # type: ignore[misc]
    best = _turns(nights, ways, first=4 * _ROUNDS - 1)
    for how in ("one by one", "as a batch"):
        for table in tables:
            what = f"{kind}: {len(_PHONES)} signed reports, {how}"
            yield Ratio(what, best[how], table, best[f"{table}, {how}"], aim=_aim(kind, table))
    with served(Path(os.environ["POSTURE_DATA"]), **_database()) as (url, _):
        over_http = {f"over HTTP, {n} at a time": _posted(url, n) for n in (1, _CLIENTS)}
        both = _turns(nights, over_http | {"bare": lambda bodies: _bare("bare", bodies)}, first=2 * _ROUNDS - 1)
    for how in over_http:
        yield Ratio(f"{kind}: {len(_PHONES)} signed reports, {how}", both[how], "bare", both["bare"])


def _aim(kind: str, table: str) -> int | None:
    return 2 if (kind, table) == ("PostgreSQL", "bare") else None


def _turns(nights: Nights, ways: dict[str, Callable[[list[bytes]], object]], *, first: int) -> dict[str, float]:
    """The ways take turns, the collector's each with a night of its own, and the fastest turn of each counts."""
    best = dict.fromkeys(ways, 3600.0)
    night, bodies = first, list[bytes]()
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            if not name.startswith("bare"):  # the bare ones insert the same bytes once more
                bodies, night = nights.of(night, _PHONES), night - 1
            begun = perf_counter()
            way(bodies)
            best[name] = min(best[name], perf_counter() - begun)
    return best


def _make(tables: Sequence[str]) -> None:
    from django.db import connection

    pg = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        for table in tables:
            key = "bigserial PRIMARY KEY" if pg else "integer PRIMARY KEY AUTOINCREMENT"
            cursor.execute(f"CREATE TABLE {table} (id {key}, signed {'bytea' if pg else 'blob'} NOT NULL)")
        if "bare_lz4" in tables:
            cursor.execute("ALTER TABLE bare_lz4 ALTER COLUMN signed SET COMPRESSION lz4")


def _bare(table: str, bodies: list[bytes]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for body in bodies:
            cursor.execute(_INSERT.format(table), [body])


def _bare_at_once(table: str, bodies: list[bytes]) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_INSERT.format(table), [[body] for body in bodies])


def _database() -> dict[str, str]:
    url = os.environ.get("POSTURE_DATABASE_URL")
    return {"POSTURE_DATABASE_URL": url} if url else {}


def _posted(url: str, clients: int) -> Callable[[list[bytes]], None]:
    """Post to the collector's own process, over connections that stay open."""
    address = urlsplit(url)
    open_ones = [HTTPConnection(address.hostname or "", address.port or 0) for _ in range(clients)]

    def post(bodies: list[bytes]) -> None:
        waiting: SimpleQueue[bytes | None] = SimpleQueue()
        for item in (*bodies, *([None] * clients)):
            waiting.put(item)
        statuses: list[int] = []

        def work(connection: HTTPConnection) -> None:
            while (body := waiting.get()) is not None:
                connection.request("POST", "/api/reports", body, {"Content-Type": "application/jose+json"})
                answer = connection.getresponse()
                statuses.append(json.loads(answer.read())["status"])

        threads = [threading.Thread(target=work, args=(connection,)) for connection in open_ones]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [201] * len(bodies), statuses

    return post
