"""Models read and written by hand: what each delivery asks, the ORM writes more slowly than the database answers.

The fields are given the connection itself: Django's `connection` looks it up each time it is asked for anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

_AT_ONCE = 40  # rows a statement

Row = TypeVar("Row", bound=Model)


@cache
def columns(model: type[Model], table: str) -> str:
    """All columns of the model for a SELECT; `table`: the name by which the statement calls it.

    They are named one by one, since a prepared statement must not find more of them after a migration.
    """
    return ", ".join(f'{table}."{field.column}"' for field in model._meta.concrete_fields)


def loaded(model: type[Row], rows: Iterable[Sequence[Any]]) -> Iterator[Row]:
    """The models of rows that begin with these columns."""
    connection = connections[DEFAULT_DB_ALIAS]
    names, conversions = _conversions(model, connection.vendor)
    for row in rows:
        values = list(row[: len(names)])
        for place, converters, column in conversions:
            for convert in converters:
                values[place] = convert(values[place], column, connection)
        yield model.from_db(connection.alias, names, values)


@cache
def _conversions(model: type[Model], _vendor: str) -> tuple[list[str], list[tuple[int, list[Any], Any]]]:
    """The fields' names, and how what the database gives becomes what they hold."""
    fields = model._meta.concrete_fields
    connection = connections[DEFAULT_DB_ALIAS]
    compiler = model._default_manager.all().query.get_compiler(connection=connection)
    converters = compiler.get_converters([field.get_col(model._meta.db_table) for field in fields])
    return [field.attname for field in fields], [(place, *each) for place, each in converters.items()]


def written(rows: Sequence[Model], *, key: tuple[str, ...] = (), update: tuple[str, ...] = ()) -> None:
    """Insert models of one kind; where a row with this `key` (columns) is there already, set the fields `update`."""
    connection = connections[DEFAULT_DB_ALIAS]
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        fields = part[0]._meta.concrete_fields
        values = [field.get_db_prep_save(getattr(row, field.attname), connection) for row in part for field in fields]
        with connection.cursor() as cursor:
            cursor.execute(_insert(type(part[0]), len(part), key, update), values)


@cache
def _insert(model: type[Model], rows: int, key: tuple[str, ...], update: tuple[str, ...]) -> str:
    names = [str(field.column) for field in model._meta.concrete_fields]
    one = f"({', '.join(['%s'] * len(names))})"
    sql = (
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(map(_quoted, names))}) '  # noqa: S608 - our names
        f"VALUES {', '.join([one] * rows)}"
    )
    if key:
        set_to = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in update)
        sql += f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {set_to}"
    return sql


def _quoted(name: str) -> str:
    return f'"{name}"'
