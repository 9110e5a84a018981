"""Lists of components (`package/package.Class` or `package/.Class`), as settings and dumps write them."""

import re
from collections.abc import Iterable

from agent.messages import Message
from agent.probes import ProbeError

# Of a class's name Android asks little: letters of every script are good (Dex, SimpleName).
_COMPONENT = re.compile(r"([A-Za-z0-9_.]{1,255})/([^\s/:;,{}\[\]()]{1,1000})")
_PACKAGE = re.compile(r"[A-Za-z0-9_.]{1,255}")


def split(text: str, source: str) -> tuple[str, ...]:
    """Return the components of a list that is parted by colons, as printed; a keyboard's subtypes are left out.

    An entry that is neither a component nor a package makes the whole list unknown: ProbeError.
    """
    return checked((entry.partition(";")[0].strip() for entry in text.split(":")), source)


def checked(entries: Iterable[str], source: str) -> tuple[str, ...]:
    """Return the entries that are not empty; ProbeError when one is no component."""
    found = tuple(entry for entry in entries if entry)
    if not all(_COMPONENT.fullmatch(entry) or _PACKAGE.fullmatch(entry) for entry in found):
        raise ProbeError(
            Message("`{command}` is in a form that the check does not know; please report it", {"command": source})
        )
    return found


def same(component: str) -> str:
    """Return the form in which two ways to write one component are equal: `package/package.Class`."""
    found = _COMPONENT.fullmatch(component)
    return f"{found[1]}/{found[1]}{found[2]}" if found and found[2].startswith(".") else component


def distinct(components: Iterable[str]) -> list[str]:
    """Return each component once, in the form in which it came first, in the order of the alphabet."""
    return sorted({same(each): each for each in reversed(list(components))}.values())


def only_here(these: Iterable[str], those: Iterable[str]) -> list[str]:
    """Return what of `these` is not among `those`, however it is written."""
    known = {same(each) for each in those}
    return [each for each in distinct(these) if same(each) not in known]
