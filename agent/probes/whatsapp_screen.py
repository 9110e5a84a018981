"""What WhatsApp's own screens say, where a person allowed to read them: `--allow-screen`, on an unlocked phone.

The visit itself is `agent.screen`; what stands here reads its record, from a live phone and from a saved capture alike.
A screen shows one user's WhatsApp, and of several accounts in one WhatsApp the one in use: whatever else there is stays
unknown.
"""

import re
import unicodedata

from pydantic import ValidationError

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, State, known, unknown
from agent.messages import Message
from agent.probes import ProbeError, whatsapp_package, whatsapp_storage
from agent.screen import App, PhoneScreen, Record, Trouble, visit
from agent.screen.known import ENCRYPTION
from agent.screen.lines import LISTED
from agent.screen.visit import VISIT_S
from agent.transport import Transport


def _converse(transport: Transport) -> bytes:
    return visit(PhoneScreen(transport)).model_dump_json().encode()


COMMAND = Command(
    "uiautomator dump",
    Message(
        "which devices are linked to WhatsApp and whether its backup is end-to-end encrypted, as its screens Linked "
        "devices and Chat backup show it: only with the consent of the phone's owner, on an unlocked phone; it opens "
        "WhatsApp, taps its way there, scrolls, goes back, opens no chat, takes no picture of the screen and writes "
        "no file; names and last activity of the devices are kept"
    ),
    script=LISTED,
    timeout_s=VISIT_S,
    limit_bytes=64 * 1024,
    opt_in="--allow-screen",
    converse=_converse,
)

OTHER_USER = Message(
    "the screen shows the WhatsApp of user {front} alone, and user {user} has {package} too; open WhatsApp › ⋮ › "
    "Linked devices there together with its owner"
)
NOT_VISITED = Message("the screens of {package} were not read; unlock the phone and scan again with --allow-screen")
SEVERAL = Message(
    "{package} holds several accounts, and its screens show the one in use alone; change to each account and open "
    "WhatsApp › ⋮ › Linked devices together with the phone's owner"
)
CONTRADICTED = Message(
    "the newest backup file and WhatsApp's screen Chat backup disagree on end-to-end encryption; make a new backup in "
    "WhatsApp › ⋮ › Settings › Chats › Chat backup and scan again"
)
TROUBLES: dict[Trouble, Message] = {
    "asleep": Message("the phone's screen is off; unlock the phone, keep it on and scan again with --allow-screen"),
    "locked": Message("the phone is locked; unlock it, keep it on and scan again with --allow-screen"),
    "no state": Message(
        "the phone does not tell whether it is unlocked, so its screen was not touched; look at WhatsApp › ⋮ › Linked "
        "devices together with its owner"
    ),
    "not opened": Message("{package} did not open; open it once by hand and scan again with --allow-screen"),
    "app lock": Message(
        "{package} asks for a fingerprint, face or code, which is never answered for its owner; turn WhatsApp's app "
        "lock off for the scan, or look at WhatsApp › ⋮ › Linked devices together"
    ),
    "covered": Message(
        "{detail} lies over {package} (a question, a lock, a notification); close it and scan again with --allow-screen"
    ),
    "no tree": Message(
        "the phone did not say what is on its screen ({detail}); close what moves on it and scan again with "
        "--allow-screen"
    ),
    "no account": Message("{package} has no account on this phone: it shows where one registers"),
    "elsewhere": Message(
        "{package} was open at another screen than its list of chats, or has a form that the check does not know; go "
        "back to the list of chats and scan again with --allow-screen"
    ),
    "unknown layout": Message(
        "{package} has screens in a form that the check does not know; look at WhatsApp › ⋮ › Linked devices together "
        "with the phone's owner, and please report it"
    ),
    "unknown row": Message(
        "{package} shows a linked device in a form that the check does not know; look at WhatsApp › ⋮ › Linked "
        "devices together with the phone's owner, and please report it"
    ),
    "too long": Message(
        "the list of linked devices of {package} could not be read to its end; look at WhatsApp › ⋮ › Linked devices "
        "together with the phone's owner"
    ),
    "no time": Message("the phone was too slow to read the screens of {package}; scan again with --allow-screen"),
}


def read(capture: Capture) -> Record:
    """Return the record of the visit; raise Unanswered where nothing was looked at, and why."""
    try:
        record = Record.model_validate_json(capture.text(COMMAND))
    except ValidationError as error:
        raise ProbeError(
            Message("`{command}` is in a form that the check does not know; please report it", {"command": COMMAND.key})
        ) from error
    if record.trouble is not None:
        raise ProbeError(_trouble(record.trouble, "WhatsApp", record.detail))
    return record


def shown(capture: Capture) -> list[App]:
    """Return what was seen of every WhatsApp on the phone; raise Unanswered unless all were on the screen, in full."""
    record = read(capture)
    seen = {app.package: app for app in record.apps}
    found: list[App] = []
    for package, user in sorted(whatsapp_package.official(capture)):
        gaps: dict[str, str | int | Message] = {"package": package, "user": user, "front": record.user or 0}
        if record.user is not None and user != record.user:
            raise ProbeError(Message(OTHER_USER.sentence, gaps))
        app = next((app for name, app in seen.items() if name == package), None)
        if app is None:
            raise ProbeError(Message(NOT_VISITED.sentence, gaps))
        if _several_accounts(capture, package):
            raise ProbeError(Message(SEVERAL.sentence, gaps))
        found.append(app)
    return found


def troubled(app: App, trouble: Trouble, detail: str) -> ProbeError:
    """Say why one screen of an app could not be read."""
    return ProbeError(_trouble(trouble, app.package, detail))


def confirmed(capture: Capture, fact: Fact) -> Fact:
    """Hold `whatsapp.backup.end_to_end_encrypted`, as the newest file has it, against the screen Chat backup.

    Where the file's header does not tell, the screen does; where both tell and differ, the fact is unknown.
    """
    if capture.answer(COMMAND) is None or fact.state is State.NOT_APPLICABLE:
        return fact
    try:
        apps = shown(capture)
    except Unanswered:
        return fact
    if len(apps) != 1 or (on := _is_on(apps[0].backup.encryption)) is None:
        return fact
    seen = Evidence.of(COMMAND.key, f'{apps[0].package}:id/{ENCRYPTION} content-desc="{apps[0].backup.encryption}"')
    if fact.state is State.KNOWN and fact.value is not on:
        return unknown(fact.name, CONTRADICTED, *fact.evidence, seen)
    return known(fact.name, on, *fact.evidence, seen)


# "End-to-end encrypted backup,On · 64-digit key": what stands behind the last comma, up to a dot or a dash.
_STATE = re.compile(r"[,:]\s*([^,:·•–-]+?)\s*(?:[·•–-][^,]*)?$")
_ON = {"on", "activada", "activado", "ativada", "ativado"}
_OFF = {"off", "desactivada", "desactivado", "desativada", "desativado"}


def _is_on(text: str) -> bool | None:
    found = _STATE.search(unicodedata.normalize("NFKC", text).casefold().strip())
    if found is None or found[1] not in _ON | _OFF:
        return None
    return found[1] in _ON


def _several_accounts(capture: Capture, package: str) -> bool:
    """Whether storage shows more than one account's folder; 1000 is the first one, which also has the old place."""
    try:
        listing = whatsapp_storage.read(capture)
    except Unanswered:
        return False
    folders = [each for volume in listing.volumes for each in volume.folders if each.package == package]
    return len({each.account or 1000 for each in folders if each.access is not whatsapp_storage.Access.ABSENT}) > 1


def _trouble(trouble: Trouble, package: str, detail: str) -> Message:
    return Message(TROUBLES[trouble].sentence, {"package": package, "detail": detail or "?"})
