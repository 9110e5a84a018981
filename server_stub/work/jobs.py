"""All jobs that recur. Each may be run twice, or again after it was cut off, without harm."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone
from django_tasks import task

from server_stub.audit.chain import COLLECTOR
from server_stub.ingest.current import settle
from server_stub.privacy import retention
from server_stub.work import queueing
from server_stub.work.queueing import Recurring
from server_stub.work.recurrence import Daily, Every


@task()
def let_go() -> None:
    """Let go of what was kept long enough."""
    retention.run(COLLECTOR)


@task()
def lapse() -> None:
    """Let exceptions and statements that have lapsed count no longer, though nobody looks at a page."""
    settle(timezone.now())


@task()
def tidy() -> None:
    """Give up the jobs of workers that are gone, forget those that failed long ago."""
    queueing.release(timezone.now())
    queueing.forget(timezone.now())


RECURRING: Mapping[str, Recurring] = {
    "lapsing": Recurring(lapse, Every(timedelta(minutes=1))),
    "retention": Recurring(let_go, Daily(3)),
    "tidying": Recurring(tidy, Every(timedelta(minutes=10))),
}
