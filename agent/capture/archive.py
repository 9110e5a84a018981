"""Saved captures: a ZIP of `manifest.json` and one file a command, named as in a folder of dumps.

Unzipped it is such a folder: a person can read it, and `posture evaluate` takes it either way. Raw bytes
stand in the files; how each answer ended, its size and its SHA-256 stand in the manifest.
"""

import hashlib
import os
import re
import shutil
import string
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import IO, Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from agent import __version__
from agent.capture.folder import LIMIT_BYTES, LIMIT_FILES, Answers, file_name
from agent.capture.model import Answer, Capture, Outcome, Source
from agent.messages import Message, PostureError, because
from agent.whole_file import sync_folder

MANIFEST = "manifest.json"
TOTAL_LIMIT_BYTES = 256 * 1024 * 1024
_MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024

_File = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._+=~-]{1,250}\.txt$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Sentence(_Part):
    sentence: Annotated[str, StringConstraints(max_length=1000)]
    values: dict[str, "int | str | _Sentence"] = Field(default_factory=dict)


class _Entry(_Part):
    key: str
    file: _File
    outcome: Outcome
    exit_code: int | None
    duration_ms: int | None
    size: Annotated[int, Field(ge=0, le=LIMIT_BYTES)]
    sha256: str


class _Manifest(_Part):
    schema_: Literal["posture-capture/1"] = Field(alias="schema", default="posture-capture/1")
    agent_version: str
    source: Source
    captured_at: AwareDatetime
    serial: str | None
    broken: _Sentence | None
    duration_ms: int
    answers: Annotated[tuple[_Entry, ...], Field(max_length=LIMIT_FILES)]


def save(capture: Capture, path: Path) -> None:
    """Write the capture to a new file, whole or not at all; raise PostureError where `path` exists already.

    Only this user may read it: raw answers hold private data.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".posture-") as file:
            _write(capture, file)
            file.flush()
            os.fsync(file.fileno())
            _publish(Path(file.name), path)
    except FileExistsError as error:
        raise _failed(path, Message("there is such a file already; give another name or move it away")) from error
    except OSError as error:
        raise _failed(path, Message("cannot be written ({error})", {"error": because(error)})) from error


def _publish(written: Path, path: Path) -> None:
    """Give a written file its name, which nothing may have yet."""
    try:
        path.hardlink_to(written)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, such as a memory stick's
        path.open("xb").close()
        try:
            path.chmod(0o600)
            with path.open("wb") as file, written.open("rb") as source:
                shutil.copyfileobj(source, file)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink()
            raise
    sync_folder(path.parent)


def _write(capture: Capture, file: IO[bytes]) -> None:
    entries = _entries(capture)
    manifest = _Manifest(
        agent_version=__version__,
        source=capture.source,
        captured_at=capture.captured_at.astimezone(UTC),
        serial=capture.serial,
        broken=_sentence(capture.broken) if capture.broken else None,
        duration_ms=capture.duration_ms,
        answers=tuple(entries),
    )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, manifest.model_dump_json(by_alias=True, indent=1))
        for entry in entries:
            archive.writestr(entry.file, capture.answers[entry.key].data)


def _entries(capture: Capture) -> list[_Entry]:
    entries: list[_Entry] = []
    taken: set[str] = set()
    for key, answer in capture.answers.items():
        stem, number = file_name(key).removesuffix(".txt"), 1
        name = f"{stem}.txt"
        while name.lower() in taken:  # Windows and macOS do not tell cases apart
            number += 1
            name = f"{stem}~{number}.txt"
        taken.add(name.lower())
        digest = hashlib.sha256(answer.data).hexdigest()
        entries.append(
            _Entry(
                key=key,
                file=name,
                outcome=answer.outcome,
                exit_code=answer.exit_code,
                duration_ms=answer.duration_ms,
                size=len(answer.data),
                sha256=digest,
            )
        )
    return entries


def load(path: Path) -> Capture:
    """Read a saved capture; raise PostureError where it is not whole or not as it was written.

    The checksums find damage and careless edits. They prove nothing of who wrote it: a report's signature does.
    """
    with zipfile.ZipFile(path) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        return _load(path, lambda name: sizes.get(name, -1), archive.read)


def load_folder(path: Path) -> Capture:
    """Read a saved capture that somebody unzipped."""

    def size(name: str) -> int:
        return (path / name).stat().st_size if (path / name).is_file() else -1

    return _load(path, size, lambda name: (path / name).read_bytes())


def _load(path: Path, size: Callable[[str], int], read: Callable[[str], bytes]) -> Capture:
    if size(MANIFEST) > _MANIFEST_LIMIT_BYTES:
        raise _failed(path, Message("its manifest.json is larger than any capture's"))
    try:
        manifest = _Manifest.model_validate_json(read(MANIFEST))
    except (ValidationError, RecursionError) as error:
        raise _failed(path, Message("its manifest.json is not one of `posture capture`")) from error
    if sum(entry.size for entry in manifest.answers) > TOTAL_LIMIT_BYTES:
        raise _failed(path, Message("unpacked it would be larger than any capture"))
    answers: dict[str, Answer] = {}
    for entry in manifest.answers:
        data = read(entry.file) if size(entry.file) == entry.size else None
        if data is None or hashlib.sha256(data).hexdigest() != entry.sha256 or entry.key in answers:
            raise _failed(
                path, Message("{file} in it is not as it was saved; take the capture again", {"file": entry.file})
            )
        answers[entry.key] = Answer(data, entry.outcome, entry.exit_code, entry.duration_ms)
    return Capture(
        source="bugreport" if manifest.source == "bugreport" else "capture",
        captured_at=manifest.captured_at.astimezone(UTC),
        answers=Answers(answers),
        serial=manifest.serial,
        broken=_message(manifest.broken) if manifest.broken else None,
        duration_ms=manifest.duration_ms,
    )


def _failed(path: Path, why: Message) -> PostureError:
    return PostureError(Message("{path}: {why}", {"path": str(path), "why": why}), permanent=True)


def _sentence(message: Message) -> _Sentence:
    values = {k: _sentence(v) if isinstance(v, Message) else v for k, v in message.values.items()}
    return _Sentence(sentence=message.sentence, values=values)


def _message(saved: _Sentence) -> Message:
    """The saved sentence, if all its gaps are plain names that are filled: a stranger may have written it."""
    values = {k: _message(v) if isinstance(v, _Sentence) else v for k, v in saved.values.items()}
    with suppress(ValueError):
        gaps = [gap[1:] for gap in string.Formatter().parse(saved.sentence) if gap[1] is not None]
        if all(name in values and re.fullmatch(r"\w+", name) and not spec and not conv for name, spec, conv in gaps):
            return Message(saved.sentence, values)
    return Message("the look ended early")
