"""What is plugged into this computer's USB: read from Linux' /sys, elsewhere asked of libusb.

/sys/bus/usb/devices holds a folder for each device (`1-2`, with idVendor, busnum, devnum, serial …) and for each of
its interfaces (`1-2:1.0`, with bInterfaceClass …): Documentation/ABI/stable/sysfs-bus-usb and testing/sysfs-bus-usb of
the kernel. Anybody may read them, also where the device itself may not be used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.capture import quoted
from agent.doctor.finding import NotLooked
from agent.messages import Message, PostureError
from agent.transport import libusb

Interface = tuple[int, int, int]
ADB: Interface = (0xFF, 0x42, 0x01)  # adb.h in AOSP: ADB_CLASS, ADB_SUBCLASS, ADB_PROTOCOL

_MAKERS = {
    0x04E8: "Samsung",
    0x0BB4: "HTC",
    0x0E8D: "MediaTek",
    0x0FCE: "Sony",
    0x1004: "LG",
    0x109B: "Hisense",
    0x12D1: "Huawei",
    0x17EF: "Lenovo",
    0x18D1: "Google",
    0x19D2: "ZTE",
    0x1BBB: "TCL",
    0x22B8: "Motorola",
    0x22D9: "OPPO",
    0x2717: "Xiaomi",
    0x2A70: "OnePlus",
    0x2AE5: "Fairphone",
    0x2D95: "vivo",
    0x2E04: "Nokia",
    0x339B: "Honor",
}
# A phone without debugging shows itself as a camera, a modem, a network card or in a way of its maker's own; these
# makers' disks, mice, printers and headsets do not.
_LIKE_A_PHONE = frozenset({0x02, 0x06, 0x0A, 0xE0, 0xEF, 0xFF})
_NO_PHONE = frozenset({0x01, 0x03, 0x07, 0x08, 0x09, 0x0B, 0x0E})


@dataclass(frozen=True, slots=True)
class Plugged:
    """A device on USB. `node` is the file by which Linux lets programs use it, None on other systems."""

    vendor: int
    product: str
    serial: str
    interfaces: frozenset[Interface]
    node: Path | None = None

    @property
    def speaks_adb(self) -> bool:
        """Whether it is a phone with USB debugging on."""
        return ADB in self.interfaces

    @property
    def silent_phone(self) -> bool:
        """Whether it looks like a phone of a known maker that offers no USB debugging."""
        classes = {number for number, _, _ in self.interfaces}
        looks_so = bool(classes & _LIKE_A_PHONE) and not classes & _NO_PHONE
        return self.vendor in _MAKERS and looks_so and not self.speaks_adb

    @property
    def name(self) -> str:
        """How a person calls it."""
        maker = _MAKERS.get(self.vendor, f"{self.vendor:04x}")
        return " ".join(part for part in (maker, self.product, self.serial) if part)


def plugged(root: Path, system: str) -> list[Plugged]:
    """Return all that is plugged in. Errors: NotLooked, PostureError where that cannot be read."""
    return list(_from_sys(root)) if system == "Linux" else list(_from_libusb())


def seen(root: Path, system: str) -> list[Plugged]:
    """Return what can be seen; nothing where the bus cannot be read, which the check of cables tells."""
    try:
        return plugged(root, system)
    except PostureError:
        return []


def _from_sys(root: Path) -> Iterator[Plugged]:
    folder = root / "sys/bus/usb/devices"
    if not folder.is_dir():
        raise NotLooked(
            Message("{path} is not here (a container?), so phones on USB cannot be seen", {"path": str(folder)})
        )
    for device in sorted(folder.iterdir()):
        try:
            vendor = int(_word(device / "idVendor"), 16)
            bus, number = int(_word(device / "busnum")), int(_word(device / "devnum"))
        except (OSError, ValueError):  # an interface, or unplugged while we look
            continue
        yield Plugged(
            vendor,
            _shown(device / "product"),
            _shown(device / "serial"),
            frozenset(_interfaces(folder, device.name)),
            root / f"dev/bus/usb/{bus:03}/{number:03}",
        )


def _interfaces(folder: Path, device: str) -> Iterator[Interface]:
    for interface in folder.glob(f"{device}:*"):
        try:
            kind, sub, protocol = (
                int(_word(interface / name), 16)
                for name in ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
            )
        except (OSError, ValueError):
            continue
        yield kind, sub, protocol


def _word(file: Path) -> str:
    with file.open("rb") as stream:
        return stream.read(1000).decode(errors="replace").strip()


def _shown(file: Path) -> str:
    """What the device calls itself: a stranger's words."""
    try:
        return quoted(_word(file), 60)
    except OSError:
        return ""


def _from_libusb() -> Iterator[Plugged]:
    import usb1  # noqa: PLC0415 - only where there is no /sys

    libusb.choose()
    try:
        with usb1.USBContext() as context:
            for device in context.getDeviceIterator(skip_on_error=True):
                interfaces = {
                    (setting.getClass(), setting.getSubClass(), setting.getProtocol())
                    for setting in device.iterSettings()
                }
                yield Plugged(device.getVendorID(), "", "", frozenset(interfaces))
    except usb1.USBError as error:
        raise PostureError(libusb.unreadable(error)) from error
    except OSError as error:  # no libusb
        raise PostureError(
            Message("USB needs libusb, which this computer has not; scan with --adb-server"), permanent=True
        ) from error
