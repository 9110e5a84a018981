"""Folders that androidqf made: Android's dumps under its own names, and JSON that it read from the phone.

Its names: `getprop.txt`, `dumpsys.txt` (every service one after the other), `settings_global.txt`, `ps.txt`
or `processes.txt`, `acquisition.json`. What no command prints goes on under its own name, for the probes
that read it: `androidqf packages.json` (with the certificates' SHA-256), `androidqf root_binaries.json`,
`androidqf files.json`.
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
_JSON = re.compile(r"[a-z_]+\.json")


def is_androidqf(names: set[str]) -> bool:
    """Whether a folder with these files was made by androidqf."""
    return bool(names & _TELLING)


def is_part(name: str) -> bool:
    """Whether androidqf writes a file of this name that is read here."""
    return name == "dumpsys.txt" or name in _COMMANDS or any(p.fullmatch(name) for p in (_SETTINGS, _JSON))


def answers_of(files: Mapping[str, bytes]) -> dict[str, Answer]:
    """Answers by command from androidqf's files by name."""
    answers: dict[str, Answer] = {}
    for name, data in files.items():
        if name == "dumpsys.txt":
            splitter = Splitter(rules=False)
            splitter.read(iter([data]))
            answers.update(splitter.answers())
        elif name in _COMMANDS:
            answers[_COMMANDS[name]] = Answer(data)
        elif settings := _SETTINGS.fullmatch(name):
            answers[f"settings list {settings[1]}"] = Answer(data)
        elif _JSON.fullmatch(name):
            answers[f"androidqf {name}"] = Answer(data)
    return answers


def acquired_at(files: Mapping[str, bytes]) -> datetime | None:
    """The workstation's time in `acquisition.json`, or None."""
    try:
        started = datetime.fromisoformat(json.load(io.BytesIO(files["acquisition.json"]))["started"])
        return started.astimezone(UTC) if started.tzinfo else None
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError):
        return None
