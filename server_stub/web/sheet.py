"""Lists as CSV (RFC 4180), streamed row by row, safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


class _Line:
    """What csv writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


def wants_csv(request: HttpRequest) -> bool:
    """`?format=csv`, or an Accept header that asks for it before all else."""
    if "format" in request.GET:
        return request.GET["format"] == "csv"
    return request.get_preferred_type(["text/html", "application/json", "text/csv"]) == "text/csv"


def sheet(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    """Answer with a file of that name. What a spreadsheet would take for a formula gets an apostrophe before it."""
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(header)  # the mark by which spreadsheets know UTF-8
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def cell(value: Any) -> Any:
    """A value as it may stand in a file that a spreadsheet opens."""
    if isinstance(value, str) and value.lstrip(" \xa0").startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
