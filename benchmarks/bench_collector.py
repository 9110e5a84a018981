"""The collector's pages on PostgreSQL: 100,000 phones with ten million reports against 1,000 phones.

Both fleets lie in one server, and the two take turns. Filling takes some minutes and 10 GB of the disk for temporary
files; POSTURE_BENCH_NIGHTS makes the history shorter.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.enrolled import enrolled
from benchmarks.fleet import fill, sampled
from benchmarks.measuring import Ratio, timed
from benchmarks.signed import Nights
from tests.postgres import postgresql

_SMALL, _LARGE = 1_000, 100_000
_NIGHTS = int(os.environ.get("POSTURE_BENCH_NIGHTS", "100"))
_VIEWS, _ROUNDS = 40, 6
_SETTINGS = (
    "shared_buffers=1GB", "max_wal_size=8GB", "wal_level=minimal", "max_wal_senders=0", "autovacuum=off",
    "max_parallel_maintenance_workers=2",
)  # fmt: skip


def measure() -> Iterator[Ratio]:
    with postgresql(*_SETTINGS) as url, TemporaryDirectory() as data:
        os.environ |= {"POSTURE_DATABASE_URL": url, "POSTURE_DATA": data}
        from server_stub import run

        run.configure()
        run.migrate()
        run.create_person("auditor", "seven-quiet-lanterns", "auditor")
        nights = Nights(enrolled())
        _copy("posture", "large")
        (body,) = nights.of(0, range(1))
        for name, phones in (("posture", _SMALL), ("large", _LARGE)):
            taken = timed(lambda name=name, phones=phones: fill(_database(name), phones, _NIGHTS, body))
            print(f"      {phones:,} phones and {phones * _NIGHTS:,} reports: filled in {taken:.0f} s", flush=True)
        yield from _pages()
        _database("posture").close()


def _database(name: str) -> Any:
    """Point Django's connection to one of the server's databases."""
    from django.db import connection

    if connection.settings_dict["NAME"] != name:
        connection.close()
        connection.settings_dict["NAME"] = name
    return connection


def _copy(database: str, name: str) -> None:
    with _database("postgres").cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {database}")


def _pages() -> Iterator[Ratio]:
    from django.conf import settings
    from django.test import Client

    from server_stub.people.models import Person

    settings.ALLOWED_HOSTS = ["*"]
    clients: dict[str, Client] = {}
    for name in ("posture", "large"):
        _database(name)
        clients[name] = Client()
        clients[name].force_login(Person.objects.get(username="auditor"))
    for what, address in _ADDRESSES.items():
        best = {"posture": 60.0, "large": 60.0}
        for turn in range(2 * _ROUNDS + 2):  # the first turn of each warms up
            name, phones = (("posture", _SMALL), ("large", _LARGE))[turn % 2]
            _database(name)
            p95 = _p95(clients[name], address, sampled(phones))
            best[name] = p95 if turn < 2 else min(best[name], p95)
        aim = None if what in _NO_AIM else 1.5
        yield Ratio(f"{what}: p95 with {_LARGE:,} phones", best["large"], f"with {_SMALL:,}", best["posture"], aim)


Address = Callable[[str], str]
_ADDRESSES: Mapping[str, Address] = {
    "fleet": lambda _: "/",
    "fleet, those that fail": lambda _: "/?status=non_compliant",
    "fleet, late ones of a maker": lambda _: "/?late=yes&maker=Maker+3",
    "fleet, search": lambda _: "/?q=holder+77",
    "fleet, who fails a clause": lambda _: "/?clause=7",
    "clauses": lambda _: "/clauses/",
    "clause": lambda _: "/clauses/7/",
    "phone": lambda key: f"/phones/{key}/",
    "phone, yesterday": lambda key: f"/phones/{key}/?at={_YESTERDAY}",
}
_NO_AIM = ("fleet, search",)  # it reads each phone's names: parts of words have no index
_YESTERDAY = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 24 * 3600))


def _p95(client: Any, address: Address, keys: Any) -> float:
    taken = []
    for view in range(_VIEWS):
        page = address(keys[view % len(keys)])
        begun = time.perf_counter()
        assert client.get(page).status_code == 200, page
        taken.append(time.perf_counter() - begun)
    return quantiles(taken, n=20)[-1]
