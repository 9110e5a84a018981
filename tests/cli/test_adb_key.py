"""`posture keys`: what phones and the collector know this workstation by."""

import re
from pathlib import Path

import pytest

from agent.report.signature import AgentKey
from agent.simulator import SimulatedPhone, load
from agent.transport.keys import WorkstationKey
from tests.e2e.conftest import Workstation


@pytest.fixture
def here(tmp_path: Path) -> Workstation:
    return Workstation(tmp_path / "data", {"POSTURE_LANG": "en"})


def test_listing_makes_no_key(here: Workstation) -> None:
    done = here.posture("keys", "list")
    assert done.returncode == 0
    assert done.stdout.count("none yet") == 2
    assert not here.data.exists()


def test_both_keys_are_named(here: Workstation) -> None:
    phones, reports = WorkstationKey(here.data), AgentKey.open(here.data / "agent-key.json")
    phones.open()
    done = here.posture("keys", "list")
    assert re.search(rf"^For phones: {re.escape(phones.name)}, made 20\S+Z$", done.stdout, re.MULTILINE)
    assert phones.fingerprint in done.stdout
    assert f"For reports: {reports.id}, made 20" in done.stdout
    assert "PRIVATE" not in done.stdout


def test_a_new_key_is_made_only_when_somebody_agrees(here: Workstation) -> None:
    key = WorkstationKey(here.data)
    key.open()
    before = key.fingerprint
    assert here.posture("keys", "rotate").returncode == 130  # nobody answers
    assert key.fingerprint == before
    done = here.posture("keys", "rotate", "--yes")
    assert done.returncode == 0
    assert key.fingerprint != before
    assert f"New fingerprint: {key.fingerprint}" in done.stdout


def test_after_a_new_key_phones_ask_again_and_only_then(here: Workstation) -> None:
    key = WorkstationKey(here.data)
    key.open()
    trusted = key.file.with_suffix(".pub").read_bytes()
    with SimulatedPhone(load("pixel-a14-healthy"), authorise="never", keys=(trusted,)) as phone:
        assert here.posture("scan", "--tcp", phone.address, "--no-post").returncode == 3
        assert here.posture("keys", "rotate", "--yes").returncode == 0
        done = here.posture("scan", "--tcp", phone.address, "--no-post")
    assert done.returncode == 4
    assert "has not accepted this computer" in done.stderr
    assert key.file.stat().st_mode & 0o777 == 0o600
