"""Thirty phones in one process, asked at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
from adb_shell.adb_device import AdbDeviceTcp

from agent.simulator import Scenario, SimulatedPhone

Connect = Callable[..., AdbDeviceTcp]

PHONES, COMMANDS = 30, 40


def test_thirty_phones_answer_at_once_and_leave_nothing(tmp_path: Path, connect: Connect) -> None:
    for number in range(COMMANDS):
        (tmp_path / f"dumpsys-s{number}.txt").write_bytes(b"%d\n" % number * 200)
    line = "; ".join(f"dumpsys s{number}" for number in range(COMMANDS))
    threads, descriptors = threading.active_count(), psutil.Process().num_fds()
    with ExitStack() as stack:
        phones = [stack.enter_context(SimulatedPhone(Scenario(folder=tmp_path))) for _ in range(PHONES)]
        with ThreadPoolExecutor(PHONES) as pool:
            answers = list(pool.map(lambda phone: _ask(connect, phone, line), phones))
    expected = "".join(f"{number}\n" * 200 for number in range(COMMANDS))
    assert answers == [expected] * PHONES
    assert threading.active_count() == threads
    assert psutil.Process().num_fds() == descriptors
    assert [child for child in psutil.Process().children(recursive=True) if _is_of_a_phone(child)] == []


def _is_of_a_phone(process: psutil.Process) -> bool:
    try:
        return "POSTURE_PHONE" in process.environ()
    except psutil.Error:
        return False


def _ask(connect: Connect, phone: SimulatedPhone, line: str) -> str:
    device = connect(phone)
    answer = str(device.shell(line, read_timeout_s=60))
    device.close()
    return answer
