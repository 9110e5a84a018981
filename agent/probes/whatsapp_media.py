"""What lies of WhatsApp in shared storage, where every app with storage permission reads it: media, and leftovers.

Counted on the phone; no name of a picture, voice note or document leaves it. A file whose name holds a line break
counts twice, and `.nomedia` not at all. Of folders only those are named that WhatsApp or an unofficial build of
it makes (`WhatsApp`, `GBWhatsApp`, `Android/media/com.whatsapp` …), and only when something is in them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, known, unknown
from agent.messages import Message
from agent.probes import whatsapp_package
from agent.probes.everybody import require
from agent.probes.proof import proved
from agent.probes.whatsapp_storage import Access, Volume, over_every_volume, unexpected, volumes_of

# M FOLDER: what `find` says of each file becomes one sign, so that only numbers are left: `.` a file, `!` a refusal.
_FIND = r"""
M() { q "$R/$1/Media"; [ $a = absent ] && return
echo "media $a $1/Media"; [ $a = present ] && find "$R/$1/Media" -type f ! -name .nomedia 2>&1 |
sed -e 's/^find: .*/!/' -e t -e 's/.*/./' | uniq -c; }
F() { q "$R/$1"; case $a in absent) return;; present) [ -n "$(ls -A "$R/$1" | head -n 1)" ] || return;; esac
echo "left $1"; }
L() { set --; for b in @PLACES; do set -- "$@" "$R/$b/Media"; done; l "$@"
for b in @PLACES; do M "$b"
for d in "$R/$b"/accounts/*; do d=${d##*/}; case $d in *[!0-9]*) ;; *) M "$b/accounts/$d";; esac; done
done
for d in "$R"/*WhatsApp*; do d=${d##*/}
case $d in WhatsApp|'WhatsApp Business'|WhatsApp[0-9]*|[A-Z][A-Za-z]WhatsApp)
case $d in *[!A-Za-z0-9\ ]*) ;; *) F "$d";; esac;; esac; done
for p in media data obb; do q "$R/Android/$p"; [ $a = unreadable ] && echo "closed Android/$p"
for d in "$R/Android/$p"/com.*[Aa]pp*; do d=${d##*/}
case $d in com.whatsapp|com.whatsapp.w4b|com.[a-z][a-z]whatsapp|com.WhatsApp[0-9]Plus)
F "Android/$p/$d";; esac; done; done; }
"""
COMMAND = Command(
    "find whatsapp-media",
    Message("how many of WhatsApp's media lie in shared storage, and which of its folders are left, without names"),
    script=over_every_volume(_FIND),
    timeout_s=30,
)
COMMANDS = (COMMAND, *whatsapp_package.COMMANDS)
FACTS = ("whatsapp.media_in_shared_storage", "handover.whatsapp_leftovers")
PROOF = {
    name: (proved(limit="of users whose storage is open; that of one who is not running is encrypted"),)
    for name in FACTS
}
_MEDIA, _LEFT = FACTS

CLOSED = Message("{place} could not be looked at; unlock the phone, look there with its file manager, or scan again")
CARDS = Message("not every SD card could be looked at; take it out or unlock it and scan again")

_MEDIA_LINE = re.compile(r"media (present|unreadable) ([A-Za-z0-9 ./]{1,200})")
_COUNT_LINE = re.compile(r" *(\d{1,9}) ([.!])")
_LEFT_LINE = re.compile(r"left ([A-Za-z0-9 ./]{1,200})")
_CLOSED_LINE = re.compile(r"closed (Android/(?:media|data|obb))")


@dataclass(frozen=True, slots=True)
class Found:
    """What one volume holds. `counted`: files by folder; `closed`: places that could not be looked at."""

    volume: Volume
    counted: dict[str, int]
    left: tuple[str, ...]
    closed: tuple[str, ...]

    def path(self, below: str) -> str:
        """The place as a person finds it."""
        return f"/sdcard/{below}" if self.volume.name == "sdcard" else f"/storage/{self.volume.name}/{below}"


def probe(capture: Capture) -> Iterator[Fact]:
    """Count media and name what is left, on every volume."""
    lines = capture.text(COMMAND).splitlines()
    if lines[-1] != "end":
        raise unexpected("no end", COMMAND.key)
    cards = [line for line in lines if line.startswith("volumes ")] == ["volumes listed"]
    body = [line for line in lines[1:-1] if not line.startswith("volumes ")]
    found = [_found(volume, rest) for volume, rest in volumes_of(body, COMMAND.key)]
    if not found:
        raise unexpected(lines[0], COMMAND.key)
    overlooked = _overlooked(found, capture)
    yield _media(found, capture, overlooked, cards=cards)
    yield _leftovers(found, overlooked, cards=cards)


def _overlooked(found: list[Found], capture: Capture) -> Message | None:
    """Why somebody's storage may not have been looked at."""
    try:
        seen = {each.volume.user for each in found if each.volume.user is not None}
        require(capture, seen, COMMAND.key)
    except Unanswered as error:
        return error.message
    return None


def _media(found: list[Found], capture: Capture, overlooked: Message | None, *, cards: bool) -> Fact:
    evidence = tuple(
        Evidence.of(COMMAND.key, f"{each.path(folder)}: {count} files")
        for each in found
        for folder, count in each.counted.items()
    )[:20]
    try:
        users = {user for _, user in whatsapp_package.official(capture)}
    except Unanswered:
        users = None
    for each in found:
        needed = users is None or each.volume.user is None or each.volume.user in users
        if needed and not each.volume.proves_absence:
            return unknown(_MEDIA, Message(CLOSED.sentence, {"place": each.path("")}), *evidence)
        closed = [place for place in each.closed if place.endswith(("/Media", "Android/media"))]
        if closed:
            return unknown(_MEDIA, Message(CLOSED.sentence, {"place": each.path(closed[0])}), *evidence)
    if overlooked or not cards:
        return unknown(_MEDIA, overlooked or CARDS, *evidence)
    total = sum(count for each in found for count in each.counted.values())
    return known(_MEDIA, total, *(evidence or _looked(found)))


def _leftovers(found: list[Found], overlooked: Message | None, *, cards: bool) -> Fact:
    left = [each.path(place) for each in found for place in each.left]
    if left:
        return known(_LEFT, sorted(left), *(Evidence.of(COMMAND.key, place) for place in sorted(left)[:20]))
    for each in found:
        if not each.volume.proves_absence or each.closed:
            place = each.path(each.closed[0] if each.closed else "")
            return unknown(_LEFT, Message(CLOSED.sentence, {"place": place}))
    if overlooked or not cards:
        return unknown(_LEFT, overlooked or CARDS)
    return known(_LEFT, [], *_looked(found))


def _looked(found: list[Found]) -> tuple[Evidence, ...]:
    return tuple(Evidence.of(COMMAND.key, f"{each.path('')}: nothing of WhatsApp") for each in found)


def _found(volume: Volume, lines: list[str]) -> Found:
    counted: dict[str, int] = {}
    left: list[str] = []
    closed: list[str] = []
    folder = ""
    for line in lines:
        if media := _MEDIA_LINE.fullmatch(line):
            folder = media[2]
            counted[folder] = 0
            if media[1] != Access.PRESENT:
                closed.append(folder)
        elif folder and (count := _COUNT_LINE.fullmatch(line)):
            if count[2] == "!":
                closed.append(folder)
            else:
                counted[folder] += int(count[1])
        elif found := _LEFT_LINE.fullmatch(line):
            left.append(found[1])
        elif found := _CLOSED_LINE.fullmatch(line):
            closed.append(found[1])
        else:
            raise unexpected(line, COMMAND.key)
    return Found(volume, counted, tuple(dict.fromkeys(left)), tuple(closed))
