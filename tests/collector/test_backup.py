"""`posture collector backup` and `restore` while the collector runs, and what they refuse."""

import sqlite3
from pathlib import Path

import requests

from tests.collector.serving import posture_collector, served
from tests.collector.signing import Signer, encode, report
from tests.postgres import postgresql


def _enrolled(address: str, data: Path) -> Signer:
    signer, code = Signer(), posture_collector(data, "enrol-code").stdout.strip()
    sent = {"code": code, "name": "Bench", "public_jwk": signer.public_jwk}
    assert requests.post(f"{address}/api/enrol", json=sent, timeout=30).status_code == 200
    return signer


def _send(address: str, signer: Signer, serial: str) -> int:
    body = signer.sign(encode(report(signer.id, serial)))
    headers = {"Content-Type": "application/jose+json"}
    return requests.post(f"{address}/api/reports", body, headers=headers, timeout=30).status_code


def _phones(address: str) -> str:
    lines = requests.get(f"{address}/metrics", timeout=30).text.splitlines()
    return next(line for line in lines if line.startswith('posture_phones{state="meets"}'))


def test_a_copy_is_taken_and_put_back_while_it_serves(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy.sqlite3"
    with served(data) as (address, _):
        signer = _enrolled(address, data)
        assert _send(address, signer, "KEPT") == 201
        taken = posture_collector(data, "backup", str(copy))
        assert (taken.returncode, taken.stdout) == (0, f"The copy is at {copy}\n")
        assert oct(copy.stat().st_mode)[-3:] == "600"
        assert _send(address, signer, "LOST") == 201
        assert _phones(address).endswith(" 2")
        put_back = posture_collector(data, "restore", str(copy))
        assert (put_back.returncode, put_back.stderr) == (0, "")
        assert _phones(address).endswith(" 1")
        assert _send(address, signer, "LATER") == 201
        assert _phones(address).endswith(" 2")


def test_what_is_no_copy_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert posture_collector(data, "backup", str(tmp_path / "good")).returncode == 0
    (tmp_path / "text").write_text("not a database")
    good = (tmp_path / "good").read_bytes()
    (tmp_path / "half").write_bytes(good[: len(good) // 2])
    sqlite3.connect(tmp_path / "other").execute("CREATE TABLE django_migrations (app, name)").connection.close()
    (tmp_path / "newer").write_bytes(good)
    with sqlite3.connect(tmp_path / "newer") as newer:
        newer.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('phones', '9999_later', '')")
    newer.close()
    before = posture_collector(data, "agents").stdout
    for name in ("text", "half", "other", "newer"):
        ended = posture_collector(data, "restore", str(tmp_path / name))
        assert (ended.returncode, ended.stdout) == (2, ""), name
        assert ended.stderr.startswith("posture: nothing was changed: "), name
    assert posture_collector(data, "agents").stdout == before


def test_a_copy_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    ended = posture_collector(tmp_path, "backup", str(tmp_path / "no" / "folder"))
    assert ended.returncode == 2
    assert ended.stderr.startswith("posture: no copy was made: ")


def test_on_postgresql_it_is_served_and_names_the_right_tool(tmp_path: Path) -> None:
    with postgresql() as url:
        variables = {"POSTURE_DATABASE_URL": url}
        assert posture_collector(tmp_path, "migrate", **variables).returncode == 0
        with served(tmp_path, **variables) as (address, _):
            assert requests.get(f"{address}/readyz", timeout=30).text == "ready\n"
        ended = posture_collector(tmp_path, "backup", str(tmp_path / "x"), **variables)
        assert (ended.returncode, "pg_dump" in ended.stderr) == (2, True)
