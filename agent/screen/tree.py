"""The tree that `uiautomator dump` prints, cut down on the phone or whole: a stranger's XML, read within bounds.

AccessibilityNodeInfoDumper.java, API 26 to 36: `<hierarchy rotation="0">` around `<node index text resource-id class
package content-desc … clickable … scrollable … bounds="[0,0][1080,2340]">`, nested. No document type, so no entities.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

from agent.capture import quoted

LIMIT_BYTES = 512 * 1024
_NODES, _DEPTH = 5000, 120
_TEXT = 120

_BOUNDS = re.compile(r"\[(-?\d{1,5}),(-?\d{1,5})\]\[(-?\d{1,5}),(-?\d{1,5})\]")
_ID = re.compile(r"(com\.whatsapp(?:\.w4b)?):id/([A-Za-z0-9_]{1,80})")


class NoTree(Exception):
    """What was printed is no tree, or one that no screen has."""


@dataclass(slots=True)
class Node:
    """One node. `id` is WhatsApp's own, without its package, or empty. `bounds`: left, top, right, bottom in pixels."""

    id: str = ""
    package: str = ""
    text: str = ""
    description: str = ""
    clickable: bool = False
    scrollable: bool = False
    bounds: tuple[int, int, int, int] | None = None
    children: "list[Node]" = field(default_factory=list)

    def walk(self) -> Iterable["Node"]:
        """Yield the node and all below it, in the order of the screen."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))

    def find(self, *ids: str) -> "Node | None":
        """Return the first node with one of these ids."""
        return next((node for node in self.walk() if node.id in ids), None)


def parse(data: bytes) -> Node:
    """Read the tree; return a node without id around the windows. Raises NoTree."""
    root = Node()
    stack = [root]
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > _NODES or len(stack) > _DEPTH or name not in ("hierarchy", "node"):
            raise NoTree
        node = _node(attributes) if name == "node" else Node()
        stack[-1].children.append(node)
        stack.append(node)

    def end(_name: str) -> None:
        stack.pop()

    def refuse(*_: object) -> None:
        raise NoTree

    if len(data) > LIMIT_BYTES:
        raise NoTree
    parser = expat.ParserCreate(encoding="utf-8")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat's signature
    except expat.ExpatError as error:
        raise NoTree from error
    return root


def _node(attributes: dict[str, str]) -> Node:
    own = _ID.fullmatch(attributes.get("resource-id", ""))
    package = attributes.get("package", "")
    return Node(
        id=own[2] if own and own[1] == package else "",
        package=quoted(package, 80),
        text=quoted(attributes.get("text", ""), _TEXT),
        description=quoted(attributes.get("content-desc", ""), _TEXT),
        clickable=attributes.get("clickable") == "true",
        scrollable=attributes.get("scrollable") == "true",
        bounds=_bounds(attributes.get("bounds", "")),
    )


def _bounds(text: str) -> tuple[int, int, int, int] | None:
    if (found := _BOUNDS.fullmatch(text)) is None:
        return None
    left, top, right, bottom = map(int, found.groups())
    return (left, top, right, bottom) if 0 <= left < right and 0 <= top < bottom else None
