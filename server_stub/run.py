"""Starting and stopping the collector, and the few things done to it without a browser.

Django is configured once a process: all calls in one process share the data folder of the first.
"""

import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from waitress.server import BaseWSGIServer, create_server

from server_stub.environment import Environment

if TYPE_CHECKING:
    from server_stub.agents.listing import AgentRow
    from server_stub.audit.chain import Broken, Verified
    from server_stub.audit.models import Stamp
    from server_stub.audit.stamping import Stamped
    from server_stub.holders.importing import Outcome
    from server_stub.privacy.erasure import Erased
    from server_stub.privacy.retention import Gone
    from server_stub.work.worker import Background

_THREADS = 8
# The proxy's word on scheme and client counts, and that of nobody before it.
_BEHIND_PROXY: Mapping[str, Any] = {
    "trusted_proxy": "*",
    "trusted_proxy_count": 1,
    "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
}


@dataclass(frozen=True, slots=True)
class Running:
    """A collector that runs in a thread of this process."""

    url: str
    _server: BaseWSGIServer
    _thread: threading.Thread
    _background: "Background"

    def stop(self) -> None:
        """Finish what is being answered and done, close the door, return when it is closed."""
        self._background.stop()
        self._server.task_dispatcher.shutdown()
        # Sockets belong to the server's own thread: it closes them, and ends when none is left.
        self._server.trigger.pull_trigger(partial(self._server.asyncore.close_all, self._server._map))
        self._thread.join()


def configure(data: Path | None = None) -> None:
    """Make Django ready in this process, with the state in `data` (default: POSTURE_DATA)."""
    import django

    if data is not None:
        os.environ["POSTURE_DATA"] = str(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_stub.settings")
    Environment.read().prepare()
    django.setup()


def on_sqlite() -> bool:
    """Whether the database is a file that nobody but this collector uses."""
    from django.db import connection

    return connection.vendor == "sqlite"


def migrate() -> None:
    """Bring the database's tables to this version."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def backup(to: Path) -> None:
    """Copy the SQLite database to a file while it is in use. Raises ValueError with a sentence, OSError."""
    from server_stub.backup import backup

    backup(to)


def restore(source: Path) -> None:
    """Put a copy back while the collector runs, and bring it to this version. Raises ValueError with a sentence."""
    from server_stub.backup import restore

    restore(source)
    migrate()


def start(data: Path, host: str = "127.0.0.1", port: int = 0) -> Running:
    """Start a collector in this process, migrated; port 0 takes a free one. Raises OSError when the port is taken."""
    configure(data)
    migrate()
    server = _server(host, port)
    thread = threading.Thread(target=server.run, name="collector", daemon=True)
    thread.start()
    background = _background()
    background.start()
    return Running(_url(server), server, thread, background)


def serve(host: str, port: int, ready: Callable[[str], None], *, background: bool = True) -> None:
    """Serve until SIGTERM or Ctrl-C; call `configure` first. `ready` is given the address once it answers.

    `background`: do the jobs that wait as well, in a thread beside.
    """
    server, worker = _server(host, port), _background()
    before = signal.signal(signal.SIGTERM, _end)
    try:
        ready(_url(server))
        if background:
            worker.start()
        server.run()  # returns on SystemExit and KeyboardInterrupt, its workers finished
    finally:
        worker.stop()
        server.close()
        signal.signal(signal.SIGTERM, before)


def work(ready: Callable[[], None]) -> None:
    """Do the jobs that wait until SIGTERM or Ctrl-C, and serve nobody; call `configure` first."""
    worker, ending = _background(), threading.Event()
    before = {number: signal.signal(number, lambda *_: ending.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        worker.start()
        ready()
        ending.wait()
    finally:
        worker.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _background() -> "Background":
    from server_stub.work.worker import Background

    return Background()


def _server(host: str, port: int) -> BaseWSGIServer:
    from server_stub.wsgi import application

    # One address, also for a name that has several: they would get different ports when any free one is asked for.
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return create_server(
        application,
        host=address[0],
        ipv6=family == socket.AF_INET6,
        port=port,
        threads=_THREADS,
        ident=None,
        max_request_body_size=64 * 1024 * 1024,
        recv_bytes=128 * 1024,  # a signed report at once
        map={},
        **(_BEHIND_PROXY if Environment.read().behind_tls else {}),
    )


def _url(server: BaseWSGIServer) -> str:
    host = server.effective_host
    return f"http://{f'[{host}]' if ':' in host else host}:{server.effective_port}"


def create_person(name: str, password: str, role: str, email: str = "") -> None:
    """Make a user of the dashboard, or give an existing one this password and role, and an e-mail address if named.

    `role`: one of `people.roles.ROLES`. Whoever calls this vouches for the address. Raises ValueError
    with a sentence when the password is too weak.
    """
    from allauth.account.models import EmailAddress
    from django.contrib.auth.models import Group
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.db import transaction

    from server_stub.audit.chain import TERMINAL, record
    from server_stub.people.models import Person
    from server_stub.people.roles import FORMER_NAMES

    role = FORMER_NAMES.get(role, role)
    person = Person.objects.filter(username=name).first() or Person(username=name)
    person.set_password(password)
    person.email = email or person.email
    try:
        validate_password(password, person)
        person.full_clean()
    except ValidationError as error:
        raise ValueError(" ".join(error.messages)) from error
    with transaction.atomic():
        new = person.pk is None
        person.save()
        person.groups.set([Group.objects.get(name=role)])
        if email:
            EmailAddress.objects.update_or_create(
                user=person, defaults={"email": email.lower(), "verified": True, "primary": True}
            )
        record("person.created" if new else "person.changed", TERMINAL, person.username, role=role)


def remove_person(name: str) -> 'Literal["deleted", "emptied"] | None':
    """Remove an account; where something that stands came by it, empty and lock it. None when there is none."""
    from server_stub.audit.chain import TERMINAL
    from server_stub.people.removing import remove_person

    return remove_person(name, TERMINAL)


def make_token(name: str, person: str, scopes: list[str], days: int) -> tuple[str, datetime]:
    """Make an API token. Returns it and when it expires. Raises ValueError with a sentence."""
    from server_stub.tokens.bearer import make_token

    return make_token(name, person, scopes, days)


def revoke_tokens(name: str) -> int:
    """End all API tokens of that name. Returns how many."""
    from server_stub.tokens.bearer import revoke_tokens

    return revoke_tokens(name)


def enrolment_code() -> tuple[str, datetime]:
    """Make a one-time code for `posture enroll`. Returns it and when it expires."""
    from server_stub.agents.enrolment import make_code

    return make_code()


def agents() -> "list[AgentRow]":
    """All agents, those in use first."""
    from server_stub.agents.listing import rows

    return rows()


def revoke_agent(agent_id: str) -> bool:
    """From now on, refuse what this key signs. False when there is no such agent."""
    from server_stub.agents.listing import revoke
    from server_stub.audit.chain import TERMINAL

    return revoke(agent_id, TERMINAL)


def import_holders(content: bytes, language: str, *, dry_run: bool) -> "Outcome":
    """Import a CSV of holders and groups; problems are told in `language`."""
    from django.utils.translation import override

    from server_stub.audit.chain import TERMINAL
    from server_stub.holders.importing import import_holders

    with override(language):
        return import_holders(content, TERMINAL, dry_run=dry_run)


def retention(*, dry_run: bool) -> "Gone":
    """Let go of what was kept long enough."""
    from server_stub.audit.chain import TERMINAL
    from server_stub.privacy.retention import run

    return run(TERMINAL, dry_run=dry_run)


def erase_holder(reference: str) -> "Erased | None":
    """Erase a holder by number or name; None when there is none."""
    from server_stub.audit.chain import TERMINAL
    from server_stub.privacy.erasure import erase_holder

    return erase_holder(reference, TERMINAL)


def rejudge() -> int:
    """Judge the phones that a published policy has not judged yet. Returns how many."""
    from server_stub.policies.judging import judge_all

    return judge_all()


def audit_pack(first: str, last: str, language: str, pdf: Path, csv: Path | None) -> str:
    """Write the audit pack of some days. Returns the PDF's SHA-256. Raises ValueError with a sentence, OSError."""
    from django.utils.translation import override

    from server_stub.packs.files import write

    with override(language):
        return write(first, last, pdf, csv)


def stamp_audit(language: str) -> "Stamp":
    """Have the audit log's end stamped. Raises ValueError with a sentence in `language`."""
    from django.utils.translation import override

    from server_stub.audit.chain import TERMINAL
    from server_stub.audit.stamping import stamp

    with override(language):
        return stamp(TERMINAL)


def check_stamps(language: str, kept_elsewhere: list[bytes]) -> "Stamped":
    """Check the stamps here, and others. Raises ValueError with a sentence for one of the others that does not hold."""
    from django.utils.translation import override

    from server_stub.audit.stamping import check, row_of

    with override(language):
        for each in kept_elsewhere:
            row_of(each)
        return check()


def verify_audit() -> "Verified | Broken":
    """Check the whole audit log."""
    from server_stub.audit.chain import verify

    return verify()
