"""What is installed is what was tested: the built wheel holds all that the commands need, and works from elsewhere."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RUN = (
    "import sys, agent; print(agent.__file__, file=sys.stderr); sys.argv[0] = 'posture'; "
    "from agent.cli import main; main()"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    target = wheel.parent / "site"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(target)
    return target


def posture(installed: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=installed.parent,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(installed), "POSTURE_DATA": str(installed.parent / "data")},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(str(installed)), "the wheel was not the one that ran"
    return done.stdout


def test_the_wheel_holds_every_file_but_tests_and_tools(wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "agent", "rules", "server_stub"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    assert {name for name in tracked if name not in names} == set()
    assert {f"{name.removesuffix('.po')}.mo" for name in tracked if name.endswith(".po")} <= names


def test_it_speaks_spanish_and_finds_its_policy_and_its_phones(installed: Path) -> None:
    assert posture(installed, "--help", "--lang", "es").startswith("Uso: posture")
    assert "CM-G-03" in posture(installed, "policy", "show")
    assert "pixel-a14-healthy" in posture(installed, "simulate", "--list")
