"""A SQLite file of the agent's own: safe for several processes at once, and what was written outlasts a power cut."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.messages import Message, PostureError, because


@contextmanager
def opened(path: Path, schema: str, error: type[PostureError], unusable: Message) -> Iterator[sqlite3.Connection]:
    """Yield a connection in one transaction, which an exception takes back; the file is made on first use.

    schema: `CREATE … IF NOT EXISTS` statements. unusable: the sentence of `error`, with gaps for `path` and `why`.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Its owner's alone: what phones told is nobody else's business. SQLite makes its other files alike.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(path, timeout=10, isolation_level="IMMEDIATE")
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(schema)
            with connection:
                yield connection
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as problem:
        why = because(problem) if isinstance(problem, OSError) else str(problem)
        raise error(Message(unusable.sentence, {"path": str(path), "why": why})) from problem
