"""Sentences for people: whatever fills a gap, the sentence stays one line that says what it looks like."""

from pathlib import Path

import pytest
import usb1

from agent.messages import Message, because, quoted
from agent.transport.adb_server import _listed
from agent.transport.usb import trouble

FORGED = "R58\n\x1b[2J\u202e{why}✓ meets"
SHOWN = "R58\ufffd\ufffd[2J\ufffd{why}✓ meets"


def test_what_a_stranger_wrote_fills_a_gap_without_its_controls() -> None:
    inner = Message("{serial} is away", {"serial": FORGED})
    assert Message("{what}; {count}", {"what": inner, "count": 3})() == f"{SHOWN} is away; 3"


@pytest.mark.parametrize(
    "said", [trouble(FORGED, usb1.USBErrorBusy()), _listed(FORGED, "offline").trouble, _listed("R58", FORGED).trouble]
)
def test_a_serial_number_forges_no_line(said: Message) -> None:
    assert SHOWN in str(said)
    assert str(said).isprintable()


def test_quotes_at_most_what_fits() -> None:
    assert quoted(f"  {'á' * 300}\n", 5) == "áááá…"
    assert quoted(FORGED) == SHOWN


def test_what_the_system_says_is_said_in_the_readers_language(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        (tmp_path / "none").read_bytes()
    assert because(raised.value)() == "No such file or directory"
    assert because(OSError(9999, "{odd}\x1b"))() == "{odd}\ufffd"
    assert because(OSError("one word"))() == "one word"
