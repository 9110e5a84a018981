"""Whatever a phone writes where an answer is expected, a probe reads it or refuses it, and never stumbles."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import Unanswered
from agent.facts import Fact
from agent.probes import PROBES, commands
from tests.probes.phone import CAPTURES, phone

# Which command our captures answer, by their folder.
ANSWERED = {
    "accessibility": "dumpsys accessibility",
    "account": "dumpsys account",
    "adb": "dumpsys adb",
    "device_policy": "dumpsys device_policy",
    "getprop": "getprop",
    "lock_settings": "dumpsys lock_settings",
    "notification": "dumpsys notification",
    "settings": "settings list secure",
    "trust": "dumpsys trust",
    "users": "pm list users",
}
SAVED = sorted(path for folder in ANSWERED for path in (CAPTURES / folder).glob("*.txt"))


def concluded(answers: dict[str, str]) -> list[Fact]:
    capture = phone(answers)
    facts: list[Fact] = []
    for probe in PROBES:
        with suppress(Unanswered):
            facts += probe.probe(capture)
    return facts


def cut(text: str, at: int) -> str:
    return text[: at % (len(text) + 1)]


def without_a_line(text: str, at: int) -> str:
    lines = text.splitlines(keepends=True)
    del lines[at % len(lines)]
    return "".join(lines)


def with_a_line_twice(text: str, at: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([*lines, lines[at % len(lines)]])


def with_noise(text: str, at: int) -> str:
    return cut(text, at) + "\x00\u202e٣=]}:[\n" + text[at % (len(text) + 1) :]


@pytest.mark.parametrize("damage", [cut, without_a_line, with_a_line_twice, with_noise])
@pytest.mark.parametrize("path", SAVED, ids=lambda path: f"{path.parent.name}-{path.stem}")
@given(at=st.integers(0, 100_000))
def test_a_damaged_answer_is_read_or_refused(path: Path, damage: Callable[[str, int], str], at: int) -> None:
    damaged = damage(path.read_text(encoding="utf-8"), at)
    for fact in concluded({ANSWERED[path.parent.name]: damaged}):
        assert fact.value is not None or fact.reason is not None


@given(text=st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for fact in concluded({command.key: text for command in commands()}):
        assert fact.value is not None or fact.reason is not None
