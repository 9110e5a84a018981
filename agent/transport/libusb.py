"""libusb itself: the one that came with the agent, by the wheel `libusb-package`, else the system's.

python-libusb1 brings it for Windows alone. adb-shell opens it when it is imported, so it is chosen before.
"""

import ctypes
from contextlib import suppress

import usb1

from agent.messages import Message


def choose() -> None:
    """Have python-libusb1 use it; where there is none at all, whoever opens it says so. Only the first call counts."""
    with suppress(OSError):
        usb1.loadLibrary(_bundled())


def unreadable(error: usb1.USBError) -> Message:
    """What to do where the computer's USB tells of no device."""
    return Message("this computer's USB cannot be read ({why}); scan with --adb-server", {"why": str(error)})


def _bundled() -> ctypes.CDLL | None:
    """The wheel's; None where the wheel has none for this system, or it does not fit."""
    try:
        import libusb_package  # noqa: PLC0415 - there is none for some systems

        path = libusb_package.get_library_path()
        return None if path is None else ctypes.CDLL(str(path), use_errno=True)
    except (ImportError, OSError):
        return None
