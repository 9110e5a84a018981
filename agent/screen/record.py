"""All that is kept of a visit to WhatsApp's screens: it stands in a capture, and facts are read from it alone."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.screen.tree import Node

Package = Literal["com.whatsapp", "com.whatsapp.w4b"]

Trouble = Literal[
    "asleep",  # the screen is off
    "locked",
    "no state",  # the phone does not tell whether it is unlocked
    "not opened",  # WhatsApp did not come to the front
    "app lock",
    "covered",  # `detail`: by which package
    "no tree",  # `detail`: what UI Automator said
    "no account",
    "elsewhere",  # WhatsApp was left open at another screen than its first
    "unknown layout",
    "unknown row",
    "too long",
    "no time",
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    trouble: Trouble | None = None
    detail: str = Field(default="", max_length=160)


class Row(BaseModel):
    """One linked device: both texts as the screen shows them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(max_length=120)
    status: str = Field(max_length=120)


class Linked(_Part):
    """The screen Linked devices. Without trouble `rows` is the whole list."""

    rows: tuple[Row, ...] = Field(default=(), max_length=64)


class Backup(_Part):
    """The screen Chat backup: what it says of end-to-end encryption."""

    encryption: str = Field(default="", max_length=240)


class App(BaseModel):
    """One WhatsApp of the user in front. `at`: the phone's clock then, in seconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    package: Package
    at: int | None = Field(default=None, ge=0, le=10**11)
    linked: Linked
    backup: Backup


class Record(_Part):
    """One visit. `trouble` is why no WhatsApp was looked at; `left`: what was in front when it was over.

    `user`: whose screen it is. `left` "as found": the app that was in front before is so again.
    """

    user: int | None = Field(default=None, ge=0, le=99999)
    apps: tuple[App, ...] = Field(default=(), max_length=2)
    left: Literal["untouched", "as found", "home", "not told"] = "untouched"


class Stop(Exception):
    """The visit to one screen ends here."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(trouble)
        self.trouble: Trouble = trouble
        self.detail = detail[:160]


def rows(area: Node, name: str, status: str, harmless: tuple[str, ...] = (), *, scrolled: bool = False) -> list[Row]:
    """Read the rows of a list as they stand on the screen; raises Stop for one that may be a device all the same.

    scrolled: the upper edge may cut the first row, so that its name is hidden; it was whole before.
    """
    found = []
    for at, child in enumerate(area.children):
        names = [node.text for node in child.walk() if node.id == name]
        states = [node.text for node in child.walk() if node.id == status]
        if len(names) == 1 and len(states) <= 1 and names[0]:
            found.append(Row(name=names[0], status="".join(states)))
        elif states and not names and scrolled and at == 0:
            continue
        elif names or states:
            raise Stop("unknown row")
        elif child.find(*harmless) is None and any(node.clickable for node in child.walk()):
            # A heading cannot be tapped. What can, and has no name where a device has one, is of a new kind.
            raise Stop("unknown row")
    return found
