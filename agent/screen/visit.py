"""One visit: each WhatsApp of the user in front, its two screens, and back to what was in front before."""

import atexit
import time
from contextlib import suppress
from threading import Event
from typing import Literal, cast

from agent.screen.door import Before, Screen
from agent.screen.known import BACKUP, LINKED
from agent.screen.record import App, Backup, Linked, Package, Record, Stop, Trouble
from agent.screen.walk import Walk
from agent.transport import TransportError

VISIT_S = 240
_LEAVE_S = 15
# After these the other screen of the same WhatsApp is not tried.
_FINAL: tuple[Trouble, ...] = ("app lock", "covered", "no tree", "no account", "elsewhere", "not opened", "no time")


# A person who stops the program has each phone left as it was found all the same, where that is quick.
_ending = Event()
_under_way: set[Event] = set()


@atexit.register
def _leave_all() -> None:
    _ending.set()
    for over in list(_under_way):
        over.wait(_LEAVE_S)


def visit(screen: Screen) -> Record:
    """Read both screens of every WhatsApp of the user in front; TransportError when the phone goes away."""
    over = Event()
    _under_way.add(over)
    try:
        return _visit(screen)
    finally:
        _under_way.discard(over)
        over.set()


def _visit(screen: Screen) -> Record:
    before = screen.before()
    if (trouble := _untouchable(before)) is not None:
        return Record(user=before.user, trouble=trouble)
    end = time.monotonic() + VISIT_S
    apps: list[App] = []
    try:
        apps.extend(
            _read(Walk(screen, package, lambda: time.monotonic() < end and not _ending.is_set()), package)
            for package in before.apps
        )
    except TransportError:
        with suppress(TransportError):
            screen.restore(before)
        raise
    front = screen.restore(before) if apps else before.front
    return Record(user=before.user, apps=tuple(apps), left=_left(before, front))


def _untouchable(before: Before) -> Trouble | None:
    if before.awake is None or before.locked is None or before.user is None:
        return "no state"
    if not before.awake:
        return "asleep"
    return "locked" if before.locked else None


def _left(before: Before, front: str | None) -> Literal["untouched", "as found", "home", "not told"]:
    if not before.apps:
        return "untouched"
    if front is None or before.front is None:
        return "not told"
    return "as found" if front.partition("/")[0] == before.front.partition("/")[0] else "home"


def _read(walk: Walk, package: str) -> App:
    linked: Linked | None = None
    at: int | None = None
    try:
        walk.begin()
        try:
            linked = Linked(rows=walk.linked(walk.to(LINKED)))
            at = walk.at
        except Stop as stop:
            linked = Linked(trouble=stop.trouble, detail=stop.detail)
            if stop.trouble in _FINAL:
                raise
        walk.home()
        backup = Backup(encryption=walk.encryption(walk.to(BACKUP)))
    except Stop as stop:
        linked = linked or Linked(trouble=stop.trouble, detail=stop.detail)
        backup = Backup(trouble=stop.trouble, detail=stop.detail)
    walk.leave()
    return App(package=cast("Package", package), at=at or walk.at, linked=linked, backup=backup)
