"""Serves the bench to a browser on this computer, and to nobody else.

It listens on 127.0.0.1. Who does not know the random part of its address gets nothing, and no other site's page can
have the browser do anything here: a request must name this very host, and one that changes something must come from
this very page. One thread serves each request; what it asks of the bench is done by the bench's own thread.
"""

import hmac
import json
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs

from agent.bench.bench import Bench
from agent.bench.board import Board, board
from agent.bench.web import page
from agent.capture import quoted
from agent.messages import LANGUAGES, Language
from agent.policy import ROLES
from agent.report.render import rendered

Answer = TypeVar("Answer")

_POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src data:", "connect-src 'self'",
    "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
))  # fmt: skip
_PAPER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with none, a form without scripts would come from "null"
    "X-Content-Type-Options": "nosniff",
}
_LONGEST_FORM = 64 * 1024
_MOST_FOLLOWERS = 16
_ALIVE_S = 15.0
_BETWEEN_S = 0.1  # thirty phones that are read at once change something a thousand times
_WORK_S = 60.0
_REQUEST_S = 30.0


class Pages:
    """The server, between `with` and its end. `publish` is for the bench's thread."""

    def __init__(self, bench: Bench, language: Language, *, sound: bool) -> None:
        self._bench, self.language, self.sound = bench, language, sound
        self._token = secrets.token_urlsafe(24)
        self._changed = Condition()
        self._version = 0
        self._boards: dict[Language, Board] = {}
        self._followers = 0
        self._ended = Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.pages = self

    @property
    def host(self) -> str:
        """What a browser's requests name: address and port."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def address(self) -> str:
        """Where the page is; whoever knows it may use the bench."""
        return f"http://{self.host}/{self._token}/"

    def __enter__(self) -> Self:
        self.publish()
        Thread(target=self._server.serve_forever, name="pages", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._ended.set()
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def publish(self) -> None:
        """Push the bench as it stands to every page that follows it, if it has changed."""
        boards = {language: board(self._bench, language) for language in LANGUAGES}
        with self._changed:
            if boards != self._boards:
                self._boards, self._version = boards, self._version + 1
                self._changed.notify_all()

    def knows(self, token: str) -> bool:
        """Whether a request has the address's random part."""
        return hmac.compare_digest(token.encode(), self._token.encode())

    def now(self, language: Language) -> Board:
        """The board as it was published last."""
        with self._changed:
            return self._boards[language]

    def follow(self, language: Language, send: Callable[[Board | None], None]) -> bool:
        """Send each board as it changes, None while nothing does, until the bench ends; False when too many follow."""
        with self._changed:
            if self._followers >= _MOST_FOLLOWERS:
                return False
            self._followers += 1
        try:
            seen: int | None = -1
            while seen is not None:
                seen = self._follow_one(seen, language, send)
            return True
        finally:
            with self._changed:
                self._followers -= 1

    def _follow_one(self, seen: int, language: Language, send: Callable[[Board | None], None]) -> int | None:
        """Send the next board after version `seen`, and return its version; None when the bench has ended."""
        with self._changed:
            changed = self._changed.wait_for(lambda: self._ended.is_set() or self._version != seen, _ALIVE_S)
            if self._ended.is_set():
                return None
            version, told = self._version, self._boards[language] if changed else None
        send(told)
        self._ended.wait(_BETWEEN_S)
        return version

    def have(self, work: Callable[[Bench], Answer]) -> Answer:
        """Have the bench's thread do something, and wait for what comes of it."""
        done: Future[Answer] = Future()

        def do() -> None:
            try:
                answer = work(self._bench)
                self.publish()  # whoever asked looks at once at what became of it
            except BaseException as error:
                done.set_exception(error)
                raise
            done.set_result(answer)

        self._bench.inbox.post(do)
        return done.result(timeout=_WORK_S)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    pages: Pages

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep a browser that hangs up quiet; our own mistakes are said."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _REQUEST_S
    server_version, sys_version = "posture", ""

    def do_GET(self) -> None:
        """The page, its files, its events, and a report on paper."""
        asked = self._asked()
        if asked is None:
            return
        name, query = asked
        pages, language = self.server.pages, self._language(query)
        if name == "":
            html = page.page(pages.now(language), sound=pages.sound)
            self._send(html.encode(), "text/html; charset=utf-8", _POLICY)
        elif (file := page.static(name)) is not None:
            self._send(*file, _POLICY)
        elif name == "events":
            self._events(language)
        elif name == "paper":
            self._paper(query.get("phone", ""), language)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """What a person presses: show, hold, repeat, save, answer."""
        asked = self._asked()
        if asked is None:
            return
        name, query = asked
        if self.headers.get("Origin") != f"http://{self.server.pages.host}":
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        form, language = self._form(), self._language(query)
        if form is None:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        phone = form.pop("phone", "")
        actions: dict[str, Callable[[Bench], None]] = {
            "show": lambda bench: bench.show(phone),
            "hold": lambda bench: bench.hold(phone, on=form.get("on") == "yes"),
            "repeat": lambda bench: bench.repeat(phone),
            "save": lambda bench: bench.save(phone, language),
            "answer": lambda bench: bench.answer(phone, *_answers(form)),
        }
        if name not in actions:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.server.pages.have(actions[name])
        self.send_response(HTTPStatus.SEE_OTHER)  # for a browser without scripts
        self.send_header("Location", f"./?lang={language}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def end_headers(self) -> None:
        """No answer is kept, sent on or guessed at."""
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in http.server
        """The terminal shows the address and nothing else."""

    def _asked(self) -> tuple[str, dict[str, str]] | None:
        """What is asked for, and with which query; None, and answered, for a request that is not this page's."""
        path, _, query = self.path.partition("?")
        token, slash, name = path.removeprefix("/").partition("/")
        if self.headers.get("Host") != self.server.pages.host or not slash or not self.server.pages.knows(token):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return name, _single(query)

    def _language(self, query: dict[str, str]) -> Language:
        wish = query.get("lang", "")
        return next((each for each in LANGUAGES if each == wish), self.server.pages.language)

    def _form(self) -> dict[str, str] | None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal() or int(length) > _LONGEST_FORM:
            return None
        return _single(self.rfile.read(int(length)).decode(errors="replace"))

    def _events(self, language: Language) -> None:
        """Server-sent events (HTML, section 9.2): each board as one line of JSON."""
        begun = False

        def send(told: Board | None) -> None:
            nonlocal begun
            if not begun:
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                begun = True
            self.wfile.write(b": still here\n\n" if told is None else _event(told))
            self.wfile.flush()

        if not self.server.pages.follow(language, send):
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)

    def _paper(self, phone: str, language: Language) -> None:
        opened = self.server.pages.have(lambda bench: bench.certificate(phone))
        if opened is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self._send(rendered(opened, "html", language), "text/html; charset=utf-8", _PAPER_POLICY)

    def _send(self, content: bytes, kind: str, policy: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(content)


def _event(told: Board) -> bytes:
    ring = told.ring
    content = {
        "parts": page.parts(told),
        "say": page.say(told),
        "rang": 0 if ring is None else ring.number,
        "sound": None if ring is None else ring.sound,
    }
    return f"event: board\ndata: {json.dumps(content)}\n\n".encode()


def _single(query: str) -> dict[str, str]:
    """The last value of each name."""
    try:
        return {name: values[-1] for name, values in parse_qs(query, max_num_fields=100).items()}
    except ValueError:  # too many
        return {}


def _answers(form: dict[str, str]) -> tuple[dict[str, bool], dict[str, str]]:
    """The answers by question, and the names of who gives them by role."""
    answers = {
        name.removeprefix("answer-"): value == "yes"
        for name, value in form.items()
        if name.startswith("answer-") and value in ("yes", "no")
    }
    names = {role: quoted(name, 80) for role in ROLES if (name := form.get(f"name-{role}", "").strip())}
    return answers, names
