"""Every finding on Linux, macOS and Windows: each with the command to type or the click to make that mends it there."""

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import usb1

from agent.delivery import Outbox
from agent.doctor import CHECKS, Finding, Workstation
from agent.indicators import Store, read_file
from agent.report.signature import AgentKey
from agent.transport.adb_server import AdbServer
from tests.doctor.computer import ADB, MTP, look, plug, somebody_else, workstation
from tests.doctor.test_delivering import answering, nobodys, put
from tests.doctor.test_servers import program
from tests.transport.strangers import free_port, listening, until_closed

__all__ = ["nobodys"]
SYSTEMS = ("Linux", "Darwin", "Windows")


class Case:
    """A computer on which one thing is wrong."""

    def __init__(self, folder: Path, system: str, monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext) -> None:
        self.folder, self.system, self.monkeypatch, self.tls = folder, system, monkeypatch, tls

    def here(self, **changes: Any) -> Workstation:
        return workstation(self.folder, system=self.system, **changes)

    def on_usb(self, *interfaces: str, usable: bool = True) -> None:
        """Plug a phone in, as Linux' /sys and as libusb have it."""
        node = plug(self.here().root, "1-2", "18d1", *interfaces, product="Pixel 8", serial="R58N000TEST")
        if not usable:
            node.chmod(0)

        class Setting:
            def __init__(self, kind: str) -> None:
                self.kind = [int(each, 16) for each in kind.split("/")]

            def getClass(self) -> int:  # noqa: N802 - usb1's names
                return self.kind[0]

            def getSubClass(self) -> int:  # noqa: N802
                return self.kind[1]

            def getProtocol(self) -> int:  # noqa: N802
                return self.kind[2]

        class Device:
            def getVendorID(self) -> int:  # noqa: N802
                return 0x18D1

            def iterSettings(self) -> Iterator[Setting]:  # noqa: N802
                return map(Setting, interfaces)

        class Context:
            def __enter__(self) -> "Context":
                return self

            def __exit__(self, *_: object) -> None:
                pass

            def getDeviceIterator(self, *, skip_on_error: bool) -> Iterator[Device]:  # noqa: ARG002, N802
                return iter([Device()])

        self.monkeypatch.setattr(usb1, "USBContext", Context)

    @contextmanager
    def server(self, *phones: str) -> Iterator[Workstation]:
        """An adb server that lists these phones, each `serial state`."""

        def serve(connection: socket.socket) -> None:
            connection.recv(4096)
            body = "".join(f"{each.replace(' ', chr(9), 1)}\n" for each in phones).encode()
            connection.sendall(b"OKAY%04x" % len(body) + body)
            until_closed(connection)

        with listening(serve, connections=3) as port:
            yield self.here(adb=AdbServer("127.0.0.1", port))


Trouble = Callable[[Case], Any]  # a context manager that gives the workstation, or the workstation itself


def _mistaken(case: Case) -> Workstation:
    here = case.here()
    here.data.root.mkdir()
    here.data.configuration.write_text("schema: posture-configuration/1\nlanguaje: es\n")
    return here


def _readable(case: Case) -> Workstation:
    AgentKey.open(case.here().data.agent_key).public_jwk  # noqa: B018 - made by that
    case.here().data.agent_key.chmod(0o644)
    return case.here()


@contextmanager
def _not_ours(case: Case) -> Iterator[Workstation]:
    case.here().data.root.mkdir()
    case.here().data.root.chmod(0o700)
    with somebody_else():
        yield case.here()


def _old_lists(case: Case) -> Workstation:
    (case.folder / "ioc.yaml").write_text("- name: Mirón\n  packages: [net.miron.app]\n")
    Store(case.here().data.indicators).add(read_file(case.folder / "ioc.yaml"))
    return case.here(now=datetime.now(UTC) + timedelta(days=70))


def _silent(case: Case) -> Workstation:
    case.on_usb(MTP)
    return case.here()


@contextmanager
def _forbidden(case: Case) -> Iterator[Workstation]:
    case.on_usb(ADB, usable=False)
    with somebody_else():
        yield case.here()


@contextmanager
def _stranger(case: Case) -> Iterator[Workstation]:
    case.monkeypatch.setenv("PATH", "")

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listening(serve, connections=3) as port:
        yield case.here(adb=AdbServer("127.0.0.1", port))


def _versions(case: Case) -> Workstation:
    one, other = program(case.folder / "one", "1.0.39"), program(case.folder / "other", "1.0.41")
    case.monkeypatch.setenv("PATH", f"{one.parent}:{other.parent}")
    return case.here()


def _second_server(case: Case) -> Workstation:
    case.monkeypatch.setenv("PATH", "")
    case.on_usb(ADB)

    class Process:
        pid, info = 4711, {"name": "adb", "cmdline": ["adb", "-L", "tcp:5099", "fork-server", "server"]}

    case.monkeypatch.setattr(psutil, "process_iter", lambda _: [Process()])
    return case.here()


@contextmanager
def _clock_off(case: Case) -> Iterator[Workstation]:
    with answering(ahead_s=4000) as url:
        yield case.here(collector=url)


@contextmanager
def _wrong_certificate(case: Case) -> Iterator[Workstation]:
    with answering(tls=case.tls) as url:
        yield case.here(collector=url)


def _growing(case: Case) -> Workstation:
    put(Outbox(case.here().data.outbox), 3)
    return case.here(now=datetime.now(UTC) + timedelta(hours=25))


def _refused(case: Case) -> Workstation:
    outbox = Outbox(case.here().data.outbox)
    put(outbox, 1)
    outbox.failed(outbox.waiting()[0], "the key was revoked", now=datetime.now(UTC), jitter=0, permanent=True)
    return case.here()


SAME = dict.fromkeys
# What is wrong: the check that finds it, the computer, and by system a piece of what mends it; None: no finding there.
FINDINGS: dict[str, tuple[str, Trouble, dict[str, str | None]]] = {
    "a mistake in the configuration": ("configuration", _mistaken, SAME(SYSTEMS, "`posture init --force`")),
    "a disk that is nearly full": ("disk", lambda case: case.here(low_bytes=10**18), {
        "Linux": "`du -xh ", "Darwin": "System Settings › General › Storage", "Windows": "Settings › System › Storage",
    }),
    "a folder of somebody else": ("disk", _not_ours, {
        "Linux": '`sudo chown -R "$USER"', "Darwin": '`sudo chown -R "$USER"', "Windows": "`icacls ",
    }),
    "a private key that others may read": ("keys", _readable, {
        "Linux": "`chmod 600 ", "Darwin": "`chmod 600 ", "Windows": None,
    }),
    "no list of known spyware": ("indicators", lambda c: c.here(), SAME(SYSTEMS, "`posture indicators import FILE`")),
    "old lists of known spyware": ("indicators", _old_lists, SAME(SYSTEMS, "`posture indicators import FILE`")),
    "a phone without debugging": ("cable", _silent, SAME(SYSTEMS, "Developer options › USB debugging")),
    "a cable that only charges": ("cable", lambda case: case.here(), {
        "Linux": "one that carries data", "Darwin": "Allow accessories to connect",
        "Windows": "Device Manager › Action › Scan for hardware changes",
    }),
    "a phone that this user may not use": ("usb-permission", _forbidden, {
        "Linux": "`posture doctor --fix`", "Darwin": None, "Windows": "in the Device Manager, update its driver",
    }),
    "a stranger at the adb server's address": ("adb-server", _stranger, {
        "Linux": "`sudo ss -ltnp", "Darwin": "`sudo lsof -nP", "Windows": "`netstat -ano | findstr ",
    }),
    "several versions of adb": ("adb-server", _versions, {
        "Linux": "`which -a adb`", "Darwin": "`which -a adb`", "Windows": "`where adb`",
    }),
    "another adb server": ("adb-server", _second_server, {
        "Linux": "`export ANDROID_ADB_SERVER_PORT=5099`", "Darwin": "`adb -P 5099 kill-server`",
        "Windows": "`set ANDROID_ADB_SERVER_PORT=5099`",
    }),
    "an unauthorised phone": ("phones", lambda c: c.server("A1 unauthorized"), SAME(
        SYSTEMS, "Developer options › Revoke USB debugging authorisations"
    )),
    "a phone that asks now": ("phones", lambda c: c.server("A1 authorizing"), SAME(
        SYSTEMS, "tick “Always allow from this computer” and accept"
    )),
    "an offline phone": ("phones", lambda c: c.server("A1 offline"), SAME(SYSTEMS, "`adb reconnect offline`")),
    "a phone that the server may not use": ("phones", lambda c: c.server("A1 no permissions"), SAME(
        SYSTEMS, "`posture doctor --fix`"
    )),
    "a phone in recovery": ("phones", lambda c: c.server("A1 recovery"), SAME(SYSTEMS, "start Android on it")),
    "several phones without --serial": ("phones", lambda c: c.server("A1 device", "B2 device"), SAME(
        SYSTEMS, "`posture scan --serial A1`"
    )),
    "no collector": ("collector", lambda case: case.here(), SAME(SYSTEMS, "`posture enroll CODE --collector URL`")),
    "a collector that cannot be reached": (
        "collector", lambda case: case.here(collector=f"http://127.0.0.1:{free_port()}"), {
            "Linux": "`curl -v ", "Darwin": "`curl -v ", "Windows": "`curl.exe -v ",
        },
    ),
    "a wrong certificate": ("collector", _wrong_certificate, {
        "Linux": "`export REQUESTS_CA_BUNDLE=FILE`", "Darwin": "`export REQUESTS_CA_BUNDLE=FILE`",
        "Windows": "`setx REQUESTS_CA_BUNDLE FILE`",
    }),
    "a clock that is off": ("clock", _clock_off, {
        "Linux": "`sudo timedatectl set-ntp true`", "Darwin": "`sudo sntp -sS time.apple.com`",
        "Windows": "`w32tm /resync`",
    }),
    "an outbox that grows": ("outbox", _growing, SAME(SYSTEMS, "`posture outbox --retry`")),
    "refused reports": ("outbox", _refused, SAME(SYSTEMS, "`posture outbox --retry`")),
}  # fmt: skip


def test_every_check_has_a_finding_here() -> None:
    elsewhere = {"wireless"}  # the same on every system: test_wireless.py
    assert {check for check, _, _ in FINDINGS.values()} | elsewhere == {check.id for check in CHECKS}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", FINDINGS)
def test_each_finding_says_what_mends_it_on_each_system(
    name: str, system: str, open_folder: Path, monkeypatch: pytest.MonkeyPatch, nobodys: ssl.SSLContext
) -> None:
    check, trouble, by_system = FINDINGS[name]
    made = trouble(Case(open_folder, system, monkeypatch, nobodys))
    with nullcontext(made) if isinstance(made, Workstation) else made as here:
        found = look(check, here)
    expected = by_system[system]
    if expected is None:
        assert found == []
        return
    fitting = [each for each in found if expected in str(each.remedy)]
    assert len(fitting) == 1, [(str(each.what), str(each.remedy)) for each in found]
    assert all(map(_can_be_done, found))


def _can_be_done(finding: Finding) -> bool:
    """A command between backticks, a way through menus, or something to do with one's hands; in both languages."""
    for language in ("en", "es"):
        said = finding.remedy(language)  # type: ignore[arg-type]
        assert said[:1].islower() or said.startswith("`") or " › " in said[:40], said
    return re.search(r"`[a-z]|›|cable|screen|Android|Device Manager", str(finding.remedy)) is not None
