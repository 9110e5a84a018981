"""What `dumpsys package` says about apps: one app's dump, several, or the whole list of a bugreport.

Sources: Settings.dumpPackageLPr and PackageSignatures.toString, API 26 to 36. `  Package [name] (hash):`, then
four spaces and `key=value`; `    User N: … installed=true …` for each user. From 9 on a signature line has
`signatures:[…]` and `past signatures:[…]`, before only the bare list. `Hidden system packages:` repeats the
factory's version of apps that were updated since, so only `Packages:` counts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class PackageDump:
    """One app. `version` and `installer` None: not printed (`installer` also when the phone prints null).

    `hashes`: 32 bits of each certificate that signs it now, without leading zeros. `users`: whether it is
    installed, by user. `system`: it came with the phone (None: its flags are not in this cut). `lines`: the line
    that each of `version`, `installer`, `signatures`, `user N` stands in. `installed_at`: when it was first installed,
    by user, as printed, in local time: up to 32 one line for all users, from 33 on one below each `User N:`.
    """

    name: str
    version: str | None
    installer: str | None
    hashes: frozenset[str]
    users: Mapping[int, bool]
    lines: Mapping[str, str]
    system: bool | None = None
    installed_at: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PackageList:
    """The apps of a dump by name. `whole`: every app of the phone stands here, so absence is known.

    `doubtful`: names with two different blocks, or two states for one user, of which one is forged.
    """

    packages: Mapping[str, PackageDump]
    doubtful: frozenset[str]
    whole: bool


_SECTION = re.compile(r"^[A-Z][A-Za-z ]*:", re.MULTILINE)
_BLOCK = re.compile(r"^  Package \[([A-Za-z0-9._-]{1,255})\] \([0-9a-f]{1,8}\):", re.MULTILINE)
_VERSION = re.compile(r"^    (versionName=(.*))$", re.MULTILINE)
_INSTALLER = re.compile(r"^    (installerPackageName=(.*))$", re.MULTILINE)
_SIGNATURES = re.compile(
    r"^    (signatures=PackageSignatures\{[0-9a-f]{1,8} (?:version:\d{1,3}, signatures:)?\[([0-9a-f, ]*)\].*)$",
    re.MULTILINE,
)
_USER = re.compile(r"^    (User (\d{1,5}): (?:[^\n]* )?installed=(true|false)\b[^\n]*)$", re.MULTILINE)
_FLAGS = re.compile(r"^    (?:pkgFlags|flags)=\[([A-Z_0-9 ]*)\]", re.MULTILINE)
_SEVERAL = 10  # a phone has a hundred apps at least; the dump of one app and what it relates to has few


def parse(text: str) -> PackageList:
    """Read every block of the section `Packages:`, in any cut of the dump that keeps the lines' indentation."""
    sections = [(found[0], found.start()) for found in _SECTION.finditer(text)]
    packages: dict[str, PackageDump] = {}
    doubtful: set[str] = set()
    ended = False
    for index, (title, start) in enumerate(sections):
        if title != "Packages:":
            continue
        ended = index + 1 < len(sections)
        body = text[start : sections[index + 1][1] if ended else len(text)]
        for package, contradicts_itself in _blocks(body):
            if packages.setdefault(package.name, package) != package or contradicts_itself:
                doubtful.add(package.name)
    whole = ended and len(packages) >= _SEVERAL and "Database versions:" in {title for title, _ in sections}
    return PackageList(MappingProxyType(packages), frozenset(doubtful), whole)


def _blocks(body: str) -> list[tuple[PackageDump, bool]]:
    """Each block, and whether it tells two states of one user."""
    starts = list(_BLOCK.finditer(body))
    ends = [*(found.start() for found in starts[1:]), len(body)]
    return [_package(found[1], body[found.end() : end]) for found, end in zip(starts, ends, strict=False)]


def _package(name: str, block: str) -> tuple[PackageDump, bool]:
    version, installer = _VERSION.search(block), _INSTALLER.search(block)
    signatures = _SIGNATURES.search(block)
    users, flags = list(_USER.finditer(block)), _FLAGS.search(block)
    named = {"version": version, "installer": installer, "signatures": signatures}
    lines = {key: found[1] for key, found in named.items() if found}
    states = {(int(user[2]), user[3] == "true") for user in users}
    package = PackageDump(
        name=name,
        version=_said(version),
        installer=_said(installer),
        hashes=frozenset(re.findall(r"[0-9a-f]+", signatures[2])) if signatures else frozenset(),
        users=dict(states),
        lines=lines | {f"user {int(user[2])}": user[1] for user in users},
        system="SYSTEM" in flags[1].split() if flags else None,
        installed_at=_installed_at(block, {user for user, installed in states if installed}),
    )
    return package, len(states) > len(package.users)


_FIRST = re.compile(
    r"^    (?:User (?P<user>\d{1,5}): .*|(?P<own>  )?firstInstallTime=(?P<at>[^\n]{1,40}))$", re.MULTILINE
)


def _installed_at(block: str, users: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    user: int | None = None
    for line in _FIRST.finditer(block):
        if line["user"]:
            user = int(line["user"])
        elif not line["own"]:
            found |= dict.fromkeys(users, line["at"])
        elif user in users:
            found[user] = line["at"]
    return found


def _said(found: re.Match[str] | None) -> str | None:
    return found[2].strip() if found and found[2].strip() not in ("", "null") else None
