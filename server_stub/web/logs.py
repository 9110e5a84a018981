"""Logs as JSON lines: what happened, where, how long it took; no serial, no name, no address, no value.

An address holds a phone's serial and a database's complaint a row's values: of a request the route is told, of an
error its type and place. What our own code logs is told as it stands.
"""

import json
import logging
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

OWN = "server_stub"
_access = logging.getLogger("server_stub.access")


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Members: at, level, logger, event; of a request route, status; of an error its type and where it rose."""
        own = record.name.partition(".")[0] == OWN
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage() if own else str(record.msg)[:200],
        }
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            told |= {"route": route_of(request), "method": _method(request)}
        if isinstance(status := getattr(record, "status_code", None), int):
            told["status"] = status
        told |= getattr(record, "told", {})
        if record.exc_info and record.exc_info[0] is not None:
            told["error"] = record.exc_info[0].__qualname__
            frames = traceback.extract_tb(record.exc_info[2])
            told["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
        return json.dumps(told, ensure_ascii=False)


def route_of(request: HttpRequest) -> str:
    """The address's pattern: "phones/<key:key>/"; "-" where there is none."""
    return request.resolver_match.route if request.resolver_match else "-"


def access(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A line for each request, where the log is structured."""

    def answer(request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = get_response(request)
        if _access.isEnabledFor(logging.INFO):
            told = {
                "route": route_of(request),
                "method": _method(request),
                "status": response.status_code,
                "ms": round(1000 * (time.perf_counter() - begun), 1),
            }
            _access.info("request", extra={"told": told})
        return response

    return answer


def _method(request: HttpRequest) -> str:
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return request.method if request.method in known else "other"
