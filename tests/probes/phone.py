"""Phones for tests of probes: captures from answers by command, and a command's script run as a phone runs it."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from agent.capture import Answer, Capture, Command, Outcome
from agent.capture.model import Source
from agent.facts import Fact
from agent.probes import read_facts

CAPTURES = Path(__file__).parent.parent / "captures"
AT = datetime(2026, 5, 4, 15, 30, tzinfo=UTC)

_TOOLS = (
    "cat",
    "date",
    "echo",
    "find",
    "grep",
    "head",
    "id",
    "ls",
    "od",
    "printf",
    "sed",
    "sort",
    "stat",
    "tr",
    "uniq",
    "wc",
    "which",
)

Given = str | bytes | Answer


def saved(name: str) -> str:
    """The text of one of our own captures."""
    return (CAPTURES / name).read_text(encoding="utf-8")


def phone(answers: Mapping[str, Given], *, source: Source = "live", at: datetime = AT, serial: str = "") -> Capture:
    """A capture of two seconds that holds these answers, by command."""
    given = {key: answer if isinstance(answer, Answer) else Answer(_bytes(answer)) for key, answer in answers.items()}
    return Capture(source, at, given, serial or None, duration_ms=2000)


def _bytes(answer: str | bytes) -> bytes:
    return answer.encode() if isinstance(answer, str) else answer


def cut_short(text: str) -> Answer:
    """The same answer, of a phone that went away in the middle."""
    return Answer(text.encode()[: len(text) // 2], Outcome.CUT)


def without(capture: Capture, command: str, instead: Answer | None = None) -> Capture:
    """The same capture without the answer to one command, or with another one in its place."""
    answers = {key: answer for key, answer in capture.answers.items() if key != command}
    return replace(capture, answers=answers if instead is None else {**answers, command: instead})


def facts_of(probe: ModuleType, capture: Capture) -> dict[str, Fact]:
    """What one probe says, as a report would have it."""
    facts = read_facts(capture)
    return {name: facts[name] for name in probe.FACTS}


def values_of(probe: ModuleType, capture: Capture) -> dict[str, Any]:
    """By fact: its value, or its state where it has none."""
    return {
        name: fact.state.value if fact.value is None else fact.value for name, fact in facts_of(probe, capture).items()
    }


def reason_of(fact: Fact) -> str:
    return str(fact.reason)


def run(
    command: Command, directory: Path, programs: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> str:
    """Run a command's script in mksh, with toybox for tools and `programs` (name: shell text) for Android's own."""
    mksh, toybox = shutil.which("mksh"), shutil.which("toybox")
    assert None not in (mksh, toybox), "these tests need mksh and toybox: apt-get install mksh toybox"
    for tool in _TOOLS:
        (directory / tool).symlink_to(str(toybox))
    for name, text in programs.items():
        (directory / name).unlink(missing_ok=True)
        (directory / name).write_text(f"#!{mksh}\n{text}\n", encoding="utf-8")
        (directory / name).chmod(0o755)
    done = subprocess.run(
        [str(mksh), "-c", command.line],
        check=False,
        capture_output=True,
        env={**os.environ, **(environment or {}), "PATH": str(directory)},
        timeout=20,
    )
    return (done.stderr + done.stdout).decode(errors="replace")
