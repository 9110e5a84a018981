"""Commands, their raw answers, and the ways in which Android says no."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from agent.messages import Message, PostureError, quoted
from agent.transport.base import Transport

Source = Literal["live", "capture", "bugreport"]
OptIn = Literal["--allow-root", "--allow-screen"]


@dataclass(frozen=True, slots=True)
class Command:
    """One read-only command that the agent may run on a phone.

    `key` is what a person would type and names the answer in every kind of capture (`dumpsys wifi`).
    `script` is what the phone's shell runs: the same, or the same cut down on the phone to what a probe
    needs, so a parser must read both the cut and the whole text. Shell: mksh with Android 8's toybox.
    `first`: asked before all else, so that a phone that goes away early has said at least this.
    `opt_in`: never run unless a person gives this option, since it asks for more than shell may have.
    `distil`: what of a whole answer may be kept, where the phone cannot cut it itself; the rest is never stored.
    `converse`: asked after all else, step by step, since each step rests on what the last one said; returns what is
    kept. `script` then lists every line that it may run.
    """

    key: str
    reason: Message
    script: str = ""
    timeout_s: int = 10
    limit_bytes: int = 512 * 1024
    first: bool = False
    opt_in: OptIn | None = None
    distil: Callable[[bytes], bytes] | None = None
    converse: Callable[[Transport], bytes] | None = None

    @property
    def line(self) -> str:
        """The shell text that the phone runs."""
        return self.script or self.key


class Outcome(StrEnum):
    """How the reading of one command's answer ended."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"  # longer than the command's limit
    TIMED_OUT = "timed_out"
    CUT = "cut"  # the phone went away in the middle
    REPEATED = "repeated"  # stands more than once in a bugreport, so one of them may be an app's forgery


@dataclass(frozen=True, slots=True)
class Answer:
    """The raw bytes that one command printed (stdout and stderr), and how it ended.

    `exit_code` and `duration_ms` are None where the source does not tell (a bugreport).
    """

    data: bytes
    outcome: Outcome = Outcome.COMPLETE
    exit_code: int | None = None
    duration_ms: int | None = None

    @property
    def text(self) -> str:
        """The answer as text, whatever wrote it: UTF-16 from PowerShell, CRLF, invalid UTF-8."""
        return decode(self.data)


def decode(data: bytes) -> str:
    """Turn bytes into text with plain newlines; what is not valid becomes U+FFFD, nothing raises."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    else:
        text = data.decode("utf-8-sig", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")


class Unanswered(PostureError):
    """A command gave no usable answer. The message says why, and what would help."""


# How the first line of an answer begins that is none: a dump may hold such words in a log further down.
# Sources: frameworks/native dumpsys.cpp, cmd.cpp; Binder.java; DumpUtils.java; WifiShellCommand.java; mksh's exec.c.
_REFUSALS = re.compile(
    r"""(?:
      Can't\ find\ service: | cmd:\ Can't\ find\ service | cmd:\ Fail | No\ shell\ command\ implementation
    | Permission\ Deni(?:al|ed) | \S+:\ (?:.*:\ )?(?:[Pp]ermission\ denied|Operation\ not\ permitted)$
    | java\.lang\.\w+Exception\b | Security\ exception:
    | Error\ dumping\ service\ info | Error\ while\ accessing
    | Exception\ occurred\ while\ (?:executing|dumping) | Error\ while\ executing\ command | Failed\ to\ dump
    | Unknown\ command: | toybox:\ | [Uu]sage: | Unknown\ option
    | Uid\ \d+\ does\ not\ have\ access | Error: | Error\ type
    | \S*sh:\ .*(?:inaccessible\ or\ not\ found|not\ found) | \S+:\ .*(?:inaccessible\ or\ not\ found|No\ such\ file)
    | Killed$ | Terminated$ | Segmentation\ fault | Aborted | null$
    )""",
    re.VERBOSE,
)
# dumpsys.cpp (8: seconds, 9 on: milliseconds) and dumpstate's DumpstateUtil.cpp; both may follow a part of the answer.
_TIMEOUT = re.compile(
    r"^\*{3} (?:SERVICE '[^'\n]*' DUMP TIMEOUT \([0-9]+m?s\) EXPIRED \*{3}|command '[^\n]*' timed out after [^\n]*)",
    re.MULTILINE,
)
# Binder.java prints this behind what the service had said by then, and a stack trace.
_EXCEPTION = re.compile(
    r"^(?:Exception occurred while (?:dumping|executing)\b|Security exception: )[^\n]*", re.MULTILINE
)
_THROWN = re.compile(r"\s*(?:[\w$]+\.)+[\w$]*(?:Exception|Error)\b")
_TRACE = re.compile(r"\s+at |\s+\.\.\. \d+ more|Caused by: |\s*(?:[\w$]+\.)+[\w$]*(?:Exception|Error)\b|\s*$")


def refusal(text: str) -> str | None:
    """Return the line with which Android refused or gave up, or None when `text` is an answer.

    Empty text is no refusal here: `Capture.text` treats it, since some commands rightly print nothing.
    """
    if found := _TIMEOUT.search(text):
        return found[0]
    first, _, rest = text.lstrip().partition("\n")
    if _REFUSALS.match(first.rstrip()):
        # A refusal stands alone or above a stack trace; a long dump that begins with one is an answer all the same.
        others = [line for line in rest.splitlines() if line.strip()]
        if len(others) < 40 or _is_trace(others):
            return _telling(first.rstrip(), others)
    for found in deque(_EXCEPTION.finditer(text), maxlen=1):  # the last one: only a trace may follow it
        if _is_trace(text[found.end() :].splitlines()):
            return found[0]
    return None


def _telling(line: str, following: list[str]) -> str:
    """Return the exception itself where the line only announces one."""
    announced = line.startswith("Exception occurred") and following and _THROWN.match(following[0])
    return following[0].strip() if announced else line


def _is_trace(lines: Iterable[str]) -> bool:
    return all(_TRACE.match(line) for line in lines)


@dataclass(frozen=True, slots=True)
class Capture:
    """All raw answers of one look at one phone.

    `captured_at` is the workstation's clock, aware UTC; for a bugreport, the phone's own dump time.
    `broken` says why the look ended early: what was not answered by then is unknown for that reason.
    `serial` is what the transport calls the phone, None where there was none.
    """

    source: Source
    captured_at: datetime
    answers: Mapping[str, Answer]
    serial: str | None = None
    broken: Message | None = None
    duration_ms: int = 0

    def answer(self, command: Command | str) -> Answer | None:
        """The raw answer, or None when this capture holds none."""
        return self.answers.get(command if isinstance(command, str) else command.key)

    def text(self, command: Command | str, *, partial: bool = False, empty: bool = False) -> str:
        """Return what the phone printed; raise Unanswered unless it is a whole, willing answer.

        partial: take an answer that was cut short too; the caller then concludes nothing from what is absent.
        empty: printing nothing is an answer of this command (a list without entries).
        """
        key = command if isinstance(command, str) else command.key
        answer = self.answers.get(key)
        if answer is None:
            if self.broken is not None:
                raise Unanswered(Message("`{command}` was not answered: {why}", {"command": key, "why": self.broken}))
            raise Unanswered(
                Message("`{command}` is not in this capture; scan the phone itself to have it", {"command": key})
            )
        text = answer.text
        if (refused := refusal(text)) is not None:
            raise Unanswered(
                Message("the phone refused `{command}`: {answer}", {"command": key, "answer": quoted(refused, 64)})
            )
        if answer.outcome is Outcome.REPEATED or (answer.outcome is not Outcome.COMPLETE and not partial):
            message = _INCOMPLETE[answer.outcome]
            if answer.outcome is Outcome.CUT and self.source != "live":
                message = Message("this file holds only a part of `{command}`; scan the phone itself to have it all")
            raise Unanswered(replace(message, values={"command": key}))
        if not text.strip() and not empty:
            raise Unanswered(Message("`{command}` printed nothing", {"command": key}))
        return text

    def first_text(self, commands: Iterable[Command | str]) -> tuple[str, str]:
        """Return (key, text) of the first command that answered; raise the first one's Unanswered if none did."""
        first: Unanswered | None = None
        for command in commands:
            try:
                return (command if isinstance(command, str) else command.key), self.text(command)
            except Unanswered as error:
                first = first or error
        assert first is not None, "first_text needs at least one command"  # noqa: S101 - a caller's mistake
        raise first


_INCOMPLETE = {
    Outcome.TRUNCATED: Message(
        "`{command}` printed more than the agent reads, so its end is missing; please report it"
    ),
    Outcome.TIMED_OUT: Message("`{command}` did not answer in time; scan again when the phone is idle"),
    Outcome.CUT: Message("the phone went away while it answered `{command}`; connect it and scan again"),
    Outcome.REPEATED: Message("this bugreport holds `{command}` twice, and one may be forged; scan the phone itself"),
}
