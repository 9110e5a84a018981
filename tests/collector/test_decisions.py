"""Exceptions and statements: asked for by one, approved by another; what was measured stays visible; nothing lasts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from server_stub.audit.chain import TERMINAL
from server_stub.audit.models import Entry
from server_stub.decisions.models import Statement, Waiver
from server_stub.holders.importing import import_holders
from server_stub.phones import tally
from server_stub.phones.models import Phone, Rank, RuleState
from tests.collector.signing import NOW, result

Scan = Callable[..., dict[str, Any]]
SignIn = Callable[[str], Client]
BOGOTA = ZoneInfo("America/Bogota")
FAILS = result("screen-lock-set", "7", "fail", in_the_way=True)
OPEN = result("data-with-staff-only", "1", "inconclusive", kind="attested", in_the_way=True)
ALSO_OPEN = result("kept-in-custody", "4", "inconclusive", kind="attested", in_the_way=True)
MEETS = result("backup-recent", "6", "pass")


def until(**later: int) -> str:
    return (datetime.now(UTC) + timedelta(**later)).astimezone(BOGOTA).strftime("%Y-%m-%dT%H:%M")


def ask(client: Client, serial: str = "ZY22TEST01", **others: str) -> Any:
    form = {"rule": "screen-lock-set", "reason": "A drill", "until": until(days=10), "scope": "phone"}
    return client.post(f"/phones/{serial}/waivers/?format=json", form | others)


def state(client: Client, answer: str = "yes", **others: str) -> Any:
    form = {"rule": "data-with-staff-only", "answer": answer, "by": "Ana Pérez", "role": "holder"}
    return client.post("/phones/ZY22TEST01/statements/?format=json", form | others)


def stands(client: Client, serial: str = "ZY22TEST01") -> tuple[str, dict[str, str]]:
    page = client.get(f"/phones/{serial}/?format=json").json()
    rules = {each["rule"]: each["word"] for clause in page["clauses"] for each in clause["results"]}
    return page["status"]["word"], rules


def of_rule(client: Client, rule: str) -> dict[str, Any]:
    page = client.get("/phones/ZY22TEST01/?format=json").json()
    return next(each for clause in page["clauses"] for each in clause["results"] if each["rule"] == rule)


def day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"


def counted() -> tuple[dict[int, int], int]:
    """The kept numbers, and the phone's rank: they must say the same."""
    return tally.now(), Phone.objects.get().rank


def test_an_exception_counts_once_another_person_has_approved_it(scan: Scan, sign_in: SignIn) -> None:
    scan(results=(FAILS, MEETS))
    operator, approver = sign_in("operator"), sign_in("approver")
    assert ask(operator).status_code == 302
    assert stands(operator)[0] == "Fails"
    waiting = approver.get("/due/?format=json").json()["waiting"]
    assert [(w["rule"], w["about"], w["reason"], w["asked_by"], w["own"]) for w in waiting] == [
        ("screen-lock-set", "ZY22TEST01", "A drill", "operator", False)
    ]
    assert approver.post(f"/waivers/{waiting[0]['id']}/approve/").status_code == 302
    waiver = Waiver.objects.get()
    assert stands(operator) == (
        "Meets",
        {"screen-lock-set": f"Excepted until {day(waiver.until)}", "backup-recent": "Meets"},
    )
    shown = of_rule(operator, "screen-lock-set")
    assert (shown["measured_status"], shown["measured"]) == ("fail", "Fails")
    assert counted() == ({Rank.FAIL: 0, Rank.NOT_PROVED: 0, Rank.MEETS: 1}, Rank.MEETS)
    assert Phone.objects.get().holds_until == waiver.until
    scan(results=(FAILS, MEETS))
    assert stands(operator)[0] == "Meets"
    actions = [a for a in Entry.objects.order_by("number").values_list("action", "actor") if a[0].startswith("w")]
    assert actions == [("waiver.asked", "operator"), ("waiver.approved", "approver")]


def test_nobody_decides_on_the_own_request(scan: Scan, sign_in: SignIn) -> None:
    scan(results=(FAILS,))
    administrator = sign_in("administrator")
    ask(administrator)
    for what in ("approve", "refuse"):
        answer = administrator.post(f"/waivers/{Waiver.objects.get().pk}/{what}/?format=json")
        assert (answer.status_code, answer.json()["problem"]) == (
            409,
            "Whoever asks for an exception cannot decide on it.",
        )
    assert stands(administrator)[0] == "Fails"
    assert "Your own: another person decides" in administrator.get("/due/").content.decode()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"reason": " "}, "Give a reason, and an end as a date and time."),
        ({"until": ""}, "Give a reason, and an end as a date and time."),
        ({"until": "tomorrow"}, "Give a reason, and an end as a date and time."),
        ({"until": "2020-01-01T00:00"}, "it ends before it begins"),
        ({"until": until(days=92)}, "it is longer than the 90 days that the policy allows"),
    ],
)
def test_what_no_exception_may_be(scan: Scan, sign_in: SignIn, wrong: dict[str, str], says: str) -> None:
    scan(results=(FAILS,))
    answer = ask(sign_in("operator"), **wrong)
    assert answer.status_code == 422
    assert says in answer.json()["problem"]
    assert not Waiver.objects.exists()


def test_a_rule_that_the_phone_does_not_have(scan: Scan, sign_in: SignIn) -> None:
    scan(results=(FAILS,))
    assert ask(sign_in("operator"), rule="nothing").status_code == 404


def test_an_expired_one_never_shows_as_passed(scan: Scan, sign_in: SignIn) -> None:
    scan(results=(FAILS, MEETS))
    operator, approver = sign_in("operator"), sign_in("approver")
    ask(operator)
    approver.post(f"/waivers/{Waiver.objects.get().pk}/approve/")
    ended = NOW - timedelta(seconds=30)
    Waiver.objects.update(until=ended, decided_at=NOW - timedelta(days=1))
    Phone.objects.update(holds_until=ended)
    assert operator.get("/?format=json").json()["counts"]["fail"] == 1
    assert stands(operator)[0] == "Fails"
    assert of_rule(operator, "screen-lock-set")["lapsed"] == f"An exception lapsed on {day(ended)}"
    assert counted() == ({Rank.FAIL: 1, Rank.NOT_PROVED: 0, Rank.MEETS: 0}, Rank.FAIL)
    due = approver.get("/due/?format=json").json()
    assert ([row["rule"] for row in due["lapsed"]], due["soon"]) == (["screen-lock-set"], [])
    scan(results=(FAILS, MEETS))
    assert stands(operator)[0] == "Fails"


def test_a_refused_one_and_one_that_was_ended_count_for_nothing(scan: Scan, sign_in: SignIn) -> None:
    scan(results=(FAILS,))
    operator, approver = sign_in("operator"), sign_in("approver")
    ask(operator)
    refused = Waiver.objects.get()
    approver.post(f"/waivers/{refused.pk}/refuse/")
    assert stands(operator)[0] == "Fails"
    ask(operator)
    granted = Waiver.objects.exclude(pk=refused.pk).get()
    approver.post(f"/waivers/{granted.pk}/approve/")
    assert stands(operator)[0] == "Meets"
    assert approver.post(f"/waivers/{granted.pk}/end/").status_code == 302
    assert stands(operator)[0] == "Fails"
    for waiver, what in ((refused, "approve"), (granted, "end")):
        assert approver.post(f"/waivers/{waiver.pk}/{what}/").status_code == 409
    assert approver.post("/waivers/999999/approve/").status_code == 404


def test_for_a_whole_group(scan: Scan, sign_in: SignIn) -> None:
    import_holders(b"serial,holder,group\nONE,Ana,Press\nTWO,Eva,Press\nTHREE,Ida,Other\n", TERMINAL)
    for serial in ("ONE", "TWO", "THREE"):
        scan(serial, results=(FAILS,))
    operator, approver = sign_in("operator"), sign_in("approver")
    ask(operator, "ONE", scope="group")
    approver.post(f"/waivers/{Waiver.objects.get().pk}/approve/")
    assert [stands(operator, serial)[0] for serial in ("ONE", "TWO", "THREE")] == ["Meets", "Meets", "Fails"]


def test_the_past_knows_no_later_exception(scan: Scan, sign_in: SignIn) -> None:
    scan(at=NOW - timedelta(hours=2), results=(FAILS,))
    scan(at=NOW - timedelta(minutes=1), results=(FAILS,))
    operator, approver = sign_in("operator"), sign_in("approver")
    ask(operator)
    approver.post(f"/waivers/{Waiver.objects.get().pk}/approve/")
    at = (NOW - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    page = operator.get(f"/phones/ZY22TEST01/?format=json&at={at}").json()
    assert page["clauses"][0]["results"][0]["word"] == "Fails"


def test_a_statement_settles_what_was_not_proved_and_all_that_asks_the_same(scan: Scan, sign_in: SignIn) -> None:
    scan(results=(OPEN, ALSO_OPEN, MEETS))
    operator = sign_in("operator")
    page = operator.get("/phones/ZY22TEST01/decide/?format=json&rule=data-with-staff-only").json()
    assert (page["holds_days"], [choice["role"] for choice in page["answered_by"]]) == (180, ["holder"])
    assert page["question"]
    assert state(operator).status_code == 302
    said = f"Stated by Ana Pérez on {day(Statement.objects.order_by('id')[0].at)}"
    assert stands(operator) == (
        "Meets",
        {"data-with-staff-only": said, "kept-in-custody": said, "backup-recent": "Meets"},
    )
    assert of_rule(operator, "kept-in-custody")["measured"] == "Not proved"
    assert counted() == ({Rank.FAIL: 0, Rank.NOT_PROVED: 0, Rank.MEETS: 1}, Rank.MEETS)
    assert RuleState.objects.get(rule="kept-in-custody").status == "pass"
    state(operator, "no")
    assert stands(operator)[0] == "Fails"


def test_a_statement_never_makes_good_what_was_measured(scan: Scan, sign_in: SignIn) -> None:
    scan(results=(result("web-sessions-closed", "5", "fail", in_the_way=True),))
    operator = sign_in("operator")
    state(operator, rule="web-sessions-closed", role="support")
    assert stands(operator) == ("Fails", {"web-sessions-closed": "Fails"})


def test_a_lapsed_statement_is_not_proved_again(scan: Scan, sign_in: SignIn) -> None:
    scan(results=(OPEN,))
    operator = sign_in("operator")
    state(operator)
    ended = NOW - timedelta(seconds=30)
    Statement.objects.update(at=NOW - timedelta(days=1), valid_until=ended)
    Phone.objects.update(holds_until=ended)
    operator.get("/")
    assert stands(operator) == ("Not proved", {"data-with-staff-only": "Not proved"})
    assert of_rule(operator, "data-with-staff-only")["lapsed"] == f"A statement lapsed on {day(ended)}"
    rules = [row["rule"] for row in operator.get("/due/?format=json").json()["lapsed"]]
    assert "data-with-staff-only" in rules


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"by": ""}, "Say who answered, and what."),
        ({"answer": "perhaps"}, "Say who answered, and what."),
        ({"role": "support"}, "The policy does not let this role answer."),
        ({"rule": "screen-lock-set"}, "The policy has no question for this rule."),
    ],
)
def test_what_no_statement_may_be(scan: Scan, sign_in: SignIn, wrong: dict[str, str], says: str) -> None:
    scan(results=(FAILS, OPEN))
    answer = state(sign_in("operator"), **wrong)
    assert (answer.status_code, answer.json()["problem"]) == (422, says)
    assert not Statement.objects.exists()


def test_what_lapses_soon_is_listed_with_the_phones_that_rest_on_it(scan: Scan, sign_in: SignIn) -> None:
    operator, approver = sign_in("operator"), sign_in("approver")
    assert "Nothing is due" in operator.get("/due/").content.decode()
    scan(results=(FAILS, MEETS))
    ask(operator)
    approver.post(f"/waivers/{Waiver.objects.get().pk}/approve/")
    due = operator.get("/due/?format=json").json()
    assert [(row["kind"], row["about"], row["decided_by"]) for row in due["soon"]] == [
        ("Exception", "ZY22TEST01", "approver")
    ]
    assert [phone["serial"] for phone in due["phones"]] == ["ZY22TEST01"]
    page = operator.get("/due/").content.decode()
    assert "A drill" in page


def test_a_strangers_words_are_shown_as_words(scan: Scan, sign_in: SignIn) -> None:
    scan(results=(FAILS,))
    operator = sign_in("operator")
    ask(operator, reason="<script>alert(1)</script>")
    assert "<script>" not in operator.get("/due/").content.decode()
