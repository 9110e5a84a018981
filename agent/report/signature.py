"""Signatures: a report as JWS (RFC 7515, flattened JSON) with Ed25519 (RFC 9864), by the agent's own key.

The key's id is its JWK thumbprint (RFC 7638); it is the `kid` of every signature and the agent's id.
"""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from agent.messages import Message, PostureError

ALGORITHM = "Ed25519"
TYPE = "posture-report+jws"


class SignatureError(PostureError):
    """A signed report that is not one, or not by the key it names. Trying again does not help."""

    def __init__(self, message: Message) -> None:
        super().__init__(message, permanent=True)


class AgentKey:
    """The agent's Ed25519 key pair. It never leaves the workstation; the collector knows the public half."""

    def __init__(self, key: OKPKey) -> None:
        self._key = key
        self.id: str = key.thumbprint()

    @classmethod
    def open(cls, path: Path) -> "AgentKey":
        """Read the key, or make it: readable by its owner only, whole or not at all."""
        try:
            if not path.exists():
                _write_once(path, json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=True)))
            return cls(OKPKey.import_key(json.loads(path.read_text())))
        except OSError as error:
            raise PostureError(
                Message("the agent's key {path}: {why}", {"path": str(path), "why": error.strerror or str(error)})
            ) from error
        except (ValueError, JoseError) as error:
            raise PostureError(
                Message(
                    "the agent's key {path} is damaged; put it back from a backup, or delete it and enrol again",
                    {"path": str(path)},
                ),
                permanent=True,
            ) from error

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public half, as a JWK."""
        return dict(self._key.as_dict(private=False))

    def sign(self, payload: bytes) -> str:
        """Return the payload signed: one line of JSON with `payload`, `protected` and `signature`."""
        members: jws.HeaderDict = {"protected": {"alg": ALGORITHM, "kid": self.id, "typ": TYPE}}
        return json.dumps(jws.serialize_json(members, payload, self._key, algorithms=[ALGORITHM]))


def verify(signed: str | bytes, find_key: Callable[[str], dict[str, Any] | None]) -> tuple[str, bytes]:
    """Check a signed report and return (key id, payload).

    `find_key` gives the public JWK of a key id, or None when nobody by that id is known.
    """
    try:
        member = json.loads(signed)
        if not isinstance(member, dict) or set(member) != {"payload", "protected", "signature"}:
            raise SignatureError(Message("this is no signed report: it lacks payload, protected or signature"))
        kid = jws.extract_compact(f"{member['protected']}..".encode()).headers().get("kid")
    except (ValueError, TypeError, RecursionError, JoseError) as error:
        raise SignatureError(Message("this is no signed report: it cannot be read as JWS")) from error
    public = find_key(kid) if isinstance(kid, str) else None
    if public is None or not isinstance(kid, str):
        raise SignatureError(Message("the key that signed this report is not known here; enrol the agent first"))
    try:
        found = jws.deserialize_json(
            {"payload": member["payload"], "protected": member["protected"], "signature": member["signature"]},
            OKPKey.import_key(public),
            algorithms=[ALGORITHM],
        )
    except (ValueError, TypeError, JoseError) as error:
        raise SignatureError(Message("the signature does not fit: the report was changed or forged")) from error
    return kid, found.payload


def _write_once(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(part, path)  # never over a key that another process made meanwhile
    except FileExistsError:
        return
    finally:
        part.unlink(missing_ok=True)
