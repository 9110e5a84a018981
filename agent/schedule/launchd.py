"""The property list by which macOS' launchd runs the nightly scans, for the person who is logged in.

Keys as launchd.plist(5) has them. Not a LaunchDaemon: that would run as root.
"""

import plistlib
from pathlib import PurePath

LABEL = "org.phone-posture"


def agent(program: PurePath) -> dict[str, str]:
    """The file by the path that it is to have below the person's home. `program`: the `posture` that is to run."""
    content = {
        "Label": LABEL,
        "ProgramArguments": [str(program), "schedule", "run"],
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 30,
        "ProcessType": "Background",
        "Umask": 0o077,
    }
    return {f"Library/LaunchAgents/{LABEL}.plist": plistlib.dumps(content, sort_keys=False).decode()}


def steps() -> tuple[str, ...]:
    """What to type next. The second wakes a Mac that sleeps, for windows that open at ten."""
    return (
        f"launchctl bootstrap gui/$UID ~/Library/LaunchAgents/{LABEL}.plist",
        "sudo pmset repeat wakeorpoweron MTWRF 21:55:00",
    )
