"""History keeps all reports; the current state is the newest look, whatever the order of arrival."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from server_stub.agents.models import Agent
from server_stub.ingest.envelope import open_envelope
from server_stub.ingest.extract import phone_key
from server_stub.ingest.store import admit, store
from server_stub.phones.models import ClauseState, Phone, Receipt, RuleState, StoredReport, Tally
from tests.collector.signing import NOW, Signer, encode, report, result

Scan = Callable[..., dict[str, Any]]


def rules() -> dict[str, tuple[str, Any]]:
    return {state.rule: (state.status, state.since) for state in RuleState.objects.all()}


def test_the_newest_look_wins_and_an_older_one_is_history(scan: Scan) -> None:
    new = scan(at=NOW - timedelta(hours=1), results=(result("lock", "7", "fail"),))
    scan(at=NOW - timedelta(hours=5), results=(result("lock", "7", "pass"), result("old", "2", "pass")))
    phone = Phone.objects.get()
    assert (str(phone.report_id), phone.scanned_at, phone.rank) == (new["report_id"], NOW - timedelta(hours=1), 0)
    assert rules() == {"lock": ("fail", NOW - timedelta(hours=1))}
    assert StoredReport.objects.count() == 2


def test_since_is_when_it_changed(scan: Scan) -> None:
    for hours, lock, net in ((9, "pass", "pass"), (6, "fail", "pass"), (3, "fail", "inconclusive")):
        results = (result("lock", "7", lock), result("net", "2", net))
        scan(at=NOW - timedelta(hours=hours), results=results)
    assert rules() == {
        "lock": ("fail", NOW - timedelta(hours=6)),
        "net": ("inconclusive", NOW - timedelta(hours=3)),
    }
    assert Phone.objects.get().rank_since == NOW - timedelta(hours=6)


def test_a_rule_that_is_gone_leaves_the_current_state(scan: Scan) -> None:
    scan(at=NOW - timedelta(hours=2), results=(result("a", "7", "pass"), result("b", "7", "fail")))
    scan(at=NOW - timedelta(hours=1), results=(result("a", "7", "pass"),))
    assert set(rules()) == {"a"}


def test_the_headline_is_the_reports_summary(scan: Scan) -> None:
    scan(results=(result("lock", "7", "fail"),), summary={"en": "One.", "es": "Uno."})
    assert Phone.objects.get().headline == {"en": "One.", "es": "Uno."}


def test_without_a_summary_the_headline_is_what_weighs_most(scan: Scan) -> None:
    scan(
        results=(
            result("unclear", "5", "inconclusive", severity="critical"),
            result("advice", "6", "fail", severity="critical", in_the_way=False),
            result("lock", "7", "fail", severity="medium", in_the_way=True),
        )
    )
    assert Phone.objects.get().headline == {"en": "lock: fail.", "es": "lock: fail (es)."}


def test_the_agent_is_seen_with_its_clock(scan: Scan, agent: Agent) -> None:
    scan(at=timezone.now() - timedelta(seconds=40), duration_ms=0)
    agent.refresh_from_db()
    assert (agent.version, agent.host) == ("0.1.0", "bench-1")
    assert agent.last_seen_at is not None
    assert agent.clock_skew_s is not None
    assert agent.clock_skew_s <= -40


def test_a_report_that_waited_says_nothing_of_the_clock(scan: Scan, agent: Agent) -> None:
    scan(at=NOW - timedelta(hours=3))
    agent.refresh_from_db()
    assert agent.clock_skew_s is None


@pytest.mark.parametrize(
    ("serial", "plain"), [("R58N30", True), ("127.0.0.1:5555", True), ("..", False), ("a/b", False), ("", False)]
)
def test_a_phones_address(serial: str, *, plain: bool) -> None:
    key = phone_key(serial)
    assert (key == serial) is plain
    assert plain or (key.startswith("~") and len(key) == 33)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_delivery_that_fails_at_its_end_leaves_nothing_and_the_next_is_taken(signer: Signer) -> None:
    told = {"name": "Bench", "public_jwk": signer.public_jwk, "enrolled_at": NOW}
    agent = Agent.objects.create(id=signer.id, **told)
    signed = signer.sign(encode(report(signer.id, results=(result("lock", "7", "fail"),))))
    delivery = admit(open_envelope(signed, "application/jose+json", lambda _: signer.public_jwk), agent)
    agent.delete()  # the reference is checked when the transaction ends
    with pytest.raises(IntegrityError):
        store([delivery])
    kept = (Phone, RuleState, ClauseState, StoredReport, Receipt, Tally)
    assert [model.objects.exists() for model in kept] == [False] * 6
    Agent.objects.create(id=signer.id, **told)
    assert store([delivery]) == ["stored"]
    assert [model.objects.count() for model in kept] == [1, 1, 1, 1, 1, 2]
