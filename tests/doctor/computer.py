"""A workstation whose USB is a folder, and checks asked by name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.data_dir import DataDir
from agent.doctor import CHECKS, Finding, Workstation
from agent.transport.adb_server import AdbServer
from tests.transport.strangers import free_port

ADB = "ff/42/01"
MTP = "06/01/01"


def workstation(folder: Path, **changes: Any) -> Workstation:
    """One on which nothing runs and nothing is plugged in; `changes` as `Workstation` has them."""
    root = folder / "root"
    (root / "sys/bus/usb/devices").mkdir(parents=True, exist_ok=True)
    plain = Workstation(DataDir(folder / "data"), root=root, system="Linux", adb=AdbServer("127.0.0.1", free_port()))
    return replace(plain, **changes)


def plug(root: Path, name: str, vendor: str, *interfaces: str, product: str = "", serial: str = "") -> Path:
    """Plug a device in as the kernel shows it; gives the file by which it is used."""
    devices = root / "sys/bus/usb/devices"
    device = devices / name
    device.mkdir()
    number = len(list(devices.iterdir()))
    written = {"idVendor": vendor, "busnum": "1", "devnum": str(number), "product": product, "serial": serial}
    for file, text in written.items():
        if text:
            (device / file).write_text(f"{text}\n")
    for i, each in enumerate(interfaces):
        interface = devices / f"{name}:1.{i}"
        interface.mkdir()
        for file, text in zip(
            ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol"), each.split("/"), strict=True
        ):
            (interface / file).write_text(f"{text}\n")
    node = root / f"dev/bus/usb/001/{number:03}"
    node.parent.mkdir(parents=True, exist_ok=True)
    node.write_text("")
    return node


def look(check: str, at: Workstation) -> list[Finding]:
    return next(each for each in CHECKS if each.id == check).findings(at)


def said(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(each.severity, str(each.what)) for each in findings]


@contextmanager
def somebody_else() -> Iterator[None]:
    """Root may use everything: look as a user without rights."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)
