"""What APScheduler has to do and when, kept in the journal, so that it outlives the process.

Only *when* is kept. APScheduler's own persistent stores pickle the jobs and need SQLAlchemy (or a server): a pickle
runs whatever was written into it, and knows functions by names that an update changes. Here what a job does comes
from the plan each time the scheduler starts, and the journal tells whether it is overdue: then APScheduler makes it
good, once, while its grace lasts.
"""

import logging
from datetime import datetime
from typing import Any

from apscheduler.jobstores.memory import MemoryJobStore

from agent.schedule.journal import Journal, JournalError

_LOG = logging.getLogger(__name__)


class JournalJobStore(MemoryJobStore):  # type: ignore[misc]
    """A job store whose due times are in the journal. A journal that cannot be written costs memory, never a night."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def add_job(self, job: Any) -> None:
        """Take a job; one that the journal knows with the same trigger keeps its due time, past ones too."""
        try:
            known = self._journal.due(job.id)
        except JournalError as error:
            _LOG.error("%s", error)
            known = None
        if known is not None and known[0] == str(job.trigger):
            job.next_run_time = datetime.fromisoformat(known[1])
        super().add_job(job)
        self._keep(job)

    def update_job(self, job: Any) -> None:
        """Keep a job's new due time."""
        super().update_job(job)
        self._keep(job)

    def remove_job(self, job_id: str) -> None:
        """Forget a job."""
        super().remove_job(job_id)
        self._keep_due(job_id, "", None)

    def _keep(self, job: Any) -> None:
        self._keep_due(job.id, str(job.trigger), job.next_run_time)

    def _keep_due(self, job: str, trigger: str, at: datetime | None) -> None:
        try:
            if at is None:  # gone, or never due again
                self._journal.forget_due(job)
            else:
                self._journal.remember_due(job, trigger, at)
        except JournalError as error:
            # APScheduler's thread would end with it, and with it every night to come.
            _LOG.error("%s", error)
