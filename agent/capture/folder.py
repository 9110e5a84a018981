"""A folder of dumps: one file a command, named after it (`dumpsys-wifi.txt`, `settings-global.txt`).

The rule for names stands here once; saved captures and the scenarios of the simulated phone share it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from agent.capture.model import Answer, Outcome, decode
from agent.messages import Message, PostureError

LIMIT_BYTES = 64 * 1024 * 1024  # of one file: the largest whole dump seen is under 10 MB
LIMIT_FILES = 2000

_DUMP = re.compile(r"(?:(?:dumpsys|settings|cmd|pm)-.+|getprop)(?:\.fragment)?\.txt")
_NOW_RTC = re.compile(r"^\s*nowRTC=(\d{12,14})=", re.MULTILINE)


def file_name(key: str) -> str:
    """The name of the file that holds a command's answer.

    The words joined by '-', options without their dashes, `settings list global` is `settings-global.txt`;
    whatever a file system may dislike becomes '_'. Two commands that differ only in dashes share a name.
    """
    words = [word for word in re.split(r"[\s-]+", key) if word]
    if len(words) == 3 and words[:2] == ["settings", "list"]:
        del words[1]
    name = re.sub(r"[^A-Za-z0-9._+=-]", "_", "-".join(words))[:200].rstrip("-")
    return re.sub(r"^\.|^$", "_", name) + ".txt"


def key_of(name: str) -> str:
    """The shortest command whose file has this name: options come back without dashes, which `Answers` forgives."""
    words = name.removesuffix(".txt").split("-")
    if len(words) == 2 and words[0] == "settings":
        words.insert(1, "list")
    return " ".join(words)


class Answers(Mapping[str, Answer]):
    """Answers by command, found also under any command that would have the same file."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = dict(answers)
        self._by_name = {file_name(key): answer for key, answer in answers.items()}

    def __getitem__(self, key: str) -> Answer:
        return self._answers[key] if key in self._answers else self._by_name[file_name(key)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._answers)

    def __len__(self) -> int:
        return len(self._answers)

    def __repr__(self) -> str:
        return f"Answers({self._answers!r})"


def is_dump(name: str) -> bool:
    """Whether a file's name alone tells that it is a dump; one such file makes a folder a capture."""
    return _DUMP.fullmatch(name) is not None


def is_text(name: str) -> bool:
    """Whether a file beside dumps may hold a command's answer too (`which-su.txt`)."""
    return name.endswith(".txt")


def answers_of(files: Mapping[str, bytes]) -> dict[str, Answer]:
    """Answers from files by name. `NAME.fragment.txt` is a part of an answer: what it lacks proves nothing."""
    answers: dict[str, Answer] = {}
    for name in sorted(files):  # the fragment goes before the whole file, which then wins
        if name.endswith(".fragment.txt"):
            answers[key_of(name.replace(".fragment.txt", ".txt"))] = Answer(files[name], Outcome.CUT)
        elif is_text(name):
            answers[key_of(name)] = Answer(files[name])
    return answers


def read_files(folder: Path, wanted: Callable[[str], bool] = is_text) -> dict[str, bytes]:
    """The folder's own files with a wanted name, not those of folders in it."""
    files: dict[str, bytes] = {}
    for path in sorted(folder.iterdir()):
        if not wanted(path.name) or not path.is_file():
            continue
        if path.stat().st_size > LIMIT_BYTES or len(files) == LIMIT_FILES:
            why = Message("{path} is more than any phone answers; take it out and try again", {"path": str(path)})
            raise PostureError(why, permanent=True)
        files[path.name] = path.read_bytes()
    return files


def newest(folder: Path, names: Mapping[str, bytes]) -> datetime:
    """When the newest of these files was written: a last resort, for a copy of a folder may change it."""
    return datetime.fromtimestamp(max((folder / name).stat().st_mtime for name in names), UTC)


def phone_clock(files: Mapping[str, bytes]) -> datetime | None:
    """The phone's clock as `dumpsys alarm` prints it (`nowRTC=`, epoch milliseconds, since API 21), or None."""
    found = _NOW_RTC.search(decode(files.get("dumpsys-alarm.txt", b"")[:65536]))
    return datetime.fromtimestamp(int(found[1]) / 1000, UTC) if found else None
