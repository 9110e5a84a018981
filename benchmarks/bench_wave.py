"""The nightly wave: 100,000 reports in an hour are 28 a second; how long the pages take meanwhile.

One collector, as `posture collector serve` runs it, on a PostgreSQL whose commits wait for the disk, with 100,000
phones; everything on this machine, so the sender and the database take their share of its processors too. The aim
is told in seconds: no page takes longer than 0.2 s at the 95th percentile.
"""

import os
import re
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

from benchmarks.bench_ingest import DURABLE
from benchmarks.enrolled import enrolled
from benchmarks.fleet import fill, sampled
from benchmarks.measuring import Ratio
from benchmarks.signed import Nights
from tests.collector.serving import PASSWORD, served
from tests.postgres import postgresql

_PHONES, _NIGHTS = 100_000, 2
_A_SECOND = 100_000 / 3600
_WAVE = int(_A_SECOND * 60)
_SENDERS = 4  # workstations that deliver at the same time
_AIM_S = 0.2


def measure() -> Iterator[Ratio]:
    with postgresql(*DURABLE) as url, TemporaryDirectory() as data:
        os.environ |= {"POSTURE_DATABASE_URL": url, "POSTURE_DATA": data}
        nights = _prepared()
        wave = nights.of(0, range(_WAVE))
        with served(Path(data), POSTURE_DATABASE_URL=url) as (address, _):
            quiet = _looked_at(address, threading.Event(), rounds=30)
            done, delivered = threading.Event(), _Wave(address, wave)
            delivered.start(done)
            busy = _looked_at(address, done)
            delivered.end()
    print(f"      {delivered.told()}", flush=True)
    for page, taken in busy.items():
        yield Ratio(f"{page}: p95 within the wave ({len(taken)} views)", _p95(taken), "the aim", _AIM_S, aim=1)
        yield Ratio(f"{page}: the same", _p95(taken), "before the wave", _p95(quiet[page]))


def _prepared() -> Nights:
    from server_stub import run

    run.configure()
    run.migrate()
    run.create_person("auditor", PASSWORD, "auditor")
    from django.db import connection

    nights = Nights(enrolled())
    (body,) = nights.of(0, range(1))
    fill(connection, _PHONES, _NIGHTS, body)
    from server_stub.ingest.receive import receive_batch

    for start in range(0, _WAVE, 200):  # the night before: by tonight these phones are known
        receive_batch(b"\n".join(nights.of(1, range(start, min(start + 200, _WAVE)))))
    connection.close()
    return nights


class _Wave:
    """Delivers the reports at an even pace, late or not."""

    def __init__(self, address: str, bodies: list[bytes]) -> None:
        self._address, self._bodies, self._next = address, bodies, iter(enumerate(bodies))
        self._lock, self._begun, self.taken = threading.Lock(), 0.0, list[float]()
        self._threads = [threading.Thread(target=self._send) for _ in range(_SENDERS)]

    def start(self, done: threading.Event) -> None:
        self._begun, self._done = time.perf_counter(), done
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        connection = _connected(self._address)
        while True:
            with self._lock:
                number, body = next(self._next, (0, b""))
            if not body:
                self._done.set()
                return
            time.sleep(max(0.0, self._begun + number / _A_SECOND - time.perf_counter()))
            begun = time.perf_counter()
            connection.request("POST", "/api/reports", body, {"Content-Type": "application/jose+json"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 201, answer.status
            self.taken.append(time.perf_counter() - begun)

    def end(self) -> None:
        for thread in self._threads:
            thread.join()
        self._seconds = time.perf_counter() - self._begun

    def told(self) -> str:
        rate, p95 = len(self.taken) / self._seconds, _p95(self.taken)
        return f"{len(self.taken)} reports at {rate:.1f} a second, each answered in {p95:.3f} s (p95)"


def _looked_at(address: str, done: threading.Event, rounds: int | None = None) -> dict[str, list[float]]:
    """One person who opens one page after the other; how long each took, in seconds."""
    connection, cookie = _connected(address), _signed_in(address)
    taken: dict[str, list[float]] = {page: [] for page in _PAGES}
    keys = cycle(sampled(_PHONES))
    while not done.is_set() and (rounds is None or len(taken["fleet"]) < rounds):
        for page, path in _PAGES.items():
            begun = time.perf_counter()
            connection.request("GET", path.format(key=next(keys)), headers={"Cookie": cookie, "Accept": "text/html"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, (path, answer.status)
            taken[page].append(time.perf_counter() - begun)
            time.sleep(0.1)  # somebody who reads very quickly
    return taken


_PAGES = {"fleet": "/", "those that fail": "/?status=non_compliant", "clause": "/clauses/7/", "phone": "/phones/{key}/"}


def _connected(address: str) -> HTTPConnection:
    parts = urlsplit(address)
    return HTTPConnection(parts.hostname or "", parts.port or 0)


def _signed_in(address: str) -> str:
    """The cookie of somebody who signed in."""
    connection = _connected(address)
    connection.request("GET", "/account/login/")
    answer = connection.getresponse()
    csrf = _cookie(answer.headers.get_all("Set-Cookie") or [], "csrftoken")
    answer.read()
    form = urlencode({"login": "auditor", "password": PASSWORD, "csrfmiddlewaretoken": csrf})
    headers = {
        "Cookie": f"csrftoken={csrf}", "Referer": address, "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    connection.request("POST", "/account/login/", form, headers)
    answer = connection.getresponse()
    answer.read()
    return f"sessionid={_cookie(answer.headers.get_all('Set-Cookie') or [], 'sessionid')}"


def _cookie(lines: list[str], name: str) -> str:
    return next(found[1] for line in lines if (found := re.match(rf"{name}=([^;]*)", line)))


def _p95(taken: list[float]) -> float:
    return quantiles(taken, n=20)[-1]
