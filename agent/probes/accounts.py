r"""How many accounts of a person are on the phone: `dumpsys account`.

AccountManagerService.dump, API 26 to 36: `User UserInfo{id:name:flags}:` for every user, `  Accounts: N`, then N
lines `    Account {name=…, type=…}`. Names of people and of accounts never leave the phone: it sends types and
the rows of the history of accounts, which hold none.

Makers keep contacts of the phone and of its SIM under accounts of their own; those are nobody's. Many apps add an
account only to be woken up ("sync"), which no person ever signed in to, and Android prints no difference. So the
number is known where every type is one that a sign-in makes, or one of the phone's own; else it is unknown.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from agent.capture import Capture, Command, quoted
from agent.facts import Evidence, Fact, known, unknown
from agent.messages import Message
from agent.probes import ProbeError, users
from agent.probes.everybody import require
from agent.probes.proof import partly

COMMAND = Command(
    "dumpsys account",
    Message("how many accounts are on the phone, and when accounts came and went; no names"),
    script="dumpsys account | sed -n -E -e '1{/^User UserInfo\\{/!p;}'"
    r" -e 's/^(User UserInfo\{[0-9]+:).*(:[0-9a-f]+\}:)$/\1\2/p' -e '/^  Accounts: [0-9]+$/p'"
    r" -e 's/^(    Account \{)name=.*, (type=[^,{}]+\})$/\1\2/p'"
    r" -e '/^    Account \{/!s/^.*(, type=[^,{}]+\})$/    rest of a name\1/p'"
    r" -e '/^ *-?[0-9]+,action_[a-z_]+,[^,]*,-?[0-9]+,[a-z_]*,[0-9]+$/p' -e '/DUMP TIMEOUT/p'",
)
COMMANDS = (COMMAND, users.COMMAND)
FACTS = ("handover.accounts",)
PROOF = {FACTS[0]: (partly("unknown where some app made an account that no person signed in to"),)}
BY_HAND = Message("Settings › Passwords and accounts")

THE_PHONES_OWN = frozenset(
    (
        "com.android.localphone",
        "com.android.sim",
        "com.android.usim",
        "com.android.contacts.sim",
        "com.android.contacts.usim",
        "Local Phone Account",
        "SIM Account",
        "USIM Account",
        "RUIM Account",
        "vnd.sec.contact.phone",
        "vnd.sec.contact.sim",
        "vnd.sec.contact.sim2",
        "vnd.sec.contact.agg.account_type",
        "com.android.huawei.phone",
        "com.android.huawei.sim",
        "com.android.huawei.secondsim",
        "com.android.hihonor.phone",
        "com.android.hihonor.sim",
        "com.android.hihonor.secondsim",
        "com.oppo.contacts.device",
        "com.oppo.contacts.sim",
        "com.coloros.contacts.device",
        "com.coloros.contacts.sim",
        "com.oplus.contacts.device",
        "com.oplus.contacts.sim",
        "com.vivo.contacts.local",
        "com.lge.phone",
        "com.lge.sim",
        "com.sonyericsson.localcontacts",
        "com.sonymobile.sim",
        "com.htc.android.pcsc",
        "com.htc.android.simcard",
        "asus.local.phone",
        "asus.local.simcard",
        "com.motorola.contacts.local",
        "com.zte.contacts.phone",
        "com.zte.contacts.sim",
    )
)
OF_A_PERSON = frozenset(
    (
        "com.google",
        "com.google.work",
        "com.google.android.gm.exchange",
        "com.google.android.gm.legacyimap",
        "com.google.android.gm.pop3",
        "com.android.email",
        "com.android.exchange",
        "com.samsung.android.email",
        "com.samsung.android.exchange",
        "com.microsoft.office.outlook.USER_ACCOUNT",
        "com.microsoft.workaccount",
        "com.osp.app.signin",  # Samsung
        "com.xiaomi",
        "com.huawei.hwid",
        "com.hihonor.id",
        "com.heytap.accounts",
        "com.oppo.usercenter",
        "com.oneplus.account",
        "com.motorola.account",
        "BBKOnLineService",  # vivo
        "com.facebook.auth.login",
        "com.twitter.android.auth.login",
        "com.whatsapp",
        "com.whatsapp.w4b",
        "org.telegram.messenger",
        "org.thoughtcrime.securesms",
        "com.linkedin.android",
    )
)


def probe(capture: Capture) -> Iterator[Fact]:
    """Count every user's accounts."""
    found = read(capture)
    require(capture, found, COMMAND.key)
    types = Counter[str]()
    for each in found.values():
        types.update(each)
    counted = {kind: number for kind, number in types.items() if kind not in THE_PHONES_OWN}
    sure = sum(number for kind, number in counted.items() if kind in OF_A_PERSON)
    doubtful = sorted(kind for kind in counted if kind not in OF_A_PERSON)
    evidence = [
        Evidence.of(COMMAND.key, f"user {user}: {'Accounts: 0' if not each else _told(each)}")
        for user, each in found.items()
    ]
    if doubtful:
        values: dict[str, str | int | Message] = {
            "least": sure,
            "most": sum(counted.values()),
            "types": quoted(", ".join(doubtful), 160),
        }
        reason = Message(
            "between {least} and {most} accounts: apps made some only to run by themselves ({types}); "
            "look at them in Settings › Passwords and accounts",
            values,
        )
        yield unknown(FACTS[0], reason, *evidence)
        return
    yield known(FACTS[0], sure, *evidence)


def _told(types: Mapping[str, int]) -> str:
    return ", ".join(f"{number} x type={kind}" for kind, number in sorted(types.items()))


_USER = re.compile(r"User UserInfo\{(\d{1,9}):.*:?[0-9a-f]{1,8}\}:")
_COUNT = re.compile(r"  Accounts: (\d{1,6})")
_REST = re.compile(r".*, type=[^,{}]{1,200}\}")  # of an account whose name, its app's choice, holds a line break
_ACCOUNT = re.compile(r"    Account \{(?:name=.*, )?type=([^,{}]{1,200})\}")


def read(capture: Capture) -> dict[int, Counter[str]]:
    """Return how many accounts of each type each user has.

    Errors: Unanswered when the phone did not answer, ProbeError where a user's lines are not as many as counted
    (a name that holds a line break among them).
    """
    return parse(capture.text(COMMAND))


def parse(text: str) -> dict[int, Counter[str]]:
    """Read the dump, whole or as the phone cut it; see `read` for shape and errors."""
    found: dict[int, Counter[str]] = {}
    counts: dict[int, list[int]] = {}
    user = -1
    for line in text.splitlines():
        if header := _USER.fullmatch(line):
            user = int(header[1])
            found.setdefault(user, Counter())
            counts.setdefault(user, [])
        elif user >= 0 and (count := _COUNT.fullmatch(line)):
            counts[user].append(int(count[1]))
        elif user >= 0 and (account := _ACCOUNT.fullmatch(line)):
            found[user][account[1]] += 1
        elif _REST.fullmatch(line):
            counts.setdefault(user, []).append(-1)
    if not found or counts != {user: [types.total()] for user, types in found.items()}:
        raise ProbeError(
            Message(
                "`{command}` does not list as many accounts as it counts; look at them in Settings › "
                "Passwords and accounts",
                {"command": COMMAND.key},
            )
        )
    return found
