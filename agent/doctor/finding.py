"""What a check finds: what is wrong, what mends it, and what may be done about it at once, if somebody agrees."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from platform import system
from typing import Literal, Protocol, TypeVar

from agent.data_dir import DataDir
from agent.messages import Message, PostureError, because
from agent.transport.adb_server import AdbServer

Told = TypeVar("Told", str, Message)
Severity = Literal["problem", "warning", "note"]
"""A problem stands in the way of a scan or a delivery now, a warning will; a note is only worth knowing."""


class Mend(Protocol):
    """One change on this workstation. It is shown first and made only when a person agrees."""

    def shown(self) -> Message:
        """Say what would be done."""
        ...

    def text(self) -> str:
        """Return what would be written, or an empty text."""
        ...

    def make(self) -> Message:
        """Do it, and say what comes next. Raises PostureError where it cannot be done."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. `remedy`: the command to type or the click to make."""

    severity: Severity
    what: Message
    remedy: Message
    mend: Mend | None = None


@dataclass(frozen=True, slots=True)
class Workstation:
    """The computer that is looked at.

    root: where its file system begins. system: as `platform.system()` has it. low_bytes: so little free disk is a
    problem; five times as much, a warning.
    """

    data: DataDir
    collector: str | None = None
    root: Path = Path("/")
    system: str = field(default_factory=system)
    adb: AdbServer = field(default_factory=AdbServer)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    low_bytes: int = 200 * 1024 * 1024


def by_system(system: str, unix: Told, windows: Told, darwin: Told | None = None) -> Told:
    """Return what mends it on this system; `darwin` where a Mac does it otherwise than Linux."""
    if system == "Windows":
        return windows
    return darwin if system == "Darwin" and darwin is not None else unix


class NotLooked(PostureError):
    """There was nothing that could be looked at: worth knowing, and no trouble by itself. The message says why."""


_FIRST = Message("mend that first, then run `posture doctor` again")


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a workstation. `look` yields what is not as it should be; nothing means that all is well."""

    id: str
    title: Message
    look: Callable[[Workstation], Iterator[Finding]]

    def findings(self, workstation: Workstation) -> list[Finding]:
        """Look. A check that could not look says so: that is never the same as nothing found."""
        try:
            return list(self.look(workstation))
        except NotLooked as error:
            return [Finding("note", error.message, Message("nothing needs to be done unless you expected otherwise"))]
        except PostureError as error:
            return [Finding("problem", error.message, _FIRST)]
        except OSError as error:
            values: dict[str, str | int | Message] = {"path": str(error.filename), "why": because(error)}
            return [Finding("problem", Message("{path} cannot be looked at: {why}", values), _FIRST)]
