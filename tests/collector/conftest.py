"""A migrated collector on a real SQLite file, an enrolled agent, and people of every role."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from server_stub.agents.models import Agent
from server_stub.people.models import Person
from tests.collector.signing import Signer, encode, report
from tests.collector.unbounded import unbounded


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """A database for each process that runs tests: a file, or one of the server's."""
    in_a_file = "sqlite" in settings.DATABASES["default"]["ENGINE"]
    name = str(tmp_path_factory.mktemp("db") / "test.sqlite3") if in_a_file else f"test_posture_{worker_id}"
    settings.DATABASES["default"]["TEST"]["NAME"] = name


@pytest.fixture(autouse=True)
def bounded_reading() -> Iterator[None]:
    """No statement of the service reads a large table without the phone's key or a bounded window, in any test."""
    with unbounded() as found:
        yield
    assert found == []


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def agent(db: None, signer: Signer) -> Agent:
    return Agent.objects.create(
        id=signer.id, name="Bench", public_jwk=signer.public_jwk, enrolled_at=timezone.now(), version="0.1.0"
    )


@pytest.fixture
def post(client: Client) -> Callable[..., Any]:
    """Post bytes as one flattened JWS, or as said."""

    def send(body: bytes, content_type: str = "application/jose+json", **headers: str) -> Any:
        return client.post("/api/reports", body, content_type=content_type, headers=headers)

    return send


@pytest.fixture
def scan(agent: Agent, signer: Signer, post: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Make, sign and deliver a report; returns it."""

    def deliver(*args: Any, **others: Any) -> dict[str, Any]:
        content = report(agent.id, *args, **others)
        answer = post(signer.sign(encode(content)))
        assert answer.status_code == 201, answer.content
        return content

    return deliver


@pytest.fixture
def sign_in(db: None) -> Callable[[str], Client]:
    """A browser in which somebody of that role is signed in."""

    def enter(role: str) -> Client:
        person = Person.objects.create(username=role)
        person.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(person)
        return client

    return enter


@pytest.fixture
def work(db: None) -> Callable[[], None]:
    """Do all the background jobs that wait, as a worker would."""

    def run() -> None:
        names = {"queue_names": ["*"], "excluded_queue_names": [], "backend_name": "default", "worker_id": "test"}
        worker = Worker(**names, interval=0, batch=True, startup_delay=False, max_tasks=None)
        while job := DBTaskResult.objects.ready().first():  # its own loop would close the test's connection
            job.claim("test")
            worker.run_task(job)

    return run


@pytest.fixture
def viewer(sign_in: Callable[[str], Client]) -> Client:
    return sign_in("viewer")
