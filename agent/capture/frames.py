"""Takes the stream that `script.build`'s script writes apart again, as it arrives.

    @NONCE begin mksh                          which shell runs it
    @NONCE answer 12 64 17955.9774 17955.9935  place of the command, base64 or hex, clock before and after
    :x0:                                       exit code, or T: time was up
    aGVsbG8K                                   what the command printed
    :e0 0:                                     exit codes of the encoder and of `head`
    @NONCE end 12
    @NONCE finish 40                           how many commands there were

What a command printed is encoded, so it cannot look like a frame, and the nonce is new for every scan. A terminal in
between may turn newlines into CRLF and the linker may print warnings between frames: both are ignored. The stream
comes from a phone that may be hostile: memory is bounded by the commands' own limits.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.capture.model import Answer, Outcome

_LINE_BYTES = 4096  # the longest line kept; encoders wrap at 76
_EXIT = re.compile(rb":x([0-9]{1,3}|T):")
_ENCODED = re.compile(rb":e([0-9]{0,3}) ([0-9]{0,3}):")
_NEITHER = re.compile(rb"[^A-Za-z0-9+/=]")
_HEADER = re.compile(rb" (begin|answer|end|finish)((?: [0-9A-Za-z.,]*){1,4})\Z")


@dataclass(frozen=True, slots=True)
class Framed:
    """One command's answer. `index` is the command's place in the list that the script was built from."""

    index: int
    answer: Answer


class Decoder:
    """Reads one scan's stream. `limits` are the commands' limits in bytes, in the order given to `build`.

    `shell` is what runs the script on the phone, None until it has said so; `finished` that it reached its end.
    """

    def __init__(self, nonce: str, limits: Sequence[int]) -> None:
        self.shell: str | None = None
        self.finished = False
        self._mark = b"@" + nonce.encode()
        self._limits = limits
        self._line = bytearray()
        self._header: list[bytes] | None = None
        self._body = bytearray()
        self._seen: set[int] = set()

    def feed(self, data: bytes) -> list[Framed]:
        """Take the next bytes, however the wire cut them; return the answers that they complete."""
        framed = []
        for piece in data.replace(b"\r", b"").splitlines(keepends=True):
            room = _LINE_BYTES - len(self._line)
            self._line += piece[:room]
            if piece.endswith(b"\n"):
                answer = self._take(bytes(self._line.rstrip(b"\n")))
                self._line.clear()
                if answer is not None:
                    framed.append(answer)
        return framed

    @property
    def unfinished(self) -> Framed | None:
        """The answer that was under way when the stream ended, with what had arrived of it."""
        if self._header is None:
            return None
        return self._framed(self._header, bytes(self._body + self._line), ended=False)

    def _take(self, line: bytes) -> Framed | None:
        found = line.find(self._mark)
        if found < 0 or (header := _HEADER.match(line[found + len(self._mark) :])) is None:
            if self._header is not None and len(self._body) <= self._most(self._header):
                self._body += line + b"\n"
            return None
        return self._frame(header[1], header[2].split(b" ")[1:])

    def _frame(self, kind: bytes, words: list[bytes]) -> Framed | None:
        if kind == b"begin":
            self.shell = words[0].decode()
        elif kind == b"finish":
            self.finished = True
        elif kind == b"answer":
            known = len(words) == 4 and words[0].isdigit() and int(words[0]) < len(self._limits)
            self._header = words if known and int(words[0]) not in self._seen else None
            self._body.clear()
        elif self._header is not None and words[0] == self._header[0]:
            framed = self._framed(self._header, bytes(self._body), ended=True)
            self._seen.add(framed.index)
            self._header = None
            return framed
        return None

    def _most(self, header: list[bytes]) -> int:
        # `od` writes three characters a byte; the rest is newlines and marks.
        return (self._limits[int(header[0])] + 1) * 4 + 1024

    def _framed(self, header: list[bytes], body: bytes, *, ended: bool) -> Framed:
        index = int(header[0])
        limit = self._limits[index]
        exited, encoded = _EXIT.search(body), _ENCODED.search(body)
        data, sound = _decoded(_ENCODED.sub(b"", _EXIT.sub(b"", body)), header[1])
        whole = ended and sound and exited is not None and encoded is not None and not encoded[0].strip(b":e 0")
        if len(data) > limit:
            outcome = Outcome.TRUNCATED
        elif not whole:
            outcome = Outcome.CUT
        else:
            outcome = Outcome.TIMED_OUT if exited is not None and exited[1] == b"T" else Outcome.COMPLETE
        exit_code = int(exited[1]) if exited is not None and exited[1] != b"T" else None
        return Framed(index, Answer(data[:limit], outcome, exit_code, _duration_ms(header[2], header[3])))


def _decoded(body: bytes, form: bytes) -> tuple[bytes, bool]:
    """What the encoder was given, and whether all of `body` was its output; else the part before the fault."""
    text = b"".join(body.split())
    fault = _NEITHER.search(text)
    sound = text[: fault.start()] if fault else text
    unit, decode = (2, binascii.unhexlify) if form == b"16" else (4, _from_base64)
    whole = sound[: len(sound) // unit * unit]
    try:
        return decode(whole), whole == text
    except binascii.Error:
        return b"", False


def _from_base64(text: bytes) -> bytes:
    return base64.b64decode(text, validate=True)


def _duration_ms(before: bytes, after: bytes) -> int | None:
    """Milliseconds between two of $EPOCHREALTIME, which some locales write with a comma; None without a clock."""
    try:
        seconds = float(after.replace(b",", b".")) - float(before.replace(b",", b"."))
    except ValueError:
        return None
    return round(seconds * 1000) if 0 <= seconds < 86400 else None
