"""Ed25519 keys in files, and JSON signed by them (RFC 7515, flattened, with Ed25519 of RFC 9864).

A key's id is its JWK thumbprint (RFC 7638); it is the `kid` of every signature.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from agent.messages import Message, PostureError, because
from agent.whole_file import write_secret_once

ALGORITHM = "Ed25519"
_MEMBERS = {"payload", "protected", "signature"}
_REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM])
_REGISTRY.max_payload_length = 64 * 1024 * 1024  # joserfc's own 128 kB are less than a large report or a policy


class SigningKey:
    """An Ed25519 key pair that never leaves the machine. `TYPE` is what it signs, as the header's `typ` says."""

    TYPE: ClassVar[str]
    UNREADABLE: ClassVar[Message]
    DAMAGED: ClassVar[Message]

    def __init__(self, key: OKPKey, path: Path) -> None:
        self._key, self.path = key, path
        self.id: str = key.thumbprint()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the key, or make it: readable by its owner only, whole or not at all."""
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_secret_once(path, json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=True)))
            return cls(OKPKey.import_key(json.loads(path.read_text())), path)
        except OSError as error:
            values: dict[str, str | int | Message] = {"path": str(path), "why": because(error)}
            raise PostureError(replace(cls.UNREADABLE, values=values)) from error
        except (ValueError, JoseError) as error:
            raise PostureError(replace(cls.DAMAGED, values={"path": str(path)}), permanent=True) from error

    def now(self) -> Self:
        """The key that the file holds by now: another process may have put a newer one there."""
        return self.open(self.path)

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public half, as a JWK."""
        return dict(self._key.as_dict(private=False))

    def sign(self, payload: bytes) -> str:
        """Return the payload signed: one line of JSON with `payload`, `protected` and `signature`."""
        members: jws.HeaderDict = {"protected": self.header()}
        return json.dumps(jws.serialize_json(members, payload, self._key, algorithms=[ALGORITHM]))

    def header(self) -> dict[str, Any]:
        """What each signature says of itself."""
        return {"alg": ALGORITHM, "kid": self.id, "typ": self.TYPE}


@dataclass(frozen=True, slots=True)
class Refusals:
    """What is said of signed JSON that cannot be believed, and the error that says it."""

    error: Callable[[Message], PostureError]
    no_members: Message
    no_jws: Message
    no_key: Message
    no_fit: Message


def opened(
    signed: str | bytes, find_key: Callable[[dict[str, Any]], dict[str, Any] | None], refusals: Refusals
) -> tuple[dict[str, Any], bytes]:
    """Check signed JSON and return (header, payload); raise as `refusals` says.

    `find_key` gives the public JWK of the key that a header names, or None when it is not known.
    """
    try:
        member = json.loads(signed)
        if not isinstance(member, dict) or set(member) != _MEMBERS:
            raise refusals.error(refusals.no_members)
        header = dict(jws.extract_compact(f"{member['protected']}..".encode()).headers())
    except (ValueError, TypeError, RecursionError, JoseError) as error:
        raise refusals.error(refusals.no_jws) from error
    public = find_key(header)
    if public is None:
        raise refusals.error(refusals.no_key)
    try:
        found = jws.deserialize_json(
            {"payload": member["payload"], "protected": member["protected"], "signature": member["signature"]},
            OKPKey.import_key(public),
            registry=_REGISTRY,
        )
    except (ValueError, TypeError, KeyError, JoseError) as error:
        raise refusals.error(refusals.no_fit) from error
    return header, found.payload
