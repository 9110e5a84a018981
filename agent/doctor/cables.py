"""Phones on USB: whether they offer debugging, and whether this computer's user may use them."""

import os
from collections.abc import Iterator
from pathlib import Path

from agent.doctor import bus
from agent.doctor.finding import Finding, Workstation, by_system
from agent.doctor.mending import UdevRule
from agent.messages import Message


def cable(workstation: Workstation) -> Iterator[Finding]:
    """Yield phones that are plugged in and offer no debugging; and say it when there is no phone at all."""
    devices = bus.plugged(workstation.root, workstation.system)
    for device in devices:
        if device.silent_phone:
            yield Finding(
                "problem",
                Message("{phone} is plugged in, but offers no USB debugging", {"phone": device.name}),
                Message(
                    "on the phone: Settings › System › Developer options › USB debugging; if it is on already, unlock "
                    "the phone and choose file transfer instead of charging, or take a cable that carries data"
                ),
            )
    if not any(device.speaks_adb or device.silent_phone for device in devices) and not _served(workstation):
        yield Finding(
            "note",
            Message("no phone is seen on USB"),
            _nothing_seen(workstation.system),
        )


def _nothing_seen(system: str) -> Message:
    cable = Message("if one is plugged in, its cable may only charge: take one that carries data, and another port")
    return by_system(
        system,
        unix=cable,
        darwin=Message(
            "{cable}; a Mac also asks: System Settings › Privacy & Security › Allow accessories to connect",
            {"cable": cable},
        ),
        windows=Message("{cable}; or Device Manager › Action › Scan for hardware changes", {"cable": cable}),
    )


def access(workstation: Workstation) -> Iterator[Finding]:
    """Yield phones on USB that this computer's user may not use, and that no adb server reaches for them."""
    ready = {serial for serial, state in _served(workstation).items() if state == "device"}
    for device in bus.plugged(workstation.root, workstation.system):
        served = device.serial in ready if device.serial else bool(ready)
        if served or not device.speaks_adb:
            continue
        if workstation.system == "Windows":
            yield Finding(
                "warning",
                Message("{phone} may lack its driver: no adb server sees it", {"phone": device.name}),
                Message("in the Device Manager, update its driver to Google's USB driver (ADB Interface)"),
            )
        elif device.node is not None and not device.node.exists():
            yield Finding(
                "problem",
                Message(
                    "{phone} is plugged in, but {node} does not exist here",
                    {"phone": device.name, "node": str(device.node)},
                ),
                Message("if this is a container, start it with `--device /dev/bus/usb`; else plug the phone in again"),
            )
        elif device.node is not None and not _usable(device.node):
            yield Finding(
                "problem",
                Message("this computer's user may not use {phone} over USB", {"phone": device.name}),
                Message("allow it with a udev rule: `posture doctor --fix` shows it and asks before it writes it"),
                UdevRule(workstation.root),
            )


def _served(workstation: Workstation) -> dict[str, str]:
    return workstation.adb.states() if workstation.adb.is_running() else {}


def _usable(node: Path) -> bool:
    return os.access(node, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids)
