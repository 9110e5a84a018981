"""Thirty phones on one workstation: slow ones, dying ones, some that refuse and some that hang for ever."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from agent import probes
from agent.delivery import Outbox
from agent.messages import PostureError
from agent.report.check import check_signed
from agent.report.signature import AgentKey
from agent.simulator import Reply, SimulatedPhone, load
from tests.e2e.conftest import BIN, Workstation

GOOD, SLOW, DYING, CLOSED, HANGING = 18, 3, 3, 3, 3
HEALTHY = "pixel-a14-healthy"
# Measured: 32 threads, one a phone beside the program's own, and 88 MB.
THREADS, MEMORY_BYTES, PATIENCE_S = 40, 160 * 1024 * 1024, 120
FOREVER = {command.key: Reply(hang="forever") for command in probes.commands()}


@contextmanager
def thirty() -> Iterator[list[SimulatedPhone]]:
    """Thirty phones of the same model, the hanging ones first: who waits for them would never come to the others."""
    kinds: list[dict[str, object]] = [
        *[{"answers": FOREVER}] * HANGING,
        *[{"authorise": "never"}] * CLOSED,
        *[{"delay_ms": 700}] * SLOW,
        *[{"drop_after_bytes": 9_000}] * DYING,
        *[{}] * GOOD,
    ]
    with ExitStack() as stack:
        yield [stack.enter_context(SimulatedPhone(load(HEALTHY), **kind)) for kind in kinds]


def kept(outbox: Outbox) -> int:
    """How many reports wait, while another process writes there."""
    try:
        return len(outbox.waiting())
    except PostureError:
        return 0


def of_phones() -> list[psutil.Process]:
    """Every process that some simulated phone of this test runs."""
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            if "POSTURE_PHONE" in child.environ():
                found.append(child)
        except psutil.Error:
            continue
    return found


def test_none_holds_up_another_and_stopping_leaves_a_true_outbox_and_no_process(
    workstation: Workstation, tmp_path: Path
) -> None:
    outbox = Outbox(workstation.data / "outbox.sqlite3")
    deadline = time.monotonic() + PATIENCE_S
    with thirty() as phones, (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(
            [BIN, "scan", "--collector", "http://127.0.0.1:9", *(f"--tcp={phone.address}" for phone in phones)],
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, "LANG": "C.UTF-8", "POSTURE_DATA": str(workstation.data)},
        )
        threads, memory = 0, 0
        with process:
            while kept(outbox) < GOOD + SLOW + DYING:
                assert process.poll() is None, "the hanging phones hang for longer"
                assert time.monotonic() < deadline, kept(outbox)
                threads = max(threads, psutil.Process(process.pid).num_threads())
                memory = max(memory, psutil.Process(process.pid).memory_info().rss)
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            shown, _ = process.communicate(timeout=8)
        assert (process.returncode, shown) == (130, b"")
        assert threads <= THREADS
        assert memory <= MEMORY_BYTES
        while of_phones():
            assert time.monotonic() < deadline, of_phones()
            time.sleep(0.1)
    public = AgentKey.open(workstation.data / "agent-key.json").public_jwk
    reports = [check_signed(each.signed.encode(), public) for each in outbox.waiting()]
    assert len({report.report_id for report in reports}) == len(reports) == GOOD + SLOW + DYING
    known = [sum(fact.state == "known" for fact in report.facts.values()) for report in reports]
    assert known.count(max(known)) == GOOD + SLOW
