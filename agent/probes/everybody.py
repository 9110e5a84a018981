"""Everybody whose apps and switches a check must look at: a second user hides what the first one shows."""

from collections.abc import Container

from agent.capture import Capture
from agent.messages import Message
from agent.probes import ProbeError, users
from agent.probes.users import User


def everybody(capture: Capture) -> tuple[User, ...] | None:
    """Return every user; None for saved files without any list of users, which then speak for the owner alone.

    Raises Unanswered where the phone was asked and did not say who lives on it.
    """
    asked = capture.source == "live" or capture.broken is not None
    if not asked and capture.answer(users.COMMAND) is None and capture.answer(users.DUMP) is None:
        return None
    return users.read(capture)


def require(capture: Capture, seen: Container[int], source: str, *, profiles: bool = True) -> None:
    """Raise ProbeError naming the first user of whom `source` says nothing (`profiles`: these are looked for too)."""
    for user in everybody(capture) or ():
        if user.id not in seen and (profiles or not user.is_profile):
            raise ProbeError(
                Message(
                    "`{command}` says nothing of user {user}; switch to that user or profile once and scan again",
                    {"command": source, "user": user.id},
                )
            )
