"""A scenario: what a simulated phone is, what its commands answer, what is on its storage, what goes wrong.

A folder of plain files. `dumpsys-wifi.txt` holds what `dumpsys wifi` prints; `scenario.yaml`, which may be
absent, says the rest. How to write one stands in `scenarios/README.md`.
"""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from agent.capture.folder import file_name
from agent.messages import Message, PostureError
from agent.simulator import marked_yaml
from agent.simulator.authorisation import Authorisation
from agent.simulator.moments import Clock
from agent.simulator.screens import Screens

SCENARIOS = Path(__file__).parent / "scenarios"
SETTINGS = "scenario.yaml"

_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,3})?) ?(|B|kB|MB|GB|KiB|MiB|GiB)")
_UNITS = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_PROPERTY = re.compile(rb"^\[([^\]]*)\]: \[(.*)\]\r?$", re.MULTILINE)


def _bytes_of(size: Any) -> Any:
    if not isinstance(size, str):
        return size
    if (found := _SIZE.fullmatch(size)) is None:
        raise ValueError("expected a number of bytes, or one such as `48 MB`")
    return int(float(found[1]) * _UNITS[found[2]])


Size = Annotated[int, BeforeValidator(_bytes_of), Field(ge=0, le=2**40)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(_Strict):
    """What the scenario shows, for people."""

    es: str
    en: str


class StoredFile(_Strict):
    """A file or folder on the phone's storage.

    path: below `sdcard/`, `storage/emulated/10/`, `storage/1A2B-3C4D/`, `data/` or, if only root may see it,
    `root/data/`. `{n}` in it counts from 1 to `count`.
    kind: what its first bytes are; a WhatsApp backup has a true header; `sqlite` is a database that the SQL in
    `text` makes, in use, so that what is new stands in the `-wal` beside it. The rest is noise, and zeros beyond
    64 KiB, which take no room on the workstation's disk. at: when it was last written, by the phone's clock.
    key: who holds the key of a backup, as newer versions write it beside the kind.
    """

    path: str = Field(pattern=r"^(sdcard|storage|data|root/data)/[^\x00]+$")
    kind: Literal["crypt14", "crypt15", "crypt12", "jpeg", "mp4", "opus", "noise", "text", "sqlite", "folder"] = "noise"
    size: Size = 1024
    at: str = "now"
    text: str = ""
    key: Literal["whatsapp", "end-to-end", "password", "64-digit", "passkey"] | None = None
    count: int = Field(default=1, ge=1, le=20000)

    @field_validator("path")
    @classmethod
    def _stays_inside(cls, path: str) -> str:
        if ".." in Path(path).parts:
            raise ValueError("a path must not leave the phone")
        return path

    @field_validator("at")
    @classmethod
    def _moment_is_understood(cls, text: str) -> str:
        Clock(datetime.now(UTC), ZoneInfo("UTC")).at(text)
        return text


class Reply(_Strict):
    """How one command answers, beside or instead of its file.

    text, errors: stdout and stderr. missing: as if there was no file, so the phone does not have the service.
    hang: the service never answers (`dumpsys` gives up after ten seconds, as Android does); `forever`: so
    does dumpsys. flood: prints its answer again and again. garbage: so many bytes of noise.
    """

    text: str | None = None
    errors: str | None = None
    exit_code: int = Field(default=0, ge=0, le=255)
    delay_ms: int | None = Field(default=None, ge=0, le=3_600_000)
    hang: bool | Literal["forever"] = False
    flood: bool = False
    garbage: Size = 0
    missing: bool = False


class User(_Strict):
    """A user of the phone, when there is no `pm-list-users.txt`. `flags` are UserInfo's, in hex."""

    id: int = Field(ge=0, le=10000)
    name: str
    flags: str = Field(default="c13", pattern=r"^[0-9a-f]{1,8}$")
    running: bool = True


class Scenario(_Strict):
    """Everything about one simulated phone. `folder` holds the answers' files; None: there are none.

    What is not said is read from `getprop.txt`: android, maker, model, product, device, serial, timezone.
    clock_offset_s: how far the phone's clock is ahead. delay_ms: every command's, unless it has its own.
    packet_delay_ms: every packet's, each way. drop_after_bytes: the connection breaks after so much output.
    greeting: what comes of a connection at all. screens: what UI Automator sees; None: the phone has none.
    """

    folder: Path | None = None
    title: Title | None = None
    android: int = Field(default=14, ge=4, le=30)
    maker: str = "Simulated"
    model: str = "Phone"
    product: str = "phone"
    device: str = "phone"
    serial: str = Field(default="SIM0000000001", pattern=r"^[A-Za-z0-9._:-]{1,64}$")
    timezone: str = "UTC"
    clock_offset_s: int = Field(default=0, ge=-(10**9), le=10**9)
    users: tuple[User, ...] = ()
    files: tuple[StoredFile, ...] = ()
    answers: Mapping[str, Reply] = Field(default_factory=dict)
    delay_ms: int = Field(default=0, ge=0, le=60_000)
    packet_delay_ms: float = Field(default=0, ge=0, le=60_000)
    drop_after_bytes: int | None = Field(default=None, ge=0)
    authorise: str = "always"
    greeting: Literal["adb", "silence", "noise"] = "adb"
    shell: Literal["v1", "v2"] = "v2"
    interpreter: Literal["mksh", "bash", "sh"] | None = None
    has_timeout: bool = True
    rooted: bool = False
    locked_since_boot: bool = False
    screens: Screens | None = None

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("expected a time zone such as America/Bogota") from error
        return name

    @field_validator("authorise")
    @classmethod
    def _authorise_is_understood(cls, text: str) -> str:
        Authorisation.of(text)
        return text

    @property
    def api(self) -> int:
        """The API level of its Android version (8 counts as 8.1)."""
        return {8: 27, 9: 28, 10: 29, 11: 30, 12: 31}.get(self.android, self.android + 20)


def shipped() -> list[str]:
    """Names of the scenarios that come with the project."""
    return sorted(folder.name for folder in SCENARIOS.iterdir() if (folder / SETTINGS).is_file())


def load(place: str | os.PathLike[str]) -> Scenario:
    """Load a shipped scenario by its name, or any folder of answers; PostureError says what is wrong and where."""
    folder = Path(place)
    if isinstance(place, str) and place in shipped():
        folder = SCENARIOS / place
    if not folder.is_dir():
        raise PostureError(
            Message(
                "no scenario `{name}`: expected a folder, or one of {names}",
                {"name": str(place), "names": ", ".join(shipped())},
            ),
            permanent=True,
        )
    settings = folder / SETTINGS
    written = marked_yaml.load(settings) if settings.is_file() else marked_yaml.Marked({}, {})
    if not settings.is_file() and not any(folder.glob("*.txt")):
        raise PostureError(
            Message("{folder} holds neither {settings} nor a file such as getprop.txt", _gaps(folder)), permanent=True
        )
    try:
        return Scenario.model_validate(_identity(folder) | written.value | {"folder": folder.resolve()})
    except ValidationError as error:
        raise marked_yaml.explain(settings, written, error, Scenario) from error


def _gaps(folder: Path) -> dict[str, str | int | Message]:
    return {"folder": str(folder), "settings": SETTINGS}


def properties(data: bytes) -> dict[str, str]:
    """Read `[name]: [value]` lines, as `getprop` prints them; invalid UTF-8 survives as surrogates."""
    return {
        name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape")
        for name, value in _PROPERTY.findall(data)
    }


def _identity(folder: Path) -> dict[str, Any]:
    """What the properties of a captured phone say about it, where that is usable."""
    listing = folder / "getprop.txt"
    known = properties(listing.read_bytes()) if listing.is_file() else {}
    found: dict[str, Any] = {}
    if (release := known.get("ro.build.version.release", "").split(".")[0]).isdigit() and 4 <= int(release) <= 30:
        found["android"] = int(release)
    for key, name in (
        ("maker", "ro.product.manufacturer"),
        ("model", "ro.product.model"),
        ("product", "ro.product.name"),
        ("device", "ro.product.device"),
    ):
        if known.get(name):
            found[key] = known[name]
    if re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", serial := known.get("ro.serialno", "")):
        found["serial"] = serial
    if (zone := known.get("persist.sys.timezone", "")) in available_timezones():
        found["timezone"] = zone
    return found


def answer_name(command: str) -> str:
    """Name the answer of a command, as everywhere: `dumpsys netstats --full` is `dumpsys-netstats-full`."""
    return file_name(command).removesuffix(".txt")
