"""Models read by statements written by hand: for what each delivery asks, the ORM takes longer than the database."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

Row = TypeVar("Row", bound=Model)


def columns(model: type[Model], table: str) -> str:
    """All columns of the model for a SELECT; `table`: the name by which the statement calls it.

    They are named one by one, since a prepared statement must not find more of them after a migration.
    """
    return ", ".join(f'{table}."{field.column}"' for field in model._meta.concrete_fields)


def loaded(model: type[Row], rows: Iterable[Sequence[Any]]) -> Iterator[Row]:
    """The models of rows that begin with these columns."""
    fields = model._meta.concrete_fields
    compiler = model._default_manager.all().query.get_compiler(connection=connection)
    converters = compiler.get_converters([field.get_col(model._meta.db_table) for field in fields])
    names = [field.attname for field in fields]
    for row in compiler.apply_converters(rows, converters):
        yield model.from_db(connection.alias, names, row[: len(names)])
