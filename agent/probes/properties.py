"""System properties: who the phone is, how it was built and how it booted.

`getprop` prints `[name]: [value]`, one a line, sorted (system/core toolbox/getprop.cpp on Android 8, toybox from 9).
A value can hold newlines, as the history of reboots does. On the phone the list is cut to `WANTED`, since the
rest names networks, hosts and numbers that nobody needs here; the number of all lines stands at the end.
"""

import re
from collections.abc import Iterator, Mapping

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence
from agent.messages import Message
from agent.probes import ProbeError

# What leaves the phone: beginnings of names, in extended regular expressions that grep and Python read alike.
WANTED = (
    r"ro\.(system\.|vendor\.|bootimage\.)?build\.",
    r"ro\.product\.",
    r"ro\.boot\.(verifiedbootstate|veritymode|flash\.locked|vbmeta\.|warranty_bit|serialno|em\.status|qemu|hardware)",
    r"ro\.(serialno|warranty_bit|debuggable|secure|adb\.secure|kernel\.qemu|hardware|carrier|radio\.noril)\]",
    r"ro\.(crypto\.state|crypto\.type|oem_unlock_supported|config\.knox|setupwizard\.|com\.google\.clientidbase)",
    r"ro\.(lineage|crdroid|cm\.|modversion|havoc|evolution|pixelexperience|derp|arrow|aospa|omni|rr\.|grapheneos)",
    r"(ro|sys|vendor)\.(oem_unlock_allowed|boot_completed|user\.0\.ce_available)",
    r"(ro|service|persist)\.adb\.",
    r"persist\.sys\.(timezone|locale|usb\.config)\]",
    r"init\.svc\.(adbd|su)\]",
    r"[^]]*(magisk|kernelsu|supersu|su_daemon|daemonsu|rctd)",
    r"gsm\.sim\.state\]",
)

COMMAND = Command(
    "getprop",
    Message("who the phone is, its Android version, and how it booted"),
    script=f"getprop | sed -n -E -e '/^\\[({'|'.join(WANTED)})/p' -e '$='",
    first=True,
)

_FIRST = re.compile(r"\[([^\]\n]+)\]: \[(.*)")


def read(capture: Capture) -> dict[str, str]:
    """Return every property of the answer by name; what is absent was not printed, which proves nothing.

    Raises Unanswered when the phone did not answer, ProbeError when no line is a property, or when one stands there
    twice with two values: a value may hold a line that looks like another property.
    """
    properties, twice = _sure(capture.text(COMMAND))
    if twice:
        values = {"command": COMMAND.key, "key": min(twice)}
        raise ProbeError(Message("`{command}` gives two values for `{key}`; scan again", values))
    if not properties:
        raise ProbeError(Message("`{command}` printed no property; scan again", {"command": COMMAND.key}))
    return properties


def whole(capture: Capture) -> bool:
    """Whether `getprop` was given in full, so that an absent property is known to be unset.

    Published pieces are what somebody searched for; a whole list has hundreds of lines, and some that every
    started phone has stand far apart in it.
    """
    text = capture.text(COMMAND)
    counted = [int(line) for line in text.splitlines() if line.isascii() and line.isdecimal() and len(line) < 9]
    given = parse(text)
    return max(counted, default=len(given)) >= 20 and given.keys() >= _EVERY_PHONE


_EVERY_PHONE = {"persist.sys.timezone", "ro.build.version.sdk", "ro.crypto.state", "sys.boot_completed"}


def parse(text: str) -> dict[str, str]:
    """Read `[name]: [value]` lines; a value without its closing bracket (a cut answer) is left out."""
    return _sure(text)[0]


def _sure(text: str) -> tuple[dict[str, str], set[str]]:
    """Return the properties, and the names of those that stand there with two values."""
    properties: dict[str, str] = {}
    twice: set[str] = set()
    for name, value in _entries(text):
        if properties.setdefault(name, value) != value:
            twice.add(name)
    return {name: value for name, value in properties.items() if name not in twice}, twice


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Join the lines of each value: it ends at the first line whose last character is the closing bracket."""
    name, lines = "", list[str]()
    for line in text.splitlines():
        if found := _FIRST.match(line):
            name, lines = found[1], [found[2]]
        elif name:
            lines.append(line)
        else:
            continue
        if lines[-1].rstrip().endswith("]"):
            yield name, "\n".join(lines).rstrip()[:-1]
            name, lines = "", []


def evidence(properties: Mapping[str, str], *names: str) -> tuple[Evidence, ...]:
    """Quote the named properties as the phone printed them, leaving out the absent ones."""
    return tuple(Evidence.of(COMMAND.key, f"[{n}]: [{properties[n]}]") for n in names if n in properties)


def locked_since_start(capture: Capture) -> bool:
    """Whether the phone says that its owner's storage has not been unlocked since it started."""
    try:
        return read(capture).get("sys.user.0.ce_available") == "false"
    except (Unanswered, ProbeError):
        return False
