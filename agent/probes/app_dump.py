r"""Android's dump of all apps, believed as a whole or not at all.

It stands in for the lists of users whom Android closes to a computer (Secure Folder, a work profile in which
debugging is forbidden), live as `dumpsys package packages` cut to a few lines an app, and in bugreports. An app
chooses its version's name, line breaks included, and could so end the list of apps or begin another one:
then some title stands there twice, or an app outside of the two lists (Settings.dumpPackagesLPr, API 26 to 36).
"""

import re
from collections.abc import Mapping

from agent.messages import Message
from agent.probes import ProbeError, package_dump
from agent.probes.package_dump import PackageDump

CUT = (
    r"dumpsys package packages </dev/null 2>&1 | sed -n -E -e '/^[A-Z][A-Za-z ]*:/p' -e '/^  Package \[/p' "
    r"-e '/^    (pkgFlags|flags)=\[/p' -e '/^    installerPackageName=/p' "
    r"-e 's/^(    User [0-9]+:) .*(installed=(true|false)).*$/\1 \2/p' -e '/DUMP TIMEOUT/p'"
)
SEVERAL = 10  # a phone has a hundred apps at least; fewer are no list of all

_TITLE = re.compile(r"^(Packages|Hidden system packages):", re.MULTILINE)
_SECTION = re.compile(r"^(?P<title>[A-Z][A-Za-z ]*):|^  Package \[", re.MULTILINE)


def packages(text: str, source: str) -> Mapping[str, PackageDump]:
    """Return every app by name. Raises ProbeError where one could have forged or hidden another."""
    listed = package_dump.parse(text)
    if listed.doubtful:
        values = {"command": source, "package": min(listed.doubtful)}
        raise ProbeError(
            Message(
                "`{command}` describes {package} twice and differently, so one of them is false; "
                "scan the phone itself again",
                values,
            )
        )
    strange = len(listed.packages) < SEVERAL or any(each.system is None for each in listed.packages.values())
    if strange or "DUMP TIMEOUT" in text or _forged(text):
        raise ProbeError(
            Message("`{command}` is in a form that the check does not know; please report it", {"command": source})
        )
    return listed.packages


def _forged(text: str) -> bool:
    titles = _TITLE.findall(text)
    inside = ""
    for found in _SECTION.finditer(text):
        if found["title"] is not None:
            inside = found["title"]
        elif inside not in titles:
            return True
    return len(titles) != len(set(titles))
