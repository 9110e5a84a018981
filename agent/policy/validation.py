"""Holds a file against the shape it must have, and puts pydantic's complaints into the file's own terms."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import ValidationError

from agent.messages import Message
from agent.policy.document import BSSID, ID, PARAMETER_NAME, Part
from agent.policy.source import Place, PolicyError, Source, nearest, no_such

Shape = TypeVar("Shape", bound=Part)


def validate(source: Source, shape: type[Shape], place: Place = ()) -> Shape:
    """Return what stands at `place` of a file as `shape`. Raises PolicyError."""
    data = source.data
    for step in place:
        data = data[step]
    if not isinstance(data, Mapping):
        raise source.error(place, Message("keys and values are needed here"))
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        raise _complaint(source, shape, place, error) from error


def _complaint(source: Source, shape: type[Part], place: Place, error: ValidationError) -> PolicyError:
    # A mistyped key is also missing under its right name, and a union complains once for each of its forms: the
    # unknown key says most, then what lies deepest.
    def telling(found: Any) -> tuple[bool, int]:
        return found["type"] == "extra_forbidden", len(_standing(source, (*place, *found["loc"])))

    found = max(error.errors(include_url=False), key=telling)
    at = _standing(source, (*place, *found["loc"]))
    last = str(found["loc"][-1]) if found["loc"] else ""
    if found["type"] == "extra_forbidden":
        return source.error(at, no_such(Message("key"), last, _keys(shape, found["loc"])), key=True)
    if found["type"] == "missing":
        known = [key for key in _keys(shape, found["loc"]) if key == last]
        return source.error(at, Message("“{key}” is missing", {"key": known[0] if known else last}))
    if found["type"] == "literal_error":
        known = [word for word in _literals(shape, found["loc"]) if isinstance(word, str)]
        near = nearest(str(found["input"]), known)
        if near:
            return source.error(at, no_such(Message("value"), str(found["input"]), known))
    return source.error(at, _problem(found))


_PROBLEMS = {
    "literal_error": Message("one of these is needed here: {expected}"),
    "string_type": Message("a word or a sentence is needed here"),
    "string_too_short": Message("a word or a sentence is needed here"),
    "string_too_long": Message("this is longer than {max_length} characters"),
    "int_type": Message("a whole number is needed here"),
    "bool_type": Message("true or false is needed here"),
    "date_type": Message("a date is needed here, such as 2026-03-01"),
    "date_from_datetime_parsing": Message("a date is needed here, such as 2026-03-01"),
    "tuple_type": Message("a list is needed here"),
    "too_short": Message("this list needs more entries"),
    "greater_than_equal": Message("this is less than {ge}"),
    "less_than_equal": Message("this is more than {le}"),
    "model_type": Message("keys and values are needed here"),
    "dict_type": Message("keys and values are needed here"),
}
_FORMS = {
    ID: Message("small letters, digits and single dashes are needed here, such as screen-lock-set"),
    PARAMETER_NAME: Message("small letters, digits and single underscores are needed here, such as lock_delay"),
    BSSID: Message("an access point's address is needed here, such as 00:00:5e:00:53:01"),
}


def _problem(found: Any) -> Message:
    """A complaint as a sentence: our own carries one, pydantic's most frequent ones stand above."""
    context = found.get("ctx", {})
    own = context["error"].args[0] if found["type"] == "value_error" else None
    if isinstance(own, Message):
        return own
    if context.get("class_name") == "Duration":
        return Message("a span of time with its unit is needed here, such as {example}", {"example": "{days: 7}"})
    if context.get("pattern") in _FORMS:
        return _FORMS[context["pattern"]]
    if found["type"] in _PROBLEMS:
        return replace(_PROBLEMS[found["type"]], values={k: str(v).replace(" or ", ", ") for k, v in context.items()})
    told = str(own or found["msg"])
    return Message("{problem}", {"problem": told[:1].lower() + told[1:]})


def _standing(source: Source, loc: Place) -> Place:
    """The steps of a complaint that lead somewhere in the file: unions and validators add names of their own."""
    place: Place = ()
    for step in loc:
        if (*place, step) in source.values:
            place = (*place, step)
    return place


def _shapes(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    elif get_origin(annotation) is not Literal:
        for argument in get_args(annotation):
            yield from _shapes(argument)


def _walk(shape: type[Part], loc: Place) -> tuple[list[type[Part]], Any]:
    shapes, annotation = [shape], None
    for step in loc:
        fields = [
            field for each in shapes for name, field in each.model_fields.items() if step == (field.alias or name)
        ]
        if fields:
            annotation = fields[0].annotation
            shapes = [inner for field in fields for inner in _shapes(field.annotation)]
    return shapes, annotation


def _keys(shape: type[Part], loc: Place) -> list[str]:
    shapes, _ = _walk(shape, loc[:-1])
    return [field.alias or name for each in shapes for name, field in each.model_fields.items()]


def _literals(shape: type[Part], loc: Place) -> list[Any]:
    def words(annotation: Any) -> Iterator[Any]:
        for argument in get_args(annotation):
            if isinstance(argument, str):
                yield argument
            else:
                yield from words(argument)

    return list(words(_walk(shape, loc)[1]))
