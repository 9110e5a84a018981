"""The collector as the agent sees it: enrol once, then post signed reports."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import requests

from agent import __version__
from agent.capture import quoted
from agent.messages import Message, PostureError, because

_TIMEOUT_S = (5.0, 30.0)  # to connect, to answer
_LONGEST_S = 300.0  # a whole answer, however it trickles in
_LIMIT_BYTES = 16 * 1024 * 1024  # a published policy is the largest
_TOO_SLOW_FOR_A_CLOCK = timedelta(seconds=4)
_TRY_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


class DeliveryError(PostureError):
    """The collector did not take it. `permanent`: it said no; otherwise it may take it later.

    `kind`: the collector's word for why it said no (`unknown-agent`), `certificate` where it is not the one that it
    says it is, else empty.
    """

    def __init__(self, message: Message, *, permanent: bool = False, kind: str = "") -> None:
        super().__init__(message, permanent=permanent)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the collector answered to a one-time code."""

    agent_id: str
    collector: str


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back, read whole and within bounds."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """Its JSON object; empty where it holds none."""
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}


class Collector:
    """One collector, by its address. Use it from one thread; connections are kept."""

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            fits = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:  # a bracket that is not closed
            fits = False
        if not fits:
            raise DeliveryError(
                Message(
                    "“{url}” is no collector's address; it should look like https://posture.example.org",
                    {"url": quoted(url)},
                ),
                permanent=True,
            )
        self.url = url.rstrip("/")
        self.wants_new_key = False  # somebody there asked for it, in an answer to a report
        self.clock_ahead_s: int | None = None  # this computer's clock against its own, by its last answer
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"phone-posture/{__version__}"

    def enrol(self, code: str, name: str, public_jwk: dict[str, Any]) -> Enrolment:
        """Give the agent's public key for a one-time code."""
        answer = self._post("/api/enrol", json={"code": code, "name": name, "public_jwk": public_jwk})
        return Enrolment(agent_id=self._agent_id(answer), collector=self.url)

    def post_report(self, signed: str) -> Literal["stored", "known"]:
        """Deliver one signed report; `known` when the collector had it already."""
        headers = {"Content-Type": "application/jose+json"}
        answer = self._post("/api/reports", data=signed.encode(), headers=headers)
        if answer.status not in (200, 201):
            raise self._not_a_collector()
        self.wants_new_key |= bool(answer.said.get("new_key_wanted"))
        return "stored" if answer.status == requests.codes.created else "known"

    def rotate(self, signed: str) -> str:
        """Introduce a new key by the old one's signature. Returns the new key's id, as the collector has it."""
        answer = self._post("/api/agents/key", data=signed.encode(), headers={"Content-Type": "application/jose+json"})
        return self._agent_id(answer)

    def policy(self, serial: str, proof: str, etag: str | None) -> tuple[str, str] | Literal["none", "same"]:
        """Ask for the policy published for a phone ("": for everybody), and return (bundle, ETag).

        `proof` is the agent's compact JWS. "none": nothing was published for it; "same": it is the one of `etag`.
        """
        headers = {"Authorization": f"PostureAgent {proof}"} | ({"If-None-Match": etag} if etag else {})
        answer = self._send("GET", "/api/policy", params={"serial": serial}, headers=headers)
        if answer.status == requests.codes.no_content:
            return "none"
        if answer.status == requests.codes.not_modified and etag:
            return "same"
        if answer.status != requests.codes.ok or "ETag" not in answer.headers:
            raise self._not_a_collector()
        return answer.body.decode(errors="replace"), answer.headers["ETag"]

    def clock(self) -> datetime | None:
        """Ask whether it is alive. Returns the time by its own clock, to the second; None where it does not tell."""
        answer = self._send("GET", "/healthz")
        if answer.status != requests.codes.ok or answer.body.strip() != b"ok":
            raise self._not_a_collector()
        return _told(answer)

    def _post(self, path: str, **arguments: Any) -> _Answer:
        return self._send("POST", path, **arguments)

    def _send(self, method: str, path: str, **arguments: Any) -> _Answer:
        try:
            # A redirect could lead a report elsewhere, and would turn the POST into a GET.
            with self._session.request(
                method, self.url + path, timeout=_TIMEOUT_S, allow_redirects=False, stream=True, **arguments
            ) as response:
                answer = _Answer(response.status_code, response.reason or "", response.headers, self._body(response))
        except requests.exceptions.SSLError as error:
            raise DeliveryError(
                Message(
                    "the collector {url} shows a certificate that this workstation does not trust: {why}",
                    {"url": self.url, "why": quoted(str(error))},
                ),
                kind="certificate",
            ) from error
        except requests.RequestException as error:
            raise DeliveryError(
                Message("the collector {url} does not answer ({why})", {"url": self.url, "why": _short(error)})
            ) from error
        if (told := _told(answer)) is not None and response.elapsed < _TOO_SLOW_FOR_A_CLOCK:
            self.clock_ahead_s = round((datetime.now(UTC) - response.elapsed / 2 - told).total_seconds())
        if answer.status in _TRY_LATER:
            raise DeliveryError(
                Message(
                    "the collector {url} answered {status}; it may take it later",
                    {"url": self.url, "status": answer.status},
                )
            )
        if answer.status >= requests.codes.bad_request:
            raise DeliveryError(
                Message(
                    "the collector {url} refused it: {why}",
                    {"url": self.url, "why": _problem(answer)},
                ),
                permanent=True,
                kind=quoted(str(answer.said.get("type", "")).rpartition(":")[2], 40),
            )
        return answer

    def _body(self, response: requests.Response) -> bytes:
        body, until = bytearray(), time.monotonic() + _LONGEST_S
        for part in response.iter_content(64 * 1024):
            body += part
            if len(body) > _LIMIT_BYTES or time.monotonic() > until:
                raise self._not_a_collector()
        return bytes(body)

    def _agent_id(self, answer: _Answer) -> str:
        if "agent_id" not in answer.said:
            raise self._not_a_collector()
        return str(answer.said["agent_id"])

    def _not_a_collector(self) -> DeliveryError:
        return DeliveryError(
            Message("{url} answers, but not as a collector does; check the address", {"url": self.url}),
            permanent=True,
        )


def _told(answer: _Answer) -> datetime | None:
    """The time by the clock of who answered, to the second."""
    try:
        told = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _problem(answer: _Answer) -> str:
    """The sentence of an application/problem+json answer (RFC 9457), or its status."""
    if sentence := answer.said.get("detail") or answer.said.get("title"):
        return quoted(str(sentence))
    return f"{answer.status} {quoted(answer.reason)}"


def _short(error: requests.RequestException) -> str | Message:
    """The innermost cause in a few words: "Connection refused"."""
    inner: BaseException = error
    while (nested := inner.__cause__ or inner.__context__) is not None:
        inner = nested
    return because(inner) if isinstance(inner, OSError) and inner.strerror else quoted(type(inner).__name__, 120)
