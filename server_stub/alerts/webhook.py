"""Webhooks as Standard Webhooks has them: signed by HMAC-SHA256 over id, timestamp and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import json
import secrets
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import urllib3
from django.utils.translation import gettext
from standardwebhooks import Webhook

from agent.facts import instant
from server_stub.alerts.guard import Forbidden, resolve

_TIMEOUT = urllib3.Timeout(connect=5, read=10, total=15)
_KEPT = 200  # characters of what is answered


class NotTaken(Exception):
    """The other side did not take it; `final`: it will not take it later either."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


def new_secret() -> str:
    """A key of 256 random bits, in the form that verifying libraries read."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def check(url: str) -> None:
    """Raises Forbidden, with a sentence, for an address that no webhook may have."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise Forbidden(gettext("The port of this address is none.")) from error
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise Forbidden(gettext("Give an address like https://host/path, without a user's name."))
    try:
        _, named = resolve(parts.hostname, port or 443)
    except OSError as error:
        raise Forbidden(gettext("There is no host %(host)s.") % {"host": parts.hostname}) from error
    if parts.scheme == "http" and not named:
        raise Forbidden(gettext("Without TLS (http) only networks that POSTURE_ALERT_NETWORKS names can be reached."))


def post(url: str, secret: str, message_id: str, kind: str, data: dict[str, Any]) -> str:
    """Post one message. Returns what is kept of the answer. Raises NotTaken, Forbidden."""
    check(url)
    now = datetime.now(UTC)
    body = json.dumps({"type": kind, "timestamp": instant(now), "data": data}, ensure_ascii=False)
    parts = urlsplit(url)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "phone-posture",
        "Host": _ascii(parts.netloc),
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body),
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with _pool(url) as pool:
            answer = pool.urlopen(
                "POST",
                target,
                body=body.encode(),
                headers=headers,
                retries=False,
                redirect=False,
                timeout=_TIMEOUT,
                preload_content=False,
            )
            try:
                return _read(answer)
            finally:
                answer.close()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NotTaken(type(error).__name__) from error


def _pool(url: str) -> urllib3.HTTPConnectionPool:
    """Connections to the address that was checked, while TLS asks for the name."""
    parts = urlsplit(url)
    secure, host = parts.scheme == "https", _ascii(parts.hostname or "")
    port = parts.port or (443 if secure else 80)
    address, _ = resolve(host, port)
    if secure:
        return urllib3.HTTPSConnectionPool(address, port, server_hostname=host, assert_hostname=host)
    return urllib3.HTTPConnectionPool(address, port)


def _ascii(name: str) -> str:
    """A host's name as headers and certificates have it."""
    return name if name.isascii() else name.encode("idna").decode()


def _read(answer: urllib3.BaseHTTPResponse) -> str:
    said = answer.read(4 * _KEPT).decode("utf-8", "replace")[:_KEPT]
    told = f"{answer.status} {said}".strip()
    if not 200 <= answer.status < 300:
        raise NotTaken(told, final=answer.status == 410)
    return told
