"""When WhatsApp will make its next local backup: the alarm that it has set.

`dumpsys alarm`, API 26 to 36: a line `RTC_WAKEUP #N: Alarm{hash type 0 when MS package}` (`origWhen MS` from 12
on), then `tag=*walarm*:com.whatsapp.action.BACKUP_MESSAGES`. The milliseconds are since 1970, so no time zone is
needed. An alarm, pending or fired, proves no backup: WhatsApp skips it on a low battery or a full storage. A phone
that is itself a linked device, or has no account, sets none.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence, Fact, instant, known, not_applicable, unknown
from agent.messages import Message
from agent.probes import whatsapp_package
from agent.probes.proof import proved

COMMAND = Command(
    "dumpsys alarm",
    Message("when WhatsApp will make its next local backup"),
    # The heading of each of WhatsApp's alarms, and the tag of the one that makes backups.
    script=r"dumpsys alarm | sed -n -E -e '/^ *nowRTC=/p' "
    r"-e '/Alarm\{.* com\.whatsapp(\.w4b)?\}$/{p;n;/action\.BACKUP_MESSAGES$/p;}' -e '/DUMP TIMEOUT/p' "
    "-e '1{/^Current Alarm/!p;}'",
)
COMMANDS = (COMMAND, *whatsapp_package.COMMANDS)
FACTS = ("whatsapp.backup.scheduled_at",)
PROOF = {FACTS[0]: (proved(limit="what WhatsApp intends; it skips a backup on a low battery or a full storage"),)}

NOT_INSTALLED = Message("WhatsApp is not installed")
NO_ALARM = Message(
    "WhatsApp has set no alarm for a backup: the phone may be a linked device of another, or without an account; "
    "look at WhatsApp's chat backup screen"
)

_ALARM = re.compile(
    r"^[ \t]*(RTC_WAKEUP #\d+: Alarm\{[0-9a-f]+ type 0 (?:when|origWhen) (\d{12,14})(?: whenElapsed -?\d+)?"
    r" com\.whatsapp(?:\.w4b)?\})\n[ \t]*tag=\*walarm\*:com\.whatsapp(?:\.w4b)?\.action\.BACKUP_MESSAGES$",
    re.MULTILINE,
)


def probe(capture: Capture) -> Iterator[Fact]:
    """Report the soonest alarm of all users, since the dump does not tell them apart."""
    try:
        nobody = not whatsapp_package.official(capture)
    except Unanswered:
        nobody = False
    if nobody:
        yield not_applicable(FACTS[0], NOT_INSTALLED, *whatsapp_package.absence(capture))
        return
    text = capture.text(COMMAND, partial=True)
    alarms = sorted((int(found[2]), found[1]) for found in _ALARM.finditer(text))
    if not alarms:
        capture.text(COMMAND)  # what is absent from half a dump was perhaps in the other half
        yield unknown(FACTS[0], NO_ALARM)
        return
    at = datetime.fromtimestamp(alarms[0][0] // 1000, UTC)
    yield known(FACTS[0], instant(at), *(Evidence.of(COMMAND.key, line) for _, line in alarms[:5]))
