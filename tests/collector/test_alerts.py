"""What becomes an alert and what does not: told once, grouped, in time, and without anybody's name."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from server_stub.agents.models import Agent
from server_stub.alerts.changes import changed
from server_stub.alerts.dispatching import QUIET, SETTLE, dispatch
from server_stub.alerts.events import EVENTS, FAILS, weight
from server_stub.alerts.managing import set_grace
from server_stub.alerts.models import Alert, Change, Delivery, Trouble
from server_stub.alerts.noticing import notice
from server_stub.alerts.raising import asked_for
from server_stub.alerts.waiting import watch_waiting
from server_stub.alerts.watching import watch_chain, watch_decisions, watch_refusals
from server_stub.audit.chain import STRANGER, record
from server_stub.decisions.models import Statement, Waiver
from server_stub.guideline.policy import shipped
from server_stub.holders.importing import import_holders
from server_stub.people.models import Person
from server_stub.phones.models import Phone, Rank, RuleState
from server_stub.policies.models import Edition
from tests.collector.signing import NOW, Signer, encode, fact, report, result
from tests.collector.telling import channel, subscription

Scan = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.django_db


def told(now: datetime = NOW) -> list[str]:
    """Do what the jobs do, and give the subjects of the messages that this makes."""
    before = set(Delivery.objects.values_list("id", flat=True))
    notice(now)
    watch_refusals(now)
    dispatch(now + SETTLE)
    return [each.subject for each in Delivery.objects.order_by("made_at") if each.id not in before]


def fleet(keys: Sequence[str], status: str, since: datetime) -> None:
    """Have these phones' rule stand so, as ingest would write it."""
    if not Phone.objects.filter(key=keys[0]).exists():
        Phone.objects.bulk_create(
            Phone(key=key, serial=key, first_seen_at=NOW, scanned_at=NOW, rank=Rank.FAIL, rank_since=NOW)
            for key in keys
        )
    RuleState.objects.filter(phone__in=keys).delete()
    RuleState.objects.bulk_create(
        RuleState(
            phone_id=key, rule="lock", clause="7", status=status, severity="high", strength="required",
            in_the_way=status != "pass", since=since,
        )
        for key in keys
    )  # fmt: skip
    changed(keys)


def test_a_wave_is_one_message_and_each_phone_is_told_once() -> None:
    subscription(channel())
    keys = [f"WAVE{n:04}" for n in range(500)]
    fleet(keys, "fail", NOW)
    assert told() == ["Phone Posture: Phones that newly fail: 500"]
    text = Delivery.objects.get().text
    assert text.count("\n- …0") == 20
    assert "- …0000, clause 7, Screen lock, high\n" in text
    assert "- and 480 more" in text
    later = NOW + QUIET
    for status, says in (
        ("fail", []),  # a second scan finds the same
        ("inconclusive", []),  # neither failed anew nor recovered
        ("fail", []),
        ("pass", ["Phone Posture: Phones that no longer fail: 500"]),
        ("fail", ["Phone Posture: Phones that newly fail: 500"]),
    ):
        later += QUIET
        fleet(keys, status, later)
        assert told(later) == says


def test_ingest_pays_for_what_changes_only(scan: Scan) -> None:
    for minutes, status, changes in ((9, "fail", 1), (8, "fail", 0), (7, "pass", 1), (6, "pass", 0)):
        scan(at=NOW - timedelta(minutes=minutes), results=(result("lock", "7", status),))
        assert Change.objects.count() == changes
        Change.objects.all().delete()


def test_messages_are_seldom_but_miss_nothing(scan: Scan) -> None:
    subscription(channel())
    scan("A1", results=(result("lock", "7", "fail"),))
    notice(NOW)
    dispatch(NOW + SETTLE / 2)  # the first waits a little for others
    assert not Delivery.objects.exists()
    dispatch(NOW + SETTLE)
    scan("B2", results=(result("lock", "7", "fail"),))
    scan("C3", results=(result("net", "2", "fail", severity="critical"),))
    notice(NOW + SETTLE * 2)
    dispatch(NOW + SETTLE * 4)
    assert Delivery.objects.count() == 1
    dispatch(NOW + SETTLE + QUIET)
    second = Delivery.objects.order_by("made_at")[1]
    assert (second.subject, second.text.splitlines()[1:3]) == (
        "Phone Posture: Phones that newly fail: 2",
        ["- …C3, clause 2, Private networks, critical", "- …B2, clause 7, Screen lock, high"],
    )
    dispatch(NOW + QUIET * 9)
    assert Delivery.objects.count() == 2


def test_a_clause_that_fails_worse_is_told_again(scan: Scan) -> None:
    subscription(channel())
    scan(at=NOW - timedelta(minutes=9), results=(result("a", "7", "fail", severity="low"),))
    assert told() == ["Phone Posture: Phones that newly fail: 1"]
    worse = (result("a", "7", "fail", severity="low"), result("b", "7", "fail", severity="critical"))
    scan(at=NOW - timedelta(minutes=8), results=worse)
    assert told(NOW + QUIET * 2) == ["Phone Posture: Phones that newly fail: 1"]
    scan(at=NOW - timedelta(minutes=7), results=worse[:1])
    assert told(NOW + QUIET * 4) == []


def test_who_asked_for_what(scan: Scan) -> None:
    names = import_holders(b"serial,holder,group\nPRESS1,Ana,Press\nOTHER1,Eva,Archive\n", STRANGER)
    assert not names.problems
    asked = {
        "all": subscription(channel(), groups=[]),
        "press": subscription(channel(), groups=["Press"]),
        "critical": subscription(channel(), least=weight("critical")),
        "late": subscription(channel(), events=["phone.late"]),
    }
    scan("PRESS1", results=(result("lock", "7", "fail"),))
    scan("OTHER1", results=(result("lock", "7", "fail"),))
    told()
    numbers = {
        name: [each.content["counts"] for each in Delivery.objects.filter(channel=one.channel)]
        for name, one in asked.items()
    }
    assert numbers == {"all": [{FAILS: 2}], "press": [{FAILS: 1}], "critical": [], "late": []}
    about = {group: asked_for(asked["press"], Alert(event=FAILS, weight=1, group=group)) for group in ("", "Archive")}
    assert about == {"": True, "Archive": False}


def test_a_digest_comes_at_its_hour_and_spyware_at_once(scan: Scan) -> None:
    zone = shipped().time_zone
    noon = datetime.now(UTC).astimezone(zone).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    subscription(channel(), digest_hour=7, language="es")
    spyware = result("no-known-spyware", "preamble", "fail", severity="critical")
    scan(results=(result("lock", "7", "fail"), spyware))
    notice(noon)
    dispatch(noon)
    assert [each.content["counts"] for each in Delivery.objects.all()] == [{"phone.spyware": 1}]
    morning = noon.replace(hour=7) + timedelta(days=1)
    dispatch(morning - timedelta(minutes=1))
    assert Delivery.objects.count() == 1
    dispatch(morning)
    digest = Delivery.objects.order_by("-made_at")[0]
    assert digest.content["counts"] == {FAILS: 2}
    assert digest.subject == "Phone Posture: Teléfonos que dejaron de cumplir: 2"
    assert "- …ST01, numeral 7, Bloqueo de pantalla, alta\n" in digest.text


def test_a_failure_in_its_grace_fails_and_is_not_told(scan: Scan, viewer: Client) -> None:
    subscription(channel())
    set_grace("screen-lock-set", 3, STRANGER)
    began = NOW - timedelta(days=2)
    scan(at=began, results=(result("screen-lock-set", "7", "fail"),))
    assert told() == []
    shown = viewer.get("/phones/ZY22TEST01/?format=json").json()
    only = shown["clauses"][0]["results"][0]
    until = (began + timedelta(days=3)).isoformat()
    assert (only["status"], only["word"], only["grace_until"]) == ("fail", "Fails", until)
    assert shown["status"]["status"] == "non_compliant"
    row = viewer.get("/?format=json").json()["phones"][0]
    assert (row["status"]["word"], row["grace_until"]) == ("Fails", until)
    for page in ("/phones/ZY22TEST01/", "/"):
        assert "In grace until" in viewer.get(page).content.decode()
    assert told(NOW + timedelta(days=1, minutes=1)) == ["Phone Posture: Phones that newly fail: 1"]


def test_a_failure_that_is_only_not_proved_when_its_grace_ends_is_not_told(scan: Scan) -> None:
    subscription(channel())
    set_grace("7", 3, STRANGER)
    scan(at=NOW - timedelta(days=2), results=(result("lock", "7", "fail"),))
    assert told() == []
    scan(at=NOW - timedelta(days=1), results=(result("lock", "7", "inconclusive"),))
    for days in (0, 2, 9):
        assert told(NOW + timedelta(days=days)) == []


def test_a_failure_that_was_only_not_proved_in_between_has_no_new_grace(scan: Scan, viewer: Client) -> None:
    subscription(channel())
    set_grace("7", 3, STRANGER)
    began = NOW - timedelta(days=2)
    for at, status in ((began, "fail"), (NOW - timedelta(days=1), "inconclusive"), (NOW, "fail")):
        scan(at=at, results=(result("lock", "7", status),))
    (only,) = viewer.get("/phones/ZY22TEST01/?format=json").json()["clauses"][0]["results"]
    assert only["grace_until"] == (began + timedelta(days=3)).isoformat()
    assert told() == []
    assert told(NOW + timedelta(days=1, minutes=1)) == ["Phone Posture: Phones that newly fail: 1"]


def test_a_failure_after_the_rule_was_met_has_a_new_grace(scan: Scan) -> None:
    subscription(channel())
    set_grace("7", 3, STRANGER)
    for days, status in ((2.9, "fail"), (1, "inconclusive"), (0.5, "pass"), (0, "fail")):
        scan(at=NOW - timedelta(days=days), results=(result("lock", "7", status),))
    assert told(NOW + timedelta(days=2.9)) == []
    assert told(NOW + timedelta(days=3.1)) == ["Phone Posture: Phones that newly fail: 1"]


def test_a_grace_that_is_taken_away_ends_at_once(scan: Scan) -> None:
    subscription(channel())
    set_grace("7", 30, STRANGER)  # of the whole clause
    scan(results=(result("screen-lock-set", "7", "fail"),))
    assert told() == []
    set_grace("7", 0, STRANGER)
    assert told() == ["Phone Posture: Phones that newly fail: 1"]


def test_a_message_holds_nobodys_name(scan: Scan, settings: Any, sign_in: Callable[[str], Client]) -> None:
    settings.PUBLIC_URL = "https://posture.example.org"
    import_holders(
        b"serial,holder,holder_id,group,asset_tag\nSECRETSERIAL77,Ana P\xc3\xa9rez,E-1027,Press,\n"
        b"SECRETSERIAL88,Eva Ruiz,E-1028,Press,IT-0088\n",
        STRANGER,
    )
    subscription(channel())
    facts = {"network.wifi.ssid": fact("Hotel Mirador", "SSID: Hotel Mirador")}
    failing = result("net", "2", "fail", message="Connected to Hotel Mirador.")
    for serial in ("SECRETSERIAL77", "SECRETSERIAL88"):
        scan(serial, results=(failing,), facts=facts)
    assert len(told()) == 1
    message = Delivery.objects.get()
    said = message.subject + message.text + json.dumps(message.content, ensure_ascii=False)
    for private in ("Ana", "Eva", "E-102", "Hotel", "SECRETSERIAL", "Press", "Brick"):
        assert private not in said
    events = message.content["events"]
    assert sorted(each["phone"] for each in events) == ["IT-0088", "…AL77"]
    address = next(each["link"] for each in events if each["phone"] == "…AL77")
    assert address in message.text
    path = address.removeprefix(settings.PUBLIC_URL)
    assert Client().get(path).headers["Location"].startswith("/account/login/")
    assert sign_in("viewer").get(path).headers["Location"] == "/phones/SECRETSERIAL77/"


def test_a_forged_signature_is_told_once_a_day(agent: Agent, signer: Signer, post: Callable[..., Any]) -> None:
    subscription(channel())
    forged = Signer().sign(encode(report(agent.id)), kid=signer.id)
    for _ in range(3):
        assert post(forged).status_code == 401
    assert post(Signer().sign(encode(report(agent.id)))).status_code == 401  # an unknown key is nobody's
    assert told() == ["Phone Posture: Refused deliveries of an agent: 1"]
    assert f"- agent {agent.id[:8]}…\n" in Delivery.objects.get().text
    post(forged)
    assert told(NOW + timedelta(hours=2)) == []
    post(forged)
    assert told(NOW + timedelta(hours=30)) == ["Phone Posture: Refused deliveries of an agent: 1"]


def test_a_broken_chain_is_told_at_once_and_once() -> None:
    subscription(channel(), digest_hour=3)
    for number in range(3):
        record("test", STRANGER, str(number))
    watch_chain(NOW)
    assert not Alert.objects.exists()
    with connection.cursor() as cursor:
        _without_the_guard(cursor)
        cursor.execute("UPDATE audit_entry SET subject = 'x' WHERE number = 2")
    for _ in range(2):
        watch_chain(NOW, 2000)
        dispatch(NOW)
    assert [each.text.splitlines()[:2] for each in Delivery.objects.all()] == [
        ["The audit chain is broken: 1", "- row 2"]
    ]


def _without_the_guard(cursor: Any) -> None:
    if connection.vendor == "sqlite":
        cursor.execute("DROP TRIGGER audit_entry_no_UPDATE")
    else:
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")


def test_what_lapses_is_told_and_people_are_reminded(scan: Scan, sign_in: Callable[[str], Client]) -> None:
    subscription(channel())
    for role in ("operator", "approver", "viewer"):
        sign_in(role)
    Person.objects.exclude(username="viewer").update(email="someone@example.org")
    asker = Person.objects.get(username="operator")
    scan(results=(result("screen-lock-set", "7", "fail"),))
    about = {"rule": "screen-lock-set", "phone_key": "ZY22TEST01"}
    Waiver.objects.create(
        **about, reason="A drill by Ana", requested_by=asker, requested_at=NOW, until=NOW + timedelta(days=3),
        decided_by=Person.objects.get(username="approver"), decided_at=NOW, approved=True,
    )  # fmt: skip
    Statement.objects.create(
        **about, answer=True, by="Eva", role="holder", noted_by=asker, at=NOW, valid_until=NOW + timedelta(days=30)
    )

    def looked(now: datetime) -> list[tuple[str, str]]:
        Delivery.objects.all().delete()
        for _ in range(2):
            watch_decisions(now)
        dispatch(now + SETTLE)
        return sorted(
            (each.person.username if each.person else "channel", each.subject) for each in Delivery.objects.all()
        )

    soon, over = (f"Phone Posture: {EVENTS[event]}: 1" for event in ("decision.expires", "decision.expired"))
    assert looked(NOW) == [("approver", soon), ("channel", soon), ("operator", soon)]
    text = Delivery.objects.get(person=asker).text
    assert "…ST01, A PIN, pattern or password locks the phone, " in text
    assert ("Ana" in text, "drill" in text) == (False, False)
    assert looked(NOW + timedelta(days=1)) == []
    assert looked(NOW + timedelta(days=4)) == [("approver", over), ("channel", over), ("operator", over)]
    assert looked(NOW + timedelta(days=25)) == [("channel", soon), ("operator", soon)]  # the statement


def test_what_waits_for_an_approval_is_told_to_those_who_may_give_it(
    scan: Scan, sign_in: Callable[[str], Client]
) -> None:
    subscription(channel())
    for role in ("operator", "approver", "viewer"):
        sign_in(role)
    asker, approver = (Person.objects.get(username=name) for name in ("operator", "approver"))
    Person.objects.create(username="second").groups.add(*approver.groups.all())
    Person.objects.update(email="someone@example.org")
    scan(results=(result("screen-lock-set", "7", "fail"),))

    def looked(now: datetime) -> dict[str, str]:
        Delivery.objects.all().delete()
        for _ in range(2):
            watch_waiting(now)
        dispatch(now + SETTLE)
        made = Delivery.objects.order_by("id")
        return {each.person.username if each.person else "channel": each.text.splitlines()[1] for each in made}

    waiver = Waiver.objects.create(
        rule="screen-lock-set", phone_key="ZY22TEST01", reason="A drill by Ana", requested_by=asker, requested_at=NOW,
        until=datetime(2026, 12, 24, 12, tzinfo=UTC),
    )  # fmt: skip
    exception = "- …ST01, A PIN, pattern or password locks the phone, 24 Dec 2026, 07:00 -0500"
    assert looked(NOW) == dict.fromkeys(("approver", "second", "channel"), exception)
    edition = Edition.objects.create(
        layer="policy", policy="cm-g-03", version="2.9", note="By Ana", sha256="ab" * 32, submitted_by=approver,
        submitted_at=NOW, effective_from=NOW,
    )  # fmt: skip
    assert looked(NOW + timedelta(days=1)) == dict.fromkeys(("second", "channel"), "- cm-g-03 2.9")
    waiver.decided_by, waiver.decided_at = approver, NOW
    waiver.save()
    edition.state = Edition.State.WITHDRAWN
    edition.save()
    assert looked(NOW + timedelta(days=2)) == {}
    assert not Trouble.objects.exists()
