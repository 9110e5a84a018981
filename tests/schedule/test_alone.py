"""Two schedulers by accident: the second is refused, and a dead one holds nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.schedule import NotAloneError, alone, is_held

_HOLDER = """
import sys
from pathlib import Path
from agent.schedule import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_is_held_by_one_and_dies_with_its_process(tmp_path: Path) -> None:
    lock = tmp_path / "data" / "schedule.lock"
    assert not is_held(lock)
    command = [sys.executable, "-c", _HOLDER, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_held(lock)
        with pytest.raises(NotAloneError, match="another scheduler already works with"), alone(lock):
            pass
        holder.kill()
    assert not is_held(lock)
    with alone(lock):
        assert is_held(lock)
