"""A virtual USB phone: simulated phones behind the boundary where adb-shell meets libusb.

What is real: the program, adb-shell's USB wire, its way through configurations, interfaces and endpoints, and the ADB
protocol packet by packet. What is not: libusb's own C code, the kernel and the cable. Its transfers keep to what a
phone's do: a message's head and its content are a transfer each, and whoever reads less than a transfer holds gets
libusb's overflow (protocol.txt, "ADB over USB"; usb.cpp of adbd, API 26 to 36).
"""

import select
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Condition
from typing import Any

import usb1
from adb_shell.transport.usb_transport import UsbTransport

_IN, _OUT = 0x81, 0x01


class Bus:
    """Stands for `usb1.USBContext`: the phones that are plugged in, and word of each that comes or goes."""

    def __init__(self, is_plugged: Callable[["Cable"], bool] = lambda _: True) -> None:
        self.cables: list[Cable] = []
        self._is_plugged = is_plugged
        self._changed = Condition()
        self._events = 0
        self._callbacks: list[Callable[..., bool]] = []

    def getDeviceIterator(self, *, skip_on_error: bool) -> Iterator["Cable"]:  # noqa: ARG002, N802
        return iter([each for each in self.cables if self._is_plugged(each)])

    def hotplugRegisterCallback(self, callback: Callable[..., bool]) -> int:  # noqa: N802
        self._callbacks.append(callback)
        return len(self._callbacks)

    def hotplugDeregisterCallback(self, handle: int) -> None:  # noqa: N802
        del self._callbacks[handle - 1]

    def handleEventsTimeout(self, timeout_s: float) -> None:  # noqa: N802
        with self._changed:
            if self._changed.wait_for(lambda: self._events, timeout_s):
                self._events = 0
                for each in self._callbacks:
                    assert each(self, None, None) is False

    def plug(self, cable: "Cable") -> "Cable":
        """Put a phone on a cable, or pull it out and put it in again."""
        with self._changed:
            if cable not in self.cables:
                self.cables.append(cable)
            cable.handles.clear()
            self._tell()
        return cable

    def unplug(self, cable: "Cable") -> None:
        """Pull a phone out, also in the middle of a scan."""
        with self._changed:
            self.cables.remove(cable)
            for handle in cable.handles:
                handle.pull()
            self._tell()

    def _tell(self) -> None:
        self._events += 1
        self._changed.notify_all()


class Cable:
    """Stands for `usb1.USBDevice`: a phone with a file transfer interface and one for ADB."""

    def __init__(self, serial: str, port: int, number: int = 1) -> None:
        self.serial, self.port, self.number = serial, port, number
        self.refuses_to_open: Exception | None = None
        self.refuses_the_interface: Exception | None = None
        self.opened = 0
        self.handles: list[_Handle] = []

    def iterSettings(self) -> Iterator["_Setting"]:  # noqa: N802
        return iter([_Setting(0, (0x06, 0x01, 0x01)), _Setting(1, (0xFF, 0x42, 0x01))])

    def getBusNumber(self) -> int:  # noqa: N802
        return 1

    def getPortNumberList(self) -> list[int]:  # noqa: N802
        return [2, self.number]

    def getSerialNumber(self) -> str:  # noqa: N802
        if self.refuses_to_open is not None:
            raise self.refuses_to_open
        return self.serial

    def open(self) -> "_Handle":
        if self.refuses_to_open is not None:
            raise self.refuses_to_open
        self.opened += 1
        self.handles.append(_Handle(self))
        return self.handles[-1]


class _Setting:
    def __init__(self, number: int, kind: tuple[int, int, int]) -> None:
        self._number, self._kind = number, kind

    def getNumber(self) -> int:  # noqa: N802
        return self._number

    def getClass(self) -> int:  # noqa: N802
        return self._kind[0]

    def getSubClass(self) -> int:  # noqa: N802
        return self._kind[1]

    def getProtocol(self) -> int:  # noqa: N802
        return self._kind[2]

    def iterEndpoints(self) -> Iterator["_Endpoint"]:  # noqa: N802
        return iter([_Endpoint(_OUT), _Endpoint(_IN)])


class _Endpoint:
    def __init__(self, address: int) -> None:
        self._address = address

    def getAddress(self) -> int:  # noqa: N802
        return self._address


class _Handle:
    """Stands for `usb1.USBDeviceHandle`: the phone's adbd is at the other end once the interface is claimed."""

    def __init__(self, cable: Cable) -> None:
        self._cable = cable
        self._adbd: socket.socket | None = None
        self._transfers: list[bytes] = []
        self._pulled = False

    def kernelDriverActive(self, interface: int) -> bool:  # noqa: N802
        assert interface == 1
        return False

    def claimInterface(self, interface: int) -> None:  # noqa: N802
        assert interface == 1
        if self._cable.refuses_the_interface is not None:
            raise self._cable.refuses_the_interface
        try:
            self._adbd = socket.create_connection(("127.0.0.1", self._cable.port), timeout=10)
        except OSError as error:
            raise usb1.USBErrorNoDevice from error

    def releaseInterface(self, interface: int) -> None:  # noqa: N802
        assert interface == 1
        if self._pulled:
            self.close()  # adb-shell does not, after this
            raise usb1.USBErrorNoDevice

    def close(self) -> None:
        if self._adbd is not None:
            self._adbd.close()

    def pull(self) -> None:
        """The cable is out: whoever reads or writes is told at once."""
        self._pulled = True
        if self._adbd is not None:
            with suppress(OSError):
                self._adbd.shutdown(socket.SHUT_RDWR)

    def bulkWrite(self, endpoint: int, data: bytes, timeout: int) -> int:  # noqa: ARG002, N802
        assert endpoint == _OUT
        try:
            self._there.sendall(data)
        except OSError as error:
            raise usb1.USBErrorNoDevice from error
        return len(data)

    def bulkRead(self, endpoint: int, length: int, timeout: int) -> bytes:  # noqa: N802
        assert endpoint == _IN
        if not self._transfers:
            ready, _, _ = select.select([self._there], [], [], timeout / 1000 if timeout else None)
            if not ready:
                raise usb1.USBErrorTimeout
            head = self._exactly(24)
            size = struct.unpack("<6I", head)[3]
            self._transfers += [head, *([self._exactly(size)] if size else [])]
        if len(self._transfers[0]) > length:
            raise usb1.USBErrorOverflow
        return self._transfers.pop(0)

    @property
    def _there(self) -> socket.socket:
        if self._pulled or self._adbd is None:
            raise usb1.USBErrorNoDevice
        return self._adbd

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                more = self._there.recv(size - len(data))
            except OSError as error:
                raise usb1.USBErrorNoDevice from error
            if not more:
                raise usb1.USBErrorNoDevice
            data += more
        return data


def main(folder: Path) -> None:
    """Run `posture` where every file of a folder is a phone on a cable: its name the port of adbd, its text the serial
    number. A file that is renamed to begin with a dot is a phone that was unplugged.
    """
    bus = Bus(lambda cable: (folder / str(cable.port)).exists())
    files = sorted(folder.iterdir())
    bus.cables += [Cable(file.read_text(), int(file.name.strip(".")), n) for n, file in enumerate(files, 1)]
    shared: Any = UsbTransport
    shared.USB1_CTX = bus
    from agent.cli import main as posture  # noqa: PLC0415 - it reads sys.argv when it is imported

    posture()


if __name__ == "__main__":
    _, where, *sys.argv[1:] = sys.argv
    main(Path(where))
