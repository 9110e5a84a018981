"""The simulated phone: a TCP port, the connections to it, and everything it must leave behind clean."""

import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Mapping, Set
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import TZPATH, ZoneInfo

import psutil

from agent.messages import Message, PostureError
from agent.simulator import log, standins, storage
from agent.simulator.authorisation import Authorisation, read_key
from agent.simulator.child import Surroundings
from agent.simulator.connection import Connection, Door
from agent.simulator.log import Ran
from agent.simulator.moments import Clock
from agent.simulator.scenario import Scenario
from agent.simulator.wire import Wire

MAX_CONNECTIONS = 32
_FEATURES = (
    (8, "shell_v2,cmd,stat_v2"),
    (10, "fixed_push_mkdir,apex,abb,fixed_push_symlink_timestamp,abb_exec"),
    (11, "ls_v2,remount_shell,sendrecv_v2,sendrecv_v2_brotli"),
    (12, "track_app,sendrecv_v2_lz4,sendrecv_v2_zstd,sendrecv_v2_dry_run_send,openscreen_mdns"),
    (14, "devicetracker_proto_format"),
    (15, "devraw,app_info"),
    (16, "server_status"),
)


class SimulatedPhone:
    """A phone that runs `scenario` and speaks ADB on `host:port` from `with` to its end.

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
        **changes: Any,
    ) -> None:
        if answers := changes.get("answers"):
            changes["answers"] = {**scenario.answers, **answers}
        self.scenario = Scenario.model_validate({**dict(scenario), **changes})
        self.host, self.port = host, port
        self._keys = [key for text in keys if (key := read_key(text)) is not None]
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
        self._root = Path(tempfile.mkdtemp(prefix="simulated-phone-")).resolve()
        try:
            scenario = self.scenario
            now = datetime.now(UTC) + timedelta(seconds=scenario.clock_offset_s)
            clock = Clock(now, ZoneInfo(scenario.timezone))
            standins.build(self._root, scenario, clock)
            storage.build(self._root, scenario, clock)
            self._door = self._make_door(self._root)
            self._listener = self._listen()
        except BaseException:
            shutil.rmtree(self._root)
            self._root = None
            raise
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """Hang up, end every process that was started on it, and remove its files."""
        if self._root is None:
            return
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
        _end_processes(str(self._root), sessions)
        for connection in connections:
            connection.join_streams()
        self._log = log.read(self._root / "log")
        shutil.rmtree(self._root)
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
        )

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


def banner(scenario: Scenario) -> str:
    """What adbd calls itself: properties of the product, and the features of its Android version.

    Source: packages/modules/adb, transport.cpp and adb.cpp. Left out: `delayed_ack` (14 and later), which
    binds only a host that asks for it too, and would then change what OKAY means.
    """
    features = ",".join(names for android, names in _FEATURES if scenario.android >= android)
    if scenario.shell == "v1":
        features = features.removeprefix("shell_v2,")
    product = {"name": scenario.product, "model": scenario.model, "device": scenario.device}
    told = "".join(f"ro.product.{key}={_plain(value)};" for key, value in product.items())
    return f"device::{told}features={features}"


def _plain(value: str) -> str:
    return value.replace(";", "_").replace("=", "_")


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


def _end_processes(mark: str, sessions: Set[int]) -> None:
    """Kill whatever was started on the phone: its environment or its session says so.

    A process in the middle of exec shows no environment, so only the second look without a find is believed.
    """
    looks_without = 0
    while looks_without < 2:
        found = [process for process in psutil.process_iter() if _is_marked(process, mark, sessions)]
        looks_without = 0 if found else looks_without + 1
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(found, timeout=5)


def _is_marked(process: psutil.Process, mark: str, sessions: Set[int]) -> bool:
    try:
        return os.getsid(process.pid) in sessions or process.environ().get("POSTURE_PHONE") == mark
    except (psutil.Error, OSError):
        return False  # another user's, or gone meanwhile
