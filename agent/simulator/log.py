"""What a phone was asked to do, in order: a file that the phone and its stand-ins append to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# One record is one write, so that stand-ins which run side by side cannot mix theirs.
FIELD_END = "\x1f"
RECORD_END = "\x1e"


@dataclass(frozen=True, slots=True)
class Ran:
    """A shell line that the host sent (`line`, one word), or a stand-in with its arguments (`command`)."""

    kind: Literal["line", "command"]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.words)


def append_line(path: Path, line: str) -> None:
    """Note a shell line that the host sent."""
    with path.open("ab", buffering=0) as log:
        record = f"line{FIELD_END}{line}{FIELD_END}{RECORD_END}{FIELD_END}"
        log.write(record.encode("utf-8", "surrogateescape"))


def read(path: Path) -> list[Ran]:
    """Everything noted so far."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    records = [record.split(FIELD_END)[:-1] for record in text.split(RECORD_END + FIELD_END)[:-1]]
    return [Ran("line" if record[0] == "line" else "command", tuple(record[1:])) for record in records]
