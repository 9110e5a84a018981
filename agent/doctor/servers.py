"""The adb servers and clients on this computer, which end each other when they are of different versions.

None is needed: without them phones on USB are spoken to directly.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil

from agent.doctor import bus
from agent.doctor.finding import Finding, Workstation, by_system
from agent.messages import Message
from agent.transport import TransportError


def server(workstation: Workstation) -> Iterator[Finding]:
    """Yield what is wrong with adb servers: a stranger at its address, other versions of adb, a second server."""
    ours: int | None = None
    if workstation.adb.is_running():
        try:
            ours = workstation.adb.version()
        except TransportError as error:
            yield Finding(
                "problem",
                error.message,
                _who_listens(workstation),
            )
    clients = _clients()
    for path, version in clients.items():
        if ours is not None and version not in (None, ours):
            yield Finding(
                "warning",
                Message(
                    "the adb server is version {server}, {path} is version {client}: its next call ends the server, "
                    "and a scan with it",
                    {"server": ours, "path": str(path), "client": version or 0},
                ),
                _keep_one(workstation.system),
            )
    if ours is None and len({version for version in clients.values() if version is not None}) > 1:
        yield Finding(
            "warning",
            Message(
                "several versions of adb are in the PATH: {paths}; each ends the server of the other",
                {"paths": ", ".join(map(str, clients))},
            ),
            _keep_one(workstation.system),
        )
    yield from _second_server(workstation)


def _second_server(workstation: Workstation) -> Iterator[Finding]:
    """Yield servers elsewhere, which hold any phone on USB; without one there, they are nobody's trouble."""
    phones = [device for device in bus.seen(workstation.root, workstation.system) if device.speaks_adb]
    for number, where in _servers().items() if phones else ():
        if where != workstation.adb.address[1]:
            yield Finding(
                "warning",
                Message(
                    "another adb server (process {pid}) listens on port {port} and may hold {phone}",
                    {"pid": number, "port": where, "phone": phones[0].name},
                ),
                _end_or_use(workstation.system, where),
            )


def _who_listens(workstation: Workstation) -> Message:
    port, system = workstation.adb.address[1], workstation.system
    names = by_system(
        system,
        unix=f"sudo ss -ltnp 'sport = :{port}'",
        darwin=f"sudo lsof -nP -iTCP:{port} -sTCP:LISTEN",
        windows=f"netstat -ano | findstr :{port}",
    )
    return Message(
        "end the program that `{command}` names, or use another port: `{other}`",
        {"command": names, "other": f"{_set(system)} ANDROID_ADB_SERVER_PORT=5038"},
    )


def _keep_one(system: str) -> Message:
    return Message(
        "`adb kill-server`, then keep one adb: `{command}` names them; remove the older, or put the newer first in the "
        "PATH",
        {"command": by_system(system, unix="which -a adb", windows="where adb")},
    )


def _end_or_use(system: str, port: int) -> Message:
    return Message(
        "end it: `adb -P {port} kill-server`; or use it: `{command}`",
        {"port": port, "command": f"{_set(system)} ANDROID_ADB_SERVER_PORT={port}"},
    )


def _set(system: str) -> str:
    return by_system(system, unix="export", windows="set")


def _servers() -> dict[int, int]:
    """The adb servers on this computer: process and port. One begins as `adb -L tcp:5037 fork-server server`."""
    found: dict[int, int] = {}
    for process in psutil.process_iter(["name", "cmdline"]):
        words = process.info["cmdline"] or []
        if str(process.info["name"]).startswith("adb") and "fork-server" in words:
            ports = [re.fullmatch(r"tcp:(?:[^:]+:)?(\d{1,5})", word) for word in words]
            found[process.pid] = next((int(match[1]) for match in ports if match), 5037)
    return found


def _clients() -> dict[Path, int | None]:
    """Each `adb` in the PATH, and its version: 41 for 1.0.41, None where it does not say."""
    found: dict[Path, int | None] = {}
    for folder in os.get_exec_path():
        program = shutil.which("adb", path=folder)
        if program and Path(program).resolve() not in found:
            found[Path(program).resolve()] = _version(program)
    return found


def _version(program: str) -> int | None:
    try:
        said = subprocess.run(  # noqa: S603 - the adb that this person's own commands use
            [program, "version"], capture_output=True, text=True, errors="replace", timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"version 1\.0\.(\d{1,4})\b", said)
    return int(match[1]) if match else None
