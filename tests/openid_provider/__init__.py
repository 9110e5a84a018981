"""An OpenID Connect provider for the tests: django-oauth-toolkit, in a process and with a database of its own.

Discovery, JWKS, PKCE, signed ID tokens and userinfo are the library's. Who signs in there, with which claims, and how
the provider lies about it, stands in a file that the tests write (`people.json`).
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

CLIENT_ID = "posture"
CLIENT_SECRET = "a-secret-of-the-tests"


@dataclass(frozen=True)
class Provider:
    """A provider that runs. `issuer` is its address."""

    issuer: str
    folder: Path

    def knows(self, name: str, lies: dict[str, Any] | None = None, **claims: Any) -> None:
        """Whoever signs in as `name` has these claims; `lies` are put into the ID token as they are."""
        path = self.folder / "people.json"
        people = json.loads(path.read_text()) if path.exists() else {}
        people[name] = {"claims": claims, "lies": lies or {}}
        path.write_text(json.dumps(people))

    def sign_in(self, address: str, name: str) -> str:
        """Be the browser at the provider: follow the address, say who it is. Returns where it is sent in the end."""
        browser = requests.Session()
        form = browser.get(address, timeout=30)
        answer = browser.post(form.url, {"name": name}, timeout=30, allow_redirects=False)
        # Redirects within the provider only: the collector of the tests has no address on the network.
        while (there := urljoin(answer.url, answer.headers["Location"])).startswith(f"{self.issuer}/"):
            answer = browser.get(there, timeout=30, allow_redirects=False)
        return there


@contextmanager
def provided(folder: Path, callback: str) -> Iterator[Provider]:
    """Run a provider that sends browsers back to `callback`, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    inherited = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "tests.openid_provider", str(port), str(folder), callback]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, env=inherited, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "ready"
            yield Provider(f"http://127.0.0.1:{port}", folder)
        finally:
            process.terminate()
