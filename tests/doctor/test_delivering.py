"""The collector as a workstation sees it: a real one, and servers with a wrong clock, certificate or manner."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.data_dir import DataDir
from agent.delivery import Outbox
from agent.report.signature import AgentKey
from tests.doctor.computer import look, said, workstation
from tests.e2e.conftest import RunningCollector, Workstation, collector
from tests.transport.strangers import free_port

__all__ = ["collector"]


@contextmanager
def answering(body: str = "ok\n", ahead_s: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that says `body` to everything, its clock `ahead_s` seconds before ours; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 - http.server's signature
            return format_datetime(datetime.now(UTC) + timedelta(seconds=ahead_s), usegmt=True)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in http.server
            pass

    class Server(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that does not trust us hangs up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def nobodys(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate that no authority has signed, for another name."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "otra.example.org")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
    (folder / "certificate.pem").write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def test_no_collector_is_worth_a_note(tmp_path: Path) -> None:
    (found,) = look("collector", workstation(tmp_path))
    assert said([found]) == [("note", "no collector is set: reports are shown here and sent nowhere")]
    assert "posture enroll CODE --collector URL" in str(found.remedy)
    assert [each.severity for each in look("clock", workstation(tmp_path))] == ["note"]


def test_a_certificate_that_is_not_to_be_trusted(nobodys: ssl.SSLContext, tmp_path: Path) -> None:
    with answering(tls=nobodys) as url:
        here = workstation(tmp_path, collector=url)
        (found,) = look("collector", here)
        (unread,) = look("clock", here)
    assert found.severity == "problem"
    assert str(found.what).startswith(f"the collector {url} shows a certificate that this workstation does not trust")
    assert "REQUESTS_CA_BUNDLE" in str(found.remedy)
    assert said([unread]) == [("note", "the clock was compared with nothing: no collector told the time")]


def test_nobody_there(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    (found,) = look("collector", workstation(tmp_path, collector=url))
    assert said([found]) == [("problem", f"the collector {url} does not answer (Connection refused)")]
    assert f"{url}/healthz" in str(found.remedy)


def test_somebody_else_there(tmp_path: Path) -> None:
    with answering("<html>Bienvenidos</html>") as url:
        (found,) = look("collector", workstation(tmp_path, collector=url))
    assert said([found]) == [("problem", f"{url} answers, but not as a collector does; check the address")]


@pytest.mark.parametrize(
    ("ahead_s", "words"), [(0, None), (30, None), (4000, "s behind the collector's"), (-4000, "s ahead of")]
)
def test_the_clocks_are_compared(ahead_s: int, words: str | None, tmp_path: Path) -> None:
    with answering(ahead_s=ahead_s) as url:
        found = look("clock", workstation(tmp_path, collector=url))
    assert [each.severity for each in found] == ([] if words is None else ["problem"])
    for each in found:
        assert words is not None
        assert words in str(each.what)
        assert "timedatectl set-ntp true" in str(each.remedy)


def test_a_real_collector_knows_us_until_it_does_not(collector: RunningCollector, tmp_path: Path) -> None:
    here = workstation(tmp_path, collector=collector.url)
    (unknown,) = look("collector", here)
    assert said([unknown]) == [("problem", f"this workstation is not enrolled with {collector.url}")]

    collector.enrol(Workstation(here.data.root))
    assert look("collector", here) == look("clock", here) == []

    collector.administer("agents", "--revoke", AgentKey.open(here.data.agent_key).id)
    (revoked,) = look("collector", here)
    assert revoked.severity == "problem"
    assert "was revoked" in str(revoked.what)
    assert f"posture enroll CODE --collector {collector.url}" in str(revoked.remedy)


def put(outbox: Outbox, count: int) -> None:
    for number in range(count):
        outbox.put(f"informe-{number:03}", "R58N000TEST", "https://posture.example.org", "{}")


def test_an_outbox_that_grows(tmp_path: Path) -> None:
    here = workstation(tmp_path)
    outbox = Outbox(here.data.outbox)
    assert look("outbox", here) == []
    put(outbox, 3)
    assert look("outbox", here) == []  # it may be delivered any minute
    tomorrow = workstation(tmp_path, now=datetime.now(UTC) + timedelta(hours=25))
    (old,) = look("outbox", tomorrow)
    assert old.severity == "warning"
    assert str(old.what).startswith("3 reports wait to be delivered, the oldest since 2")
    put(outbox, 101)
    assert [each.severity for each in look("outbox", here)] == ["warning"]


def test_refused_reports(tmp_path: Path) -> None:
    here = workstation(tmp_path)
    outbox = Outbox(here.data.outbox)
    put(outbox, 1)
    (item,) = outbox.waiting()
    outbox.failed(item, "the key was revoked", now=datetime.now(UTC), jitter=0, permanent=True)
    (found,) = look("outbox", here)
    assert said([found]) == [("problem", "the collector refused 1 reports: the key was revoked")]
    assert "posture outbox --retry" in str(found.remedy)


def test_an_outbox_that_cannot_be_read_is_not_empty(tmp_path: Path) -> None:
    here = workstation(tmp_path)
    here.data.root.mkdir()
    DataDir(here.data.root).outbox.write_text("no database at all, but long enough to be taken for one" * 40)
    (found,) = look("outbox", here)
    assert found.severity == "problem"
    assert "cannot be used" in str(found.what)
