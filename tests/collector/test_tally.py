"""The kept numbers always say what counting would, and know the past."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.test import Client
from django.utils import timezone

from agent.facts import instant
from server_stub.agents.models import Agent
from server_stub.ingest.current import settle
from server_stub.phones import tally
from server_stub.phones.models import ClauseState, Movement, Phone, RuleState, Tally
from server_stub.phones.tally import Day
from tests.collector.signing import NOW, Signer, encode, report, result

Scan = Callable[..., dict[str, Any]]


def counted() -> dict[tuple[str, int], int]:
    """What the tallies should say, from every phone and rule; the kept state of each clause says the same."""
    found: Counter[tuple[str, int]] = Counter()
    for phone in Phone.objects.all():
        stands = tally.places(phone, RuleState.objects.filter(phone=phone))
        clauses = dict(ClauseState.objects.filter(phone=phone).values_list("clause", "rank"))
        assert clauses == {topic: rank for topic, rank in stands.items() if topic != tally.FLEET}
        found.update(stands.items())
    return dict(found)


def kept() -> dict[tuple[str, int], int]:
    found: Counter[tuple[str, int]] = Counter()
    for row in Tally.objects.all():
        found[row.topic, row.rank] += row.number
    moved: Counter[tuple[str, int]] = Counter()
    for step in Movement.objects.all():
        moved[step.topic, step.rank] += step.number
    assert +moved == +found
    return {key: number for key, number in found.items() if number}


def test_they_follow_every_look_whatever_its_order(scan: Scan) -> None:
    day = timedelta(days=1)
    lock, net = (lambda status: result("lock", "7", status)), (lambda status: result("net", "2", status))
    scan("A", NOW - 5 * day, (lock("fail"), net("pass")))
    scan("B", NOW - 4 * day, (lock("pass"), net("inconclusive")))
    assert kept() == counted() == {("", 0): 1, ("", 1): 1, ("7", 0): 1, ("7", 2): 1, ("2", 2): 1, ("2", 1): 1}
    scan("A", NOW - 2 * day, (lock("pass"),))
    scan("A", NOW - 3 * day, (lock("fail"), result("more", "5", "fail")))
    scan("B", NOW - 1 * day, (lock("not_applicable"), result("tip", "6", "fail", in_the_way=False)))
    assert kept() == counted()
    week = [(each.fail, each.not_proved, each.meet) for each in tally.trend("", NOW.date(), 7)]
    assert week == [(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 0), (0, 1, 1), (1, 0, 1), (1, 0, 1)]
    assert tally.trend("7", NOW.date(), 1) == [Day(NOW.date().isoformat(), 0, 0, 1)]


def test_a_batch_counts_as_one_by_one_would(agent: Agent, signer: Signer, post: Callable[..., Any]) -> None:
    looks = [("A", 3, "fail"), ("B", 2, "pass"), ("A", 1, "pass"), ("A", 2, "inconclusive"), ("C", 1, "fail")]
    lines = [
        signer.sign(encode(report(agent.id, serial, NOW - timedelta(days=days), (result("lock", "7", status),))))
        for serial, days, status in looks
    ]
    assert post(b"\n".join([*lines, lines[0]]), "application/jsonl").status_code == 201
    assert kept() == counted() == {("", 0): 1, ("", 2): 2, ("7", 0): 1, ("7", 2): 2}
    phone = Phone.objects.get(key="A")
    assert (phone.rank, phone.rank_since) == (2, NOW - timedelta(days=1))


def test_what_lapses_counts_no_longer_and_is_listed_where_it_stands(scan: Scan, viewer: Client) -> None:
    waiver = {"until": instant(NOW - timedelta(seconds=30))}
    held = result("lock", "7", "waived", measured_status="fail", waiver=waiver)
    scan("MEETS", results=(result("lock", "7", "pass"),))
    scan("LAPSED", results=(held,))
    assert [phone["serial"] for phone in viewer.get("/?format=json").json()["phones"]] == ["LAPSED", "MEETS"]
    assert kept() == counted() == {("", 0): 1, ("", 2): 1, ("7", 0): 1, ("7", 2): 1}
    phone = Phone.objects.get(key="LAPSED")
    assert (phone.rank, phone.rank_since, phone.holds_until) == (0, NOW - timedelta(seconds=30), None)
    settle(timezone.now())
    assert kept() == counted()


def test_a_clause_stands_as_it_does_since_it_last_changed(scan: Scan, viewer: Client) -> None:
    for days, lock, net in ((5, "fail", "pass"), (4, "pass", "pass"), (3, "fail", "pass"), (2, "fail", "fail")):
        scan("A", NOW - timedelta(days=days), (result("lock", "7", lock), result("net", "2", net)))
    scan("B", NOW - timedelta(days=1), (result("lock", "7", "fail"),))
    scan("C", NOW - timedelta(days=4), (result("lock", "7", "fail"),))
    scan("C", NOW - timedelta(days=1), (result("lock", "7", "not_applicable"),))
    stands = {(state.phone_id, state.clause): (state.rank, state.since) for state in ClauseState.objects.all()}
    assert stands == {
        ("A", "7"): (0, NOW - timedelta(days=3)),
        ("A", "2"): (0, NOW - timedelta(days=2)),
        ("B", "7"): (0, NOW - timedelta(days=1)),
    }
    page = viewer.get("/clauses/7/?format=json").json()
    assert [phone["serial"] for phone in page["phones"]] == ["A", "B"]
    assert b"".join(viewer.get("/clauses/7/?format=csv")).decode().count("\r\n") == 3


def test_who_does_not_meet_a_clause_comes_by_how_it_stands_in_it_page_by_page(
    scan: Scan, viewer: Client, settings: Any
) -> None:
    settings.PAGE_SIZE = 2
    for name, days, status in (("A", 1, "fail"), ("B", 9, "inconclusive"), ("C", 3, "fail"), ("D", 2, "pass")):
        scan(name, NOW - timedelta(days=days), (result("lock", "7", status), result("net", "2", "fail")))
    listed, after = [], ""
    while True:
        page = viewer.get(f"/?format=json&clause=7{after}").json()
        listed.append([phone["serial"] for phone in page["phones"]])
        if page["after"] is None:
            break
        after = f"&after={page['after']}"
    assert listed == [["C", "A"], ["B"]]
    back = viewer.get(f"/?format=json&clause=7&before={page['before']}").json()
    assert [phone["serial"] for phone in back["phones"]] == ["C", "A"]
    met = viewer.get("/?format=json&clause=7&status=compliant&sort=serial").json()
    assert [phone["serial"] for phone in met["phones"]] == ["D"]


def test_a_phone_that_is_deleted_leaves_the_numbers(scan: Scan) -> None:
    scan("A", results=(result("lock", "7", "fail"),))
    scan("B", results=(result("lock", "7", "pass"),))
    with transaction.atomic():
        tally.forget(Phone.objects.filter(key="A"), NOW)
        Phone.objects.filter(key="A").delete()
    assert kept() == counted() == {("", 2): 1, ("7", 2): 1}
