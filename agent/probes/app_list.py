r"""Every app of every user, as far as the phone lists them, with what installed it.

`pm list packages -i -3 --user N` names the apps that did not come with the phone, `package:NAME  installer=X|null`;
`pm list packages -s --user N` those that did (PackageManagerShellCommand.runListPackages, API 26 to 36; without
`--user` Android 13 and later mixes the users). An empty list is one only where `pm` ended well. For users whom
Android closes to a computer, and in a bugreport, the dump of all apps says the same (`app_dump`); in androidqf's
folder `packages.json` does, for the owner. Lists that somebody saved by hand prove presence only.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from agent.capture import Capture, Command, Unanswered
from agent.facts import Evidence
from agent.messages import Message
from agent.probes import ProbeError, app_dump, package_dump, users
from agent.probes.everybody import everybody, require
from agent.probes.whatsapp_dumps import DUMP
from agent.probes.whatsapp_saved import ANDROIDQF, WHOLE_DUMP

_SCRIPT = (
    r"i=$(pm list users 2>/dev/null | sed -n 's/^[^{{]*UserInfo{{\([0-9]*\):.*/\1/p'); d=; for u in ${{i:-0}}; do "
    'echo "user $u"; pm list packages {options} --user $u 2>&1 </dev/null; s=$?; echo "status $s"; '
    "[ $s = 0 ] || d=1; done"
)
INSTALLED = Command(
    "pm list packages -i -3",
    Message("apps that were installed after the phone left its maker, and from which store"),
    script=_SCRIPT.format(options="-i -3") + f"; [ -z $d ] || {{ echo dump; {app_dump.CUT}; }}",
    timeout_s=20,
    limit_bytes=1024 * 1024,
)
SYSTEM = Command(
    "pm list packages -s",
    Message("apps that came with the phone, to find known spyware among them"),
    script=_SCRIPT.format(options="-s"),
)
COMMANDS = (INSTALLED, SYSTEM, users.COMMAND)

_ADDED = "pm list packages -3"
_SAVED = (
    "pm list packages -i -U",
    "pm list packages -i",
    "pm list packages -f",
    _ADDED,
    "pm list packages",
    "pm list packages -u",
)


@dataclass(frozen=True, slots=True)
class App:
    """One app of one user (None: the source does not tell whose). `system`: it came with the phone.

    `installer` is a stranger's text, None where the phone names none. `digests`: of its certificates, hexadecimal,
    SHA-1 or SHA-256, where the source prints them.
    """

    package: str
    user: int | None
    system: bool
    installer: str | None
    evidence: Evidence
    digests: frozenset[str] = frozenset()


def installed(capture: Capture) -> tuple[str, tuple[App, ...]]:
    """Return the source, and the apps that did not come with the phone, of every user.

    Raises Unanswered unless the list is whole for every user.
    """
    if (listed := _listed(capture, INSTALLED)) is not None:
        return INSTALLED.key, tuple(listed)
    for source, read in ((WHOLE_DUMP, _dumped), (ANDROIDQF, _androidqf)):
        if (apps := read(capture)) is not None:
            found = tuple(app for app in apps if not app.system)
            if not found and len(apps) < app_dump.SEVERAL:
                break
            return source, found
    raise _unheaded(capture, INSTALLED)


def everything(capture: Capture) -> tuple[tuple[App, ...], Unanswered | None]:
    """Return every app that is known to be there, and why there may be others (None: there are none)."""
    found: list[App] = []
    missing: Unanswered | None = None
    for command in (INSTALLED, SYSTEM):
        try:
            if (apps := _listed(capture, command)) is None:
                raise _unheaded(capture, command)
            found += apps
        except Unanswered as error:
            missing = missing or error
            found += _rows_of(capture, command.key)
    if missing is None:
        return tuple(found), None
    for read in (_dumped, _androidqf):
        try:
            apps = read(capture) or []
        except Unanswered as error:
            missing = error
        else:
            if len(apps) >= app_dump.SEVERAL:
                return tuple(apps), None
            found += apps
    found += [app for key in _SAVED for app in _rows_of(capture, key)]
    found += [app for key in (DUMP.key, WHOLE_DUMP) for app in _single(capture, key)]
    return tuple(found), missing


def origins(capture: Capture) -> tuple[Mapping[str, Evidence], Mapping[str, Evidence]]:
    """Return the apps that came with the phone and those that did not, by package, as far as the lists tell.

    An app in both, or in neither, is none that can be told. Where an app lives makes no difference: Android holds
    for all users whether it came with the phone.
    """
    apps: list[App] = []
    for command in (SYSTEM, INSTALLED):
        with suppress(Unanswered):
            apps += _listed(capture, command) or ()
    apps += [app for key in (SYSTEM.key, INSTALLED.key, _ADDED) for app in _rows_of(capture, key)]
    for read in (_dumped, _androidqf):
        with suppress(Unanswered):
            apps += read(capture) or ()
    came = {app.package: app.evidence for app in reversed(apps) if app.system}
    added = {app.package: app.evidence for app in reversed(apps) if not app.system}
    return came, added


def _unheaded(capture: Capture, command: Command) -> Unanswered:
    """Say why there is no list that tells whose it is."""
    try:
        capture.text(command)
    except Unanswered as error:
        return error
    return ProbeError(
        Message("`{command}` was saved without telling for which user; scan the phone itself", {"command": command.key})
    )


_ROW = re.compile(
    r"package:(?:/\S*=)?(?P<name>[A-Za-z0-9._-]{1,255})(?: versionCode:\d+)?(?: stopped=\w+)?"
    r"(?:  installer=(?P<installer>\S+))?(?: uid:\d{1,9}[\d,]*)?"
)


def _listed(capture: Capture, command: Command) -> list[App] | None:
    """Read the list of each user; None where it was not asked for in this way."""
    answer = capture.answer(command)
    if answer is None or not re.match(r"user \d{1,9}(?:\n|\Z)", answer.text):
        return None
    blocks: dict[int, list[str]] = {}
    lists, _, dump = capture.text(command).partition("\ndump\n")
    for line in lists.splitlines():
        if found := re.fullmatch(r"user (\d{1,9})", line):
            rows = blocks.setdefault(int(found[1]), [])
        elif not line.startswith("WARNING: linker: "):  # of some makers' libraries, before any answer
            rows.append(line)
    apps: list[App] = []
    for user, rows in blocks.items():
        matches = [_ROW.fullmatch(row) for row in rows[:-1]]
        if not rows or rows[-1] != "status 0" or not all(matches) or (command is SYSTEM and not matches):
            apps += _closed(capture, user, command, dump)
        else:
            apps += [_app(match, user, command.key) for match in matches if match]
    require(capture, blocks, command.key)
    return apps


def _closed(capture: Capture, user: int, command: Command, dump: str) -> list[App]:
    """The apps of a user whose list was denied, by the dump that follows the lists in that case."""
    dump = dump or capture.text(INSTALLED).partition("\ndump\n")[2]
    try:
        listed = app_dump.packages(dump, INSTALLED.key)
    except ProbeError as error:
        raise ProbeError(
            Message(
                "the phone did not list the apps of user {user}; open that user's settings and look at the apps",
                {"user": user},
            )
        ) from error
    states = [app for package in listed.values() for app in _states(package, INSTALLED.key)]
    return [app for app in states if app.user == user and app.system is (command is SYSTEM)]


def _app(row: re.Match[str], user: int | None, source: str) -> App:
    installer = None if row["installer"] in (None, "null") else row["installer"]
    line = row[0] if user is None else f"user {user}: {row[0]}"
    return App(row["name"], user, source == SYSTEM.key, installer, Evidence.of(source, line))


def _rows_of(capture: Capture, key: str) -> Iterator[App]:
    """What stands in a list, whole or not; a name that breaks off may be another app's."""
    try:
        text = capture.text(key, partial=True)
    except Unanswered:
        return
    for row in text.partition("\ndump\n")[0].splitlines(keepends=True):
        ended = row[-1].isspace() or " " in row
        if ended and (found := _ROW.fullmatch(row.rstrip())):
            yield _app(found, None, key)


def _dumped(capture: Capture) -> list[App] | None:
    """Read a bugreport's dump of all apps, for all users."""
    if capture.answer(WHOLE_DUMP) is None:
        return None
    text = capture.text(WHOLE_DUMP)
    if not package_dump.parse(text).whole:
        return None
    listed = app_dump.packages(text, WHOLE_DUMP)
    return [app for package in listed.values() for app in _states(package, WHOLE_DUMP)]


def _states(package: package_dump.PackageDump, source: str) -> Iterator[App]:
    for user, there in package.users.items():
        if there:
            line = f"{package.name}: " + package.lines.get("installer", package.lines[f"user {user}"])
            evidence = Evidence.of(source, line)
            yield App(package.name, user, package.system or False, package.installer, evidence)


def _single(capture: Capture, key: str) -> Iterator[App]:
    """What a dump of one app, or a piece of the dump of all, proves to be there."""
    try:
        listed = package_dump.parse(capture.text(key, partial=True))
    except Unanswered:
        return
    for package in listed.packages.values():
        for app in _states(package, key):
            yield replace(app, evidence=Evidence.of(key, f"Package [{package.name}]"))


def _androidqf(capture: Capture) -> list[App] | None:
    """Read androidqf's list of the owner's apps, with certificates that it read from the APK files."""
    answer = capture.answer(ANDROIDQF)
    if answer is None:
        return None
    try:
        apps = [_qf_app(row) for row in json.loads(capture.text(ANDROIDQF))]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _strange(ANDROIDQF) from error
    if any(user.id for user in everybody(capture) or ()):
        raise ProbeError(Message("androidqf lists the owner's apps only, and this phone has more users; scan it"))
    return apps


def _qf_app(row: dict[str, object]) -> App:
    name, installer, third = row["name"], row.get("installer"), row["third_party"]
    files = row.get("files") or []
    if not isinstance(name, str) or not isinstance(third, bool) or not isinstance(files, list):
        raise TypeError(name)
    certificates = [file.get("certificate") or {} for file in files]
    digests = {str(each.get(kind, "")).lower() for each in certificates for kind in ("Sha1", "Sha256")} - {""}
    named = None if installer in (None, "null", "") else str(installer)
    line = f'"name": "{name}", "installer": "{installer}", "third_party": {str(third).lower()}'
    return App(name, 0, not third, named, Evidence.of(ANDROIDQF, line), frozenset(digests))


def _strange(source: str) -> ProbeError:
    return ProbeError(
        Message("`{command}` is in a form that the check does not know; please report it", {"command": source})
    )
