"""Pages by key: each begins after the last row of the one before, so that page 2,000 costs what page 1 costs.

Files are written the same way, a window at a time: no statement reads a large table to its end.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """The rows of one page, and what leads to its neighbours (None: there is none)."""

    rows: list[Row]
    after: str | None
    before: str | None


def cut(rows: "QuerySet[Row]", order: Sequence[str], query: Mapping[str, str], size: int) -> Slice[Row]:
    """Cut one page out of `rows`.

    `order`: field names, the last one unique, "-" before a descending one; all must have the same direction or
    an index cannot serve them. `query`: the request's parameters, of which `after` or `before` is a place.
    Raises BadRequest for a place that is none.
    """
    back = "before" in query
    place = query.get("before") or query.get("after")
    directed = [_turned(name) for name in order] if back else list(order)
    found = rows.order_by(*directed)
    if place:
        try:
            found = found.filter(_beyond(directed, _read(place, len(order))))
            taken = list(found[: size + 1])
        except (ValueError, TypeError, ValidationError, OverflowError) as error:
            raise BadRequest("no such place in the list") from error
    else:
        taken = list(found[: size + 1])
    more = len(taken) > size
    shown = taken[:size][::-1] if back else taken[:size]
    if not shown:
        return Slice([], None, None)
    has_after, has_before = (True, more) if back else (more, bool(place))
    return Slice(
        shown,
        _write(shown[-1], order) if has_after else None,
        _write(shown[0], order) if has_before else None,
    )


def windows(rows: "QuerySet[Row]", order: Sequence[str], size: int = 1000) -> Iterator[Row]:
    """All of `rows`, read `size` at a time. `order`: as for `cut`, of fields that never change: no row comes twice."""
    ordered = rows.order_by(*order)
    taken = list(ordered[:size])
    while taken:
        yield from taken
        if len(taken) < size:
            return
        last = [getattr(taken[-1], name.removeprefix("-")) for name in order]
        taken = list(ordered.filter(_beyond(order, last))[:size])


def _turned(name: str) -> str:
    return name.removeprefix("-") if name.startswith("-") else f"-{name}"


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows after those values: (a > x) or (a = x and b > y), and so on."""
    beyond, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field, operator = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
        beyond |= equal & Q(**{f"{field}__{operator}": value})
        equal &= Q(**{field: value})
    # Redundant, but tells the database where in the index to begin.
    first, operator = order[0].removeprefix("-"), "lte" if order[0].startswith("-") else "gte"
    return Q(**{f"{first}__{operator}": values[0]}) & beyond


def _write(row: Model, order: Sequence[str]) -> str:
    values = [getattr(row, name.removeprefix("-")) for name in order]
    plain = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return urlsafe_b64encode(json.dumps(plain).encode()).rstrip(b"=").decode()


def _read(place: str, length: int) -> list[str]:
    values = json.loads(urlsafe_b64decode(place[:4000] + "=" * (-len(place) % 4)))
    if not isinstance(values, list) or len(values) != length or not all(_is_text(value) for value in values):
        raise ValueError(place)
    return values


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\x00" not in value
