"""A short run of every fuzz target, without atheris: its seeds, cut, doubled and with other bytes in between."""

import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import agent.capture
import agent.indicators
import agent.screen
from agent.facts import State
from agent.probes import PROBES
from tests.fuzz.seeds import CAPTURES, PROBES_BY_TARGET, answered_by, seeds
from tests.fuzz.targets import TARGETS, facts_of

EDITS = st.tuples(
    st.sampled_from(["cut", "put", "double", "swap"]),
    st.floats(0, 1),
    st.floats(0, 0.3),
    st.binary(max_size=8) | st.sampled_from([b"\n", b": ", b"=", b"0", b"-1", b"9" * 30, b"\0|\0", b'"', b",", b"}"]),
)


def edited(data: bytes, edits: list[tuple[str, float, float, bytes]]) -> bytes:
    for kind, where, share, new in edits:
        at = int(where * len(data))
        end = min(at + int(share * len(data)), len(data))
        match kind:
            case "cut":
                data = data[:at] + data[end:]
            case "put":
                data = data[:at] + new + data[at:]
            case "double":
                data = data[:end] + data[at:end] + data[end:]
            case "swap":
                data = data[:at] + new + data[at + len(new) :]
    return data


SEEDS = {target: [b"", *seeds(target)] for target in TARGETS}


@pytest.mark.parametrize("target", TARGETS)
@given(data=st.data())
def test_a_strangers_bytes_break_nothing(target: str, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, len(SEEDS[target]) - 1))
    TARGETS[target](edited(SEEDS[target][seed], data.draw(st.lists(EDITS, max_size=6))))


# The target that reaches each module which reads a stranger's bytes; the others read none.
REACHED_BY = {
    "capture.androidqf": "source",
    "capture.archive": "source",
    "capture.bugreport": "bugreport",
    "capture.folder": "source",
    "capture.frames": "frames",
    "capture.live": None,
    "capture.model": "bugreport",
    "capture.script": None,
    "capture.sources": "source",
    "indicators.echap": "indicators",
    "indicators.model": "indicators",
    "indicators.reading": "indicators",
    "indicators.stix": "indicators",
    "indicators.store": None,
    "screen.door": None,
    "screen.known": None,
    "screen.lines": None,
    "screen.phone": "screen",
    "screen.record": "screen",
    "screen.tree": "screen",
    "screen.visit": "screen",
    "screen.walk": "screen",
}


def test_every_reader_of_a_strangers_bytes_has_a_target() -> None:
    readers = {
        f"{package.__name__.removeprefix('agent.')}.{module.name}"
        for package in (agent.capture, agent.indicators, agent.screen)
        for module in pkgutil.iter_modules(package.__path__)
    }
    assert readers == set(REACHED_BY)
    assert {target for target in REACHED_BY.values() if target} <= set(TARGETS)
    assert set(PROBES_BY_TARGET.values()) == set(PROBES)
    assert set(PROBES_BY_TARGET) < set(TARGETS)


def test_every_folder_of_captures_is_a_seed() -> None:
    folders = {path.name for path in CAPTURES.iterdir() if path.is_dir()} - {"whole"}
    assert [folder for folder in folders if not answered_by(folder)] == ["screen"], "the target `screen` begins with it"


@pytest.mark.parametrize("target", PROBES_BY_TARGET)
def test_a_probes_seeds_prove_each_of_its_facts(target: str) -> None:
    """Else fuzzing would never come past its first line."""
    found = [fact for seed in SEEDS[target] for fact in facts_of(PROBES_BY_TARGET[target], seed)]
    assert {fact.name for fact in found if fact.state is State.KNOWN} == set(PROBES_BY_TARGET[target].FACTS)
