"""YAML that remembers its lines, so that a mistake in it can be pointed at."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from agent.messages import Message, PostureError

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """What a YAML file says, and the line (from 1) of everything in it by its path of keys."""

    value: dict[str, Any]
    lines: Mapping[Place, int]


def load(path: Path) -> Marked:
    """Load one YAML mapping; PostureError with the line for text that is none or says a thing twice."""
    try:
        text = path.read_text("utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _mistake(path, line, Message("{what}", {"what": error.problem or "not YAML"})) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise _mistake(path, 1, Message("not YAML in UTF-8")) from error
    if not isinstance(value, dict) or not isinstance(node, yaml.MappingNode):
        raise _mistake(path, 1, Message("expected names and values, such as `android: 14`"))
    lines: dict[Place, int] = {}
    _walk(path, node, (), lines)
    return Marked(value, lines)


def _walk(path: Path, node: yaml.Node, place: Place, lines: dict[Place, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            below = (*place, str(key.value))
            if below in lines:
                raise _mistake(path, key.start_mark.line + 1, Message("`{name}` is said twice", {"name": key.value}))
            lines[below] = key.start_mark.line + 1
            _walk(path, child, below, lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, child in enumerate(node.value):
            lines[*place, number] = child.start_mark.line + 1
            _walk(path, child, (*place, number), lines)


def explain(path: Path, written: Marked, error: ValidationError, model: type[BaseModel]) -> PostureError:
    """Turn pydantic's first complaint into one sentence with the file, the line and the nearest valid name.

    A misspelt name comes first: what is missing is often missing for that reason.
    """
    complaints = error.errors(include_url=False)
    first = next((each for each in complaints if each["type"] == "extra_forbidden"), complaints[0])
    place: Place = tuple(first["loc"])
    line = next((written.lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in written.lines), 1)
    name = ".".join(str(part) for part in place)
    if first["type"] != "extra_forbidden":
        return _mistake(path, line, Message("{name}: {what}", {"name": name, "what": first["msg"]}))
    near = get_close_matches(str(place[-1]), _fields(model, place[:-1]), 1, 0.5)
    if near:
        return _mistake(
            path, line, Message("unknown name `{name}`; did you mean `{near}`?", {"name": name, "near": near[0]})
        )
    known = ", ".join(_fields(model, place[:-1]))
    return _mistake(path, line, Message("unknown name `{name}`; known are {names}", {"name": name, "names": known}))


def _fields(model: type[BaseModel], place: Place) -> list[str]:
    """Names that the model allows at a place, found by walking its types."""
    for part in place:
        field = model.model_fields.get(str(part))
        inner = _model_in(field.annotation) if field is not None else None
        model = inner or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_in(each)) is not None), None)


def _mistake(path: Path, line: int, what: Message) -> PostureError:
    place = Message("{file}:{line}: {what}", {"file": str(path), "line": line, "what": what})
    return PostureError(place, permanent=True)
