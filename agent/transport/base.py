"""What a way to a phone is. It carries one shell text there and the bytes back, and knows nothing of Android."""

from collections.abc import Iterator
from typing import Protocol

from agent.messages import PostureError


class TransportError(PostureError):
    """The phone cannot be reached, refuses, or went away. The message says which, and what to do."""


class Transport(Protocol):
    """An open way to one phone. `serial` is what adb would call it: HOST:PORT over TCP."""

    serial: str

    def stream(self, shell_line: str, *, idle_timeout_s: float) -> Iterator[bytes]:
        """Open one ADB stream that runs `shell_line`; yield its bytes as they arrive, until the phone closes it.

        Errors: TransportError as soon as nothing came for `idle_timeout_s`, or the phone went away. Closing the
        iterator early closes the stream, and the phone ends what it runs.
        """
        ...

    def close(self) -> None:
        """Let go of the phone; safe to call again."""
        ...
