"""The collector on PostgreSQL: ingest against a bare insert of the same bytes, a large fleet against a small one."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measuring import Ratio, side_by_side
from tests.collector.signing import NOW, Signer, encode, fact, report, result
from tests.postgres import postgresql

_PHONES = 100
_SMALL, _LARGE = 1_000, 100_000
_REPORTS_EACH = 10  # of history; ten million would take longer to fill than anybody waits
_VIEWS, _ROUNDS = 40, 6
# As PostgreSQL comes: a commit waits for the disk.
_SETTINGS = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=512MB", "max_wal_size=4GB")


def measure() -> Iterator[Ratio]:
    with postgresql(*_SETTINGS) as url, TemporaryDirectory() as data:
        os.environ |= {"POSTURE_DATABASE_URL": url, "POSTURE_DATA": data}
        from server_stub import run

        run.configure()
        run.migrate()
        yield from _ingest()
        yield from _pages()
        from django.db import connection

        connection.close()


def _ingest() -> Iterator[Ratio]:
    from django.db import connection, transaction
    from django.utils import timezone

    from server_stub.agents.models import Agent
    from server_stub.ingest.receive import receive_batch, receive_one

    signer, nights = Signer(), _nights()
    Agent.objects.create(id=signer.id, name="Bench", public_jwk=signer.public_jwk, enrolled_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, signed bytea NOT NULL)")
    first = next(nights)(signer)
    receive_batch(b"\n".join(first))
    print(f"      a signed report here has {len(first[0]) // 1000} kB", flush=True)
    waves = {name: [next(nights)(signer) for _ in range(5)] for name in ("single", "batch")}

    def bare(bodies: list[bytes]) -> None:
        with connection.cursor() as cursor:
            for body in bodies:
                cursor.execute("INSERT INTO bare (signed) VALUES (%s)", [body])

    def bare_at_once(bodies: list[bytes]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany("INSERT INTO bare (signed) VALUES (%s)", [[body] for body in bodies])

    def single() -> None:
        for body in waves["single"].pop():
            receive_one(body, "application/jose+json")

    what = f"{_PHONES} signed reports, "
    yield side_by_side(f"{what}one by one", single, "bare inserts, one by one", lambda: bare(first), aim=2)
    batch = lambda: receive_batch(b"\n".join(waves["batch"].pop()))  # noqa: E731
    yield side_by_side(f"{what}as a batch", batch, "bare inserts at once", lambda: bare_at_once(first), aim=2)


def _nights() -> Iterator[Callable[[Signer], list[bytes]]]:
    """Night after night the same phones, of which one in twenty changed."""
    for night in range(60, 0, -1):
        yield lambda signer, night=night: [signer.sign(encode(_look(signer, n, night))) for n in range(_PHONES)]


def _look(signer: Signer, phone: int, night: int) -> dict[str, Any]:
    failed = "fail" if (phone + night) % 20 == 0 else "pass"
    results = tuple(result(f"rule-{n}", str(1 + n % 8), failed if n == 3 else "pass") for n in range(40))
    facts = {f"device.fact_{n}": fact("value " * 8, "a line of evidence " * 6) for n in range(60)}
    return report(signer.id, f"BENCH{phone:04}", NOW - timedelta(days=night, minutes=phone), results, facts)


def _pages() -> Iterator[Ratio]:
    from django.conf import settings
    from django.test import Client

    from server_stub.people.models import Person
    from server_stub.run import create_person

    settings.ALLOWED_HOSTS = ["*"]
    create_person("viewer", "seven-quiet-lanterns", "viewer")
    client = Client()
    client.force_login(Person.objects.get(username="viewer"))
    addresses = {"fleet": "/", "fleet, those that fail": "/?status=non_compliant", "clause": "/clauses/7/"}
    _fill(_SMALL)
    small = {name: _p95(client, address) for name, address in addresses.items()}
    _fill(_LARGE)
    for name, address in addresses.items():
        what = f"{name}: p95 with {_LARGE:,} phones"
        yield Ratio(what, _p95(client, address), f"with {_SMALL:,}", small[name], aim=1.5)


def _p95(client: Any, address: str) -> float:
    """The best of some rounds: a busy machine tells little. A first round warms up tables that were just filled."""
    _round(client, address)
    return min(_round(client, address) for _ in range(_ROUNDS))


def _round(client: Any, address: str) -> float:
    taken = []
    for _ in range(_VIEWS):
        begun = time.perf_counter()
        assert client.get(address).status_code == 200
        taken.append(time.perf_counter() - begun)
    return quantiles(taken, n=20)[-1]


def _fill(phones: int) -> None:
    """So many phones: 5 in 100 fail, 3 are not proved, 1 is late; five rules and ten reports each."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE phones_phone, phones_rulestate, phones_storedreport, phones_tally, phones_movement")
        for statement in _FILL:
            cursor.execute(statement, {"phones": phones, "reports": _REPORTS_EACH} if "%(" in statement else None)
        for table in ("phones_phone", "phones_rulestate", "phones_storedreport", "phones_tally", "phones_movement"):
            cursor.execute(f"VACUUM ANALYZE {table}")


_FILL = (
    """INSERT INTO phones_phone (key, serial, manufacturer, model, android_version, security_patch, holder, "group",
         asset_tag, first_seen_at, report_id, scanned_at, rank, rank_since, profile, headline)
       SELECT 'P' || n, 'P' || n, 'Maker ' || mod(n, 12), 'Model ' || mod(n, 90), (8 + mod(n, 9))::text,
         '2026-0' || (1 + mod(n, 9)) || '-05', 'Holder ' || n, '', '', now() - interval '200 days', gen_random_uuid(),
         now() - make_interval(hours => CASE WHEN mod(n, 100) = 9 THEN 40 ELSE 1 + mod(n, 20) END),
         CASE WHEN mod(n, 100) < 5 THEN 0 WHEN mod(n, 100) < 8 THEN 1 ELSE 2 END,
         now() - make_interval(days => mod(n, 80)),
         'in-use', '{"en": "A sentence.", "es": "Una frase."}'
       FROM generate_series(1, %(phones)s) AS n""",
    """INSERT INTO phones_rulestate (phone_id, rule, clause, status, severity, strength, in_the_way, since)
       SELECT key, 'rule-' || c, c::text, CASE WHEN rank = 0 AND c = 7 THEN 'fail' ELSE 'pass' END, 'high', 'required',
         rank = 0 AND c = 7, rank_since
       FROM phones_phone, generate_series(3, 7) AS c""",
    """INSERT INTO phones_storedreport (phone_id, report_id, agent_id, scanned_at, received_at, rank, profile, source,
         policy, failed, not_proved, media_type, signed)
       SELECT key, gen_random_uuid(), (SELECT min(id) FROM agents_agent), scanned_at - make_interval(days => d), now(),
         rank, 'in-use', 'live', 'cm-g-03 2.1', 0, 0, 'application/jose+json', ''
       FROM phones_phone, generate_series(0, %(reports)s - 1) AS d""",
    """INSERT INTO phones_tally (topic, rank, shard, number)
       SELECT '', rank, abs(hashtext(key)) % 16, count(*) FROM phones_phone GROUP BY 2, 3""",
    """INSERT INTO phones_tally (topic, rank, shard, number)
       SELECT clause, CASE status WHEN 'fail' THEN 0 ELSE 2 END, abs(hashtext(phone_id)) % 16, count(*)
       FROM phones_rulestate GROUP BY 1, 2, 3""",
    """INSERT INTO phones_movement (topic, day, rank, shard, number)
       SELECT t.topic, (now() - make_interval(days => d))::date, t.rank, t.shard, CASE d % 2 WHEN 0 THEN 1 ELSE -1 END
       FROM phones_tally t, generate_series(1, 88) AS d""",
)
