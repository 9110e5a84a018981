"""A time stamping authority of the tests' own: openssl's `ts -reply` behind a small HTTP server."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

_CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[tsa]
extendedKeyUsage = critical, timeStamping
[tsa_config]
dir = {folder}
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa-key.pem
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = sha256
ess_cert_id_alg = sha256
"""


def make(folder: Path, name: str = "Example authority") -> Path:
    """Make a root and the authority's key in `folder`. Returns the root's certificate."""
    folder.mkdir()
    configuration = folder / "openssl.cnf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, name=name))
    (folder / "serial").write_text("01\n")
    new = [
        "openssl",
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-config",
        configuration,
    ]
    root = [
        "-x509",
        "-days",
        "3650",
        "-extensions",
        "ca",
        "-keyout",
        folder / "root-key.pem",
        "-out",
        folder / "root.pem",
    ]
    _run(*new, *root)
    _run(*new, "-keyout", folder / "tsa-key.pem", "-out", folder / "tsa.csr")
    signing = ["-CA", folder / "root.pem", "-CAkey", folder / "root-key.pem", "-extfile", configuration]
    _run(
        "openssl",
        "x509",
        "-req",
        "-in",
        folder / "tsa.csr",
        *signing,
        "-extensions",
        "tsa",
        "-days",
        "3650",
        "-out",
        folder / "tsa.pem",
    )
    return folder / "root.pem"


def reply(folder: Path, query: bytes) -> bytes:
    """What the authority answers."""
    (folder / "query.tsq").write_bytes(query)
    answer = folder / "answer.tsr"
    _run(
        "openssl",
        "ts",
        "-reply",
        "-config",
        folder / "openssl.cnf",
        "-section",
        "tsa_config",
        "-queryfile",
        folder / "query.tsq",
        "-out",
        answer,
    )
    return answer.read_bytes()


@contextmanager
def answering(folder: Path) -> Iterator[str]:
    """Serve until the block ends. Gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = reply(folder, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def _run(*words: object) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
