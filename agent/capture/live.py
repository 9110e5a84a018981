"""Reads a phone that is there: one script, one stream, every answer as soon as it is complete."""

import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from agent.capture.frames import Decoder, Framed
from agent.capture.model import Answer, Capture, Command, Outcome
from agent.capture.script import build
from agent.messages import Message, quoted
from agent.transport.base import Transport, TransportError

WORKERS = 8

# Beyond the commands' own time: a slow phone starts some eight processes a command.
_SLACK_S = 20

_ENDED_EARLY = Message(
    "the phone ended the scan before its end; scan again, with the screen on and nothing else running"
)
_TOO_SLOW = Message("the phone did not finish in {seconds} seconds; scan again when it is idle, or restart it")
_TOO_MUCH = Message("the phone sent more than it was asked for; do not trust it, and scan it from another computer")
_NO_SHELL = Message("the phone's shell did not run the scan; it said: {answer}")
_NOTHING = Message("the phone's shell did not run the scan and said nothing; restart the phone and scan again")


def capture_phone(
    transport: Transport,
    commands: Sequence[Command],
    *,
    on_answer: Callable[[Command, int, int], None] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Capture:
    """Run all commands on one phone; `on_answer(command, done, total)` tells the progress.

    Errors: TransportError when the phone did not even begin. A phone that goes away later gives a capture with
    `broken` set, every answer that was complete by then, and the one under way as Outcome.CUT.
    """
    captured_at, begun = now(), time.monotonic()
    nonce = secrets.token_hex(8)
    talks = [command for command in commands if command.converse is not None]
    total, commands = len(commands), [command for command in commands if command.converse is None]
    told = None if on_answer is None else partial(_tell, on_answer, total)
    reading = _Reading(commands, Decoder(nonce, [command.limit_bytes for command in commands]), told)
    broken = reading.run(transport, build(commands, nonce, WORKERS))
    if reading.decoder.shell is None:
        said = quoted(reading.head.decode(errors="replace"))
        raise TransportError(broken or (Message(_NO_SHELL.sentence, {"answer": said}) if said else _NOTHING))
    if (cut := reading.decoder.unfinished) is not None:
        reading.answers.setdefault(commands[cut.index].key, _kept(commands[cut.index], cut.answer))
    if broken is None and (not reading.decoder.finished or len(reading.answers) < len(commands)):
        broken = _ENDED_EARLY
    # By this much the phone's clock may seem off, since it was asked at some moment of the script.
    duration_ms = round((time.monotonic() - begun) * 1000)
    for command in talks:
        if broken is None:
            broken = reading.converse(transport, command)
    return Capture("live", captured_at, reading.answers, transport.serial, broken, duration_ms)


class _Reading:
    """One stream being read: what came of it, within bounds that a hostile phone cannot pass."""

    def __init__(
        self,
        commands: Sequence[Command],
        decoder: Decoder,
        on_answer: Callable[[Command, int], None] | None,
    ) -> None:
        self.decoder = decoder
        self.answers: dict[str, Answer] = {}
        self.head = b""
        self._commands = commands
        self._on_answer = on_answer

    def run(self, transport: Transport, script: str) -> Message | None:
        """Read to the end; return why it ended early, None when the phone itself closed the stream."""
        longest_s = max(command.timeout_s for command in self._commands)
        most_s = math.ceil(sum(command.timeout_s for command in self._commands) / WORKERS) + longest_s + _SLACK_S
        left = sum(command.limit_bytes * 4 + 4096 for command in self._commands)
        deadline = time.monotonic() + most_s
        stream = transport.stream(script, idle_timeout_s=longest_s + _SLACK_S)
        try:
            for data in stream:
                self._take(data)
                left -= len(data)
                if left < 0:
                    return _TOO_MUCH
                if time.monotonic() > deadline:
                    return Message(_TOO_SLOW.sentence, {"seconds": most_s})
        except TransportError as error:
            return error.message
        return None

    def converse(self, transport: Transport, command: Command) -> Message | None:
        """Have one command's conversation; return why it ended early, None when it came to its end."""
        if command.converse is None:
            return None
        begun = time.monotonic()
        try:
            said = command.converse(transport)
        except TransportError as error:
            self.answers[command.key] = Answer(b"", Outcome.CUT)
            return error.message
        outcome = Outcome.TRUNCATED if len(said) > command.limit_bytes else Outcome.COMPLETE
        spent_ms = round((time.monotonic() - begun) * 1000)
        self._answered(command, Answer(said[: command.limit_bytes], outcome, duration_ms=spent_ms))
        return None

    def _take(self, data: bytes) -> None:
        if self.decoder.shell is None and len(self.head) < 400:
            self.head += data[:400]
        for framed in self.decoder.feed(data):
            self._keep(framed)

    def _keep(self, framed: Framed) -> None:
        command = self._commands[framed.index]
        self._answered(command, _kept(command, framed.answer))

    def _answered(self, command: Command, answer: Answer) -> None:
        self.answers[command.key] = answer
        if self._on_answer is not None:
            self._on_answer(command, len(self.answers))


def _tell(on_answer: Callable[[Command, int, int], None], total: int, command: Command, done: int) -> None:
    on_answer(command, done, total)


def _kept(command: Command, answer: Answer) -> Answer:
    """Keep of an answer what the command allows, and of a broken one nothing."""
    if command.distil is None:
        return answer
    return replace(answer, data=command.distil(answer.data) if answer.outcome is Outcome.COMPLETE else b"")
