"""WhatsApp in what somebody saved: a bugreport's dump of all apps, one app's dump, androidqf's list, other lists."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from agent.capture import Capture, Unanswered
from agent.facts import Evidence
from agent.messages import Message
from agent.probes import ProbeError, package_dump
from agent.probes.whatsapp_dumps import DUMP, Installation, digests, refuse_doubtful, states
from agent.probes.whatsapp_signature import is_whatsapp, judge

WHOLE_DUMP = "dumpsys package"  # a bugreport's, or one that somebody saved
ANDROIDQF = "androidqf packages.json"
# Lists that somebody saved by hand: they prove presence only, and for no user in particular.
_SAVED = (
    "pm list packages -i -U",
    "pm list packages -i",
    "pm list packages -f",
    "pm list packages -3",
    "pm list packages",
)

NOT_LISTED = Message("this capture lists a few apps only; scan the phone itself to know which it has")

# A row of `pm list packages`, with any of its options (PackageManagerShellCommand.runListPackages, API 26 to 36).
PACKAGE = re.compile(
    r"package:(?P<name>[A-Za-z0-9._-]{1,255})(?: versionCode:\d+)?(?: stopped=\w+)?"
    r"(?:  installer=(?P<installer>\S+))?(?: uid:(?P<uid>\d{1,9})[\d,]*)?"
)


def whole(capture: Capture) -> Iterator[Installation] | None:
    """A bugreport's dump of all apps, for all users. That of one app says nothing about the others."""
    if capture.answer(WHOLE_DUMP) is None:
        return None
    try:
        listed = package_dump.parse(capture.text(WHOLE_DUMP))
    except Unanswered:
        return None
    if not listed.whole:
        return None
    refuse_doubtful(listed, WHOLE_DUMP)
    return states(listed.packages, {}, WHOLE_DUMP)


def single(capture: Capture) -> Iterator[Installation] | None:
    """The dump of one app, saved by somebody: proves that it is installed, nothing else."""
    for source in (DUMP.key, WHOLE_DUMP):
        if capture.answer(source) is None:
            continue
        listed = package_dump.parse(capture.text(source, partial=True))
        refuse_doubtful(listed, source)
        if found := list(states(listed.packages, digests(capture), source)):
            return iter(found)
        if source == WHOLE_DUMP:
            raise Unanswered(NOT_LISTED)
    return None


def lists(capture: Capture) -> list[Installation] | None:
    """Lists of names: they prove presence, and for no user in particular."""
    for source in _SAVED:
        if capture.answer(source) is None:
            continue
        rows = [re.sub(r"^package:/\S*=", "package:", row) for row in capture.text(source, partial=True).splitlines()]
        matches = [match for row in rows if (match := PACKAGE.fullmatch(row)) and is_whatsapp(match["name"])]
        if matches:
            return [
                Installation(each["name"], None, None, each["installer"], "unread", (Evidence.of(source, each[0]),))
                for each in matches
            ]
    return None


def androidqf(capture: Capture) -> list[Installation] | None:
    """Read androidqf's list of the owner's apps, with certificates that it read from the APK files."""
    answer = capture.answer(ANDROIDQF)
    if answer is None:
        return None
    try:
        rows = json.loads(answer.text)
        apps = [row for row in rows if is_whatsapp(row["name"])]
        return [_app(row) for row in apps] if apps or len(rows) >= 10 else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ProbeError(
            Message("`{command}` is in a form that the check does not know; please report it", {"command": ANDROIDQF})
        ) from error


def _app(row: Mapping[str, Any]) -> Installation:
    name, uid, installer = str(row["name"]), row.get("uid"), row.get("installer")
    digests = {str((file.get("certificate") or {}).get("Sha256", "")) for file in row.get("files") or ()} - {""}
    evidence = [Evidence.of(ANDROIDQF, f'"name": "{name}"')]
    evidence += [Evidence.of(ANDROIDQF, f'"Sha256": "{digest}"') for digest in sorted(digests)]
    return Installation(
        package=name,
        user=uid // 100_000 if isinstance(uid, int) and uid >= 0 else None,
        version=None,
        installer=None if installer in (None, "null", "") else str(installer),
        signature=judge(name, digests, ()),
        evidence=tuple(evidence),
    )
