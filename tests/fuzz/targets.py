"""What is fuzzed: whatever a phone or a stranger's file may say ends in facts, `Unanswered` or a sentence.

A target takes bytes and raises only for a mistake of ours.
"""

import base64
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from agent.capture import Answer, Capture, Outcome, Unanswered, bugreport
from agent.capture.frames import Decoder
from agent.capture.sources import open_capture
from agent.facts import FACTS, Fact, Kind, Spec, State
from agent.indicators import IndicatorFile, read_file
from agent.messages import PostureError
from agent.probes import PROBES, commands
from agent.probes.companion_devices import Databases, distil
from tests.probes.companions import END, database, printed, row

CUT = b"\0|\0"  # between the answers of one input
CAPTURES = Path(__file__).parents[1] / "captures"
AT = datetime(2026, 5, 4, 15, 30, tzinfo=UTC)

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
    """One probe on answers that the phone chose: one part of `data` a command, or one for all."""
    parts = data.split(CUT)
    keys = sorted({command.key for command in (*module.COMMANDS, *commands())})
    outcome = list(Outcome)[len(data) % len(Outcome)] if len(parts) % 2 else Outcome.COMPLETE
    answers = {key: Answer(parts[at % len(parts)], outcome) for at, key in enumerate(keys)}
    with suppress(Unanswered):
        for fact in module.probe(Capture("live", AT, answers)):
            assert fact.name in module.FACTS, fact
            check(fact)


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
    **{f"probe-{module.__name__.rpartition('.')[2]}": partial(probe, module) for module in PROBES},
}

_RULE = "-" * 79
_REPORT = (
    f"\n{'=' * 56}\n== dumpstate: 2026-05-04 09:30:00\n{'=' * 56}\n------ SYSTEM PROPERTIES (getprop) ------\n"
    f"[persist.sys.timezone]: [America/Guatemala]\n{_RULE}\nDUMP OF SERVICE HIGH wifi:\nThreads in use: 0/3\non\n"
    f"--------- 0.004s was the duration of dumpsys wifi, ending at: 2026-05-04 09:30:09\n{_RULE}\nDUMP OF SERVICE wifi:"
).encode()
_FRAMES = (
    b"\x05@n begin mksh\n@n answer 1 64 1.0 2.0\naGk=\n:x0:\n:e0 0:\n@n end 1\n"
    b"@n answer 0 16 1,0 x\n6869\n@n finish 2\n"
)
_BUNDLE = json.dumps(
    {
        "type": "bundle",
        "objects": [
            {"type": "malware", "id": "malware--1", "name": "x", "modified": "2026-01-02T03:04:05.6Z"},
            {"type": "indicator", "id": "indicator--1", "pattern": "[app:id='a.b' OR app:cert.sha1='00']"},
            {"relationship_type": "indicates", "source_ref": "indicator--1", "target_ref": "malware--1"},
        ],
    }
).encode()
_PRODUCTS = (
    b"- name: x\n  type: stalkerware\n  packages: [a.b, &c d]\n  certificates: ['0A:0B']\n  c2: {ips: [192.0.2.1]}\n"
)


def seeds(target: str) -> list[bytes]:
    """Inputs to begin with: the project's own captures, and the words that the splitter and the frames look for."""
    if target in {"bugreport", "source"}:
        return [_REPORT, _REPORT[1:]]
    if target == "frames":
        return [_FRAMES]
    if target == "indicators":
        return [_BUNDLE, _PRODUCTS]
    if target == "companions":
        with tempfile.TemporaryDirectory() as folder:
            files = database(Path(folder), row(3, device_os="Windows", platform_type=1, last_active=1))
        return [(printed(files) + END).encode(), CUT + files["db"]]
    texts = [path.read_bytes() for path in sorted(CAPTURES.glob("*/*.txt"))]
    return [*texts, CUT.join(texts)]
