"""What the doctor says of wireless debugging: paired and there, away, forgotten by the phone, or not paired yet."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.doctor import Finding
from agent.simulator import Scenario, SimulatedPhone
from agent.transport.keys import WorkstationKey
from agent.transport.paired import Paired, PairedPhones
from tests.doctor.computer import look, workstation


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[SimulatedPhone]:
    (tmp_path / "scenario").mkdir()
    with SimulatedPhone(Scenario(folder=tmp_path / "scenario", serial="D0CT0R"), wireless=True) as phone:
        yield phone


def said(folder: Path, awaited: str) -> list[tuple[str, str, str]]:
    """What is said of our phone; other tests may announce theirs, and announcements may come late."""
    until = time.monotonic() + 30
    while True:
        ours = [each for each in look("wireless", workstation(folder)) if "D0CT0R" in str(each.what)]
        if any(awaited in str(each.what) for each in ours) or time.monotonic() > until:
            return [_row(each) for each in ours]


def _row(finding: Finding) -> tuple[str, str, str]:
    return finding.severity, str(finding.what), str(finding.remedy)


def test_a_phone_that_could_be_paired_one_that_forgot_us_and_one_that_is_away(
    tmp_path: Path, phone: SimulatedPhone
) -> None:
    assert phone.wireless is not None
    assert said(tmp_path, "is not paired") == [
        (
            "note",
            f"D0CT0R offers wireless debugging at {phone.address}, and is not paired with this computer",
            "to scan it over Wi-Fi: `posture pair`; else nothing needs to be done",
        )
    ]
    WorkstationKey(tmp_path / "data").open()
    PairedPhones(tmp_path / "data").remember(Paired(phone.wireless.guid))
    ((severity, what, remedy),) = said(tmp_path, "cannot be reached")
    assert (severity, remedy) == ("warning", "pair it again: `posture pair`")
    assert f"{phone.address} does not know this computer's key" in what
    phone.stop()
    assert said(tmp_path, "does not announce")[0][:2] == (
        "note",
        "D0CT0R is paired, but does not announce itself on this network",
    )
