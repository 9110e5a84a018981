"""Thirty phones at once, against one of them."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from agent import probes
from agent.scan import Failed, capture_all
from agent.simulator import SimulatedPhone
from agent.transport import find
from benchmarks.measuring import Ratio, side_by_side
from benchmarks.phones import phone

PHONES = 30


def measure() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        phones = [stack.enter_context(phone()) for _ in range(PHONES)]
        yield side_by_side(
            f"{PHONES} phones at once",
            lambda: scan(phones, Path(folder)),
            "one phone",
            lambda: scan(phones[:1], Path(folder)),
            aim=5,
            rounds=3,
        )


def scan(phones: list[SimulatedPhone], data: Path) -> None:
    found = find(data, tcp=[each.address for each in phones])
    for _, seen in capture_all(found, probes.commands(), lambda *_: None):
        assert not isinstance(seen, Failed), seen.reason
        assert seen.broken is None, seen.broken
