"""Android's three tables of settings: what is set, what is known to be absent, and what nobody answered.

Live, `settings list global|secure|system` prints `name=value`, one a line, sorted (SettingsService.java,
API 26 to 36). Only the lines of `WANTED` leave the phone, with the number of all lines as proof that the list
was given; `secure` and `system` follow for every other user under a line `user N`. In a bugreport the same
stands in `dumpsys settings`: `GLOBAL SETTINGS (user 0)`, then `_id:1 name:x pkg:y value:z default:…`
(SettingsProvider.dumpForUserLocked). That dump holds private values, so it is never asked of a phone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence
from agent.messages import Message
from agent.probes import ProbeError

Namespace = Literal["global", "secure", "system"]

# Add what a probe needs. The names that leave the phone; values that a person typed have no place here.
WANTED: Mapping[Namespace, tuple[str, ...]] = {
    "global": (
        "adb_enabled",
        "adb_wifi_enabled",
        "airplane_mode_on",
        "auto_time",
        "boot_count",
        "captive_portal_mode",
        "development_settings_enabled",
        "device_provisioned",
        "mobile_data",
        "mobile_data[0-9]*",
        "multi_sim_data_call",
        "package_verifier_enable",
        "package_verifier_user_consent",
        "private_dns_mode",
        "secure_frp_mode",
        "upload_apk_enable",
        "verifier_verify_adb_installs",
        "wifi_on",
    ),
    "secure": (
        "accessibility_enabled",
        "always_on_vpn_app",
        "always_on_vpn_lockdown",
        "default_input_method",
        "enabled_accessibility_services",
        "enabled_input_methods",
        "enabled_notification_listeners",
        "lock_screen_allow_private_notifications",
        "lock_screen_lock_after_timeout",
        "lock_screen_show_notifications",
        "selected_input_method_subtype",
        "user_setup_complete",
    ),
    "system": ("screen_off_timeout",),
}

_REASONS: Mapping[Namespace, Message] = {
    "global": Message("debugging, Play Protect, the number of starts and other switches of the whole phone"),
    "secure": Message("notifications on the lock screen, lock delay, accessibility, keyboards, always-on VPN"),
    "system": Message("after how long the screen turns itself off"),
}

# The first line without "=" is a refusal that went to stdout, so it passes; `$=` prints the number of lines.
_CUT = "sed -n -E -e '/^({names})=/p' -e '1{{/=/!p;}}' -e '$='"
_OTHER_USERS = (
    r"pm list users 2>/dev/null | sed -n 's/.*UserInfo{{\([0-9]*\):.*/\1/p' | while read -r u; do "
    'if [ "$u" != 0 ]; then echo "user $u"; settings --user "$u" list {namespace} </dev/null | {cut}; fi; done'
)


def _command(namespace: Namespace) -> Command:
    cut = _CUT.format(names="|".join(WANTED[namespace]))
    script = f"settings list {namespace} | {cut}"
    if namespace != "global":
        script += "; " + _OTHER_USERS.format(namespace=namespace, cut=cut)
    return Command(f"settings list {namespace}", _REASONS[namespace], script)


COMMANDS: Mapping[Namespace, Command] = {namespace: _command(namespace) for namespace in WANTED}
GLOBAL, SECURE, SYSTEM = COMMANDS["global"], COMMANDS["secure"], COMMANDS["system"]
DUMP = "dumpsys settings"  # a bugreport's section, never run on a phone


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that is set. `value` is a stranger's text; `evidence` the line that holds it."""

    value: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Table:
    """One user's settings in one namespace, as far as they left the phone."""

    source: str
    values: Mapping[str, str]
    twice: frozenset[str]
    length: int

    @property
    def whole(self) -> bool:
        """Whether absence proves anything: every phone has dozens of rows (35 at least in real dumps)."""
        return self.length >= 8


def value(capture: Capture, namespace: Namespace, key: str, user: int = 0) -> Setting | None:
    """Return a setting, or None when the phone gave its list and `key` is absent (or null) in it.

    Global settings belong to user 0. Raises Unanswered when no list of this user was given, ProbeError when
    the key stands there twice with two values, or when it is absent from what is only a piece of a list.
    """
    table = _table(capture, namespace, user)
    if key in table.twice:
        raise ProbeError(
            Message("`{command}` gives two values for `{key}`; scan again", {"command": table.source, "key": key}),
        )
    found = table.values.get(key)
    if found is None and not table.whole:
        raise ProbeError(
            Message(
                "`{command}` is only a piece of the list here and does not hold `{key}`; scan the phone itself",
                {"command": table.source, "key": key},
            )
        )
    if found is None or found == "null":
        return None
    return Setting(found, Evidence.of(table.source, f"{key}={found}"))


def absence(capture: Capture, namespace: Namespace, key: str, user: int = 0) -> Evidence:
    """Evidence that the phone gave its list and `key` is not in it; call it after `value` returned None."""
    table = _table(capture, namespace, user)
    return Evidence.of(table.source, f"{key}: not set" if user == 0 else f"user {user}: {key}: not set")


def _table(capture: Capture, namespace: Namespace, user: int) -> Table:
    command = COMMANDS[namespace]
    try:
        tables = _lists(capture.text(command), command.key)
    except Unanswered as refusal:
        if capture.answer(DUMP) is None:
            raise
        tables = _dumped(capture.text(DUMP), namespace)
        if user not in tables:
            raise refusal from None
    if user not in tables:
        raise ProbeError(
            Message(
                "`{command}` gave no settings for user {user}; switch to that user or profile once and scan again",
                {"command": command.key, "user": user},
            )
        )
    return tables[user]


_USER = re.compile(r"user (\d{1,9})")
_LINE = re.compile(r"([^=\s]+)=(.*)")


def _lists(text: str, source: str) -> dict[int, Table]:
    """Split the answer at its `user N` lines; a list without a value, and without the length of one, is none.

    A line without a name continues another's value and is left out.
    """
    blocks: dict[int, list[str]] = {0: []}
    block = blocks[0]
    for line in text.splitlines():
        if header := _USER.fullmatch(line):
            block = blocks.setdefault(int(header[1]), [])
        else:
            block.append(line)
    tables = {user: _collect(source, _pairs(lines), _length(lines)) for user, lines in blocks.items()}
    return {user: table for user, table in tables.items() if table.values or table.whole}


def _length(lines: list[str]) -> int:
    """Count the list's rows: as the phone counted them before the cut, or as they stand here."""
    counted = [int(line) for line in lines if line.isascii() and line.isdecimal() and len(line) < 9]
    return max(counted, default=sum(1 for _ in _pairs(lines)))


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if found := _LINE.fullmatch(line):
            yield found[1], found[2]


def _collect(source: str, pairs: Iterator[tuple[str, str]], length: int) -> Table:
    values: dict[str, str] = {}
    twice: set[str] = set()
    for key, found in pairs:
        if values.setdefault(key, found) != found:
            twice.add(key)
    return Table(source, values, frozenset(twice), length)


_SECTION = re.compile(r"([A-Z]+) SETTINGS \(user (\d{1,9})\)")
# `pkg:` is absent for values of the system's first start; `default:` and what follows only where one is kept.
_ROW = re.compile(r"_id:\d+ name:(\S+)(?: pkg:(\S*))? value:(.*)")
_DEFAULT = re.compile(r" default:.* defaultSystemSet:(?:true|false)(?: tag:.*)?$")


def _dumped(text: str, namespace: Namespace) -> dict[int, Table]:
    """Read one namespace of `dumpsys settings`; a user whose section is absent is absent here too."""
    rows: dict[int, list[tuple[str, str]]] = {}
    section: list[tuple[str, str]] | None = None
    for line in text.splitlines():
        if header := _SECTION.fullmatch(line.strip()):
            wanted = header[1] == namespace.upper()
            section = rows.setdefault(int(header[2]), []) if wanted else None
        elif section is not None and (row := _ROW.fullmatch(line)):
            found = _DEFAULT.sub("", row[3])
            section.append((row[1], "null" if found == "{null}" else found))
    return {user: _collect(DUMP, iter(pairs), len(pairs)) for user, pairs in rows.items() if pairs}
