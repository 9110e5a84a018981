"""Reads a policy's YAML as plain data that remembers where each value stands.

YAML's core schema (1.2) and not 1.1: `no` is a word, and `10:20:30:40:50:59` is an address and not a number
in base sixty. No anchors, no tags, no key twice: a policy reads the same to everybody.
"""

import hashlib
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from agent.capture import quoted
from agent.messages import Message, PostureError, because

LIMIT_BYTES = 1024 * 1024
_DEEPEST = 40

Place = tuple[str | int, ...]
"""The way to a value inside a file: keys and positions."""


class PolicyError(PostureError):
    """A policy that cannot be used. The message names file, line, column, what is wrong and the nearest name."""

    def __init__(self, message: Message) -> None:
        super().__init__(message, permanent=True)


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a policy: its data, and the line and column of each value (and of each key, by `keys`)."""

    name: str
    data: Any
    values: Mapping[Place, tuple[int, int]]
    keys: Mapping[Place, tuple[int, int]]
    sha256: str
    raw: bytes

    def error(self, place: Place, problem: Message, *, key: bool = False) -> PolicyError:
        """An error at a value, or at the nearest thing around it that stands in the file."""
        marks = self.keys if key and place in self.keys else self.values
        while place not in marks and place:
            place = place[:-1]
        line, column = marks.get(place, (1, 1))
        return _error(self.name, line, column, problem)


def _error(name: str, line: int, column: int, problem: Message) -> PolicyError:
    at: dict[str, str | int | Message] = {"file": quoted(name), "line": line, "column": column, "problem": problem}
    return PolicyError(Message("{file}:{line}:{column}: {problem}", at))


def nearest(name: str, known: Sequence[str]) -> str:
    """The known name that a mistyped one most likely meant, or an empty text."""
    return next(iter(get_close_matches(name, known, 1, 0.6)), "")


def no_such(what: Message, name: str, known: Sequence[str]) -> Message:
    """Say that a name is none of the known ones, and which was most likely meant."""
    near = nearest(name, known)
    if near:
        return Message(
            "there is no {what} “{name}”; did you mean “{near}”?", {"what": what, "name": quoted(name), "near": near}
        )
    return Message("there is no {what} “{name}”", {"what": what, "name": quoted(name)})


def read(path: Path, name: str) -> Source:
    """Read one file; `name` is what errors call it. Raises PolicyError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise PolicyError(
            Message("{file}: cannot be read: {why}", {"file": quoted(name), "why": because(error)})
        ) from error
    if len(data) > LIMIT_BYTES:
        raise PolicyError(Message("{file}: is larger than {limit} bytes", {"file": quoted(name), "limit": LIMIT_BYTES}))
    return parse(data, name)


def parse(data: bytes, name: str) -> Source:
    """Read one file's bytes. Raises PolicyError."""
    values: dict[Place, tuple[int, int]] = {}
    keys: dict[Place, tuple[int, int]] = {}
    try:
        text = data.decode("utf-8-sig")
        node = _Loader(text).get_single_node()
        plain = _plain(node, (), values, keys, name) if node is not None else None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _error(name, line, 1, Message("is not UTF-8 text")) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = _complaint(error.problem or error.context or "")
        raise _error(name, line, column, Message("is not valid YAML: {problem}", {"problem": problem})) from error
    except (yaml.YAMLError, RecursionError) as error:
        problem = _complaint(str(error).splitlines()[0] if str(error) else "nested too deeply")
        raise _error(name, 1, 1, Message("is not valid YAML: {problem}", {"problem": problem})) from error
    return Source(name, plain, values, keys, hashlib.sha256(data).hexdigest(), data)


_ALIAS = Message("an alias (*) is not taken here")
# What PyYAML says most often (scanner.py and parser.py of 6.0), each in words that say what to mend.
_COMPLAINTS = {
    "mapping values are not allowed": Message("a colon stands where none can; quote the text or mend the indentation"),
    "expected <block end>": Message("the indentation does not fit the lines above"),
    "could not find expected ':'": Message("the line above has no colon"),
    "found character '\\t'": Message("a tab stands here; indent with spaces"),
    "found unexpected end of stream": Message("a quote is not closed"),
    "expected ',' or ']'": Message("a list in brackets is not closed"),
    "expected ',' or '}'": Message("a mapping in braces is not closed"),
    _ALIAS.sentence: _ALIAS,
    "nested too deeply": Message("nested too deeply"),
}


def _complaint(said: str) -> Message:
    known = next((message for start, message in _COMPLAINTS.items() if said.startswith(start)), None)
    return known or Message("{why}", {"why": quoted(said)})


class _Loader(yaml.SafeLoader):
    """SafeLoader that knows YAML 1.2's core schema, and refuses aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=_ALIAS.sentence, problem_mark=mark)
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"true|false", re.ASCII), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"null|~|", re.ASCII), ["n", "~", ""])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII), list("-0123456789")
)
# The resolver tries match(), so each pattern above must also end where the word ends.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, re.compile(rf"(?:{pattern.pattern})\Z", re.ASCII)) for tag, pattern in patterns]
    for first, patterns in _Loader.yaml_implicit_resolvers.items()
}

_PLAIN: Mapping[str, Any] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:bool": lambda text: text == "true",
    "tag:yaml.org,2002:null": lambda _: None,
}


def _plain(
    node: yaml.Node,
    place: Place,
    values: dict[Place, tuple[int, int]],
    keys: dict[Place, tuple[int, int]],
    name: str,
) -> Any:
    at = node.start_mark.line + 1, node.start_mark.column + 1
    values[place] = at
    if len(place) > _DEEPEST:
        raise _error(name, *at, Message("is nested too deeply"))
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return [_plain(item, (*place, i), values, keys, name) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        mapping: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key_at = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise _error(name, *key_at, Message("a key must be a word"))
            key: str = key_node.value
            if key in mapping:
                raise _error(name, *key_at, Message("“{key}” stands here twice", {"key": quoted(key)}))
            keys[(*place, key)] = key_at
            mapping[key] = _plain(value_node, (*place, key), values, keys, name)
        return mapping
    if isinstance(node, yaml.ScalarNode) and node.tag in _PLAIN:
        return _PLAIN[node.tag](node.value)
    raise _error(name, *at, Message("the tag {tag} is not taken here", {"tag": quoted(str(node.tag))}))
