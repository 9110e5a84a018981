"""From the phone to the collector: once, whatever happens on the way."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from agent.simulator import SimulatedPhone, load
from tests.e2e.conftest import BIN, RunningCollector, Workstation, free_port, serving

HEALTHY = "pixel-a14-healthy"


@pytest.fixture
def enrolled(workstation: Workstation, collector: RunningCollector) -> Workstation:
    collector.enrol(workstation)
    return workstation


def scan(workstation: Workstation, *arguments: str) -> subprocess.CompletedProcess[str]:
    with SimulatedPhone(load(HEALTHY)) as phone:
        return workstation.posture("scan", "--tcp", phone.address, "--json", *arguments)


def test_a_report_reaches_the_collector(enrolled: Workstation) -> None:
    done = scan(enrolled)
    assert done.returncode == 3
    assert done.stderr == "Delivered to the collector: 1.\n"
    assert enrolled.posture("outbox").stdout == "Nothing waits: every report has been delivered.\n"


def test_no_post_keeps_and_sends_nothing(enrolled: Workstation) -> None:
    assert scan(enrolled, "--no-post").stderr == ""
    assert enrolled.posture("outbox").stdout == "Nothing waits: every report has been delivered.\n"


def test_a_collector_that_is_down_loses_nothing(tmp_path: Path, workstation: Workstation) -> None:
    port = free_port()
    home = tmp_path / "collector"
    with serving(home, port) as url:
        RunningCollector(url, home).enrol(workstation)

    done = scan(workstation)
    assert done.returncode == 3
    assert done.stderr == f"Kept in the outbox: 1; the collector {url} does not answer (Connection refused).\n"
    (report,) = (json.loads(line) for line in done.stdout.splitlines())
    assert report["report_id"] in workstation.posture("outbox").stdout

    with serving(home, port):
        assert workstation.posture("outbox", "--retry").stderr == "Delivered to the collector: 1.\n"


def test_an_agent_that_is_not_enrolled_is_told_so_and_keeps_its_report(
    collector: RunningCollector, workstation: Workstation
) -> None:
    done = scan(workstation, "--collector", collector.url)
    assert done.returncode == 3
    assert done.stderr.startswith(f"Kept in the outbox: 1; the collector {collector.url} refused it: ")
    assert "enrol" in done.stderr
    collector.enrol(workstation)
    assert workstation.posture("outbox", "--retry").stderr == "Delivered to the collector: 1.\n"


def test_a_wrong_code_enrols_nobody(collector: RunningCollector, workstation: Workstation) -> None:
    done = workstation.posture("enroll", "WRONG-CODE", "--collector", collector.url)
    assert done.returncode == 2
    assert done.stderr.startswith(f"posture: the collector {collector.url} refused it: ")
    assert len(done.stderr.splitlines()) == 1
    empty = workstation.posture("enroll", "", "--collector", collector.url)
    assert (empty.returncode, empty.stderr.splitlines()[-1]) == (
        2,
        "Error: Give the one-time code, or --rotate where this workstation is enrolled already.",
    )


def test_a_full_disk_is_said_and_the_report_still_arrives(enrolled: Workstation) -> None:
    limited = "trap '' XFSZ; ulimit -f 8; exec \"$@\""
    with SimulatedPhone(load(HEALTHY)) as phone:
        enrolled.posture("facts", "--tcp", phone.address)  # makes the keys, which a full disk could not hold
        done = subprocess.run(
            ["bash", "-c", limited, "-", BIN, "scan", "--tcp", phone.address, "--json"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LANG": "C.UTF-8", "POSTURE_DATA": str(enrolled.data)},
        )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "free some disk space" in done.stderr
    assert "The report went to the collector all the same." in done.stderr
    (report,) = (json.loads(line) for line in done.stdout.splitlines())
    assert report["device"]["serial"] == phone.serial
