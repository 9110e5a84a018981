"""Which WhatsApp is installed, for which user, from where, and whether it is the real one.

`pm list packages -i -U --user N` for every user (API 26 to 36; without `--user` Android 13 and later mixes them)
says who has it. `dumpsys package` says version, signature, and the state for every user, also for those whom
Android closes to a computer (Secure Folder, work profiles with debugging forbidden). From a bugreport comes the
whole `dumpsys package`, from androidqf its own list. The dump of one app proves nothing about others.
"""

import re
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, known
from agent.messages import Message
from agent.probes import ProbeError, users, whatsapp_saved
from agent.probes.everybody import everybody
from agent.probes.package_dump import PackageDump
from agent.probes.proof import partly, proved
from agent.probes.whatsapp_dumps import APP_LINKS, DUMP, Installation, described, digests, dumps, states
from agent.probes.whatsapp_saved import ANDROIDQF, PACKAGE, WHOLE_DUMP
from agent.probes.whatsapp_signature import OFFICIAL, is_whatsapp

_USERS = r"i=$(pm list users 2>/dev/null | sed -n 's/^[^{]*UserInfo{\([0-9]*\):.*/\1/p')"
# What leaves the phone: names with WhatsApp's in them, and the number of all as proof that the list was given.
_CUT = (
    "sed -n -e '/^package:/!p' -e '/^package:[^ ]*[Ww][Hh][Aa][Tt][Ss]/p' "
    "-e '/^package:com.universe.messenger/p' -e '$='"
)
LIST = Command(
    "pm list packages -i -U whatsapp",
    Message("which user has WhatsApp, or an unofficial build of it, and from which store"),
    script=f'{_USERS}; [ -n "$i" ] || echo users unlisted; for u in ${{i:-0}}; do echo user $u; '
    f"pm list packages -i -U --user $u 2>&1 </dev/null | {_CUT}; done",
)
COMMANDS = (LIST, DUMP, APP_LINKS, users.COMMAND)
FACTS = ("whatsapp.installed",)
PROOF = {
    FACTS[0]: (
        partly("of the signature only 32 bits are printed, so it is `matches` at most", 8, 11),
        proved(12),
    )
}

DENIED = Message("the phone did not list the apps of user {user}; open that user's settings and look for WhatsApp")
NO_USERS = Message("the phone did not list its users, so another one may have WhatsApp; scan again")
DISAGREE = Message("`{one}` and `{other}` disagree on whether user {user} has {package}; scan again")
WHOSE = Message("a saved list of apps does not tell for which user WhatsApp is installed; scan the phone itself")


def probe(capture: Capture) -> Iterator[Fact]:
    """List every installed WhatsApp; an empty list is a known absence."""
    found = installations(capture)
    values = [
        {
            "package": each.package,
            "user": each.user,
            "version": each.version,
            "installer": each.installer,
            "signature": each.signature,
        }
        for each in found
    ]
    evidence = tuple(line for each in found for line in each.evidence) or absence(capture)
    yield known(FACTS[0], values, *dict.fromkeys(evidence))


def installations(capture: Capture) -> tuple[Installation, ...]:
    """Return every WhatsApp of every user; raise Unanswered unless it is known that there is no other."""
    found = _once(_Same(capture))
    if isinstance(found, Unanswered):
        raise Unanswered(found.message)
    return found


class _Same:
    """A capture as a key: a bugreport's list of apps has megabytes, and half a dozen probes ask for it."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture

    def __hash__(self) -> int:
        return id(self.capture)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.capture is other.capture


@lru_cache(maxsize=2)
def _once(key: _Same) -> tuple[Installation, ...] | Unanswered:
    try:
        for source in (
            _listed,
            whatsapp_saved.whole,
            whatsapp_saved.androidqf,
            whatsapp_saved.single,
            whatsapp_saved.lists,
        ):
            found = source(key.capture)
            if found is not None:
                return tuple(found)
        key.capture.text(LIST)  # says why there is none
    except Unanswered as error:
        return Unanswered(error.message)
    return Unanswered(whatsapp_saved.NOT_LISTED)


def official(capture: Capture) -> frozenset[tuple[str, int]]:
    """Return (package, user) of WhatsApp and WhatsApp Business, without unofficial builds; empty: nobody has them.

    Raises Unanswered unless it is known that there is no other, and for which users these are.
    """
    found = [each for each in installations(capture) if each.package in OFFICIAL]
    if any(each.user is None for each in found):
        raise Unanswered(WHOSE)
    return frozenset((each.package, each.user) for each in found if each.user is not None)


def absence(capture: Capture) -> tuple[Evidence, ...]:
    """Evidence for an empty list, once `installations` gave one."""
    try:
        counts = [(user, rows[-1]) for user, rows in _users(capture.text(LIST)).items() if rows]
        return tuple(
            Evidence.of(LIST.key, f"user {user}: {count} apps, none of them WhatsApp") for user, count in counts
        )
    except Unanswered:
        source = WHOLE_DUMP if capture.answer(WHOLE_DUMP) else ANDROIDQF
        return (Evidence.of(source, "Packages: a whole list without com.whatsapp"),)


def _users(text: str) -> dict[int, list[str]]:
    rows: dict[int, list[str]] = {}
    current: list[str] | None = None
    for line in text.splitlines():
        if found := re.fullmatch(r"user (\d{1,5})", line):
            current = rows.setdefault(int(found[1]), [])
        elif current is not None:
            current.append(line)
    return rows


def _listed(capture: Capture) -> list[Installation] | None:
    """The live list, user by user; a user whose list was denied is looked up in the apps' own dumps."""
    if capture.answer(LIST) is None:
        return None
    text = capture.text(LIST)
    if not any(_users(text).values()):
        raise ProbeError(
            Message("`{command}` is in a form that the check does not know; please report it", {"command": LIST.key})
        )
    if "users unlisted" in text.splitlines():
        raise Unanswered(NO_USERS)
    own, full = dumps(capture), digests(capture)
    listed_users = _users(text)
    _require_everybody(capture, listed_users)
    found: list[Installation] = []
    for user, rows in listed_users.items():
        if rows and re.fullmatch(r"\d{1,6}", rows[-1]) and all(PACKAGE.fullmatch(row) for row in rows[:-1]):
            listed = list(_rows(user, rows[:-1], own, full))
            _agree(user, {each.package for each in listed}, own)
            found += listed
        elif set(OFFICIAL) <= own.keys():
            found += [each for each in states(own, full) if each.user == user]
        else:
            raise Unanswered(Message(DENIED.sentence, {"user": user}))
    return found


def _require_everybody(capture: Capture, listed: Container[int]) -> None:
    """Raise Unanswered where a user has no list: a saved one may end in the middle, at the end of a line."""
    try:
        people = everybody(capture) or ()
    except Unanswered:
        return  # the list's own loop asked for the users too, and says where that was refused
    for person in people:
        if person.id not in listed:
            raise Unanswered(Message(DENIED.sentence, {"user": person.id}))


def _agree(user: int, listed: set[str], own: Mapping[str, PackageDump | None]) -> None:
    """Raise ProbeError where the list and an app's own dump contradict each other; a hidden app is not listed."""
    for name, dump in own.items():
        state = False if dump is None else dump.users.get(user)
        hidden = dump is not None and "hidden=true" in dump.lines.get(f"user {user}", "")
        if is_whatsapp(name) and state is not None and state is not (name in listed) and not hidden:
            values: dict[str, str | int | Message] = {"one": LIST.key, "other": DUMP.key, "package": name, "user": user}
            raise ProbeError(Message(DISAGREE.sentence, values))


def _rows(
    user: int, rows: list[str], own: Mapping[str, PackageDump | None], full: Mapping[str, frozenset[str]]
) -> Iterator[Installation]:
    for row in rows:
        match = PACKAGE.fullmatch(row)
        if match is None or not is_whatsapp(match["name"]):
            continue
        installer = None if match["installer"] in (None, "null") else match["installer"]
        evidence = Evidence.of(LIST.key, f"user {user}: {row}")
        bare = Installation(match["name"], user, None, installer, "unread", (evidence,))
        yield described(bare, own.get(match["name"]), full)
