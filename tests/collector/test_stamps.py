"""Time stamps (RFC 3161) of the audit log's end, by a real authority (openssl) that the tests run."""

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from server_stub.audit.chain import TERMINAL, Actor, Verified, digest, record, verify
from server_stub.audit.models import Entry, Head, Stamp
from server_stub.audit.stamping import Stamped, StampError, check, row_of, stamp
from tests.collector import authority
from tests.collector.serving import posture_collector
from tests.collector.test_audit import without_guard


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tsa") / "authority"
    authority.make(folder)
    return folder


@pytest.fixture
def tsa(home: Path, settings: Any, db: None) -> Iterator[None]:
    with authority.answering(home) as url:
        settings.TSA_URL, settings.TSA_ROOTS = url, str(home / "root.pem")
        yield


@pytest.fixture
def three(db: None) -> list[Entry]:
    return [record("agent.revoked", Actor("person", "ana"), f"agent {n}") for n in range(1, 4)]


def rewritten() -> None:
    """What somebody does who may do everything: one row told otherwise, and the whole chain hashed anew."""
    without_guard("UPDATE audit_entry SET actor = 'eva' WHERE number = 2")
    previous = "0" * 64
    for entry in Entry.objects.order_by("number"):
        entry.previous = previous
        previous = digest(entry)
        without_guard(
            "UPDATE audit_entry SET previous = %s, hash = %s WHERE number = %s", entry.previous, previous, entry.number
        )
    Head.objects.update(hash=previous)


def test_the_chains_end_is_stamped_and_a_rewritten_chain_is_found(tsa: None, three: list[Entry]) -> None:
    made = stamp(TERMINAL)
    assert (made.number, made.hash, made.authority) == (3, three[-1].hash, "CN=Example authority")
    assert check() == Stamped(1, 3, made.at)
    assert Entry.objects.latest("number").details["row"] == 3
    rewritten()
    assert isinstance(verify(), Verified)  # the chain alone looks whole
    found = check()
    assert (found.wrong, "rewritten" in found.why) == (3, True)


def test_a_stamp_kept_elsewhere_finds_it_even_when_the_stamps_here_are_gone(tsa: None, three: list[Entry]) -> None:
    kept = bytes(stamp(TERMINAL).response)
    assert row_of(kept).number == 3
    rewritten()
    Stamp.objects.all().delete()
    assert check() == Stamped(0, 0, None)
    with pytest.raises(StampError, match="rewritten since"):
        row_of(kept)


def test_openssl_itself_verifies_what_is_downloaded(
    tsa: None, three: list[Entry], home: Path, sign_in: Callable[[str], Client], tmp_path: Path
) -> None:
    made = stamp(TERMINAL)
    auditor = sign_in("auditor")
    shown = auditor.get("/audit/?format=json").json()["stamps"]
    assert [(row["number"], row["authority"]) for row in shown] == [(3, "CN=Example authority")]
    (tmp_path / "row.tsr").write_bytes(auditor.get(shown[0]["address"]).content)
    (tmp_path / "hash").write_text(made.hash)
    words = ["openssl", "ts", "-verify", "-data", "hash", "-in", "row.tsr", "-CAfile", str(home / "root.pem")]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert "Verification: OK" in done.stdout + done.stderr
    assert "Row 3" in auditor.get("/audit/").content.decode()


def test_a_stamp_by_somebody_else_is_not_believed(tsa: None, three: list[Entry], settings: Any, tmp_path: Path) -> None:
    settings.TSA_ROOTS = str(authority.make(tmp_path / "other", "Somebody else"))
    with pytest.raises(StampError, match="does not hold"):
        stamp(TERMINAL)
    assert not Stamp.objects.exists()


@pytest.mark.parametrize("what", ["silent", "none set", "empty"])
def test_why_there_is_no_stamp(db: None, settings: Any, tmp_path: Path, what: str) -> None:
    if what != "empty":
        record("agent.revoked", TERMINAL)
    settings.TSA_URL = "" if what == "none set" else "http://127.0.0.1:9/"
    settings.TSA_ROOTS = str(tmp_path / "none.pem")
    with pytest.raises(StampError) as told:
        stamp(TERMINAL)
    assert str(told.value).endswith(".")
    with pytest.raises(StampError, match="no time stamp"):
        row_of(b"\x30\x03\x02\x01\x00")


def test_from_the_terminal(home: Path, tmp_path: Path) -> None:
    """Stamp, verify, and make a pack of it all, as an administrator would."""
    today = datetime.now(UTC).date().isoformat()
    with authority.answering(home) as url:
        told = {"POSTURE_TSA_URL": url, "POSTURE_TSA_ROOTS": str(home / "root.pem")}
        posture_collector(tmp_path, "create-user", "ana", **told)
        stamped = posture_collector(tmp_path, "stamp-audit", "-o", str(tmp_path / "row.tsr"), **told)
        assert stamped.stdout.startswith("Row 1, hash "), stamped.stderr
    verified = posture_collector(tmp_path, "verify-audit", "--stamp", str(tmp_path / "row.tsr"), **told)
    assert (verified.returncode, "Stamps that hold: 1; the last one is of row 1" in verified.stdout) == (0, True)
    out, folder = tmp_path / "pack.pdf", tmp_path / "csv"
    days = ("--from", today, "--to", today)
    made = posture_collector(tmp_path, "audit-pack", *days, "--out", str(out), "--csv", str(folder), **told)
    assert hashlib.sha256(out.read_bytes()).hexdigest() in made.stdout
    assert {path.name for path in folder.iterdir()} == {"phones.csv", "audit.csv"}
