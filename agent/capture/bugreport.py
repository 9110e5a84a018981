"""Android bugreports: one long text, read once from front to back, its sections turned into answers.

The words are those of frameworks/native cmds/dumpstate and cmds/dumpsys, API 26 to 36:

- `DUMP OF SERVICE [CRITICAL |HIGH |NORMAL ]NAME:` under a line of 79 dashes, up to
  `--------- 0.004s was the duration of dumpsys NAME, ending at: …`, is the answer to `dumpsys NAME`.
- `------ TITLE (COMMAND) ------` begins the answer to COMMAND (8: always with a footer `------ 0.1s was the
  duration of 'TITLE' ------`; from 11 only when it took half a second, so its absence means nothing).

Any dump may hold text that an app chose, and so these very lines. But an app cannot keep the true footer of
the dump in which it speaks from coming: a footer of a service that is not open, or a second section of the
same service with other text, shows a forgery. Then that service, and all that began since its section did,
is marked REPEATED and answers nothing. A section without footer is CUT.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import BinaryIO
from zoneinfo import ZoneInfo

from agent.capture.model import Answer, Capture, Outcome, decode
from agent.messages import Message, PostureError

SECTION_LIMIT_BYTES = 16 * 1024 * 1024
TOTAL_LIMIT_BYTES = 96 * 1024 * 1024
MARKER_LIMIT = 200_000
READ_LIMIT_BYTES = 2 * 1024 * 1024 * 1024

_BLOCK = 1024 * 1024
_LONG_LINE = 64 * 1024

_SERVICE = re.compile(rb"DUMP OF SERVICE (?:(CRITICAL|HIGH|NORMAL) )?(\S{1,200}):\s*")
_SERVICE_END = re.compile(
    rb"--------- [\d.]{1,12}s was the duration of dumpsys (\S{1,200}?)(?:, ending at: [^\n]*)?\s*$"
)
_COMMAND = re.compile(rb"------ ([^(\n]*?) ?(?:\((.*)\) ?)?------\s*")
_COMMAND_END = re.compile(rb"------ [\d.]{1,12}s was the duration of '(.{1,200})' ------\s*")
_NEEDLES = (b"\nDUMP OF SERVICE ", b"s was the duration of dumpsys ", b"\n------ ")
# Read from a report's commands; the rest (logs, stacks, maps) is skipped.
_KEPT = re.compile(r"(?:getprop|dumpsys|settings|cmd|pm|date|id)\b")
_DUMPSYS_OPTIONS = re.compile(r"^dumpsys(?: -[tT] \d+)?(?: --priority \w+)?")
# dumpsys itself prints these above a service's dump (dumpsys.cpp, API 33): they are no answer of the service.
_PREAMBLE = re.compile(rb"(?:Service host process PID: [^\n]*\n|Threads in use: [^\n]*\n|Client PIDs[^\n]*\n)+")
_RANK = {"CRITICAL": 0, "HIGH": 1, "": 2}  # a priority copy is a shortened dump

_HEADER = re.compile(r"^== dumpstate: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", re.MULTILINE)
_TIMEZONE = re.compile(r"^\[persist\.sys\.timezone\]: \[([A-Za-z0-9_+/-]{1,60})\]", re.MULTILINE)
_NOW_RTC = re.compile(r"^\s*nowRTC=(\d{12,14})=(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", re.MULTILINE)


class Malformed(PostureError):
    """A text that is no bugreport. The message does not name the file."""


@dataclass(slots=True)
class _Section:
    key: str
    priority: str
    kept: bool
    service: bytes = b""  # empty: a command of dumpstate itself
    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    truncated: bool = False


class Splitter:
    """Cuts a report into answers while it streams by. Without `rules`, no line of dashes is asked of a header."""

    def __init__(self, *, rules: bool = True) -> None:
        self._rules = rules
        self._after_rule = False
        self._total = 0
        self._markers = 0
        self._open: _Section | None = None
        self._sections: dict[tuple[str, str], Answer] = {}
        self._order: list[tuple[str, str]] = []  # key and priority of each section begun, but the doubted ones
        self._place: dict[tuple[str, str], int] = {}  # of the first such section, in that order
        self._doubted: set[str] = set()

    def read(self, blocks: Iterator[bytes]) -> None:
        """Take the whole report, in blocks of any size."""
        carry = b"\n"  # the newline before the first line not yet seen
        for block in blocks:
            text = carry + block
            end = text.rfind(b"\n")
            if len(text) - end > 2 * _LONG_LINE:  # a line without end: keep what a marker could need
                end = len(text) - _LONG_LINE
                self._lines(text[:end])
                carry = b"." + text[end:]
            else:
                self._lines(text[: end + 1])
                carry = text[end:]
        if len(carry) > 1:
            self._lines(carry)
        self._close()

    def answers(self) -> dict[str, Answer]:
        """The answers by command: of several copies of a service's dump the fullest kind."""
        best: dict[str, tuple[int, Answer]] = {}
        for (key, priority), answer in self._sections.items():
            rank = _RANK.get(priority, 2)
            if key not in best or best[key][0] < rank:
                best[key] = (rank, answer)
        return {
            key: Answer(answer.data, Outcome.REPEATED) if key in self._doubted else answer
            for key, (_, answer) in best.items()
        }

    def _lines(self, text: bytes) -> None:
        """Take whole lines; the first byte of `text` belongs to the line before."""
        starts: set[int] = set()
        for needle in _NEEDLES:
            at = text.find(needle)
            while at >= 0:
                starts.add(max(text.rfind(b"\n", 0, at + 1) + 1, 1))
                at = text.find(b"\n", at + 1)  # one marker a line is enough
                at = text.find(needle, at) if at >= 0 else at
        done = 1
        for start in sorted(starts):
            if start < done:
                continue
            end = text.find(b"\n", start)
            end = len(text) if end < 0 else end + 1
            self._keep(text, done, start)
            before = text[max(text.rfind(b"\n", 0, max(start - 1, 0)) + 1, 1) : max(start - 1, 0)]
            self._marker(text[start:end], after_rule=_is_rule(before) if start > 1 else self._after_rule)
            done = end
        self._keep(text, done, len(text))
        self._after_rule = _is_rule(text[text.rfind(b"\n", 0, -1) + 1 :]) if len(text) > 1 else self._after_rule

    def _marker(self, line: bytes, *, after_rule: bool) -> None:
        """Take one line that may begin or end a section."""
        self._markers += 1
        if self._markers > MARKER_LIMIT:
            raise Malformed(Message("this bugreport holds more sections than any phone writes"), permanent=True)
        opened = self._open
        glued = max(line.rfind(b"--------- "), 0)  # a dump need not end with a newline
        if end := _SERVICE_END.fullmatch(line[glued:][:1000]):
            if opened is not None and opened.service == end[1]:
                self._keep(line, 0, glued)
                self._close(Outcome.COMPLETE)
                return
            self._doubt(f"dumpsys {_text(end[1])}")
        elif (begin := _SERVICE.fullmatch(line)) and (after_rule or not self._rules):
            self._close()
            priority = _text(begin[1] or b"").replace("NORMAL", "")
            self._begin(f"dumpsys {_text(begin[2])}", priority, service=begin[2])
            return
        elif end := _COMMAND_END.fullmatch(line):
            if opened is None or not opened.service:
                self._close(Outcome.COMPLETE)
                return
            if end[1].startswith(b"DUMPSYS"):
                self._close()
                return
        elif (opened is None or not opened.service) and (begin := _COMMAND.fullmatch(line)):
            self._close(Outcome.COMPLETE)
            self._begin(_command_key(_text(begin[1]), _text(begin[2] or b"")), "", service=b"")
            return
        self._keep(line, 0, len(line))

    def _begin(self, key: str, priority: str, *, service: bytes) -> None:
        self._open = _Section(key, priority, _KEPT.match(key) is not None, service)
        self._place.setdefault((key, priority), len(self._order))
        self._order.append((key, priority))

    def _doubt(self, key: str) -> None:
        """Believe nothing of this section, nor of what began since it did."""
        self._doubted.add(key)
        first = min((place for kind in _RANK if (place := self._place.get((key, kind))) is not None), default=None)
        if first is not None:
            for since in self._order[first:]:
                self._doubted.add(since[0])
                self._place[since] = first
            del self._order[first:]

    def _keep(self, text: bytes, start: int, end: int) -> None:
        section = self._open
        if section is None or not section.kept or start >= end:
            return
        room = min(SECTION_LIMIT_BYTES - section.size, TOTAL_LIMIT_BYTES - self._total)
        part = text[start : min(end, start + room)]
        section.truncated |= len(part) < end - start
        section.parts.append(part)
        section.size += len(part)
        self._total += len(part)

    def _close(self, outcome: Outcome = Outcome.CUT) -> None:
        section, self._open = self._open, None
        if section is None or not section.kept:
            return
        data = b"".join(section.parts)
        if preamble := _PREAMBLE.match(data):
            data = data[preamble.end() :]
        answer = Answer(data, Outcome.TRUNCATED if section.truncated else outcome)
        if self._sections.setdefault((section.key, section.priority), answer) != answer:
            self._doubt(section.key)


def _is_rule(line: bytes) -> bool:
    return len(line) > 40 and not line.strip(b"-\r\n")


def _text(name: bytes) -> str:
    return name.decode("utf-8", errors="replace")


def _command_key(title: str, command: str) -> str:
    """`/system/bin/dumpsys -T 10000 netpolicy` is `dumpsys netpolicy`; before 8 properties had no command."""
    if title == "SYSTEM PROPERTIES":
        return "getprop"
    words = command.split()
    if not words:
        return title
    return _DUMPSYS_OPTIONS.sub("dumpsys", " ".join([words[0].rpartition("/")[2], *words[1:]]))


def is_bugreport(head: bytes) -> bool:
    """Whether the first kilobytes of a text are those of a bugreport."""
    return _HEADER.search(decode(head)) is not None


def load(stream: BinaryIO) -> Capture:
    """Read a bugreport's text, in constant memory but for the dumps in it.

    `captured_at`: the header's local time in the phone's zone (`persist.sys.timezone`), else with the offset
    that `dumpsys alarm` shows (`nowRTC=`), else as if it were UTC, which is wrong by 14 hours at most.
    """
    head = stream.read(_BLOCK)
    header = _HEADER.search(decode(head[:65536]))
    if header is None:
        raise Malformed(Message("this text has no line `== dumpstate:`, so it is no bugreport"), permanent=True)
    splitter = Splitter()
    splitter.read(_blocks(head, stream))
    answers = splitter.answers()
    return Capture("bugreport", _captured_at(header[1], answers), answers)


def _blocks(block: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """The stream's bytes from `block` on, as UTF-8: PowerShell writes UTF-16."""
    encoding = "utf-16" if block[:2] in (b"\xff\xfe", b"\xfe\xff") else None
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace") if encoding else None
    size = 0
    while block:
        size += len(block)
        if size > READ_LIMIT_BYTES:
            raise Malformed(Message("this bugreport is larger than any phone writes"), permanent=True)
        yield decoder.decode(block).encode() if decoder else block
        block = stream.read(_BLOCK)


def _captured_at(local: str, answers: Mapping[str, Answer]) -> datetime:
    try:
        return datetime.fromisoformat(local).replace(tzinfo=_zone(answers)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed(Message("this bugreport's date is no date"), permanent=True) from error


def _zone(answers: Mapping[str, Answer]) -> tzinfo:
    properties, alarm = answers.get("getprop"), answers.get("dumpsys alarm")
    if properties is not None and (named := _TIMEZONE.search(properties.text)):
        with suppress(ValueError, OSError, KeyError):  # no such zone, or no zones on this workstation
            return ZoneInfo(named[1])
    if alarm is not None and (now := _NOW_RTC.search(decode(alarm.data[:65536]))):
        with suppress(ValueError, OverflowError, OSError):
            ahead = datetime.fromisoformat(now[2] + "Z") - datetime.fromtimestamp(int(now[1]) // 1000, UTC)
            return timezone(timedelta(minutes=15 * round(ahead / timedelta(minutes=15))))
    return UTC
