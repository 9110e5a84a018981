"""A phone that was killed leaves a folder and perhaps processes; the next phone clears them away."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from agent.simulator import Scenario, SimulatedPhone
from tests.simulator.host import OPEN, Host

_VICTIM = """
from agent.simulator import Scenario, SimulatedPhone
with SimulatedPhone(Scenario()) as phone:
    print(phone.port, flush=True)
    input()
"""


def test_the_next_phone_clears_away_what_a_killed_one_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with subprocess.Popen(
        [sys.executable, "-c", _VICTIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    ) as victim:
        assert victim.stdout is not None
        port = int(victim.stdout.readline())
        phone = SimulatedPhone(Scenario(), port)  # only its address is used
        with Host(phone) as host:
            host.log_in()
            host.send(OPEN, 1, 0, b"shell,v2,raw:trap '' HUP PIPE; echo $$; exec sleep 4000\0")
            host.receive()
            said = host.receive()
            assert said is not None
            stray = psutil.Process(int(said[3][5:]))
        victim.send_signal(signal.SIGKILL)
        victim.wait()
    (left,) = tmp_path.glob("simulated-phone-*")
    assert stray.is_running()
    with SimulatedPhone(Scenario()) as alive, SimulatedPhone(Scenario()):
        assert not left.exists()
        with Host(alive) as host:  # the second one has not cleared the first away
            host.log_in()
        _await_end(stray)
    assert list(tmp_path.glob("simulated-phone-*")) == []


def _await_end(process: psutil.Process) -> None:
    deadline = time.monotonic() + 20
    while not _has_ended(process):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
