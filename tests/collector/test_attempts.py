"""What somebody might try, or what may meet by chance, against what the collector promises."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from server_stub.alerts.managing import set_grace
from server_stub.alerts.models import Trouble
from server_stub.alerts.noticing import notice
from server_stub.audit.chain import TERMINAL
from server_stub.ingest.current import settle
from server_stub.phones.models import Phone
from tests.collector.signing import NOW, result

pytestmark = pytest.mark.django_db
Scan = Callable[..., dict[str, Any]]
Work = Callable[[], None]


@contextmanager
def at_most(statements: int) -> Iterator[None]:
    """What never ends is ended, and fails."""
    done = 0

    def count(execute: Callable[..., Any], *asked: Any) -> Any:
        nonlocal done
        done += 1
        assert done <= statements, "it goes on and on"
        return execute(*asked)

    with connection.execute_wrapper(count):
        yield


def test_a_grace_that_ends_while_nothing_is_proved_holds_up_no_other_alert(scan: Scan) -> None:
    set_grace("lock", 3, TERMINAL)
    scan(at=NOW - timedelta(minutes=9), results=(result("lock", "7", "fail"),))
    notice(NOW)
    scan(at=NOW - timedelta(minutes=8), results=(result("lock", "7", "inconclusive"),))
    notice(NOW)
    with at_most(60):
        notice(NOW + timedelta(days=4))
    assert Trouble.objects.get().told is None


@pytest.mark.parametrize("status", ["pass", "waived"])
def test_a_report_whose_end_is_its_own_beginning_holds_up_no_page(scan: Scan, status: str) -> None:
    """An agent may write that even what was measured rests on what lapsed long ago."""
    past = "2026-01-01T00:00:00Z"
    stated = {"answer": True, "by": "Ana", "role": "holder", "at": past, "valid_until": past, "state": "lapsed"}
    waiver = {"reason": "r", "requested_by": "a", "approved_by": "b", "approved_at": past, "until": past}
    scan(results=(result("lock", "7", status, attestation=stated, waiver=waiver),))
    with at_most(60):
        settle(NOW)
    assert Phone.objects.get().get_rank_display() == {"pass": "compliant", "waived": "inconclusive"}[status]
