"""Finds the way to a screen of WhatsApp and reads it. Whatever it does not know ends it, with a reason."""

from collections.abc import Callable
from functools import partial

from agent.screen.door import Screen
from agent.screen.known import (
    APP_LOCK_SCREENS,
    BIOMETRICS,
    DESCRIPTION,
    ENCRYPTION,
    ENCRYPTION_VALUE,
    LINK_BUTTON,
    LISTS,
    NAME,
    NO_ACCOUNT,
    NO_ACCOUNT_SCREENS,
    OVERFLOW,
    STATUS,
    STOPS,
    TAB,
    TITLE,
    Goal,
    Hop,
)
from agent.screen.record import Row, Stop, rows
from agent.screen.tree import Node

_TRIES = 3  # looks at a screen that does not rest
_SCROLLS = 12


class Walk:
    """One WhatsApp, from its first screen to another and back. Every method raises Stop."""

    def __init__(self, screen: Screen, package: str, in_time: Callable[[], bool]) -> None:
        self.at: int | None = None
        self._screen, self._package, self._in_time = screen, package, in_time
        self._opened = False
        self._depth = 0  # how often Back leads to the first screen

    def begin(self) -> None:
        """Open WhatsApp and make sure that it shows its first screen."""
        self._screen.open(self._package)
        for left in reversed(range(_TRIES)):  # an app that was not running takes a moment
            try:
                if _is_first(self._look()):
                    break
                if not left:
                    raise Stop("elsewhere")
            except Stop as stop:
                if not left or stop.trouble not in ("not opened", "covered"):
                    raise
        self._opened = True

    def to(self, goal: Goal) -> Node:
        """Go to a screen by the first of its ways that leads there; return its tree."""
        for way in goal.ways:
            tree = self._follow(way)
            if tree is not None and tree.find(*goal.markers) is None:
                tree = self._look()  # its content may come later
            if tree is not None and tree.find(*goal.markers) is not None:
                return tree
            self.home()
        raise Stop("unknown layout")

    def home(self) -> None:
        """Return to the first screen."""
        self.leave()
        if not _is_first(self._look()):
            raise Stop("elsewhere")

    def leave(self) -> None:
        """Return as far as Back leads, whatever is there now."""
        while self._depth:
            self._screen.back(self._package)
            self._depth -= 1

    def linked(self, tree: Node) -> tuple[Row, ...]:
        """Read the whole list of linked devices, scrolling as far as it goes."""
        found = _page(tree)
        if not found:
            tree = self._look()  # the list may come later than its frame
            found = _page(tree)
        if not found and tree.find(LINK_BUTTON, DESCRIPTION) is None:
            raise Stop("unknown layout")
        whole = found
        for _ in range(_SCROLLS):
            area = tree.find(*LISTS)
            if area is None or not area.scrollable or area.bounds is None or not found:
                break
            before = _shape(tree)
            self._screen.scroll(area.bounds)
            tree = self._look()
            again = _page(tree, scrolled=True)
            if again == found and _shape(tree) == before:  # the same words at other places: it moved
                break
            whole, found = _joined(whole, again), again
        else:
            raise Stop("too long")
        return tuple(whole)

    def encryption(self, tree: Node) -> str:
        """Read what the screen Chat backup says of end-to-end encryption, scrolling to it."""
        node = self._scrolled_to(tree, lambda each: each.find(ENCRYPTION))[0]
        if node is None:
            raise Stop("unknown layout")
        value = node.find(ENCRYPTION_VALUE)
        return (node.description or (value.text if value else ""))[:240]

    def _follow(self, way: tuple[Hop, ...]) -> Node | None:
        """Take each hop; return the last tree, None where one is not there."""
        tree, in_menu = self._look(), False
        for hop in way:
            node, tree = self._scrolled_to(tree, partial(_step, hop), far=hop.far)
            if node is None:
                return None
            # A row of the menu closes it: Back leads to the first screen from there as from the menu.
            self._depth += 0 if in_menu else 1
            in_menu = node.id == OVERFLOW
            self._screen.tap(node)
            tree = self._look()
        return tree

    def _scrolled_to(
        self, tree: Node, wanted: Callable[[Node], Node | None], *, far: bool = True
    ) -> tuple[Node | None, Node]:
        for _ in range(_SCROLLS):
            node = wanted(tree)
            area = next((each for each in tree.walk() if each.scrollable and each.bounds), None)
            if node is not None or not far or area is None or area.bounds is None:
                return node, tree
            before = _shape(tree)
            self._screen.scroll(area.bounds)
            tree = self._look()
            if _shape(tree) == before:
                break
        return wanted(tree), tree

    def _look(self) -> Node:
        """Look until the screen rests; raise Stop for whatever is not WhatsApp's own and open."""
        said = ""
        for _ in range(_TRIES):
            if not self._in_time():
                raise Stop("no time")
            view = self._screen.look()
            self.at = view.at or self.at
            self._check_front(view.front)
            if view.tree is not None:
                self._check(view.tree)
                return view.tree
            said = view.said
        raise Stop("no tree", said)

    def _check_front(self, front: str | None) -> None:
        package, _, activity = (front or f"{self._package}/").partition("/")
        last = activity.rpartition(".")[2]
        if package != self._package:
            raise Stop("covered" if self._opened else "not opened", package)
        if last in APP_LOCK_SCREENS:
            raise Stop("app lock")
        if last in NO_ACCOUNT_SCREENS:
            raise Stop("no account")

    def _check(self, tree: Node) -> None:
        for node in tree.walk():
            if node.package in BIOMETRICS:
                raise Stop("app lock")
            if node.package not in ("", self._package):
                raise Stop("covered", node.package)
        if tree.find(NO_ACCOUNT) is not None:
            raise Stop("no account")
        if tree.find(*STOPS) is not None:
            raise Stop("unknown layout")


def _is_first(tree: Node) -> bool:
    return tree.find(OVERFLOW, TAB) is not None


def _is_menu(tree: Node) -> bool:
    return not _is_first(tree) and tree.find(TITLE) is not None


def _step(hop: Hop, tree: Node) -> Node | None:
    """Return what a hop touches: by id, else by the menu's label, else the menu's last row."""
    if (node := tree.find(*hop.ids)) is not None and node.bounds is not None:
        return node
    titles = [node for node in tree.walk() if node.id == TITLE and node.bounds] if _is_menu(tree) else []
    for node in titles:
        if node.text in hop.labels:
            return node
    if hop.last and len(titles) >= 3 and all(node.text in ("", "?") for node in titles):
        return titles[-1]
    return None


def _page(tree: Node, *, scrolled: bool = False) -> list[Row]:
    area = tree.find(*LISTS)
    if area is None:
        return []
    return rows(area, NAME, STATUS, (LINK_BUTTON, DESCRIPTION), scrolled=scrolled)


def _joined(before: list[Row], after: list[Row]) -> list[Row]:
    """Put two overlapping pieces of a list together; Stop where they do not meet, since a row may lie between.

    A row that the edge cuts has no status: it counts where it is whole.
    """
    after = after if after[:1] and after[0].status else after[1:]
    before = before if before[-1:] and before[-1].status else before[:-1]
    for size in range(min(len(before), len(after)), 0, -1):
        if before[-size:] == after[:size]:
            return before + after[size:]
    raise Stop("too long")


def _shape(tree: Node) -> list[tuple[str, object]]:
    return [(node.id, node.bounds) for node in tree.walk() if node.id]
