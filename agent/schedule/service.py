"""The scheduler that stays: APScheduler says what is due, this thread does it, one thing after the other.

Each window is one job. It is due when the window opens and, while phones are left, whenever the next of them may be
tried again. Its due time is kept, so that what was due while the computer slept or the scheduler was down is made
good once, and only while the window is open.
"""

from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from agent.messages import PostureError
from agent.schedule.due import JournalJobStore
from agent.schedule.plan import DAYS, Window
from agent.schedule.shift import Shift, back_off
from agent.schedule.windows import coming, latest, open_now

if TYPE_CHECKING:
    from collections.abc import Callable

# Also the longest that a computer which has slept goes on sleeping here: a timer stands still meanwhile.
_OUTBOX_EVERY = timedelta(minutes=5)
_CLOCK_CHANGE = timedelta(hours=2)


class WindowTrigger(BaseTrigger):  # type: ignore[misc]
    """Due when a window opens, up to its jitter later, and again and again while it is open.

    The scan of a night says itself when the next of its phones is to be tried, or that none is left. Until then, and
    if this process dies first, the night is not over.
    Not APScheduler's cron: what decides when a window opens must be what decides whether it is open.
    """

    def __init__(self, window: Window, again: timedelta) -> None:
        self._window = window
        self._again = again

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The next opening; while the window is open, a little later than now."""
        opening = self.opening(previous_fire_time or now)
        if (opening is None or opening > now) and open_now(self._window, now) is not None:
            return now + self._again
        return opening

    def opening(self, after: datetime) -> datetime | None:
        """The first opening later than `after`, with jitter; None when there is none for a year."""
        night = coming(self._window, after)
        opens_at = None if night is None else night.opens_at
        due: datetime | None = self._apply_jitter(opens_at, self._window.jitter.in_seconds, after)
        return due

    def __str__(self) -> str:
        window = self._window
        days = " ".join(day for day in DAYS if day in window.days)
        not_on = " ".join(sorted(map(str, window.not_on)))
        but = f"{not_on} {window.holidays}" if window.holidays else not_on
        return f"{days} not on [{but}] {window.from_} to {window.to} {window.zone}"


class Service:
    """The nightly scans of one plan, until `run` is interrupted."""

    def __init__(self, shift: Shift) -> None:
        self._shift = shift
        self._windows = {window.name: window for window in shift.plan.windows}
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._asked: set[str] = set()
        self._scheduler = BackgroundScheduler(
            jobstores={"default": JournalJobStore(shift.journal)},
            job_defaults={"coalesce": True, "max_instances": 1},
            timezone=UTC,
        )
        for window in self._windows.values():
            self._add(window)
        self._scheduler.add_job(
            self._work.put,
            IntervalTrigger(seconds=int(_OUTBOX_EVERY.total_seconds()), timezone=UTC),
            args=[shift.deliver],
            id="outbox",
            misfire_grace_time=None,
        )

    def run(self) -> None:
        """Work until KeyboardInterrupt, which passes through; what was scanned by then is in the outbox."""
        with self:
            while True:
                self.step(wait_s=1.0)  # not for ever: on Windows that would not notice Ctrl-C

    def __enter__(self) -> Self:
        self._scheduler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scheduler.shutdown(wait=False)

    def step(self, wait_s: float) -> bool:
        """Do the next thing that is due; return False when there was none for so long."""
        try:
            work = self._work.get(timeout=wait_s)
        except Empty:
            return False
        try:
            work()
        except PostureError as error:
            self._shift.tell(error.message)
        return True

    def _add(self, window: Window) -> None:
        night = latest(window, self._shift.now())
        fresh: dict[str, Any] = {}
        if (now_open := open_now(window, self._shift.now())) is not None:
            fresh["next_run_time"] = now_open.opens_at  # a scheduler set up in the middle of a night begins with it
        length = _CLOCK_CHANGE if night is None else night.closes_at - night.opens_at + _CLOCK_CHANGE
        self._scheduler.add_job(
            self._ask,
            self._trigger(window),
            args=[window],
            id=f"window {window.name}",
            # Wide; whether the window is still open is asked again before anything is done.
            misfire_grace_time=int(length.total_seconds()),
            **fresh,
        )

    def _ask(self, window: Window) -> None:
        """Put a window's night on the list of what is to do, unless it stands there; in APScheduler's thread."""
        if window.name not in self._asked:
            self._asked.add(window.name)
            self._work.put(lambda: self._night(window))

    def _night(self, window: Window) -> None:
        """Scan what is due, and say when to come back."""
        self._asked.discard(window.name)
        night = open_now(window, self._shift.now())
        self._come_back(window, None if night is None else self._shift.work(window, night))

    def _come_back(self, window: Window, at: datetime | None) -> None:
        at = at or self._trigger(window).opening(self._shift.now())
        self._scheduler.modify_job(f"window {window.name}", next_run_time=at)

    def _trigger(self, window: Window) -> WindowTrigger:
        return WindowTrigger(window, back_off(self._shift.plan.retry, 1))
