from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import Unanswered
from agent.facts import Evidence
from agent.probes import properties
from agent.probes.properties import COMMAND
from tests.probes.phone import phone, run, saved

GETPROP = saved("getprop/pixel-a16-locked.txt")


def test_reads_names_and_values_even_over_several_lines() -> None:
    read = properties.read(phone({COMMAND.key: GETPROP.replace("\n", "\r\n")}))
    assert len(read) == 27
    assert read["ro.product.model"] == "Pixel 9"
    assert read["persist.sys.boot.reason.history"].splitlines()[-1] == "cold,1775000003"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a]: []\n[b]: [[x]: [y]]\n", {"a": "", "b": "[x]: [y]"}),
        ("[a]: [1]\n[a]: [2]\n[b]: [3]\n", {"b": "3"}),  # printed twice: neither is believed
        ("[a]: [1]\n[a]: [1]\n", {"a": "1"}),
        ("[a]: [1]\n[b]: [cut", {"a": "1"}),
        ("[a]: [never ended\n[b]: [1]\n", {"b": "1"}),
        ("WARNING: linker\n[a]: [1]  \n", {"a": "1"}),
    ],
)
def test_what_is_not_whole_is_left_out(text: str, expected: dict[str, str]) -> None:
    assert properties.parse(text) == expected


@pytest.mark.parametrize("answer", ["", "no list\n", "/system/bin/sh: getprop: inaccessible or not found\n", "24\n"])
def test_no_list_is_no_answer(answer: str) -> None:
    with pytest.raises(Unanswered):
        properties.read(phone({COMMAND.key: answer}))


def test_only_wanted_properties_leave_the_phone(tmp_path: Path) -> None:
    cut = run(COMMAND, tmp_path, {"getprop": f"cat <<'E'\n{GETPROP}E"})
    assert "luz-phone" not in cut
    assert "Operador" not in cut
    capture = phone({COMMAND.key: cut})
    whole = properties.parse(GETPROP)
    assert properties.read(capture) == {
        name: value
        for name, value in whole.items()
        if not name.startswith(("dalvik.", "gsm.operator", "persist.sys.boot", "wlan."))
    }
    assert properties.whole(capture)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (GETPROP, True),
        ("".join(line for line in GETPROP.splitlines(keepends=True) if "ro." in line), False),  # what somebody grepped
        (GETPROP[:700], False),
    ],
)
def test_absence_counts_in_a_whole_list_alone(*, text: str, whole: bool) -> None:
    assert properties.whole(phone({COMMAND.key: text})) is whole


@pytest.mark.parametrize(
    ("text", "locked"),
    [
        ("[sys.user.0.ce_available]: [false]\n", True),
        ("[sys.user.0.ce_available]: [true]\n", False),
        ("[ro.product.model]: [Pixel 9]\n", False),
        ("Permission denied\n", False),
        ("", False),
        ("no property at all\n", False),
    ],
)
def test_says_that_the_storage_is_locked_only_where_the_phone_says_so(text: str, *, locked: bool) -> None:
    assert properties.locked_since_start(phone({COMMAND.key: text})) is locked


def test_quotes_what_the_phone_printed() -> None:
    read = {"ro.product.model": "Pixel\u202e 9", "b": "2"}
    assert properties.evidence(read, "ro.product.model", "absent") == (
        Evidence("getprop", "[ro.product.model]: [Pixel\N{REPLACEMENT CHARACTER} 9]"),
    )


NAMES = st.from_regex(r"[a-z][a-z0-9._-]{0,20}", fullmatch=True)
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30)
VALUES = st.lists(LINES, min_size=1, max_size=3).map("\n".join)


@given(given=st.dictionaries(NAMES, VALUES, min_size=1))
def test_gives_back_what_the_phone_holds(given: dict[str, str]) -> None:
    """A line that ends in the closing bracket, or that looks like another property, is beyond telling apart."""
    plain = {n: v for n, v in given.items() if not any(x.rstrip().endswith("]") or "]: [" in x for x in v.split("\n"))}
    assert properties.parse("".join(f"[{name}]: [{value}]\n" for name, value in plain.items())) == plain
