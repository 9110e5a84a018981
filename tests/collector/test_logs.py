"""Structured logs: a JSON object a line, and nothing in it that tells of a person or a phone."""

import json
import logging
import signal
import sys
from pathlib import Path

import requests

from server_stub.web.logs import JsonLines
from tests.collector.serving import posture_collector, served

SECRET = "R58N30ABCDE"


def test_requests_by_route_and_nothing_of_whom(tmp_path: Path) -> None:
    posture_collector(tmp_path, "create-user", "ana")
    with served(tmp_path, POSTURE_LOG="json") as (address, process):
        requests.get(f"{address}/phones/{SECRET}/?q={SECRET}", timeout=30, allow_redirects=False)
        requests.get(f"{address}/nothing/{SECRET}", timeout=30, headers={"Accept": "application/json"})
        requests.post(f"{address}/api/reports", SECRET, headers={"Content-Type": "application/jose"}, timeout=30)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    told = [(each["route"], each["method"], each["status"]) for each in lines if each["event"] == "request"]
    assert told == [("phones/<key:key>/", "GET", 302), ("-", "GET", 404), ("api/reports", "POST", 400)]
    assert SECRET not in err
    assert all(each["ms"] >= 0 for each in lines if each["event"] == "request")


def test_an_error_by_its_type_and_place() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        record = logging.LogRecord("django.request", logging.ERROR, "", 1, "%s: %s", ("x", SECRET), sys.exc_info())
    told = json.loads(JsonLines().format(record))
    assert (told["error"], told["level"], SECRET in json.dumps(told)) == ("ValueError", "error", False)
    assert told["where"][-1].endswith("test_an_error_by_its_type_and_place")
