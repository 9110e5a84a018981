"""Late phones: told once, counted day by day, drawn beside the verdicts; phones that were listed but never seen."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from server_stub.alerts import lateness
from server_stub.alerts.dispatching import SETTLE, dispatch
from server_stub.alerts.models import Alert, Delivery, LateDay, Trouble
from server_stub.alerts.noticing import notice
from server_stub.audit.chain import STRANGER
from server_stub.holders.importing import import_holders, set_period
from server_stub.holders.models import Group
from tests.collector.signing import NOW, result
from tests.collector.telling import channel, subscription

Scan = Callable[..., dict[str, Any]]
PASS = (result("lock", "7", "pass"),)
HOUR = timedelta(hours=1)


@pytest.fixture
def phones(scan: Scan) -> None:
    """One seen now, one two days ago, one of a group that may be away for a week, one never seen."""
    lines = b"serial,holder,group,late_after_hours\nWEEKLY,Ana,Press,168\nNEVER,Eva,,\n"
    assert not import_holders(lines, STRANGER).problems
    for serial, hours in (("HERE", 1), ("AWAY", 48), ("WEEKLY", 48)):
        scan(serial, NOW - hours * HOUR, PASS)


def test_late_is_told_once_until_the_phone_is_seen_again(phones: None, scan: Scan) -> None:
    subscription(channel())
    for _ in range(2):
        lateness.look(NOW)
    dispatch(NOW + SETTLE)
    assert [each.subject for each in Delivery.objects.all()] == ["Phone Posture: Late phones: 1"]
    assert "- …AWAY\n" in Delivery.objects.get().text
    set_period(Group.objects.get(), 24, STRANGER)  # the group's phones are late from now on
    lateness.look(NOW)
    assert sorted(Alert.objects.values_list("phone_key", flat=True)) == ["AWAY", "WEEKLY"]
    for serial in ("AWAY", "WEEKLY"):
        scan(serial, NOW, PASS)
    lateness.look(NOW)
    assert not Trouble.objects.exists()


def test_the_late_and_the_never_scanned_are_counted_and_drawn(phones: None, viewer: Client) -> None:
    for days, number in ((3, 5), (1, 2)):
        LateDay.objects.create(day=(NOW - timedelta(days=days)).date(), late=number, never=9)
    lateness.look(NOW)
    page = viewer.get("/?format=json").json()
    assert (page["counts"]["late"], page["never_scanned"]) == (1, 1)
    trend = page["trend"]
    assert [line["word"] for line in trend["lines"]] == ["Fails", "Not proved", "Meets", "Late"]
    assert [day["late"] for day in trend["days"]][-2:] == [2, 1]
    shown = viewer.get("/").content.decode()
    assert '<polyline class="late"' in shown
    assert "1 listed phone was never scanned" in shown
    listed = viewer.get("/holders/?seen=never&format=json").json()
    assert [row["serial"] for row in listed["phones"]] == ["NEVER"]


def test_a_phone_that_is_scanned_at_last_is_not_missed_any_more(phones: None, scan: Scan, viewer: Client) -> None:
    assert viewer.get("/?format=json").json()["never_scanned"] == 2  # nobody has looked since the import
    scan("NEVER", NOW, PASS)
    notice(NOW)
    assert viewer.get("/?format=json").json()["never_scanned"] == 0


def test_failed_since_is_shown(scan: Scan, viewer: Client) -> None:
    began = NOW - timedelta(days=4)
    for days in (4, 2, 0):
        scan("BAD", NOW - timedelta(days=days, minutes=1), (result("lock", "7", "fail"),))
    row = viewer.get("/?format=json&failing_days=3").json()["phones"][0]
    assert row["status"]["since"][:10] == began.date().isoformat()
    for page in ("/", "/phones/BAD/"):
        shown = viewer.get(page).content.decode()
        assert f'since <time datetime="{(began - timedelta(minutes=1)).date().isoformat()}' in shown
