"""A short run of every fuzz target, without atheris: its seeds, cut, doubled and with other bytes in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, seeds

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
