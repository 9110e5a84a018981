"""`posture doctor` as people and machines run it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.doctor import CHECKS
from agent.report.signature import AgentKey
from tests.transport.strangers import free_port

BIN = Path(sys.executable).parent / "posture"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def doctor(tmp_path: Path) -> Run:
    """Run it where no adb is and none runs."""

    def run(*options: str, stdin: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [BIN, "doctor", *options],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                "PATH": "",
                "LANG": "C.UTF-8",
                "POSTURE_LANG": "en",
                "POSTURE_DATA": str(tmp_path),
                "ANDROID_ADB_SERVER_PORT": str(free_port()),
                **environment,
            },
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def readable(tmp_path: Path) -> Path:
    path = tmp_path / "agent-key.json"
    AgentKey.open(path)
    path.chmod(0o644)
    return path


def test_nothing_but_notes_is_0(doctor: Run) -> None:
    done = doctor()
    assert (done.returncode, done.stderr) == (0, "")
    for check in CHECKS:
        assert str(check.title) in done.stdout
    assert "posture enroll CODE --collector URL" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_problem_is_1_with_the_command_that_mends_it(doctor: Run, tmp_path: Path) -> None:
    key = readable(tmp_path)
    done = doctor()
    assert done.returncode == 1
    assert "✕ Keys: Problem" in done.stdout
    assert f"chmod600{key}" in "".join(done.stdout.split())  # a long path is folded


def test_json_is_one_finding_a_line(doctor: Run, tmp_path: Path) -> None:
    key = readable(tmp_path)
    done = doctor("--json")
    assert done.returncode == 1
    rows: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert {each["check"] for each in rows} <= {check.id for check in CHECKS}
    assert [each for each in rows if each["check"] == "keys"] == [
        {
            "check": "keys",
            "severity": "problem",
            "message": f"others on this computer may read or change {key}, a private key",
            "remedy": f"`chmod 600 {key}`",
            "fixable": True,
        }
    ]


def test_nothing_is_mended_without_a_yes(doctor: Run, tmp_path: Path) -> None:
    key = readable(tmp_path)
    for answer in ("n\n", "\n"):
        done = doctor("--fix", stdin=answer)
        assert done.returncode == 1
        assert f"make {key} readable by its owner alone" in done.stdout
        assert "Left as it is." in done.stdout
        assert key.stat().st_mode & 0o777 == 0o644
    assert doctor("--fix").returncode == 130  # nobody answers
    assert key.stat().st_mode & 0o777 == 0o644


def test_a_yes_mends_it(doctor: Run, tmp_path: Path) -> None:
    key = readable(tmp_path)
    assert "done;" in doctor("--fix", stdin="y\n").stdout
    assert key.stat().st_mode & 0o777 == 0o600
    done = doctor("--fix")
    assert done.returncode == 0
    assert "Nothing here can be mended by this command." in done.stdout


def test_fix_and_json_do_not_go_together(doctor: Run) -> None:
    assert doctor("--fix", "--json").returncode == 2


def test_signs_degrade_to_ascii(doctor: Run, tmp_path: Path) -> None:
    readable(tmp_path)
    done = doctor(PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert "x Keys" in done.stdout
