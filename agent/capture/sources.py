"""Open whatever holds a phone's answers: what it is, is decided by what stands in it and not by its name."""

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from agent.capture import androidqf, archive, bugreport, folder
from agent.capture.model import Capture
from agent.messages import Message, PostureError, because

HEAD_BYTES = 64 * 1024
_ENTRIES = 10_000  # a bugreport holds hundreds of files

_FORMS = Message(
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
        raise _problem(path, Message("there is no such file or folder; look at its name")) from error
    except bugreport.Malformed as error:
        raise _problem(path, error.message) from error
    except PermissionError as error:
        raise _problem(path, Message("this user may not read it; change its permissions or copy it")) from error
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise _problem(path, Message("the file is damaged or was not copied whole; copy it again")) from error
    except NotImplementedError as error:  # zipfile's word for a compression that it does not know
        raise _problem(path, Message("it is packed as few programs do; unpack it and name the folder")) from error
    except OSError as error:
        raise _problem(path, Message("it cannot be read ({error})", {"error": because(error)})) from error


def _problem(path: Path, why: Message) -> PostureError:
    return PostureError(Message("{path}: {why}", {"path": str(path), "why": why}), permanent=True)


def _what(head: bytes) -> Message:
    if not head.strip():
        return Message("the file is empty; take or copy it again")
    if head.startswith(b"age-encryption.org/"):
        return Message("the file is encrypted; decrypt it with age first")
    return Message("this is no capture; what can be read is {forms}", {"forms": _FORMS})


def _folder(path: Path) -> Capture:
    if (path / archive.MANIFEST).is_file():
        return archive.load_folder(path)
    names = {entry.name for entry in path.iterdir()}
    if not names:
        raise _problem(path, Message("the folder is empty; put a phone's dumps into it"))
    reports = sorted(path / name for name in names if name.endswith(".zip"))
    report = open_capture(reports[0]) if len(reports) == 1 else None
    wanted = _parts(names)
    if wanted is None and report is not None:
        return report
    if wanted is None:
        raise _problem(
            path, Message("no file in this folder is a dump; what can be read is {forms}", {"forms": _FORMS})
        )
    files = folder.read_files(path, wanted)
    return _from_files(files, folder.newest(path, files), report)


def _parts(names: set[str]) -> Callable[[str], bool] | None:
    """Which files of a folder to read, or None where it is no capture."""
    if androidqf.is_androidqf(names):
        return androidqf.is_part
    return folder.is_text if any(folder.is_dump(name) for name in names) else None


def _from_files(files: Mapping[str, bytes], written_at: datetime, report: Capture | None = None) -> Capture:
    """One capture of a folder's files and of the bugreport that lies among them; the files go first."""
    if androidqf.is_androidqf(set(files)):
        made, clock = androidqf.answers_of(files), androidqf.acquired_at(files)
    else:
        made, clock = folder.answers_of(files), folder.phone_clock(files)
    if report is not None:
        return replace(report, answers=folder.Answers({**report.answers, **made}))
    return Capture("capture", clock or written_at, folder.Answers(made))


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (ValueError, IndexError) as error:  # names and numbers of a damaged list of files
        raise zipfile.BadZipFile(str(error)) from error


def _zip(path: Path) -> Capture:
    with _opened(path) as file:
        entries = {entry.filename: entry for entry in file.infolist() if not entry.filename.endswith("/")}
        if any(entry.flag_bits & 1 for entry in entries.values()):
            raise _problem(path, Message("the file is encrypted; unpack it with its password first"))
        if len(entries) > _ENTRIES:
            raise _problem(path, Message("it holds more files than any capture"))
        if archive.MANIFEST in entries:
            return archive.load(path)
        if (report := _main_entry(file, entries)) is None and (parts := _dumps_in(path, entries)):
            return _zipped_folder(path, file, parts)
        if (report := report or _report_in(file, entries)) is None:
            raise _problem(
                path, Message("no file in this ZIP is a dump; what can be read is {forms}", {"forms": _FORMS})
            )
        with file.open(report) as stream:
            return bugreport.load(cast("BinaryIO", stream))


def _main_entry(file: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> zipfile.ZipInfo | None:
    """The text that a bugreport's main_entry.txt names (API 24 on)."""
    main = entries.get("main_entry.txt")
    if main is None or main.file_size > 1024:
        return None
    return entries.get(file.read(main).decode("utf-8", errors="replace").strip())


def _report_in(file: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> zipfile.ZipInfo | None:
    """The first text that begins like a bugreport: of a maker's own ZIP, or of one that was packed again."""
    for name in sorted(entries, key=lambda name: (name.count("/"), name)):
        if PurePosixPath(name).suffix in {".txt", ".log"} and "FS/" not in name:
            with file.open(entries[name]) as stream:
                if bugreport.is_bugreport(stream.read(HEAD_BYTES)):
                    return entries[name]
    return None


def _dumps_in(path: Path, entries: Mapping[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The dumps by name in the one folder of a ZIP that holds any; empty where none does."""
    folders: dict[PurePosixPath, dict[str, zipfile.ZipInfo]] = {}
    for name, entry in entries.items():
        folders.setdefault(PurePosixPath(name).parent, {})[PurePosixPath(name).name] = entry
    found = {place: wanted for place, files in folders.items() if (wanted := _parts(set(files))) is not None}
    top = sorted(found, key=lambda place: len(place.parts))
    if len(top) > 1 and len(top[0].parts) == len(top[1].parts):
        raise _problem(path, Message("it holds the dumps of several phones; unpack it and give one folder at a time"))
    return {name: entry for name, entry in folders[top[0]].items() if found[top[0]](name)} if top else {}


def _zipped_folder(path: Path, file: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo]) -> Capture:
    if sum(entry.file_size for entry in parts.values()) > archive.TOTAL_LIMIT_BYTES:
        raise _problem(path, Message("unpacked it would be larger than any capture"))
    files = {name: file.read(entry) for name, entry in parts.items()}
    written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    with suppress(ValueError):  # a ZIP may hold the date 0
        written_at = datetime(*max(entry.date_time for entry in parts.values()), tzinfo=UTC)
    return _from_files(files, written_at)
