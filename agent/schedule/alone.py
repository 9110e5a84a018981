"""One scheduler at a time: a lock that the system gives back however its holder ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from agent.messages import Message, PostureError, because


class NotAloneError(PostureError):
    """Another scheduler works with the same data."""


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold the lock for the length of the block. Errors: NotAloneError at once when another process holds it."""
    held = FileLock(lock)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held.acquire(timeout=0)
    except Timeout as error:
        raise NotAloneError(
            Message(
                "another scheduler already works with {folder}; one is enough: nothing was scanned twice",
                {"folder": str(lock.parent)},
            )
        ) from error
    except OSError as error:
        raise PostureError(
            Message("{path} cannot be written: {why}", {"path": str(lock), "why": because(error)})
        ) from error
    try:
        yield
    finally:
        held.release()


def is_held(lock: Path) -> bool:
    """Whether a scheduler works now."""
    if not lock.exists():
        return False
    try:
        with alone(lock):
            return False
    except NotAloneError:
        return True
