"""What no statement of the service may do: read a large table without the phone's key or a bounded window.

So the schema can be spread over several nodes by phone (docs/growing.md), and no page slows as history grows.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

import server_stub

_SERVICE = str(Path(server_stub.__file__).parent)
TABLES = ("phone", "rulestate", "clausestate", "storedreport", "receipt", "movement")
_LARGE = re.compile(rf'(?:FROM|JOIN|UPDATE|INTO)\s+"?phones_(?:{"|".join(TABLES)})"?\b')
_KEY = r'"?\b(?:phone_id|key|report_id)"? (?:=|IN)|"phone_id", [^()]*\) IN'  # of a few phones or reports, by their keys
_LATE = r'COUNT\(.*"scanned_at" <'  # the late ones, found by their index
_DAYS = r'"day" > .*"topic" ='  # some days of one topic
_BOUNDED = re.compile(
    rf"{_KEY}|{_LATE}|{_DAYS}|LIMIT (?:\d+|%s)|^INSERT .* (?:VALUES|UNNEST)|\bmin\(|^SELECT EXISTS",
    re.DOTALL | re.IGNORECASE,
)


def is_unbounded(sql: str) -> bool:
    return bool(_LARGE.search(sql)) and not _BOUNDED.search(sql)


@contextmanager
def unbounded() -> Iterator[list[str]]:
    """Gives a list that fills with such statements, of those that the service itself makes meanwhile."""
    found: list[str] = []

    def look(execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any) -> Any:
        if is_unbounded(sql) and _by_the_service():
            found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield found


def _by_the_service() -> bool:
    """A test counts rows as it likes."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.startswith(_SERVICE) and "migrations" not in frame.f_code.co_filename:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
