"""A published policy is kept for when the collector is silent, and fetched anew where what was kept is not whole."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agent.delivery import Collector
from agent.delivery.published import Published
from agent.policy.bundle import PublisherKey, pack
from agent.policy.files import find, shipped
from agent.policy.trust import Trust
from agent.report.signature import RequestKey


class Server(ThreadingHTTPServer):
    """Gives one bundle to whoever does not have it."""

    daemon_threads = True
    bundle = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        has_it = self.headers.get("If-None-Match") == '"1"'
        self.send_response(304 if has_it else 200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", "0" if has_it else str(len(self.server.bundle)))
        self.end_headers()
        if not has_it:
            self.wfile.write(self.server.bundle)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        key = PublisherKey.open(tmp_path / "publisher.json")
        running.bundle = pack(find(shipped() / "cm-g-03"), key).encode()
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def published(folder: Path, url: str) -> Published:
    key = RequestKey.open(folder / "agent-key.json")
    return Published(folder / "published", Collector(url), key, Trust(folder / "policy-trust.json"))


@pytest.mark.parametrize("left", [b"", b'{"payload"', None])
def test_a_bundle_that_a_power_cut_damaged_is_fetched_again(tmp_path: Path, server: Server, left: bytes | None) -> None:
    first = published(tmp_path, server.url).policy_for("S1")
    (kept,) = (each for each in (tmp_path / "published").iterdir() if not each.name.startswith("phone-"))
    if left is None:
        kept.unlink()
    else:
        kept.write_bytes(left)
    again = published(tmp_path, server.url).policy_for("S1")
    assert first is not None
    assert again is not None
    assert (again.sha256, kept.read_bytes()) == (first.sha256, server.bundle)


def test_without_the_collector_what_was_kept_holds_and_damage_is_none(tmp_path: Path, server: Server) -> None:
    assert published(tmp_path, server.url).policy_for("S1") is not None
    server.shutdown()
    server.server_close()
    silent = published(tmp_path, server.url)
    assert silent.policy_for("S1") is not None
    assert "does not answer" in str(silent.trouble)
    for note in (tmp_path / "published").glob("phone-*"):
        note.write_text("[]")
    assert published(tmp_path, server.url).policy_for("S1") is None
