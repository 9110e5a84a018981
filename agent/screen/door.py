"""What may be done on a phone's screen. Nothing else is."""

from dataclasses import dataclass
from typing import Protocol

from agent.screen.tree import Node

Area = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Before:
    """The phone before anything was touched. None where it did not tell.

    `front`: the component in front, `package/.Activity`; `apps`: which WhatsApps the user in front has.
    """

    user: int | None
    awake: bool | None
    locked: bool | None
    front: str | None
    apps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One look. `tree` is None where UI Automator gave none, and `said` is what it said instead."""

    front: str | None
    at: int | None
    tree: Node | None
    said: str = ""


class Screen(Protocol):
    """A phone's screen. Every method raises TransportError when the phone goes away."""

    def before(self) -> Before:
        """Ask how the phone is, touching nothing."""
        ...

    def open(self, package: str) -> None:
        """Bring an app to the front, as its icon does."""
        ...

    def look(self) -> View:
        """Read what is on the screen."""
        ...

    def tap(self, node: Node) -> None:
        """Touch the middle of a node; ValueError for one that is never touched."""
        ...

    def scroll(self, area: Area) -> None:
        """Move a list up by a third of its height, slowly."""
        ...

    def back(self, package: str) -> None:
        """Press Back, if this app is in front."""
        ...

    def restore(self, before: Before) -> str | None:
        """Bring to the front what was there; return the component that is in front now."""
        ...
