"""Delivery to a collector that is well, ill, gone, or somebody else altogether."""

import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agent.delivery import Collector, DeliveryError, Outbox, deliver_due
from agent.workstation import look

PROBLEM = b'{"title": "Unprocessable", "detail": "the agent is not known here; enrol it first"}'


class Server(ThreadingHTTPServer):
    """Answers every POST with what the test says, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self, answer: tuple[int, str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.seen: list[tuple[str, str, bytes]] = []
        self.date: Callable[[], str] = lambda: formatdate(usegmt=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, self.headers["Content-Type"], body))
        status, content_type, answer = self.server.answer
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(answer)))
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(answer)

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 - its base's signature
        return self.server.date()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    running: list[Server] = []

    def start(status: int, content_type: str = "application/json", body: bytes = b"{}") -> Server:
        server = Server((status, content_type, body))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.sqlite3")


@pytest.mark.parametrize("status", [201, 200])
def test_stored_and_already_known_both_empty_the_outbox(
    serve: Callable[..., Server], outbox: Outbox, status: int
) -> None:
    server = serve(status)
    outbox.put("r1", "S1", server.url, '{"payload": "…"}')
    result = deliver_due(outbox)
    assert (result.sent, result.kept, result.trouble) == (1, 0, None)
    assert outbox.waiting() == []
    assert server.seen == [("/api/reports", "application/jose+json", '{"payload": "…"}'.encode())]


def test_a_collector_that_is_gone_keeps_everything_and_is_asked_once(outbox: Outbox) -> None:
    for n in range(3):
        outbox.put(f"r{n}", "S", "http://127.0.0.1:9", "signed")
    result = deliver_due(outbox)
    assert (result.sent, result.kept) == (0, 3)
    assert str(result.trouble) == "the collector http://127.0.0.1:9 does not answer (Connection refused)"
    assert [item.attempts for item in outbox.waiting()] == [1, 0, 0]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_collector_that_is_ill_is_tried_later(serve: Callable[..., Server], outbox: Outbox, status: int) -> None:
    server = serve(status)
    outbox.put("r1", "S1", server.url, "signed")
    result = deliver_due(outbox)
    assert str(result.trouble) == f"the collector {server.url} answered {status}; it may take it later"
    assert [(item.report_id, item.refused) for item in outbox.waiting()] == [("r1", False)]


def test_a_refusal_is_kept_with_the_collectors_own_sentence(serve: Callable[..., Server], outbox: Outbox) -> None:
    server = serve(403, "application/problem+json", PROBLEM)
    outbox.put("r1", "S1", server.url, "signed")
    outbox.put("r2", "S2", server.url, "signed")
    result = deliver_due(outbox)
    sentence = f"the collector {server.url} refused it: the agent is not known here; enrol it first"
    assert str(result.trouble) == sentence
    assert [(item.report_id, item.refused, item.last_error) for item in outbox.waiting()] == [
        ("r1", True, sentence),
        ("r2", True, sentence),
    ]


@pytest.mark.parametrize(("status", "body"), [(302, b""), (204, b""), (200 + 6, b"<html>hello</html>")])
def test_whoever_answers_otherwise_is_no_collector(serve: Callable[..., Server], status: int, body: bytes) -> None:
    server = serve(status, "text/html", body)
    with pytest.raises(DeliveryError, match="answers, but not as a collector does; check the address"):
        Collector(server.url).post_report("signed")


def test_enrolment_gives_the_agents_id(serve: Callable[..., Server]) -> None:
    server = serve(201, body=b'{"agent_id": "k1"}')
    enrolled = Collector(server.url + "/").enrol("CODE-1", "bench", {"kty": "OKP"})
    assert (enrolled.agent_id, enrolled.collector) == ("k1", server.url)


def test_enrolment_with_a_web_page_that_is_no_collector(serve: Callable[..., Server]) -> None:
    server = serve(200, "text/html", b"<html>hello</html>")
    with pytest.raises(DeliveryError, match="answers, but not as a collector does"):
        Collector(server.url).enrol("CODE-1", "bench", {"kty": "OKP"})


@pytest.mark.parametrize("url", ["", "collector", "ftp://x", "http://", "file:///etc/passwd"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(DeliveryError, match="is no collector's address; it should look like https://"):
        Collector(url)


@pytest.mark.parametrize("behind_s", [3600, -7200])
def test_how_far_the_clock_is_from_the_collectors_is_kept(
    serve: Callable[..., Server], outbox: Outbox, behind_s: int
) -> None:
    server = serve(201)
    server.date = lambda: formatdate(time.time() - behind_s, usegmt=True)
    outbox.put("r1", "S1", server.url, "signed")
    deliver_due(outbox)
    clock = look(outbox.folder, None).clock
    assert clock is not None
    assert behind_s - 3 <= clock.ahead_s <= behind_s + 3


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 99 Nov 2026 25:00:00 GMT"])
def test_a_collector_that_tells_no_time_is_no_clock(serve: Callable[..., Server], outbox: Outbox, date: str) -> None:
    server = serve(201)
    server.date = lambda: date
    outbox.put("r1", "S1", server.url, "signed")
    assert deliver_due(outbox).sent == 1
    assert look(outbox.folder, None).clock is None


@pytest.mark.parametrize(
    "date", ["", "x", "Mon, 01 Jan 9999999999999 00:00:00 GMT", "Mon, 01 Jan 2026 99999999999:00:00 GMT"]
)
def test_a_date_that_is_none_costs_no_report(serve: Callable[..., Server], outbox: Outbox, date: str) -> None:
    server = serve(201)
    server.date = lambda: date
    outbox.put("r1", "S1", server.url, "signed")
    assert deliver_due(outbox).sent == 1


@pytest.mark.parametrize("status", [201, 403])
def test_an_answer_that_nests_without_end_ends_in_a_sentence(
    serve: Callable[..., Server], outbox: Outbox, status: int
) -> None:
    server = serve(status, body=b"[" * 100_000)
    outbox.put("r1", "S1", server.url, "signed")
    assert deliver_due(outbox).sent == (status == 201)


@pytest.mark.parametrize("url", ["", "posture.example.org", "ftp://posture.example.org", "http://[x", "//"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(DeliveryError, match="is no collector's address"):
        Collector(url)


def test_an_answer_without_end_is_not_read_to_its_end(serve: Callable[..., Server], outbox: Outbox) -> None:
    server = serve(201, body=b" " * (17 * 1024 * 1024))
    outbox.put("r1", "S1", server.url, "signed")
    assert str(deliver_due(outbox).trouble) == f"{server.url} answers, but not as a collector does; check the address"
