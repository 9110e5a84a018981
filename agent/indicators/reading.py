"""From a file of a stranger to what is kept of it: limits first, then the form, then the content."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from agent.capture import quoted
from agent.indicators import echap, stix
from agent.indicators.model import Found, IndicatorError, IndicatorFile
from agent.messages import Message, because

LIMIT_BYTES = 32 * 1024 * 1024
_DEEPEST = 60


def read_file(path: Path, version: str | None = None, now: datetime | None = None) -> IndicatorFile:
    """Read a STIX 2 bundle (JSON) or Echap's list (YAML), told apart by their content.

    `version`: what the importer calls it; else a bundle's newest change. Raises IndicatorError for what is no
    such file, is too large, or holds no indicator at all.
    """
    now = now or datetime.now(UTC)
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise _error(path, Message("cannot be read: {why}", {"why": because(error)})) from error
    if len(data) > LIMIT_BYTES:
        raise _error(path, Message("is larger than {limit} MB", {"limit": LIMIT_BYTES // (1024 * 1024)}))
    found, newest = _read(path, data, now)
    if not found.packages and not found.certificates and not found.unread:
        raise _error(path, Message("holds no indicator"))
    return IndicatorFile(
        name=quoted(path.name, 120),
        version=quoted(version, 60) if version else newest,
        sha256=hashlib.sha256(data).hexdigest(),
        imported_at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        packages=found.packages,
        certificates=found.certificates,
        unread=found.unread,
    )


def _read(path: Path, data: bytes, now: datetime) -> tuple[Found, str | None]:
    try:
        text = data.decode("utf-8-sig")
        parsed: Any = json.loads(text) if text.lstrip()[:1] in ("{", "[") else yaml.load(text, _PlainLoader)  # noqa: S506 - the safe loader with fewer powers
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _error(path, Message("is neither JSON nor YAML in UTF-8")) from error
    except yaml.YAMLError as error:
        raise _error(path, Message("is no plain YAML: {why}", {"why": quoted(str(error), 160)})) from error
    except RecursionError as error:
        raise _error(path, Message("is nested deeper than any such file")) from error
    except ValueError as error:
        raise _error(path, Message("holds a number or a date that is none")) from error
    if isinstance(parsed, dict) and parsed.get("type") == "bundle" and isinstance(parsed.get("objects"), list):
        return stix.read(parsed, now)
    if isinstance(parsed, list):
        return echap.read(parsed), None
    raise _error(path, Message("is neither a STIX 2 bundle nor a list in Echap's form"))


def _error(path: Path, problem: Message) -> IndicatorError:
    return IndicatorError(
        Message("{file} {problem}", {"file": quoted(path.name, 120), "problem": problem}), permanent=True
    )


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, by which a small file unfolds into an endless one, and without deep nesting."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse an alias and what lies too deep before anything is built."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it repeats a part by an alias")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise yaml.YAMLError("it is nested too deep")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node
