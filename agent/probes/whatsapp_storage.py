"""WhatsApp's folders on every storage volume: where they are, and what the backups in them look like.

One shell loop on the phone looks at each user's storage, at SD cards, at the old and the new place, at WhatsApp
and WhatsApp Business, and at the folders of further accounts. Storage is a stranger's to write: a file is named
only when its whole name is plain letters, digits, dots and dashes, so no name can imitate another line.

Of a backup's content at most 257 bytes are read, on the phone, and only the skeleton of the header leaves it:
its length, the numbers of its fields, the lengths of those with content, the values of the two key types. The
content stays behind, since it holds digits of the phone number and an account's hash (see `backup_header`).

Shell: mksh and toybox of Android 8 (0.7.4), `od -N`, `stat -c`, `ls -t`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from agent.capture import Capture, Command
from agent.facts import Evidence
from agent.messages import Message
from agent.probes import ProbeError

# Runs `L` in the root of each user's storage and of each SD card, as R; n is how that place is called.
# "No such file" is told from "denied", or a folder that may not be read would count as absent. `l PATH…` asks of many
# places at once: what toybox then calls absent costs no process of its own.
_EVERY_VOLUME = r"""
S=${{ANDROID_STORAGE:-/storage}} E=${{EXTERNAL_STORAGE:-/sdcard}}
l() {{ m=$(ls -d "$@" 2>&1 >/dev/null); }}
q() {{ case $m in *"ls: $1: No such file"*) a=absent; return;; esac
o=$(ls "$1" 2>&1 >/dev/null) && a=present && return
case $o in *"No such file"*) a=absent;; *) a=unreadable;; esac; }}
{{
date '+now %s'
for u in 0 $(pm list users | sed -n 's/^[^{{]*UserInfo{{\([1-9][0-9]*\):.*/\1/p'); do
n=emulated/$u R=$S/emulated/$u
[ $u = 0 ] && [ ! -d "$R" ] && [ -d "$E" ] && n=sdcard R=$E
q "$R"; [ $a = present ] && [ ! -d "$R/Android" ] && a=empty
echo "root $n $a $(getprop sys.user.$u.ce_available)"
[ $a = absent ] || L
done
ls "$S" >/dev/null && echo volumes listed || echo volumes unreadable
for R in "$S"/*; do n=${{R##*/}}
case $n in emulated|self|'*') continue;; *[!A-Za-z0-9_-]*) echo volumes odd; continue;; esac
q "$R"; echo "root $n $a"; L
done
echo end
}} 2>/dev/null
"""

_PLACES = (
    "Android/media/com.whatsapp/WhatsApp WhatsApp "
    "'Android/media/com.whatsapp.w4b/WhatsApp Business' 'WhatsApp Business'"
)

_BACKUPS = r"""
V='r=0 s=1; while [ $# -gt 0 ]; do c=$1; shift; l=$((l-1)) r=$((r+(c%128)*s)) s=$((s*128)); [ $c -lt 128 ] && break
done; [ $r -lt 0 ] && break'
h() { f=$1; set -- $(od -An -v -tu1 -N 257 "$f"); [ $# -gt 2 ] || return
o="head $f $1" l=$1; shift; [ $1 = 1 ] && { o="$o +"; shift; }
while [ $l -gt 0 ]; do [ $# -gt 0 ] || break; eval "$V"; t=$((r/8))
case $((r%8)) in
0) eval "$V"; case $t in 1|6) o="$o $t=$r";; *) o="$o $t=";; esac; continue;;
1) r=8;; 2) eval "$V";; 5) r=4;; *) break;; esac
[ $r -le $# ] || break
shift $r; l=$((l-r)) o="$o $t:$r"; done
[ $l = 0 ] && o="$o ."
echo "$o"; }
D() { q "$R/$1"; echo "folder $a $1"; [ $a = present ] && ( cd "$R/$1" || exit
stat -c 'owner %u' .
set --; for i in msgstore*; do case $i in *[!A-Za-z0-9._-]*) echo odd; continue;; esac
[ -f "$i" ] && [ ! -L "$i" ] && set -- "$@" "$i"; done
[ $# -gt 0 ] || exit
[ $# -gt 500 ] && { echo many; exit; }
stat -c 'file %Y %s %u %n' "$@"
n=0; for i in $(ls -t "$@"); do [ $n = 8 ] && break; n=$((n+1)); h "$i"; done ); }
L() { set --; for b in @PLACES; do set -- "$@" "$R/$b/Databases" "$R/$b/accounts"; done; l "$@"
for b in @PLACES; do D "$b/Databases"
q "$R/$b/accounts"; [ $a = unreadable ] && echo "folder $a $b/accounts"
[ $a = present ] && for d in "$R/$b"/accounts/*; do d=${d##*/}
case $d in *[!0-9]*) ;; *) D "$b/accounts/$d/Databases";; esac; done
done; }
"""


def over_every_volume(setup: str) -> str:
    """Return shell text that runs the function `L` of `setup` for every storage volume and user.

    `@PLACES` in it are WhatsApp's folders, old and new, below a volume's root.
    """
    return setup.replace("@PLACES", _PLACES) + _EVERY_VOLUME.format()


COMMAND = Command(
    "ls whatsapp-databases",
    Message("WhatsApp's local backups: names, times, sizes, and who holds the key, without any content"),
    script=over_every_volume(_BACKUPS),
    timeout_s=20,
)


class Access(StrEnum):
    """What came of looking at a place."""

    PRESENT = "present"
    EMPTY = "empty"  # storage without Android's own folder: not unlocked since the start, so it proves nothing
    UNREADABLE = "unreadable"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file whose name begins like a backup's. `modified_s` is the phone's clock, `skeleton` its header's."""

    path: str
    name: str
    modified_s: int
    size_bytes: int
    owner: int
    skeleton: str | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder that may hold backups, `path` as a person finds it (`/storage/emulated/0/…`).

    `owner` is the folder's own uid. `unlisted`: it holds more than was listed.
    """

    path: str
    package: str
    account: int
    access: Access
    owner: int | None = None
    files: tuple[StoredFile, ...] = ()
    unlisted: bool = False


@dataclass(slots=True)
class Volume:
    """The storage of one user (None: an SD card), and WhatsApp's folders on it."""

    name: str
    user: int | None
    access: Access
    unlocked: bool | None
    folders: list[Folder] = field(default_factory=list)

    @property
    def proves_absence(self) -> bool:
        """Whether what is not there is known not to be there."""
        return self.access is Access.PRESENT and self.unlocked is not False

    @property
    def evidence(self) -> Evidence:
        """What came of looking at it."""
        return Evidence.of(COMMAND.key, f"/storage/{self.name}: {self.access}")


@dataclass(frozen=True, slots=True)
class Listing:
    """All volumes, and the phone's clock in the same breath. `cards_listed`: every SD card was looked at."""

    now_s: int
    volumes: tuple[Volume, ...]
    cards_listed: bool


def read(capture: Capture) -> Listing:
    """Read the listing; raise Unanswered where there is none, ProbeError where it is not whole."""
    return parse(capture.text(COMMAND))


def volumes_of(lines: Iterable[str], source: str = COMMAND.key) -> Iterator[tuple[Volume, list[str]]]:
    """Read the `root` lines that `over_every_volume` prints, each with the lines that follow it.

    ProbeError for a line that belongs to no volume: one that is not understood would be one not looked at.
    """
    current: tuple[Volume, list[str]] | None = None
    for line in lines:
        if found := _ROOT.fullmatch(line):
            if current:
                yield current
            name, user = found["name"], found["user"]
            unlocked = {"true": True, "false": False}.get(found["unlocked"] or "")
            number = int(user) if user else 0 if name == "sdcard" else None
            current = Volume(name, number, Access(found["access"]), unlocked), []
        elif current and not line.startswith("root "):
            current[1].append(line)
        else:
            raise unexpected(line, source)
    if current:
        yield current


_ROOT = re.compile(
    r"root (?P<name>emulated/(?P<user>\d{1,5})|[A-Za-z0-9_-]{1,64}) (?P<access>present|empty|unreadable|absent)"
    r" ?(?P<unlocked>[a-z0-9]*)"
)
_NOW = re.compile(r"now (\d{9,11})")
_FOLDER = re.compile(
    r"folder (?P<access>present|unreadable|absent) (?P<path>(?:Android/media/(?P<package>com\.whatsapp(?:\.w4b)?)/)?"
    r"(?P<label>WhatsApp(?: Business)?)/(?:accounts(?:/(?P<account>\d{1,9})/Databases)?|Databases))"
)
_FILE = re.compile(r"file (?P<at>-?\d{1,12}) (?P<size>\d{1,18}) (?P<owner>\d{1,10}) (?P<name>msgstore[A-Za-z0-9._-]*)")
_HEAD = re.compile(r"head (?P<name>msgstore[A-Za-z0-9._-]*) (?P<skeleton>[0-9+=:. ]{1,2000})")


def parse(text: str) -> Listing:
    """Read the script's answer. ProbeError for anything that the script does not print, and without its `end`."""
    lines = text.splitlines()
    clock = _NOW.fullmatch(lines[0]) if lines else None
    if clock is None or lines[-1] != "end":
        raise unexpected(lines[0] if lines and clock is None else "no end")
    volumes = []
    for volume, body in volumes_of(line for line in lines[1:-1] if not line.startswith("volumes ")):
        volume.folders = list(_folders(volume.name, body))
        volumes.append(volume)
    cards = [line for line in lines if line.startswith("volumes ")]
    return Listing(int(clock[1]), tuple(volumes), cards == ["volumes listed"])


def _folders(volume: str, lines: list[str]) -> Iterator[Folder]:
    starts = [index for index, line in enumerate(lines) if line.startswith("folder ")]
    if lines and starts[:1] != [0]:
        raise unexpected(lines[0])
    for start, stop in pairwise([*starts, len(lines)]):
        yield _folder(volume, lines[start], lines[start + 1 : stop])


def _folder(volume: str, title: str, lines: list[str]) -> Folder:
    found = _FOLDER.fullmatch(title)
    if found is None:
        raise unexpected(title)
    place = f"/{volume}" if volume == "sdcard" else f"/storage/{volume}"
    path = f"{place}/{found['path']}"
    files: dict[str, StoredFile] = {}
    owner, unlisted = None, False
    for line in lines:
        if file := _FILE.fullmatch(line):
            name = file["name"]
            numbers = int(file["at"]), int(file["size"]), int(file["owner"])
            files[name] = StoredFile(f"{path}/{name}", name, *numbers)
        elif (head := _HEAD.fullmatch(line)) and (known := files.get(head["name"])):
            files[known.name] = StoredFile(
                known.path, known.name, known.modified_s, known.size_bytes, known.owner, head["skeleton"]
            )
        elif re.fullmatch(r"owner \d{1,10}", line):
            owner = int(line.split()[1])
        elif line == "many":
            unlisted = True
        elif line != "odd":  # a name that is not WhatsApp's, kept on the phone
            raise unexpected(line)
    package = "com.whatsapp.w4b" if found["label"] == "WhatsApp Business" else "com.whatsapp"
    account = int(found["account"] or 0)
    return Folder(path, package, account, Access(found["access"]), owner, tuple(files.values()), unlisted)


def unexpected(line: str, source: str = COMMAND.key) -> ProbeError:
    """Make the error for a line that the script of `source` does not print."""
    shown = Evidence.of("", line).line
    return ProbeError(
        Message(
            "`{command}` is in a form that the check does not know; please report it: {line}",
            {"command": source, "line": shown},
        )
    )
