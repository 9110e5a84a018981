"""Publishing a policy: one person asks, another approves, and from then on the collector judges by it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group as Role
from django.test import Client
from django.utils import timezone

from agent.facts import instant
from server_stub.audit.chain import TERMINAL
from server_stub.audit.models import Entry
from server_stub.guideline.policy import shipped
from server_stub.holders.importing import import_holders
from server_stub.holders.models import Assignment, Group
from server_stub.people.models import Person
from server_stub.phones.models import Phone, RuleState
from server_stub.policies import judging
from server_stub.policies.models import Edition
from tests.collector.signing import NOW, fact

Scan = Callable[..., dict[str, Any]]
OVERLAY = """schema: posture-overlay/1
overlays: CM-G-03
layer: {layer}
name: {name}
version: "{version}"
date: 2026-11-24
parameters: {{backup_age: {{days: {days}}}}}
"""
WHATSAPP = {"package": "com.whatsapp", "user": 0, "version": "2.26.1", "signature": "verified"}


def overlay(days: int, layer: str = "organisation", name: str = "Example", version: str = "1") -> str:
    return OVERLAY.format(layer=layer, name=name, version=version, days=days)


@pytest.fixture
def people(sign_in: Callable[[str], Client]) -> tuple[Client, Client]:
    """Two approvers."""
    first, second = sign_in("approver"), Client()
    person = Person.objects.create(username="second")
    person.groups.add(Role.objects.get(name="approver"))
    second.force_login(person)
    return first, second


@pytest.fixture
def phone(scan: Scan) -> Callable[..., dict[str, Any]]:
    """A phone whose newest backup is so many days old, whatever its agent's own policy said."""

    def look(serial: str, days: int, at: Any = None) -> dict[str, Any]:
        at = at or NOW - timedelta(minutes=5)
        return scan(
            serial,
            at,
            facts={
                "whatsapp.installed": fact([WHATSAPP | {"installer": "com.android.vending"}]),
                "whatsapp.backup.count": fact(3),
                "whatsapp.backup.latest_at": fact(instant(at - timedelta(days=days))),
                "device.clock_at": fact(instant(at)),
            },
        )

    return look


def submit(client: Client, text: str, note: str = "Decided on Monday", **others: str) -> Any:
    return client.post("/policy/submit/", {"text": text, "note": note, **others})


def publish(people: tuple[Client, Client], text: str, **others: str) -> Edition:
    answer = submit(people[0], text, **others)
    assert answer.status_code == 302, answer.content.decode()
    assert people[1].post(f"{answer.headers['Location']}approve/").status_code == 302
    return Edition.objects.latest("id")


def backup(serial: str) -> str:
    return RuleState.objects.get(phone=serial, rule="backup-recent").status


def test_one_asks_another_approves_and_phones_are_judged_by_it(people: Any, phone: Any, viewer: Client) -> None:
    phone("A", 20)
    assert not RuleState.objects.filter(phone="A").exists()  # the agent's own judgement, which told of no rule
    waiting = submit(people[0], overlay(30)).headers["Location"]
    assert people[0].post(f"{waiting}approve/").status_code == 409
    assert Edition.objects.get().state == "submitted"
    assert people[1].post(f"{waiting}approve/").status_code == 302
    edition = Edition.objects.get()
    assert (edition.state, edition.number, edition.submitted_by.username, edition.decided_by.username) == (
        "published",
        1,
        "approver",
        "second",
    )
    assert backup("A") == "pass"
    found = Phone.objects.get(key="A")
    assert found.policy_sha256 == edition.sha256
    shown = viewer.get("/phones/A/?format=json").json()
    assert (shown["policy_sha256"], shown["report"]["policy"]) == (edition.sha256, "cm-g-03 1.0.0")
    assert shown["published_policy"].startswith("CM-G-03")
    publish(people, overlay(7, version="2"))
    assert backup("A") == "fail"
    phone("B", 5)
    phone("C", 9)
    assert (backup("B"), backup("C")) == ("pass", "fail")
    told = list(Entry.objects.filter(action__startswith="policy.").values_list("action", "actor", "subject"))
    assert told == [("policy.submitted", "approver", "policy"), ("policy.published", "second", "policy")] * 2
    assert Entry.objects.get(action="policy.published", details__number=1).details["sha256"] == edition.sha256


def test_the_past_is_judged_by_what_held_then(people: Any, phone: Any, viewer: Client) -> None:
    phone("A", 20, NOW - timedelta(hours=2))
    publish(people, overlay(30))
    before = instant(NOW - timedelta(hours=1))
    past = viewer.get(f"/phones/A/?format=json&at={before}").json()
    now = viewer.get("/phones/A/?format=json").json()
    assert (past["published_policy"], past["policy_sha256"]) == ("", "ab" * 32)
    assert now["published_policy"]


def test_a_later_day_changes_nothing_before_it_comes(people: Any, phone: Any) -> None:
    phone("A", 20)
    later = (timezone.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    edition = publish(people, overlay(30), effective_from=later)
    assert edition.effective_from > timezone.now() + timedelta(days=2)
    assert not RuleState.objects.filter(phone="A").exists()
    Edition.objects.update(effective_from=timezone.now() - timedelta(seconds=1))
    assert judging.judge_all() == 1
    assert backup("A") == "pass"


def test_a_group_and_a_phone_have_their_own(people: Any, phone: Any) -> None:
    group = Group.objects.create(name="Press")
    for serial in ("IN", "OWN"):
        Assignment.objects.create(phone_key=serial, serial=serial, group=group)
    for serial in ("OUT", "IN", "OWN"):
        phone(serial, 10)
    publish(people, overlay(3))
    publish(people, overlay(14, "group", "Press"))
    assert (backup("OUT"), backup("IN"), backup("OWN")) == ("fail", "pass", "pass")
    publish(people, overlay(9, "phone", "OWN"))
    assert (backup("IN"), backup("OWN")) == ("pass", "fail")
    own = Edition.objects.get(layer="phone")
    people[0].post(f"/policy/editions/{own.pk}/lift/", {"note": "No longer needed"})
    people[1].post(f"/policy/editions/{Edition.objects.latest('id').pk}/approve/")
    assert (backup("OUT"), backup("IN"), backup("OWN")) == ("fail", "pass", "pass")


def test_a_phone_that_changes_its_group_is_judged_by_the_new_ones_values(people: Any, phone: Any) -> None:
    phone("A", 10)
    publish(people, overlay(3))
    publish(people, overlay(14, "group", "Press"))
    assert backup("A") == "fail"
    import_holders(b"serial,holder,group\nA,Ana,Press\n", TERMINAL)
    assert backup("A") == "pass"


def test_exceptions_last_as_long_as_the_phones_own_values_allow(people: Any, phone: Any) -> None:
    Assignment.objects.create(phone_key="IN", serial="IN", group=Group.objects.create(name="Press"))
    for serial in ("IN", "OUT"):
        phone(serial, 10)
    publish(people, overlay(3))
    publish(people, overlay(3, "group", "Press") + "waivers: {longest: {days: 5}}\n")
    until = (timezone.now() + timedelta(days=20)).strftime("%Y-%m-%dT%H:%M")
    asked = {"rule": "backup-recent", "reason": "A drill", "until": until, "scope": "phone"}
    refused = people[0].post("/phones/IN/waivers/", asked)
    assert (refused.status_code, "longer than the 5 days" in refused.content.decode()) == (422, True)
    assert people[0].post("/phones/OUT/waivers/", asked).status_code == 302


def test_going_back_is_a_new_edition(people: Any, phone: Any) -> None:
    phone("A", 20)
    first, second = publish(people, overlay(30)), publish(people, overlay(7, version="2"))
    assert backup("A") == "fail"
    people[1].post(f"/policy/editions/{first.pk}/again/", {"note": "It was too strict"})
    again = Edition.objects.latest("id")
    people[0].post(f"/policy/editions/{again.pk}/approve/")
    again.refresh_from_db()
    assert (again.number, again.sha256, second.number) == (3, first.sha256, 2)
    assert backup("A") == "pass"


def test_what_a_person_takes_back_or_refuses(people: Any, db: None) -> None:
    for client, what, state in ((people[0], "withdraw", "withdrawn"), (people[1], "refuse", "refused")):
        address = submit(people[0], overlay(30)).headers["Location"]
        wrong = people[1] if what == "withdraw" else people[0]
        assert wrong.post(f"{address}{what}/").status_code == 409
        assert client.post(f"{address}{what}/").status_code == 302
        assert Edition.objects.latest("id").state == state
        assert people[1].post(f"{address}approve/").status_code == 409


@pytest.mark.parametrize(
    ("text", "note", "says"),
    [
        ("schema: [", "x", "draft:1:"),
        (overlay(30).replace('version: "1"\n', ""), "x", "needs a version and a date"),
        (overlay(30), " ", "Say why"),
        (overlay(30).replace("backup_age", "backup_aje"), "x", "did you mean “backup_age”"),
        ('{"payload": "a", "protected": "b", "signature": "c"}', "x", "signed policy"),
    ],
)
def test_a_draft_that_cannot_be_published(people: Any, db: None, text: str, note: str, says: str) -> None:
    answer = submit(people[0], text, note)
    assert (answer.status_code, says in answer.content.decode()) == (422, True)
    assert not Edition.objects.exists()


WHOLE = """schema: posture-policy/1
id: OWN
version: "1"
date: 2026-11-24
title: {{es: Propia, en: Own}}
time_zone: America/Bogota
waivers: {{longest: {{days: 30}}}}
changes: [{{date: 2026-11-24, version: "1", change: {{es: Primera, en: First}}}}]
clauses:
  - clause: "7"
    title: {{es: Bloqueo, en: Lock}}
    rules:
      - id: lock-set
        quote: El teléfono se bloquea.
        title: {{es: Hay bloqueo, en: A lock is set}}
        why: {{es: Otros leen, en: Others read}}
        severity: high
        strength: required
        expect: {{fact: screen_lock.secure, is: true}}
        messages: {{fail: {{es: Sin bloqueo, en: No lock}}}}
        fix: {{es: Ajustes, en: Settings}}
        cases:
          - {{name: locked, facts: {{screen_lock.secure: true}}, status: {status}}}
"""


def test_a_whole_policy_of_ones_own_is_judged_by_and_must_decide_its_own_cases(people: Any, scan: Scan) -> None:
    scan("A", facts={"screen_lock.secure": fact(False)})
    refused = submit(people[0], WHOLE.format(status="fail"))
    assert (refused.status_code, "ends in pass, not in fail" in refused.content.decode()) == (422, True)
    publish(people, WHOLE.format(status="pass"))
    found = Phone.objects.get(key="A")
    assert (found.rank, list(RuleState.objects.values_list("rule", "status"))) == (0, [("lock-set", "fail")])
    shown = people[0].get("/policy/?format=json").json()
    assert (shown["id"], shown["rules"]) == ("OWN", 1)
    assert people[0].get("/clauses/7/").status_code == 200


def test_a_policy_over_which_a_groups_values_no_longer_fit_is_refused(people: Any, db: None) -> None:
    publish(people, overlay(14, "group", "Press"))
    whole = "schema: posture-policy/1\nid: OWN\n"
    assert submit(people[0], whole).status_code == 422
    other = overlay(30).replace("organisation", "group").replace("name: Example", "name: Other")
    assert submit(people[0], other.replace("CM-G-03", "OTHER")).status_code == 422


def test_what_changed_in_words(people: Any, viewer: Client, db: None) -> None:
    publish(people, overlay(30))
    edition = publish(people, overlay(7, version="2") + "time_zone: Europe/Madrid\nwaivers: {longest: {days: 30}}\n")
    page = viewer.get(f"/policy/editions/{edition.pk}/?format=json").json()
    told = {row["what"]: (row["before"], row["after"]) for row in page["differences"]}
    assert told["Greatest age of the newest backup"] == ("30 days", "7 days")
    assert told["An exception lasts at most"] == ("90 days", "30 days")
    assert page["text"] == ""  # it may name networks
    html = people[0].get(f"/policy/editions/{edition.pk}/").content.decode()
    assert "Europe/Madrid" in html
    history = viewer.get("/policy/history/?format=json").json()["editions"]
    assert [(row["number"], row["state"]) for row in history] == [(2, "published"), (1, "published")]
    shown = viewer.get("/policy/?format=json").json()
    assert (shown["sha256"], shown["holding"][0]["number"], shown["sha256"] != shipped().sha256) == (
        edition.sha256,
        2,
        True,
    )
