import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probes import adb_keys
from agent.probes.adb_keys import COMMAND
from tests.probes.phone import facts_of, phone, run, saved, values_of

DUMP = saved("adb/pixel-a13-two-computers.txt")
KEY = "QAAA" + "b1+/" * 170 + "=="


def dump(*keys: str, before: str = "") -> str:
    lines = "\n    ".join(keys)
    return f"ADB MANAGER STATE (dumpsys adb):\n{{\n  debugging_manager={{\n{before}    user_keys={lines}\n  }}\n}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DUMP, ["luz@taller", "marta@banco-3"]),
        (DUMP.replace("\n", "\r\n"), ["luz@taller", "marta@banco-3"]),
        (dump(f"{KEY} a@b"), ["a@b"]),
        (dump(KEY), ["?"]),
        (dump(f"{KEY} a@b", f"{KEY} a@b"), ["a@b"]),
        (dump("garbage"), ["?"]),
        (dump(""), []),
        (dump().replace("    user_keys=\n", ""), "unknown"),  # the file was not read: no empty list
        ("ADB MANAGER STATE (dumpsys adb):\n", "unknown"),
        ("Can't find service: adb\n", "unknown"),
    ],
)
def test_names_each_computer_once(text: str, expected: Any) -> None:
    assert values_of(adb_keys, phone({COMMAND.key: text})) == {"device.adb_keys": expected}


def test_no_key_leaves_the_phone(tmp_path: Path) -> None:
    cut = run(COMMAND, tmp_path, {"dumpsys": f"cat <<'E'\n{DUMP}E"})
    assert re.search(r"[A-Za-z0-9+/]{40}", cut) is None
    assert "00:11" not in cut
    assert values_of(adb_keys, phone({COMMAND.key: cut})) == {"device.adb_keys": ["luz@taller", "marta@banco-3"]}


@given(names=st.lists(st.text(max_size=60), max_size=4))
def test_no_key_is_shown_whatever_a_computer_is_called(names: list[str]) -> None:
    fact = facts_of(adb_keys, phone({COMMAND.key: dump(*(f"{KEY} {name}" for name in names))}))["device.adb_keys"]
    assert KEY[:80] not in repr(fact)
