"""A phone's screen over an open transport: one stream a step, each answer within its bounds."""

import re
import secrets
import time

from agent.capture import quoted
from agent.messages import Message
from agent.screen import lines
from agent.screen.door import Area, Before, View
from agent.screen.known import PACKAGES, TOUCHED
from agent.screen.tree import LIMIT_BYTES, Node, NoTree, parse
from agent.transport import Transport, TransportError

_IDLE_S = 30  # UI Automator alone waits ten for a screen that does not rest
_STEP_S = 90  # for one answer, however slowly it drips

_LOCKED, _UNLOCKED = ("showing=true", "deviceLocked=1"), ("showing=false", "deviceLocked=0")
_FRONT = re.compile(r"front ([A-Za-z0-9_.]{1,120}/[A-Za-z0-9_.$]{1,160})")
_NO_END = Message("the phone ended the reading of its screen before its end; keep it unlocked and scan again")
_TOO_MUCH = Message("the phone sent more than it was asked for; do not trust it, and scan it from another computer")


class PhoneScreen:
    """See `door.Screen`. Not to be used while something else uses the transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._user = 0

    def before(self) -> Before:
        """Ask how the phone is, touching nothing."""
        said = self._run(lines.BEFORE).decode(errors="replace").splitlines()
        user = [int(line[5:]) for line in said if re.fullmatch(r"user \d{1,5}", line)]
        awake = [line.removeprefix("mWakefulness=") for line in said if line.startswith("mWakefulness=")]
        locked = [line in _LOCKED for line in said if line in (*_LOCKED, *_UNLOCKED)]
        self._user = user[0] if user else 0
        return Before(
            user=user[0] if user else None,
            awake=awake[0] == "Awake" if awake else None,
            locked=any(locked) if locked else None,
            front=_front(said),
            apps=tuple(name for name in PACKAGES if f"app {name}" in said),
        )

    def open(self, package: str) -> None:
        """Bring an app to the front, as its icon does."""
        self._run(f"u={self._user}; {lines.OPEN.format(package=package)}")

    def look(self) -> View:
        """Read what is on the screen."""
        head, opened, rest = self._run(lines.LOOK).partition(b"<hierarchy>")
        inner, closed, tail = rest.rpartition(b"</hierarchy>")
        said = (head + tail).decode(errors="replace").splitlines()
        at = [int(line[3:]) for line in said if re.fullmatch(r"at \d{9,11}", line)]
        refused = [line[1:] for line in said if line.startswith("!")]
        tree = None
        if opened:
            try:
                tree = parse(opened + inner + closed)
            except NoTree:
                refused = ["<hierarchy>…"]
        return View(_front(said), at[0] if at else None, tree, quoted(refused[0], 120) if refused else "")

    def tap(self, node: Node) -> None:
        """Touch the middle of a node; ValueError for one that is never touched."""
        if node.id not in TOUCHED or node.bounds is None:
            raise ValueError(f"{node.id!r} is not touched")
        left, top, right, bottom = node.bounds
        self._run(lines.TAP.format(x=(left + right) // 2, y=(top + bottom) // 2))

    def scroll(self, area: Area) -> None:
        """Move a list up by a third of its height, slowly, so that each row is whole at least once."""
        left, top, right, bottom = area
        third = (bottom - top) // 3
        x, from_y, to_y = (left + right) // 2, bottom - third, top + third
        self._run(lines.SCROLL.format(x=x, from_y=from_y, to_y=to_y))

    def back(self, package: str) -> None:
        """Press Back, if this app is in front."""
        self._run(lines.BACK.replace("{package}", package))

    def restore(self, before: Before) -> str | None:
        """Bring to the front what was there; return the component that is in front now."""
        package = (before.front or "").partition("/")[0]
        if package:
            self._run(f"u={self._user}; {lines.OPEN.format(package=package)}")
        front = self._in_front()
        if front is None or front.partition("/")[0] != package:
            self._run(lines.HOME)
            front = self._in_front()
        return front

    def _in_front(self) -> str | None:
        return _front(self._run(lines.FRONT).decode(errors="replace").splitlines())

    def _run(self, line: str) -> bytes:
        """Run one line; return what it printed. TransportError unless it came to its end."""
        mark = f"@{secrets.token_hex(8)}".encode()
        said = bytearray()
        end_by = time.monotonic() + _STEP_S
        for data in self._transport.stream(f"{line}\necho {mark.decode()}", idle_timeout_s=_IDLE_S):
            said += data
            if len(said) > LIMIT_BYTES:
                raise TransportError(_TOO_MUCH)
            if time.monotonic() > end_by:
                raise TransportError(_NO_END)
        body, end, _ = bytes(said).replace(b"\r", b"").partition(mark)
        if not end:
            raise TransportError(_NO_END)
        return body


def _front(said: list[str]) -> str | None:
    return next((found[1] for line in said if (found := _FRONT.fullmatch(line))), None)
