"""Folders that androidqf made: Android's dumps under its own names, and JSON that it read from the phone.

Its names (androidqf's modules/): `getprop.txt`, `dumpsys.txt` (every service one after the other),
`settings_global.txt`, `processes.txt` (of `ps -A`, or JSON where its collector ran), `bugreport.zip`,
`acquisition.json`. What no command prints goes on under its own name, for the probes that read it:
`androidqf packages.json` (with the certificates' SHA-256) and `androidqf root_binaries.json`.
"""

import io
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from agent.capture.bugreport import Splitter
from agent.capture.model import Answer

_TELLING = {"packages.json", "root_binaries.json", "dumpsys.txt", "acquisition.json"}
_SETTINGS = re.compile(r"settings_([a-z]+)\.txt")
_COMMANDS = {"getprop.txt": "getprop", "ps.txt": "ps", "processes.txt": "ps", "services.txt": "service list"}
_JSON = {"packages.json", "root_binaries.json", "acquisition.json"}


def is_androidqf(names: set[str]) -> bool:
    """Whether a folder with these files was made by androidqf."""
    return bool(names & _TELLING)


def is_part(name: str) -> bool:
    """Whether androidqf writes a file of this name that is read here."""
    return name == "dumpsys.txt" or name in _COMMANDS or name in _JSON or _SETTINGS.fullmatch(name) is not None


def answers_of(files: Mapping[str, bytes]) -> dict[str, Answer]:
    """Answers by command from androidqf's files by name."""
    answers: dict[str, Answer] = {}
    for name, data in files.items():
        if name == "dumpsys.txt":
            splitter = Splitter(rules=False)
            splitter.read(iter([data]))
            answers.update(splitter.answers())
        elif name in _COMMANDS and not (name == "processes.txt" and data.startswith(b"[{")):
            answers[_COMMANDS[name]] = Answer(data)
        elif settings := _SETTINGS.fullmatch(name):
            answers[f"settings list {settings[1]}"] = Answer(data)
        elif name in _JSON:
            answers[f"androidqf {name}"] = Answer(data)
    return answers


def acquired_at(files: Mapping[str, bytes]) -> datetime | None:
    """The workstation's time in `acquisition.json`, or None."""
    try:
        started = datetime.fromisoformat(json.load(io.BytesIO(files["acquisition.json"]))["started"])
        return started.astimezone(UTC) if started.tzinfo else None
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError):
        return None
