"""A bugreport of 100 MB, judged by `posture evaluate`, against MVT's check of the same file.

The report is made up: the dumps of a simulated phone, then other services and a log as filler, zipped as Android does.
The two do not do the same: MVT looks for traces of spyware (apps, receivers, app ops, battery, databases, tombstones)
and writes what it found as JSON; posture reads the facts of the guideline and judges them. Both read the whole file.
"""

import os
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.capture.sources import open_capture
from agent.simulator.scenario import SCENARIOS
from benchmarks.measuring import Ratio

MVT = "mvt==2026.10.26"
SIZE_BYTES = 100_000_000
MEMORY_BYTES = 200_000_000
TIME_S = 2.0
_SCENARIO = "pixel-a14-healthy"
_RULE = "-" * 79


@dataclass(frozen=True, slots=True)
class Cost:
    """What a program took: seconds by the clock and of the processor, and its greatest resident memory."""

    seconds: float
    busy_s: float
    peak_bytes: int

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, {self.busy_s:.2f} s of them busy, {self.peak_bytes / 1e6:.0f} MB at most"


def measure() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        report = data / "bugreport-example-2026-11-24-10-00-00.zip"
        write(report)
        posture = [Path(sys.executable).parent / "posture", "evaluate", report, "--data", data / "agent"]
        run(posture)  # makes the agent's key
        ours = min((run(posture) for _ in range(3)), key=lambda cost: cost.seconds)
        print(f"  posture: {ours} (aim: {TIME_S:g} s and {MEMORY_BYTES / 1e6:g} MB)")
        yield Ratio("posture evaluate, 100 MB", ours.seconds, "the aim", TIME_S, aim=1.0)
        if (theirs := rival(data, report)) is not None:
            print(f"  MVT: {theirs}; it wrote {len(list((data / 'mvt-out').glob('*.json')))} files of results")
            yield Ratio("posture evaluate", ours.seconds, f"{MVT} check-bugreport", theirs.seconds)


def rival(data: Path, report: Path) -> Cost | None:
    home = data / "mvt"
    venv.create(home, with_pip=True)
    install = [home / "bin" / "pip", "install", "--quiet", MVT]
    if subprocess.run(install, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        print("  MVT: cannot be installed here; left out")
        return None
    command = [home / "bin" / "mvt-android", "--disable-update-check", "--disable-indicator-update-check"]
    return run([*command, "check-bugreport", "--output", data / "mvt-out", report])


def run(command: Sequence[str | Path]) -> Cost:
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0  # it was waited for here
    return Cost(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def write(path: Path) -> None:
    """Write a report of SIZE_BYTES as a zip file."""
    name = path.with_suffix(".txt").name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("main_entry.txt", name)
        archive.writestr("version.txt", "2.0")
        with archive.open(name, "w", force_zip64=True) as stream:
            size = 0
            for part in text():
                size += stream.write(part.encode())
                if size >= SIZE_BYTES:
                    break


def text() -> Iterator[str]:
    capture = open_capture(SCENARIOS / _SCENARIO)
    yield f"{'=' * 56}\n== dumpstate: 2026-11-24 10:00:00\n{'=' * 56}\n\n"
    yield f"------ SYSTEM PROPERTIES (getprop) ------\n{capture.text('getprop')}\n"
    for key in capture.answers:
        words = key.split()
        if words[0] == "dumpsys" and len(words) == 2:
            yield service(words[1], capture.text(key, empty=True))
    for i in range(40):
        yield service(f"filler{i}", "".join(line(i * 10_000 + n) for n in range(10_000)))
    yield "------ SYSTEM LOG (logcat -v threadtime -v printable -v uid -d *:v) ------\n"
    for i in range(SIZE_BYTES):
        yield line(i)


def service(name: str, dump: str) -> str:
    end = f"--------- 0.004s was the duration of dumpsys {name}, ending at: 2026-11-24 10:00:01\n"
    return f"{_RULE}\nDUMP OF SERVICE {name}:\n{dump}\n{end}"


def line(number: int) -> str:
    at = f"11-24 09:{number // 60_000 % 60:02}:{number // 1_000 % 60:02}.{number % 1_000:03}"
    return f"{at}  1000  {number % 9_000:5}  {number * 7 % 9_000:5} I ActivityManager: event {number} of this phone\n"
