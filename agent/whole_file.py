"""Files that are there whole or not at all: through a full disk, a power cut, and another process that writes too."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Put a file in place of what is there, on disk when this returns. Errors: OSError, and what was there stays."""
    with _aside(path, content, 0o666) as part:
        part.replace(path)
    sync_folder(path.parent)


def write_secret_once(path: Path, content: str) -> None:
    """The same for its owner's eyes alone, and only where nothing is there: what another process put there stays."""
    with _aside(path, content, 0o600) as part, suppress(FileExistsError):
        path.hardlink_to(part)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have a folder's names on disk; where a system knows no such thing, as Windows, nothing is done."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextmanager
def _aside(path: Path, content: str | bytes, mode: int) -> Iterator[Path]:
    """Give the content in a new file beside `path`, gone at the end unless it was moved."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.touch(mode, exist_ok=False)
        with part.open("wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())  # else a power cut may leave the name without the content
        yield part
    finally:
        part.unlink(missing_ok=True)
