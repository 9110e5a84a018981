"""A policy as one signed file: its files, word for word, under its publisher's signature.

The file is JSON signed as reports are (`agent.keys`), with the publisher's public key in the header. Whether that
publisher is trusted says `agent.policy.trust`. The same files and key give the same bytes.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import Field, ValidationError

from agent.capture import quoted
from agent.keys import Refusals, SigningKey, opened
from agent.messages import Message, because
from agent.policy.document import Change, Date, Overlay, Part, Texts, Word
from agent.policy.files import Files
from agent.policy.source import LIMIT_BYTES, PolicyError, Source, parse
from agent.policy.validation import validate

_LIMIT_BYTES = 16 * LIMIT_BYTES
TYPE = "posture-policy+jws"


class PublisherKey(SigningKey):
    """The key of whoever publishes policies."""

    TYPE = TYPE
    UNREADABLE = Message("the publisher's key {path}: {why}")
    DAMAGED = Message("the publisher's key {path} is damaged; put it back from a backup")

    def header(self) -> dict[str, Any]:
        """What each signature says of itself, with the public key."""
        return {**super().header(), "jwk": self.public_jwk}


class _File(Part):
    name: Word
    text: str


class _Body(Part):
    """What is signed; all but the files themselves is there to be read without unpacking."""

    schema_: Literal["posture-bundle/1"] = Field(alias="schema")
    id: Word
    version: Word
    date: Date
    title: Texts
    changes: tuple[Change, ...] = Field(strict=False)
    sha256: Word
    files: tuple[_File, ...] = Field(min_length=1, strict=False)
    overlays: tuple[_File, ...] = Field(default=(), strict=False)


@dataclass(frozen=True, slots=True)
class Release:
    """Which edition of a policy: the newest date and all version numbers among its files."""

    id: str
    version: str
    date: date


def release(files: Files) -> Release:
    """Name the edition. An overlay without version and date adds nothing."""
    head = files.head
    laid = [validate(each, Overlay) for each in files.overlays]
    version = " + ".join([head.version, *(f"{each.name} {each.version}" for each in laid if each.version)])
    return Release(head.id, version, max([head.date, *(each.date for each in laid if each.date)]))


def pack(files: Files, key: PublisherKey) -> str:
    """Sign a policy's files, which must load. Raises PolicyError for an overlay that has no version or no date."""
    for overlay in files.overlays:
        told = validate(overlay, Overlay)
        if told.version is None or told.date is None:
            raise overlay.error((), Message("an overlay that is published needs a version and a date"))
    edition, head = release(files), files.base[0].data
    body = {
        "schema": "posture-bundle/1",
        "id": edition.id,
        "version": edition.version,
        "date": edition.date.isoformat(),
        "title": head["title"],
        "changes": head["changes"],
        "sha256": files.sha256,
        "files": [_written(each) for each in files.base],
        "overlays": [_written(each) for each in files.overlays],
    }
    return key.sign(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def _written(source: Source) -> dict[str, str]:
    return {"name": Path(source.name).name, "text": source.raw.decode()}


_REFUSALS = Refusals(
    error=PolicyError,
    no_members=Message("this is no signed policy: it lacks payload, protected or signature"),
    no_jws=Message("this is no signed policy: it cannot be read as JWS"),
    no_key=Message("this is no signed policy: its publisher's key is missing or is not the one it names"),
    no_fit=Message("the signature does not fit: the policy was changed or forged"),
)


def read(path: Path) -> Files:
    """Read a bundle whose signature holds, by whomever it is. Raises PolicyError."""
    try:
        with path.open("rb") as stream:
            signed = stream.read(_LIMIT_BYTES + 1)
    except OSError as error:
        values: dict[str, str | int | Message] = {"file": quoted(str(path)), "why": because(error)}
        raise PolicyError(Message("{file}: cannot be read: {why}", values)) from error
    try:
        return unpack(signed)
    except PolicyError as error:
        problem: dict[str, str | int | Message] = {"file": quoted(str(path)), "problem": error.message}
        raise PolicyError(Message("{file}: {problem}", problem)) from error


def unpack(signed: bytes) -> Files:
    """The files of a bundle whose signature holds, by whomever it is. Raises PolicyError."""
    if len(signed) > _LIMIT_BYTES:
        raise PolicyError(Message("it is larger than {limit} bytes", {"limit": _LIMIT_BYTES}))
    header, payload = opened(signed, _named_key, _REFUSALS)
    body = _body(payload)
    files = _unpacked(body, str(header["kid"]))
    if (Release(body.id, body.version, body.date), body.sha256) != (release(files), files.sha256):
        raise PolicyError(Message("what the bundle says of itself is not what its files say"))
    return files


def _named_key(header: dict[str, Any]) -> dict[str, Any] | None:
    """The key that a header holds, where it is the one that the header names and signs policies."""
    jwk = header.get("jwk")
    try:
        fits = isinstance(jwk, dict) and OKPKey.import_key(jwk).thumbprint() == header.get("kid")
    except (ValueError, TypeError, KeyError, JoseError):
        return None
    return jwk if fits and header.get("typ") == TYPE else None


def _body(payload: bytes) -> _Body:
    try:
        return _Body.model_validate_json(payload)
    except ValidationError as error:
        raise PolicyError(Message("this is no policy bundle of the form posture-bundle/1")) from error


def _unpacked(body: _Body, publisher: str) -> Files:
    """The files inside; a place in one of them is named without the bundle."""
    base, laid = (
        tuple(parse(each.text.encode(), Path(each.name).name) for each in part) for part in (body.files, body.overlays)
    )
    return Files(base, laid, publisher=publisher)
