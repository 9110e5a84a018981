"""What the fuzz targets begin with: the project's own captures, and the words that each reader looks for.

A probe's input is a byte that says what befell an answer, a byte for its number, then the answers themselves, in the
order of the probe's commands and of what else it may read; `CUT` stands between them, an absent one is `ABSENT`.
"""

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType

from agent.capture import Answer, Capture, Outcome, archive
from agent.probes import PROBES
from agent.probes.companion_devices import distil
from agent.probes.linked_devices import ROOT
from agent.probes.whatsapp_screen import COMMAND as SCREEN
from agent.screen import App, Backup, Linked, Record, Row
from tests.probes.companions import END, database, printed, row

CUT = b"\0|\0"  # between the answers of one input
ABSENT = b"\1"
CAPTURES = Path(__file__).parents[1] / "captures"
AT = datetime(2026, 11, 24, 13, 31, tzinfo=UTC)  # when the whole captures were taken
PROBES_BY_TARGET: dict[str, ModuleType] = {f"probe-{each.__name__.rpartition('.')[2]}": each for each in PROBES}

# Which commands the captures of a folder answer, where it is not named after its probe.
_ANSWERED = {
    "accessibility": ("dumpsys accessibility",),
    "account": ("dumpsys account",),
    "adb": ("dumpsys adb",),
    "alarm": ("dumpsys alarm",),
    "app_list": ("pm list packages -i -3", "pm list packages -s", "pm get-app-links", "dumpsys package"),
    "connectivity": ("dumpsys connectivity",),
    "device_policy": ("dumpsys device_policy",),
    "getprop": ("getprop",),
    "lock_settings": ("dumpsys lock_settings",),
    "netstats": ("dumpsys netstats", "dumpsys netstats --full"),
    "notification": ("dumpsys notification",),
    "screen": (),  # the target "screen" begins with them
    "saved_networks": ("cmd wifi list-networks", "dumpsys wifi"),
    "settings": ("settings list secure", "dumpsys settings"),
    "trust": ("dumpsys trust",),
    "usagestats": ("dumpsys usagestats file 0 daily", "dumpsys usagestats"),
    "users": ("pm list users", "dumpsys user"),
    "whatsapp_package": ("dumpsys package com.whatsapp", "pm get-app-links com.whatsapp"),
    "wifi": ("cmd wifi status", "cmd wifi list-networks", "dumpsys wifi"),
}
# What a probe reads of bugreports and other programs' folders, and never asks a phone for.
SAVED_ONLY = (
    "dumpsys package",
    "dumpsys settings",
    "dumpsys usagestats",
    "dumpsys user",
    "dumpsys window",
    "pm list packages -f",
    "androidqf packages.json",
    "androidqf root_binaries.json",
)
_QF_PACKAGES = b'[{"name": "a.b", "installer": "x", "uid": 10123, "system": false, "certificate": {"SHA256": "00"}}]'
_QF_BINARIES = b'["/system/xbin/su"]'


def answered_by(folder: str) -> tuple[str, ...]:
    """The commands that the captures of a folder may answer. KeyError for one that is named after no probe."""
    if folder in _ANSWERED:
        return _ANSWERED[folder]
    return tuple(command.key for command in PROBES_BY_TARGET[f"probe-{folder}"].COMMANDS)


def keys_of(probe: ModuleType) -> list[str]:
    """The answers of a probe's input, in their order."""
    return list(dict.fromkeys([*(command.key for command in probe.COMMANDS), *SAVED_ONLY]))


@cache
def whole_phones() -> tuple[dict[str, bytes], ...]:
    """Every answer of each phone that comes with the project, as the agent saw it."""
    return tuple(_whole(path.read_bytes()) for path in sorted(CAPTURES.glob("whole/*.txt")))


def _whole(text: bytes) -> dict[str, bytes]:
    answers = (part.partition(b"\n") for part in (b"\n" + text.removesuffix(b"\n")).split(b"\n### ")[1:])
    return {key.decode(): answer + b"\n" if answer else b"" for key, _, answer in answers}


def _single() -> Iterator[tuple[str, bytes]]:
    """Every capture of one command, under each command that may print it."""
    for path in sorted(CAPTURES.glob("*/*.txt")):
        if path.parent.name != "whole":
            for key in answered_by(path.parent.name):
                yield key, path.read_bytes()
    yield "settings list secure", b"always_on_vpn_app=net.ejemplo.tunel\n40\n"
    yield ROOT.key, distil(_linked())
    yield SCREEN.key, _RECORD
    yield "androidqf packages.json", _QF_PACKAGES
    yield "androidqf root_binaries.json", _QF_BINARIES


def _of_probe(probe: ModuleType) -> Iterator[bytes]:
    keys = keys_of(probe)
    usual = whole_phones()[3]
    for phone in whole_phones():
        yield _input(keys, phone)
    for key, data in _single():
        if key in keys:
            yield _input(keys, {**usual, key: data})
        if key in SAVED_ONLY:
            yield _input(keys, {key: data})


def _input(keys: list[str], answers: dict[str, bytes]) -> bytes:
    parts = [answers.get(key, ABSENT) for key in keys]
    while parts and parts[-1] == ABSENT:
        parts.pop()
    return b"\0\0" + CUT.join(parts)


_RECORD = (
    Record(
        user=0,
        apps=(
            App(
                package="com.whatsapp",
                at=1795527000,
                linked=Linked(rows=(Row(name="Windows", status="Last active 3/5/2026, 10:24"),)),
                backup=Backup(encryption="End-to-end encrypted backup,On"),
            ),
        ),
    )
    .model_dump_json()
    .encode()
)
_BEFORE = b"user 0\nmWakefulness=Awake\nshowing=false\nfront com.android.launcher3/.Launcher\napp com.whatsapp\n"
# One answer a line that runs: to the list of linked devices by the menu, and to the backup by the settings.
_TO_LIST = ("", "chats", "chats", "", "menu", "", "linked", "")
_TO_BACKUP = (*("chats",) * 4, "", "menu", "", "settings", "", "backup")


def _screens() -> bytes:
    looks = {"": b""}
    for path in (CAPTURES / "screen").glob("*.txt"):
        tree = path.read_bytes().partition(b">")[2].replace(b'<hierarchy rotation="0">', b"<hierarchy>")
        looks[path.stem.rpartition("-")[2]] = b"at 1795527000\n" + tree.partition(b"UI hier")[0]
    return CUT.join([_BEFORE, *(looks[name] for name in (*_TO_LIST, *_TO_BACKUP))])


_RULE = "-" * 79
_REPORT = (
    f"\n{'=' * 56}\n== dumpstate: 2026-05-04 09:30:00\n{'=' * 56}\n------ SYSTEM PROPERTIES (getprop) ------\n"
    f"[persist.sys.timezone]: [America/Guatemala]\n{_RULE}\nDUMP OF SERVICE HIGH wifi:\nThreads in use: 0/3\non\n"
    f"--------- 0.004s was the duration of dumpsys wifi, ending at: 2026-05-04 09:30:09\n{_RULE}\nDUMP OF SERVICE wifi:"
).encode()
_FRAMES = (
    b"\x05@n begin mksh\n@n answer 1 64 1.0 2.0\naGk=\n:x0:\n:e0 0:\n@n end 1\n"
    b"@n answer 0 16 1,0 x\n6869\n@n finish 2\n"
)
_BUNDLE = json.dumps(
    {
        "type": "bundle",
        "objects": [
            {"type": "malware", "id": "malware--1", "name": "x", "modified": "2026-01-02T03:04:05.6Z"},
            {"type": "indicator", "id": "indicator--1", "pattern": "[app:id='a.b' OR app:cert.sha1='00']"},
            {"relationship_type": "indicates", "source_ref": "indicator--1", "target_ref": "malware--1"},
        ],
    }
).encode()
_PRODUCTS = (
    b"- name: x\n  type: stalkerware\n  packages: [a.b, &c d]\n  certificates: ['0A:0B']\n  c2: {ips: [192.0.2.1]}\n"
)


def _zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
    return made.getvalue()


def _linked() -> bytes:
    """What root prints of one linked device."""
    with tempfile.TemporaryDirectory() as folder:
        files = database(Path(folder), row(3, device_os="Windows", platform_type=1, last_active=1))
    return (printed(files) + END).encode()


def _files() -> Iterator[bytes]:
    """One file of each kind that `posture evaluate` opens."""
    yield _REPORT
    yield _zipped({"main_entry.txt": b"bugreport-x.txt", "bugreport-x.txt": _REPORT})
    yield _zipped({"a/getprop.txt": b"[a]: [b]\n", "a/settings-global.txt": b"a=b\n"})
    dumps = b"DUMP OF SERVICE trust:\nx\n"
    began = b'{"started": "2026-05-04T15:30:00Z"}'
    yield _zipped({"dumpsys.txt": dumps, "acquisition.json": began, "packages.json": _QF_PACKAGES})
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "saved.zip"
        answers = {"getprop": Answer(b"[a]: [b]\n"), "dumpsys wifi": Answer(b"Wi-Fi is enabled\n", Outcome.CUT)}
        archive.save(Capture("live", AT, answers, "S1"), saved)
        yield saved.read_bytes()


def seeds(target: str) -> list[bytes]:
    """Inputs to begin with."""
    match target:
        case "bugreport":
            return [_REPORT, _REPORT[1:]]
        case "source":
            return list(_files())
        case "frames" | "indicators":
            return [_FRAMES] if target == "frames" else [_BUNDLE, _PRODUCTS]
        case "companions":
            with tempfile.TemporaryDirectory() as folder:
                image = database(Path(folder), row(3, device_os="Windows", platform_type=1, last_active=1))["db"]
            return [_linked(), CUT + image]
        case "screen":
            return [_screens(), CUT.join([_BEFORE, b"", *_screens().split(CUT)[7:8]])]
        case _:
            return list(_of_probe(PROBES_BY_TARGET[target]))
