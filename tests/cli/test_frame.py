"""The command line's frame: help, languages, mistakes, and that nothing heavy is loaded before it is needed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent / "posture"


def posture(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "", "POSTURE_LANG": "", **environment},
    )


COMMANDS = [
    "scan", "init", "watch", "demo", "facts", "capture", "evaluate", "commands", "schedule", "policy", "indicators",
    "render", "export", "verify", "doctor", "pair", "keys", "outbox", "enroll", "collector", "simulate", "completion",
]  # fmt: skip


def test_help_names_every_command_in_both_languages() -> None:
    english, spanish = posture("--help"), posture("--help", LANG="es_CO.UTF-8")
    assert (english.returncode, spanish.returncode) == (0, 0)
    for output in (english.stdout, spanish.stdout):
        assert re.findall(r"^  ([a-z]+)  ", output, re.MULTILINE) == COMMANDS
    assert "Scan every reachable phone" in english.stdout
    assert "Scan every reachable phone" not in spanish.stdout


def test_the_words_of_the_frame_itself_are_spanish_too() -> None:
    shown, mistaken = posture("scan", "--help", POSTURE_LANG="es"), posture("scan", "--usbb", "--lang", "es")
    for english in ("Usage", "Options", "Show this message", "default:"):
        assert english not in shown.stdout
    assert mistaken.returncode == 2
    usage, *_, error = mistaken.stderr.splitlines()
    assert usage == "Uso: posture scan [OPTIONS]"
    assert error.startswith("Error: No existe la opción '--usbb'. ")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself_at_80_columns(command: str) -> None:
    done = posture(command, "--help", COLUMNS="80")
    assert done.returncode == 0
    assert done.stderr == ""
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_a_mistyped_command_names_the_nearest() -> None:
    done = posture("scna")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "Error: There is no command “scna”. Did you mean “posture scan”?"


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; import agent.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"pydantic", "rich", "requests", "django", "cryptography", "yaml", "adb_shell", "adbutils", "sqlite3"}
    assert heavy & set(loaded) == set()


def test_a_reader_that_goes_away_is_no_trouble() -> None:
    done = subprocess.run(f"{BIN} commands | head -1", shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.strip() != ""
    assert done.stderr == ""


def test_the_agents_commands_are_listed_with_reason_limits_and_facts() -> None:
    done = posture("commands")
    assert done.returncode == 0
    blocks = re.split(r"^(?=\S)", done.stdout, flags=re.MULTILINE)[1:]
    assert len(blocks) > 10
    for block in blocks:
        assert re.search(r"^    limits: \d+ s, \d+ bytes$", block, re.MULTILINE), block
        assert re.search(r"^    feeds: \S+", block, re.MULTILINE), block
