"""The simulated phone: a TCP port, the connections to it, and everything it must leave behind clean."""

import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import TZPATH, ZoneInfo

from pydantic import ValidationError

from agent.messages import Message, PostureError
from agent.simulator import log, screens, standins, storage
from agent.simulator.authorisation import Authorisation, read_key
from agent.simulator.banner import banner
from agent.simulator.child import Surroundings
from agent.simulator.connection import Connection, Door
from agent.simulator.home import Home
from agent.simulator.log import Ran
from agent.simulator.moments import Clock
from agent.simulator.processes import end_processes
from agent.simulator.scenario import Scenario
from agent.simulator.wire import Wire

if TYPE_CHECKING:
    from agent.simulator.wireless import WirelessDebugging

MAX_CONNECTIONS = 32
_EVERYBODYS = Message(
    "a simulated phone runs commands on this computer: off loopback it must know who may, "
    "so say `authorise: never` and give the keys that it accepts"
)
_HERE_ALONE = Message(
    "a simulated phone runs commands on this computer: with wireless debugging, whoever reads the code could have it "
    "run them, so it offers that on loopback alone"
)


class SimulatedPhone:
    """A phone that runs `scenario` and speaks ADB on `host:port` from `with` to its end.

    It runs what it is asked in a real shell of this computer, with its user's rights. So it listens elsewhere
    than on loopback only for computers whose key is in `keys`, with `authorise="never"` for all others.
    With `wireless` its port is that of wireless debugging: TLS, for computers that were paired (see `wireless`).

    port: 0 takes a free one; `port` tells which. keys: public keys (as in `adbkey.pub`) that were accepted
    before. changes: fields of the scenario to replace, such as `drop_after_bytes=1000` or
    `answers={"dumpsys wifi": Reply(hang=True)}`, which are added to the scenario's own answers.
    """

    def __init__(
        self,
        scenario: Scenario,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        keys: tuple[bytes, ...] = (),
        wireless: bool = False,
        **changes: Any,
    ) -> None:
        if answers := changes.get("answers"):
            changes["answers"] = {**scenario.answers, **answers}
        self.scenario = _changed(scenario, changes)
        self.host, self.port = host, port
        if not _is_loopback(host) and (wireless or self.scenario.authorise != "never"):
            raise PostureError(_HERE_ALONE if wireless else _EVERYBODYS, permanent=True)
        self._keys = [key for text in keys if (key := read_key(text)) is not None]
        self.wireless = self._wireless() if wireless else None
        self._threads: list[threading.Thread] = []
        self._connections: list[Connection] = []
        self._lock = threading.Lock()
        self._root: Path | None = None
        self._log: list[Ran] = []

    @property
    def serial(self) -> str:
        """Its serial number, as on the sticker; adb calls a phone on TCP by its `address`."""
        return self.scenario.serial

    @property
    def address(self) -> str:
        """`HOST:PORT`, for `adb connect` and `posture scan --tcp`."""
        return f"{self.host}:{self.port}"

    @property
    def log(self) -> list[Ran]:
        """Every shell line it was asked to run and every stand-in that was called, in order; kept after `stop`."""
        return self._log if self._root is None else log.read(self._root / "log")

    def start(self) -> Self:
        """Lay out its files and listen. PostureError if the port is taken or the scenario cannot be served."""
        self._home = Home()
        self._root = self._home.path
        try:
            scenario = self.scenario
            now = datetime.now(UTC) + timedelta(seconds=scenario.clock_offset_s)
            clock = Clock(now, ZoneInfo(scenario.timezone))
            standins.build(self._root, scenario, clock)
            storage.build(self._root, scenario, clock)
            if scenario.screens is not None:
                screens.build(self._root, scenario.screens, clock, scenario.api)
            self._door = self._make_door(self._root)
            self._listener = self._listen()
        except BaseException:
            self._home.remove()
            self._root = None
            raise
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        if self.wireless is not None:
            self.wireless.start(self.port)
        return self

    def stop(self) -> None:
        """Hang up, end every process that was started on it, and remove its files."""
        if self._root is None:
            return
        if self.wireless is not None:
            self.wireless.stop()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            connections, threads = list(self._connections), list(self._threads)
        for connection in connections:
            connection.close()
        for thread in threads:
            thread.join()
        sessions = {session for connection in connections for session in connection.sessions}
        end_processes(str(self._root), sessions)
        for connection in connections:
            connection.join_streams()
        self._log = log.read(self._root / "log")
        self._home.remove()
        self._root = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.host, self.port))
            listener.listen(64)
        except OSError as error:
            listener.close()
            why = os.strerror(error.errno) if error.errno else str(error)
            raise PostureError(
                Message("cannot listen on {address}: {why}", {"address": self.address, "why": why})
            ) from error
        return listener

    def _make_door(self, root: Path) -> Door:
        return Door(
            banner=banner(self.scenario),
            authorisation=Authorisation.of(self.scenario.authorise),
            keys=self._keys,
            shell_v2=self.scenario.shell == "v2",
            greeting=self.scenario.greeting,
            around=Surroundings(standins.interpreter(self.scenario), _environment(root, self.scenario), root),
            note=lambda line: log.append_line(root / "log", line),
            wireless=self.wireless,
        )

    def _wireless(self) -> "WirelessDebugging":
        from agent.simulator.wireless import WirelessDebugging  # noqa: PLC0415 - mDNS and TLS load slowly

        return WirelessDebugging(self.serial, self.scenario.model, self.host, self._keys)

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._threads = [thread for thread in self._threads if thread.is_alive()]
                self._connections = [connection for connection in self._connections if not connection.is_over]
                if len(self._threads) >= MAX_CONNECTIONS:
                    accepted.close()
                    continue
                thread = threading.Thread(target=self._serve, args=[accepted], daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, accepted: socket.socket) -> None:
        with accepted:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire = Wire(
                accepted,
                modern=self.scenario.android >= 9,
                packet_delay_s=self.scenario.packet_delay_ms / 1000,
                drop_after_bytes=self.scenario.drop_after_bytes,
            )
            connection = Connection(wire, self._door)
            with self._lock:
                self._connections.append(connection)
            connection.run()


def _changed(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    try:
        return Scenario.model_validate({**dict(scenario), **changes})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise PostureError(Message("{name}: {what}", {"name": name, "what": first["msg"]}), permanent=True) from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _environment(root: Path, scenario: Scenario) -> Mapping[str, str]:
    return {
        "ANDROID_DATA": str(root / "data"),
        "ANDROID_ROOT": "/system",
        "ANDROID_STORAGE": str(root / "storage"),
        "EXTERNAL_STORAGE": str(root / "sdcard"),
        "HOME": str(root),
        "HOSTNAME": scenario.device,
        "LOGNAME": "shell",
        "PATH": f"{root / 'bin'}:{root / 'tools'}",
        "POSTURE_PHONE": str(root),
        "SHELL": str(root / "tools" / "sh"),
        "TMPDIR": str(root / "data" / "local" / "tmp"),
        "TZ": _libc_zone(scenario.timezone),
        "USER": "shell",
    }


def _libc_zone(name: str) -> str:
    """A value of TZ that works on a computer without a time zone database of its own, too."""
    if any((Path(folder) / name).is_file() for folder in TZPATH):
        return name
    return f":{files('tzdata') / 'zoneinfo' / name}"
