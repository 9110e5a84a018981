"""Open whatever holds a phone's answers: what it is, is decided by what stands in it and not by its name."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from agent.capture import androidqf, archive, bugreport, folder
from agent.capture.model import Answer, Capture
from agent.messages import Message, PostureError

HEAD_BYTES = 64 * 1024
_ENTRIES = 10_000  # a bugreport holds hundreds of files

_ACCEPTED = Message(
    "a capture of `posture capture`, an Android bugreport (.zip or .txt), an androidqf folder "
    "or a folder of files like `dumpsys-wifi.txt` and `getprop.txt`"
)


def open_capture(path: Path) -> Capture:
    """Read a saved capture, a bugreport, an androidqf folder or a folder of dumps; raise PostureError on all else."""
    with _told(path):
        if path.is_dir():
            return _folder(path)
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
                return _zip(path)
            if head.startswith(b"\x1f\x8b"):
                return bugreport.load(cast("BinaryIO", gzip.GzipFile(fileobj=file)))
            if bugreport.is_bugreport(head):
                return bugreport.load(file)
        raise _problem(path, _what(head))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what Python says of a file into one sentence that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise _problem(path, Message("there is no such file or folder")) from error
    except bugreport.Malformed as error:
        raise _problem(path, error.message) from error
    except PermissionError as error:
        raise _problem(path, Message("this user may not read it")) from error
    except (zipfile.BadZipFile, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _problem(path, Message("the file is damaged or was not copied whole; copy it again")) from error
    except (OSError, NotImplementedError) as error:
        raise _problem(path, Message("it cannot be read ({error})", {"error": str(error)})) from error


def _problem(path: Path, why: Message) -> PostureError:
    return PostureError(Message("{path}: {why}", {"path": str(path), "why": why}), permanent=True)


def _what(head: bytes) -> Message:
    if not head.strip():
        return Message("the file is empty")
    if head.startswith(b"age-encryption.org/"):
        return Message("the file is encrypted; decrypt it with age first")
    return Message("this is no capture; what can be read is {accepted}", {"accepted": _ACCEPTED})


def _folder(path: Path) -> Capture:
    if (path / archive.MANIFEST).is_file():
        return archive.load_folder(path)
    names = {entry.name for entry in path.iterdir()}
    if not names:
        raise _problem(path, Message("the folder is empty"))
    files = folder.read_files(path, androidqf.is_part if androidqf.is_androidqf(names) else folder.is_dump)
    reports = sorted(entry for entry in path.iterdir() if entry.suffix == ".zip" and entry.is_file())
    report = open_capture(reports[0]) if len(reports) == 1 else None
    if not files and report is not None:
        return report
    if not files:
        raise _problem(path, Message("no file in this folder is a dump; what can be read is {a}", {"a": _ACCEPTED}))
    return _from_files(files, folder.newest(path, files), report)


def _from_files(files: Mapping[str, bytes], written_at: datetime, report: Capture | None = None) -> Capture:
    """One capture of a folder's files and of the bugreport that lies among them; the files go first."""
    made: Mapping[str, Answer]
    if androidqf.is_androidqf(set(files)):
        made, clock = androidqf.answers_of(files), androidqf.acquired_at(files)
    else:
        made, clock = folder.answers_of(files), folder.phone_clock(files)
    if report is not None:
        return replace(report, answers=folder.Answers({**report.answers, **made}))
    return Capture("capture", clock or written_at, folder.Answers(made))


def _zip(path: Path) -> Capture:
    with zipfile.ZipFile(path) as file:
        entries = [entry for entry in file.infolist() if not entry.is_dir()]
        if any(entry.flag_bits & 1 for entry in entries):
            raise _problem(path, Message("the file is encrypted; unpack it with its password first"))
        if len(entries) > _ENTRIES:
            raise _problem(path, Message("it holds more files than any capture"))
        names = {entry.filename: entry for entry in entries}
        if archive.MANIFEST in names:
            return archive.load(path)
        report = _report_in(file, entries)
        if report is not None:
            with file.open(report) as stream:
                return bugreport.load(cast("BinaryIO", stream))
        return _zipped_folder(path, file, entries)


def _report_in(file: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> zipfile.ZipInfo | None:
    """The bugreport's text: what main_entry.txt names (API 24 on), else the first text that begins like one."""
    by_name = {entry.filename: entry for entry in entries}
    if (main := by_name.get("main_entry.txt")) is not None and main.file_size < 1024:
        named = file.read(main).decode("utf-8", errors="replace").strip()
        if named in by_name:
            return by_name[named]
    texts = [e for e in entries if PurePosixPath(e.filename).suffix in {".txt", ".log"} and "FS/" not in e.filename]
    for entry in sorted(texts, key=lambda e: e.filename.count("/")):
        with file.open(entry) as stream:
            if bugreport.is_bugreport(stream.read(HEAD_BYTES)):
                return entry
    return None


def _zipped_folder(path: Path, file: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Capture:
    names = {PurePosixPath(entry.filename).name for entry in entries}
    wanted = androidqf.is_part if androidqf.is_androidqf(names) else folder.is_dump
    parts = {PurePosixPath(e.filename).name: e for e in entries if wanted(PurePosixPath(e.filename).name)}
    if not parts:
        raise _problem(path, Message("no file in this ZIP is a dump; what can be read is {a}", {"a": _ACCEPTED}))
    if sum(entry.file_size for entry in parts.values()) > archive.TOTAL_LIMIT_BYTES:
        raise _problem(path, Message("unpacked it would be larger than any capture"))
    files = {name: file.read(entry) for name, entry in parts.items()}
    newest = max(entry.date_time for entry in parts.values())
    return _from_files(files, datetime(*newest, tzinfo=UTC))
