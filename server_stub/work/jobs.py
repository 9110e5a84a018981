"""All jobs that recur. Each may be run twice, or again after it was cut off, without harm."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone
from django_tasks import task

from server_stub.alerts import dispatching, lateness, noticing, raising, sending, waiting, watching
from server_stub.audit import stamping
from server_stub.audit.chain import COLLECTOR
from server_stub.ingest.current import settle
from server_stub.people import throttles
from server_stub.policies import judging
from server_stub.privacy import retention
from server_stub.work import queueing
from server_stub.work.queueing import Recurring
from server_stub.work.recurrence import Daily, Every

_NEWEST_ROWS = 2000


@task()
def notice() -> None:
    """See what changed on phones and in the audit log, and what waits for an approval."""
    now = timezone.now()
    settle(now)  # what lapsed counts no longer, though nobody looks at a page
    noticing.notice(now)
    watching.watch_refusals(now)
    waiting.watch_waiting(now)


@task()
def dispatch() -> None:
    """Make the messages that are due, and send again what got lost on the way."""
    dispatching.dispatch(timezone.now())
    sending.lost(timezone.now())


@task()
def late() -> None:
    """Look for late phones."""
    lateness.look(timezone.now())


@task()
def due() -> None:
    """Remind of what lapses; look at the newest rows of the audit log."""
    watching.watch_decisions(timezone.now())
    watching.watch_chain(timezone.now(), _NEWEST_ROWS)


@task()
def let_go() -> None:
    """Let go of what was kept long enough."""
    retention.run(COLLECTOR)


@task()
def verify() -> None:
    """Check the whole audit log."""
    watching.watch_chain(timezone.now())


@task()
def stamp() -> None:
    """Have the audit log's end stamped, where an authority is set."""
    if stamping.configured():
        stamping.stamp(COLLECTOR)


@task()
def judge() -> None:
    """Judge phones by a policy that has begun to hold; what one run does not get through, the next one does."""
    judging.judge_some(judging.IN_BACKGROUND)


@task()
def tidy() -> None:
    """Give up the jobs of workers that are gone; forget old messages, attempts, and jobs that failed long ago."""
    queueing.release(timezone.now())
    queueing.forget(timezone.now())
    raising.forget(timezone.now())
    throttles.forget(timezone.now())


RECURRING: Mapping[str, Recurring] = {
    "noticing": Recurring(notice, Every(timedelta(seconds=10))),
    "dispatching": Recurring(dispatch, Every(timedelta(seconds=20))),
    "late-phones": Recurring(late, Every(timedelta(minutes=5))),
    "due": Recurring(due, Every(timedelta(hours=1))),
    "retention": Recurring(let_go, Daily(3)),
    "audit-chain": Recurring(verify, Daily(4)),
    "stamping": Recurring(stamp, Daily(5)),
    "judging": Recurring(judge, Every(timedelta(seconds=20))),
    "tidying": Recurring(tidy, Every(timedelta(minutes=10))),
}
