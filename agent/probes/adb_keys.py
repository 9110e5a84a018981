"""Computers that this phone trusts for debugging: their names, never their keys.

`dumpsys adb` (AdbDebuggingManager.dump, API 29 to 36) prints `user_keys=`, the text of `adb_keys`: one
`BASE64 user@host` a line, and `keystore=`, the same keys as XML or, from API 31, binary XML. The keys are cut out
on the phone. Android prints no `user_keys=` where it could not read the file or none exists: that is no empty list.
"""

import re
from collections.abc import Iterator

from agent.capture import Capture, Command, quoted
from agent.facts import Evidence, Fact, known, unknown
from agent.messages import Message
from agent.probes import ProbeError
from agent.probes.proof import hidden, partly

COMMAND = Command(
    "dumpsys adb",
    Message("which computers the phone trusts for debugging"),
    script="dumpsys adb | sed -n -E"
    r" -e 's/[A-Za-z0-9+\/]{80,}=*/KEY/g'"
    r" -e '/(ADB MANAGER STATE|debugging_manager=|user_keys=|DUMP TIMEOUT|^ *KEY|^ *})/p'",
)
COMMANDS = (COMMAND,)
FACTS = ("device.adb_keys",)
PROOF = {
    FACTS[0]: (
        hidden("Android has no `dumpsys adb` before version 10", 8, 9),
        partly("nothing is printed where the list does not exist, which proves no empty one", 10),
    )
}
BY_HAND = Message("Settings › Developer options › Revoke USB debugging authorisations")

NAMELESS = "?"  # a key without the name of its computer

_KEY = re.compile(r"(?:[A-Za-z0-9+/]{80,}=*|KEY)(?P<name>[ \t][^\n]{0,200})?")
_USER_KEYS = re.compile(r"^[ \t]*user_keys=(?P<keys>.*?)(?=^[ \t]*(?:[a-z_]+=|\})|\Z)", re.MULTILINE | re.DOTALL)


def probe(capture: Capture) -> Iterator[Fact]:
    """Name every trusted computer once; a key without a name is `?`."""
    names = parse(capture.text(COMMAND))
    if names is None:
        yield unknown(
            FACTS[0],
            Message(
                "Android did not read its list of trusted computers; look in Settings › Developer options "
                "and revoke the authorisations for USB debugging there if in doubt"
            ),
        )
        return
    lines = [Evidence.of(COMMAND.key, f"user_keys: {name}") for name in names]
    yield known(FACTS[0], sorted(set(names)), *(lines or [Evidence(COMMAND.key, "user_keys: none")]))


def parse(text: str) -> list[str] | None:
    """Return the names in `user_keys`, or None where that is not printed; raise ProbeError on anything else."""
    if "debugging_manager=" not in text:
        raise ProbeError(
            Message("`{command}` is in a form that the check does not know; please report it", {"command": COMMAND.key})
        )
    found = _USER_KEYS.search(text)
    if found is None:
        return None
    names = []
    for line in found["keys"].splitlines():
        if line.strip():
            key = _KEY.match(line.strip())
            names.append(quoted((key["name"] or "").strip(), 100) or NAMELESS if key else NAMELESS)
    return names
