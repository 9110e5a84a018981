"""Examples in the help, completion in the shell, and the man page."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from agent.cli import root
from agent.cli.examples import EXAMPLES
from tests.cli.test_frame import BIN, COMMANDS, posture

DOCS = Path(__file__).parents[2] / "docs"


def test_every_command_has_examples() -> None:
    assert set(EXAMPLES) == set(COMMANDS)


@pytest.mark.parametrize("typed", [typed for each in EXAMPLES.values() for _, typed in each])
def test_every_example_is_a_command_line(typed: str) -> None:
    typed = typed.removeprefix('eval "$(').removesuffix(')"')
    assert len(typed) <= 78
    program, *words = shlex.split(typed.partition(" > ")[0])
    assert program == "posture"
    name: str | None = program
    command: click.Command | None = root
    context: click.Context | None = None
    while isinstance(command, click.Group):
        context = command.make_context(name, words, parent=context)
        name, command, words = command.resolve_command(context, [*context._protected_args, *context.args])
    assert command is not None
    command.make_context(name, words, parent=context)  # which fails where a word is wrong or missing


def test_examples_are_shown_in_the_readers_language() -> None:
    english, spanish = (posture("scan", "--help", POSTURE_LANG=each).stdout for each in ("en", "es"))
    assert "Examples:\n    # every phone that is connected\n    posture scan\n" in english
    assert "posture scan --json > reports.jsonl" in spanish
    assert "Examples" not in spanish


def completed(words: str, at: int) -> list[str]:
    done = subprocess.run(
        [BIN],
        capture_output=True,
        text=True,
        check=True,
        env={
            **os.environ, "LANG": "C.UTF-8", "_POSTURE_COMPLETE": "bash_complete", "COMP_WORDS": words,
            "COMP_CWORD": str(at),
        },
    )  # fmt: skip
    assert done.stderr == ""
    return [line.split(",", 1)[1] for line in done.stdout.splitlines()]


def test_the_shell_completes_commands_options_and_values() -> None:
    assert completed("posture ", 1) == COMMANDS
    assert completed("posture ou", 1) == ["outbox"]
    assert completed("posture policy li", 2) == ["lint"]
    assert "--profile" in completed("posture scan --p", 2)
    assert completed("posture scan --profile ", 3) == ["in-use", "handover"]
    assert completed("posture nothing ", 2) == COMMANDS  # which is not told while completing


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_the_lines_for_each_shell(shell: str) -> None:
    done = posture("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert "_POSTURE_COMPLETE" in done.stdout


def test_bash_itself_takes_them(tmp_path: Path) -> None:
    script = (
        f'export PATH="{BIN.parent}:$PATH"; eval "$(posture completion bash)"; '
        "COMP_WORDS=(posture ver); COMP_CWORD=1; _posture_completion posture; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("verify\n", "")


def test_completing_a_command_loads_none() -> None:
    code = (
        "import sys; from agent.cli import root; import click; "
        "root.shell_complete(click.Context(root), 's'); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"pydantic", "rich", "requests", "yaml", "adb_shell"} & set(loaded) == set()


@pytest.fixture(scope="module")
def manual() -> str:
    """The manual page as it is drawn now."""
    program = [sys.executable, str(DOCS / "man_page.py")]
    environment = {**os.environ, "POSTURE_LANG": "en"}
    return subprocess.run(program, capture_output=True, text=True, check=True, env=environment).stdout


def test_the_manual_page_is_current(manual: str) -> None:
    assert (DOCS / "posture.1").read_text() == manual, "python docs/generate.py"


def test_the_manual_page_names_every_command(manual: str) -> None:
    for command in COMMANDS:
        assert f"\n.SS posture {command} " in manual
    assert "\n.SS posture policy lint " in manual


def test_troff_has_nothing_to_say_of_the_manual_page(manual: str) -> None:
    """Every line is text, or one of the requests that man(7) has."""
    requests = {".TH", ".SH", ".SS", ".TP", ".B", ".I", ".PP", ".nf", ".fi", ".RS", ".RE", '.\\"'}
    assert {line.split()[0] for line in manual.splitlines() if line.startswith((".", "'"))} <= requests
    assert "" not in manual.splitlines()
