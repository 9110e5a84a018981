"""Which devices are linked to WhatsApp: told by root or by WhatsApp's own screen, where the phone's owner allows it.

The list lies in WhatsApp's own folder, which Android closes to everybody but WhatsApp and root, on API 26 to 36; the
screen that shows it is not exported, so nothing can open it from outside. With `--allow-root` the agent reads the file
(see `companion_devices`), with `--allow-screen` it taps its way to the screen (see `whatsapp_screen`); without them
nothing is asked of root or touched, ever. Where both were allowed the file decides, and they must not differ in number.
What any phone tells, that the screen was opened, stands in `linking_screens`.

`last_active` is when a device came or went last, as the server told the phone. Who is there now only WhatsApp's memory
knows: it calls a device active within 30 seconds of that; one that came and stayed looks idle from outside. So
`active_now` is open for a day, and after that no.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, instant, known, not_applicable, unknown
from agent.messages import Message
from agent.probes import (
    ProbeError,
    activity_words,
    clock,
    companion_devices,
    properties,
    whatsapp_package,
    whatsapp_screen,
    whatsapp_storage,
)
from agent.probes.companion_devices import FILE_BYTES, READ, Database, Databases, Device, Trouble
from agent.probes.proof import partly

# `su` of Magisk and its like takes `-c LINE`, that of Android's own test builds a user and words.
ROOT = Command(
    "su -c cat companion_devices.db",
    Message(
        "which devices are linked to WhatsApp, only where the phone's owner lets the agent use root; of the file, "
        "name, platform and last activity of each device are kept"
    ),
    script=f"""c='{READ}'
if [ "$(id -u)" = 0 ]; then sh -c "$c"; else r=$(su -c 'id -u' </dev/null 2>&1)
case $r in 0) su -c "$c" </dev/null;; *invalid*) su 0 sh -c "$c" </dev/null;; *) echo "$r";; esac; fi 2>&1""",
    timeout_s=40,  # a person may have to allow it on the phone
    limit_bytes=8 * FILE_BYTES,
    opt_in="--allow-root",
    distil=companion_devices.distil,
)
COMMANDS = (
    ROOT,
    whatsapp_screen.COMMAND,
    clock.COMMAND,
    properties.COMMAND,
    whatsapp_storage.COMMAND,
    *whatsapp_package.COMMANDS,
)
FACTS = ("whatsapp.linked_devices",)
PROOF = {
    FACTS[0]: (
        partly(
            "only with `--allow-screen` on an unlocked phone, from WhatsApp's own screen, in the forms that are known; "
            "or with `--allow-root` on a rooted one: Android closes WhatsApp's own folder to everybody but root"
        ),
    )
}
BY_HAND = Message("open WhatsApp › ⋮ › Linked devices together with the phone's owner")

NOT_INSTALLED = Message("WhatsApp is not installed")
CLOSED = Message(
    "no command tells which devices are linked to WhatsApp; open WhatsApp › ⋮ › Linked devices together with the "
    "phone's owner, log out what should not be there, and note the result, or with the owner's consent scan again with "
    "--allow-screen"
)
NOT_SHOWN = Message(
    "root showed no folder of {package} (user {user}); unlock that user or profile and scan again, or open "
    "WhatsApp › ⋮ › Linked devices together with its owner"
)
DISAGREE = Message(
    "WhatsApp's list of linked devices and its screen differ in number; open WhatsApp › ⋮ › Linked devices together "
    "with the phone's owner"
)
_TROUBLES: dict[Trouble, Message] = {
    "absent": Message("{package} (user {user}) has no list of linked devices; open WhatsApp once and scan again"),
    "changed": Message("{package} (user {user}) wrote to its list of linked devices meanwhile; scan again"),
    "too large": Message("the list of linked devices of {package} (user {user}) is larger than any; please report it"),
    "damaged": Message(
        "the list of linked devices of {package} (user {user}) is damaged or was being written; scan again"
    ),
    "other form": Message(
        "{package} (user {user}) keeps its linked devices in a form that the check does not know; please report it"
    ),
}
_NOW, _OPEN = timedelta(seconds=30), timedelta(days=1)


def probe(capture: Capture) -> Iterator[Fact]:
    """List every linked device of every WhatsApp; one list that cannot be read leaves the fact unknown."""
    try:
        owners: frozenset[tuple[str, int]] | None = whatsapp_package.official(capture)
    except Unanswered:
        owners = None
    if owners is not None and not owners:
        yield not_applicable(FACTS[0], NOT_INSTALLED, *whatsapp_package.absence(capture))
    elif capture.answer(ROOT) is None and capture.answer(whatsapp_screen.COMMAND) is None:
        yield unknown(FACTS[0], CLOSED)
    else:
        values, evidence = _told(capture)
        yield known(FACTS[0], values, *evidence)


Told = tuple[list[dict[str, Any]], list[Evidence]]


def _told(capture: Capture) -> Told:
    """Return every device and the evidence: by root, else by the screen; raise Unanswered where neither tells."""
    told: list[Told] = []
    refused: list[Unanswered] = []
    for source, ask in ((ROOT, _by_root), (whatsapp_screen.COMMAND, _by_screen)):
        if capture.answer(source) is None:
            continue
        try:
            told.append(ask(capture))
        except Unanswered as error:
            refused.append(error)
    if not told:
        raise refused[-1]
    if len({len(values) for values, _ in told}) > 1:
        raise ProbeError(DISAGREE)
    return told[0]


def _by_root(capture: Capture) -> Told:
    lists = _lists(capture)
    # Who has WhatsApp must be known too: another user's list may not have been shown.
    for package, user in sorted(whatsapp_package.official(capture)):
        if not any((each.package, each.user) == (package, user) for each in lists):
            raise ProbeError(Message(NOT_SHOWN.sentence, {"package": package, "user": user}))
    now = clock.now(capture)[0]
    devices = [(each, device) for each in lists for device in each.devices if device.linked]
    lines = [_line(each, device, now) for each, device in devices] or [
        f"user {each.user}: {each.folder}: no linked device" for each in lists
    ]
    return [_value(device, now) for _, device in devices], [Evidence.of(ROOT.key, line) for line in lines]


def _by_screen(capture: Capture) -> Told:
    values: list[dict[str, Any]] = []
    lines: list[str] = []
    zone, at, locale = clock.zone(capture), clock.now(capture)[0], _locale(capture)
    for app in whatsapp_screen.shown(capture):
        if app.linked.trouble is not None:
            raise whatsapp_screen.troubled(app, app.linked.trouble, app.linked.detail)
        now = datetime.fromtimestamp(app.at, UTC) if app.at is not None else at
        for row in app.linked.rows:
            seen = activity_words.read(row.status, now, zone, locale)
            values.append(
                {
                    "name": row.name,
                    "platform": activity_words.platform(row.name),
                    "last_active_at": instant(seen.at) if seen.at else None,
                    "active_now": seen.active_now,
                }
            )
            lines.append(f'{app.package}:id/name text="{row.name}" {app.package}:id/status text="{row.status}"')
        if not app.linked.rows:
            lines.append(f"{app.package}:id/linked_device_recycler_view without {app.package}:id/name")
    return values, [Evidence.of(whatsapp_screen.COMMAND.key, line) for line in lines]


def _locale(capture: Capture) -> str:
    try:
        told = properties.read(capture)
    except Unanswered:
        return ""
    return told.get("persist.sys.locale") or told.get("ro.product.locale", "")


def _lists(capture: Capture) -> tuple[Database, ...]:
    """Return each account's list; raise Unanswered for the first that could not be read."""
    try:
        found = Databases.model_validate_json(capture.text(ROOT))
    except ValidationError as error:
        raise ProbeError(
            Message("`{command}` is in a form that the check does not know; please report it", {"command": ROOT.key})
        ) from error
    for each in found.databases:
        if each.trouble is not None:
            gaps: dict[str, str | int | Message] = {"package": each.package, "user": each.user}
            raise ProbeError(Message(_TROUBLES[each.trouble].sentence, gaps))
    return found.databases


def _value(device: Device, now: datetime) -> dict[str, Any]:
    at = _at(device, now)
    active = None if at is None else True if now - at <= _NOW else False if now - at > _OPEN else None
    return {
        "name": device.name,
        "platform": device.platform,
        "last_active_at": instant(at) if at else None,
        "active_now": active,
    }


def _at(device: Device, now: datetime) -> datetime | None:
    """Return when it was last active; None where that is not told, or later than the phone's clock."""
    if device.last_active is None:
        return None
    at = datetime.fromtimestamp(device.last_active // 1000, UTC)
    return at if at <= now + _NOW else None


def _line(each: Database, device: Device, now: datetime) -> str:
    at = _at(device, now)
    told = f"last active {instant(at)}" if at else "last activity not told"
    return f"user {each.user}: {each.folder}: {device.name} ({device.platform}), {told}"
