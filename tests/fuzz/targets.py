"""What is fuzzed: whatever a phone or a stranger's file may say ends in facts, `Unanswered` or a sentence.

A target takes bytes and raises only for a mistake of ours.
"""

import base64
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import cycle
from pathlib import Path
from types import ModuleType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from agent.capture import Answer, Capture, Outcome, Unanswered, bugreport
from agent.capture.frames import Decoder
from agent.capture.sources import open_capture
from agent.facts import FACTS, Fact, Kind, Spec, State
from agent.indicators import IndicatorFile, read_file
from agent.messages import PostureError
from agent.probes import activity_words
from agent.probes.companion_devices import Databases, distil
from agent.screen import PhoneScreen, Record, visit
from agent.transport import TransportError
from tests.fuzz.seeds import ABSENT, AT, CUT, PROBES_BY_TARGET, keys_of

INDICATORS = IndicatorFile(
    name="lista.yaml",
    version=None,
    sha256="5e" * 32,
    imported_at="2026-04-01T08:00:00Z",
    packages={"com.android.chrome": "x", "a.b": "x"},
    certificates={"39" * 32: "x"},
    unread=0,
)

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_IS: dict[Kind, Callable[[Spec, Any], bool]] = {
    Kind.BOOL: lambda _, value: isinstance(value, bool),
    Kind.INT: lambda _, value: isinstance(value, int) and not isinstance(value, bool),
    Kind.TEXT: lambda _, value: isinstance(value, str),
    Kind.CHOICE: lambda spec, value: value in spec.choices,
    Kind.INSTANT: lambda _, value: isinstance(value, str) and _INSTANT.fullmatch(value) is not None,
    Kind.LIST: lambda spec, value: all(isinstance(it, str) and it in (spec.choices or (it,)) for it in value),
    Kind.RECORDS: lambda spec, value: all(set(it) == set(spec.fields) for it in value),
}


def check(fact: Fact) -> None:
    """Raise unless the fact is one that the contract and the report allow."""
    spec = FACTS[fact.name]
    json.dumps(fact.value, allow_nan=False).encode()
    assert (fact.value is None) != (fact.state is State.KNOWN), fact
    assert fact.value is None or (_IS[spec.kind](spec, fact.value) and fact.evidence), fact
    assert all(len(evidence.line) <= 240 for evidence in fact.evidence), fact


def probe(module: ModuleType, data: bytes) -> None:
    """One probe on answers that a phone or a file chose."""
    for fact in facts_of(module, data):
        assert fact.name in module.FACTS, fact
        check(fact)


def facts_of(module: ModuleType, data: bytes) -> Iterator[Fact]:
    """What a probe says of an input; see `tests.fuzz.seeds` for its form."""
    source: Literal["live", "capture", "bugreport"] = "live"
    if data[:1] >= b"\x80":
        source = "capture" if data[0] % 2 else "bugreport"
    keys = keys_of(module)
    parts = [part for part in zip(keys, data[2:].split(CUT), strict=False) if part[1] != ABSENT]
    answers = {key: Answer(part, _outcome(data, keys.index(key))) for key, part in parts}
    more = [[INDICATORS]] if getattr(module, "READS_INDICATORS", False) else []
    with suppress(Unanswered):
        yield from module.probe(Capture(source, AT, answers), *more)


def _outcome(data: bytes, at: int) -> Outcome:
    """What befell an answer: the first two bytes choose one answer and how it ended."""
    return list(Outcome)[data[0] % len(Outcome)] if data[1:2] == bytes([at]) else Outcome.COMPLETE


def split(data: bytes) -> None:
    """The bugreport splitter, in blocks of a size that the input chooses."""
    size = data[0] + 1 if data else 1
    splitter = bugreport.Splitter(rules=size % 2 == 0)
    splitter.read(data[at : at + size] for at in range(1, len(data), size))
    assert sum(len(answer.data) for answer in splitter.answers().values()) <= len(data)
    with suppress(PostureError):
        bugreport.load(io.BytesIO(data[1:]))


def source(data: bytes) -> None:
    """A file of any kind."""
    with tempfile.NamedTemporaryFile() as file, suppress(PostureError):
        file.write(data)
        file.flush()
        open_capture(Path(file.name))


def indicators(data: bytes) -> None:
    """A file that may name known spyware: what is kept of it can be read again."""
    with tempfile.NamedTemporaryFile() as file, suppress(PostureError):
        file.write(data)
        file.flush()
        kept = read_file(Path(file.name))
        assert IndicatorFile.model_validate_json(kept.model_dump_json()) == kept


def companions(data: bytes) -> None:
    """What root prints of WhatsApp's list of linked devices; after a cut, the bytes of the database alone."""
    answer, _, image = data.partition(CUT)
    if image:
        body = base64.encodebytes(image).decode()
        digest = hashlib.sha256(image).hexdigest()
        answer = f"= 0 com.whatsapp data/com.whatsapp\n+ db\n{body}# db {digest}\n= end".encode()
    kept = distil(answer)
    if kept.startswith(b"{"):
        with suppress(ValidationError):
            assert Databases.model_validate_json(kept).model_dump_json().encode() == kept


class _Answering:
    """A phone that answers each line with the next part of the input, over and over, and always comes to its end."""

    serial = "fuzz"

    def __init__(self, data: bytes) -> None:
        self._parts = cycle(data.split(CUT))

    def stream(self, shell_line: str, **_: float) -> Iterator[bytes]:
        yield next(self._parts) + b"\n" + shell_line.rpartition(" ")[2].encode()

    def close(self) -> None:
        pass


def screen(data: bytes) -> None:
    """A visit to the screens of a phone that says what it likes: what is kept of it can be read again."""
    with suppress(TransportError):
        kept = visit(PhoneScreen(_Answering(data)))
        assert Record.model_validate_json(kept.model_dump_json()) == kept
        for app in kept.apps:
            for row in app.linked.rows:
                activity_words.read(row.status, AT, ZoneInfo("America/Bogota"), "es-CO")


def frames(data: bytes) -> None:
    """A scan's stream, the nonce known to the phone."""
    decoder, size = Decoder("n", [8, 64]), data[0] + 1 if data else 1
    for at in range(1, len(data), size):
        for framed in decoder.feed(data[at : at + size]):
            assert len(framed.answer.data) <= 64
    assert decoder.unfinished is None or len(decoder.unfinished.answer.data) <= 64


TARGETS: dict[str, Callable[[bytes], None]] = {
    "bugreport": split,
    "source": source,
    "frames": frames,
    "indicators": indicators,
    "companions": companions,
    "screen": screen,
    **{name: partial(probe, module) for name, module in PROBES_BY_TARGET.items()},
}
