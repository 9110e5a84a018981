"""The agent's own state on this computer: configuration, disk, keys, indicators."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta

import psutil

from agent import configuration as settings
from agent.doctor.finding import Finding, Workstation, by_system
from agent.doctor.mending import OwnerOnly
from agent.indicators import Store
from agent.messages import Message
from agent.policy import PolicyError, load
from agent.policy.trust import Trust
from agent.transport.keys import WorkstationKey

_OLD = timedelta(days=60)  # indicator files of stalkerware change every few weeks


def configuration(workstation: Workstation) -> Iterator[Finding]:
    """Yield the first mistake in the configuration or in the organisation's own values."""
    try:
        load(overlays=settings.load(workstation.data).overlays, trust=Trust(workstation.data.policy_trust))
    except PolicyError as error:
        yield Finding(
            "problem",
            error.message,
            Message("correct that line; `posture init --force` writes a new file and keeps the old one beside it"),
        )


def disk(workstation: Workstation) -> Iterator[Finding]:
    """Yield that the disk of the agent's state is nearly full, or that the folder cannot be written."""
    folder = workstation.data.root.absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(there, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        yield Finding(
            "problem",
            Message("{path} cannot be written", {"path": str(there)}),
            _own(workstation.system, str(there)),
        )
    free = psutil.disk_usage(str(there)).free
    if free < 5 * workstation.low_bytes:
        yield Finding(
            "problem" if free < workstation.low_bytes else "warning",
            Message("{path} has {free} MB left", {"path": str(there), "free": free // 1_000_000}),
            _make_room(workstation.system, str(there)),
        )


def _own(system: str, path: str) -> Message:
    command = by_system(
        system, unix=f'sudo chown -R "$USER" "{path}"', windows=f'icacls "{path}" /grant "%USERNAME%:(OI)(CI)F"'
    )
    return Message("`{command}`, or choose another folder: --data DIR, or POSTURE_DATA", {"command": command})


def _make_room(system: str, path: str) -> Message:
    shows = by_system(
        system,
        unix=Message("`{command}`", {"command": f'du -xh "{path}" | sort -h | tail'}),
        darwin=Message("System Settings › General › Storage"),
        windows=Message("Settings › System › Storage"),
    )
    return Message(
        "{place} shows what is large; or move the agent's folder: --data DIR, or POSTURE_DATA", {"place": shows}
    )


def keys(workstation: Workstation) -> Iterator[Finding]:
    """Yield private keys that others on this computer may read."""
    if workstation.system == "Windows":  # a user's folder is closed to other users there
        return
    adb = WorkstationKey(workstation.data.root)
    for path in (workstation.data.agent_key, adb.folder, adb.file):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            continue
        if mode & 0o077:
            yield Finding(
                "problem",
                Message("others on this computer may read or change {path}, a private key", {"path": str(path)}),
                Message("`chmod {mode} {path}`", {"mode": "700" if path == adb.folder else "600", "path": str(path)}),
                OwnerOnly(path),
            )


def indicators(workstation: Workstation) -> Iterator[Finding]:
    """Yield that no file names known spyware, or that those there are old."""
    files = Store(workstation.data.indicators).load()
    newest = max((datetime.fromisoformat(file.imported_at) for file in files), default=None)
    if newest is None:
        yield Finding(
            "note",
            Message("no file that names known spyware was imported, so no phone can be cleared of it"),
            Message("`posture indicators import FILE`, with a list such as Echap's or Amnesty's"),
        )
    elif workstation.now - newest > _OLD:
        yield Finding(
            "warning",
            Message(
                "the files that name known spyware were last imported {days} days ago",
                {"days": (workstation.now - newest).days},
            ),
            Message("fetch their newest edition and import it: `posture indicators import FILE`"),
        )
