"""The worker: looks for jobs, does them one after the other, ends between two of them when it is told to."""

import logging
import os
import socket
import threading
from datetime import UTC, datetime

from django.db import DatabaseError, close_old_connections, connections
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

from server_stub.policies.published import in_force
from server_stub.work.jobs import RECURRING
from server_stub.work.queueing import queue_due

_log = logging.getLogger(__name__)
_LOOKS_EVERY_S = 2.0


class Background:
    """A worker, in a thread of a collector that serves (`start`, `stop`) or as a process of its own (`run`)."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self.run, name="background", daemon=True)
        self._current: Worker | None = None
        self._complained = ""
        self._id = f"{socket.gethostname()[:30]}-{os.getpid()}-{get_random_string(8)}"

    def start(self) -> None:
        """Work in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the job that is being done, and no other. Returns when it is done."""
        self._ending.set()
        if self._current is not None:
            self._current.running = False
        if self._thread.is_alive():
            self._thread.join()

    def run(self) -> None:
        """Work until `stop`."""
        try:
            while not self._ending.is_set():
                self._turn()
                self._ending.wait(_LOOKS_EVERY_S)
        finally:
            connections.close_all()

    def _turn(self) -> None:
        """Queue what is due and do what waits. A database that does not answer is asked again next time."""
        try:
            close_old_connections()
            queue_due(RECURRING, datetime.now(UTC), in_force().time_zone)
            if DBTaskResult.objects.ready().exists():
                self._work()
            self._complained = ""
        except DatabaseError as error:
            if (says := str(error)) != self._complained:
                _log.warning("background work waits for the database: %s", says)
            self._complained = says
        except Exception:  # whatever it is, the thread must not end unseen
            _log.exception("background work failed at this turn")

    def _work(self) -> None:
        self._current = worker = Worker(
            queue_names=["*"],
            interval=0,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=self._id,
            excluded_queue_names=[],
        )
        if not self._ending.is_set():
            worker.run()
        self._current = None
