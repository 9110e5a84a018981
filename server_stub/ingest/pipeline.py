"""Statements sent one after another without waiting for each one's answer."""

from contextlib import AbstractContextManager, nullcontext

from django.db import connection


def pipelined() -> AbstractContextManager[object]:
    """Within, on PostgreSQL, a statement whose rows nobody reads is not waited for; an error is raised by a later one.

    Put a transaction within it: its commit waits for all of them. Elsewhere it changes nothing.
    """
    if connection.vendor != "postgresql":
        return nullcontext()
    from psycopg import Pipeline  # noqa: PLC0415 - the extra `postgres`

    connection.ensure_connection()
    return connection.connection.pipeline() if Pipeline.is_supported() else nullcontext()
