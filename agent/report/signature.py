"""Signatures: a report as signed JSON, by the agent's own key. Its id is the agent's id."""

from collections.abc import Callable
from typing import Any

from agent.keys import Refusals, SigningKey, opened
from agent.messages import Message, PostureError


class SignatureError(PostureError):
    """A signed report that is not one, or not by the key it names. Trying again does not help."""

    def __init__(self, message: Message) -> None:
        super().__init__(message, permanent=True)


class AgentKey(SigningKey):
    """The agent's key pair; the collector knows the public half."""

    TYPE = "posture-report+jws"
    UNREADABLE = Message("the agent's key {path}: {why}")
    DAMAGED = Message("the agent's key {path} is damaged; put it back from a backup, or delete it and enrol again")


class RotationKey(AgentKey):
    """The same key, where it says by which key it is replaced, or which one it replaces."""

    TYPE = "posture-rotation+jws"


class RequestKey(AgentKey):
    """The same key, where it says which agent asks a collector for something."""

    TYPE = "posture-request+jws"


_REFUSALS = Refusals(
    error=SignatureError,
    no_members=Message("this is no signed report: it lacks payload, protected or signature"),
    no_jws=Message("this is no signed report: it cannot be read as JWS"),
    no_key=Message("the key that signed this report is not known here; enrol the agent first"),
    no_fit=Message("the signature does not fit: the report was changed or forged"),
)


def verify(signed: str | bytes, find_key: Callable[[str], dict[str, Any] | None]) -> tuple[str, bytes]:
    """Check a signed report and return (key id, payload).

    `find_key` gives the public JWK of a key id, or None when nobody by that id is known.
    """

    def named(header: dict[str, Any]) -> dict[str, Any] | None:
        kid = header.get("kid")
        return find_key(kid) if isinstance(kid, str) else None

    header, payload = opened(signed, named, _REFUSALS)
    return str(header["kid"]), payload
