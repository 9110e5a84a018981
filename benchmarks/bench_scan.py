"""A whole scan of one phone, against its slowest command, against one `adb shell` a command, against HARDAX."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from agent import probes
from agent.capture import Command
from agent.capture.live import capture_phone
from agent.simulator import SimulatedPhone
from agent.transport import find
from benchmarks.measuring import Ratio, side_by_side, timed
from benchmarks.phones import phone, slowest_command

HARDAX = "hardax==6.3.0"
PACKET_MS = 2.0  # what a packet takes on USB 2 with a busy phone


def measure() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with phone() as target:
            yield against_the_slowest(target, data)
            yield against_one_shell_a_command(target, data)
        yield from against_hardax(data)


def against_the_slowest(target: SimulatedPhone, data: Path) -> Ratio:
    slowest = slowest_command()
    commands = probes.commands()
    only = [command for command in commands if command.key == slowest]
    return side_by_side(
        f"scan ({len(commands)} commands, one stream)",
        lambda: scan(target, data, commands),
        f"`{slowest}` alone",
        lambda: scan(target, data, only),
        aim=1.3,
    )


def against_one_shell_a_command(target: SimulatedPhone, data: Path) -> Ratio:
    commands = probes.commands()
    return side_by_side(
        "scan",
        lambda: scan(target, data, commands),
        "one `shell:` a command, one connection",
        lambda: one_by_one(target, data, commands),
        rounds=2,
    )


def against_hardax(data: Path) -> Iterator[Ratio]:
    if shutil.which("adb") is None:
        print("  HARDAX: needs the adb client; left out")
        return
    home = data / "hardax"
    venv.create(home, with_pip=True)
    install = [home / "bin" / "pip", "install", "--quiet", HARDAX]
    if subprocess.run(install, check=False, capture_output=True).returncode:
        print("  HARDAX: cannot be installed here; left out")
        return
    with SimulatedPhone(phone().scenario, delay_ms=0, answers={}, packet_delay_ms=PACKET_MS) as target:
        environment = {**os.environ, "ANDROID_ADB_SERVER_PORT": str(free_port()), "HOME": folder_of(data)}
        adb = ["adb", "-P", environment["ANDROID_ADB_SERVER_PORT"]]
        subprocess.run([*adb, "connect", target.address], env=environment, check=True, capture_output=True)
        try:
            rival = [home / "bin" / "hardax", "--serial", target.address, "--out", data / "out", "--skip-certs"]
            theirs = timed(
                lambda: subprocess.run(rival, env=environment, check=False, stdout=subprocess.DEVNULL, timeout=600)
            )
            streams = sum(ran.kind == "line" for ran in target.log)
            posture = [Path(sys.executable).parent / "posture", "scan", "--adb-server", "--serial", target.address]
            ours = timed(
                lambda: subprocess.run(
                    [*posture, "--data", data / "agent"], env=environment, check=False, stdout=subprocess.DEVNULL
                )
            )
            own_streams = sum(ran.kind == "line" for ran in target.log) - streams
        finally:
            subprocess.run([*adb, "kill-server"], env=environment, check=True)
    what = f"posture scan, {own_streams} stream, {PACKET_MS:g} ms a packet"
    yield Ratio(what, ours, f"hardax, {streams} streams", theirs)


def scan(target: SimulatedPhone, data: Path, commands: Sequence[Command]) -> None:
    (found,) = find(data, tcp=[target.address])
    with closing(found.open()) as transport:
        capture = capture_phone(transport, commands)
    assert capture.broken is None, capture.broken


def one_by_one(target: SimulatedPhone, data: Path, commands: Sequence[Command]) -> None:
    (found,) = find(data, tcp=[target.address])
    with closing(found.open()) as transport:
        for command in commands:
            for _ in transport.stream(command.line, idle_timeout_s=30):
                pass


def folder_of(data: Path) -> str:
    home = data / "home"
    home.mkdir(exist_ok=True)
    return str(home)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
