"""Statements that PostgreSQL need not read anew each time, sent one after another without waiting for each answer."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.conf import settings
from django.db import connection

_AFTER = 5  # times that a connection was asked the same


@contextmanager
def prepared() -> Iterator[None]:
    """Within, on PostgreSQL, statements are prepared once a connection.

    For those whose plan is always the same: pages are better off with a plan for the very values that they ask for.
    """
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    raw = connection.connection
    raw.prepare_threshold = _AFTER if settings.PREPARE_STATEMENTS else None
    try:
        yield
    finally:
        raw.prepare_threshold = None


@contextmanager
def pipelined() -> Iterator[None]:
    """Within, on PostgreSQL, a statement whose rows nobody reads is not waited for; an error is raised by a later one.

    Put it within a transaction: one that begins or ends inside waits for all that was sent.
    Elsewhere it changes nothing.
    """
    with prepared(), connection.connection.pipeline() if _is_supported() else nullcontext():
        yield


def _is_supported() -> bool:
    if connection.vendor != "postgresql":
        return False
    from psycopg import Pipeline  # noqa: PLC0415 - the extra `postgres`

    return Pipeline.is_supported()
