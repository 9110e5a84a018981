"""Whose phone it is: everybody who has a lock screen of their own."""

from agent.capture import Capture, Command, Unanswered
from agent.probes import lock_settings, users

COMMANDS: tuple[Command, ...] = (users.COMMAND, lock_settings.COMMAND)


def people(capture: Capture) -> tuple[int, ...]:
    """Return the users that are persons: the owner and other full users, no profiles, no headless system user.

    Where the list of users was not answered, `dumpsys lock_settings` names every user too; then a lone user 0
    is the only person. Raises the list's Unanswered when that dump is silent as well or names more.
    """
    try:
        return tuple(sorted(user.id for user in users.read(capture) if user.is_person))
    except Unanswered as silent:
        try:
            locks = lock_settings.read(capture)
        except Unanswered:
            raise silent from None
        if set(locks) != {0}:
            raise
        return (0,)
