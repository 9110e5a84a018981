"""One phone under the shipped policy: verdict, sentences, clock, statements, exceptions."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.facts import instant
from agent.messages import LANGUAGES
from agent.policy import Attestation, Evaluation, Policy, PolicyError, Result, Waiver, evaluate
from agent.policy.words import ago
from tests.policy.phones import NOW, WELL_KEPT, fact, phone


def judged(policy: Policy, facts: Any = None, **more: Any) -> Evaluation:
    return evaluate(policy, phone() if facts is None else facts, **{"profile": "in-use", "scanned_at": NOW, **more})


def result(evaluation: Evaluation, rule: str) -> Result:
    return next(each for each in evaluation.results if each.rule == rule)


def answers(policy: Policy, questions: Sequence[str], *, answer: bool = True, at: datetime = NOW) -> list[Attestation]:
    return [
        Attestation(rule.id, answer, "Ana P.", at, at + rule.question.valid_for)
        for rule in policy.rules
        if rule.question is not None and rule.question.id in questions
    ]


def test_a_well_kept_phone_is_compliant_after_two_questions(policy: Policy) -> None:
    before = judged(policy)
    assert before.verdict == "inconclusive"
    assert before.summary["en"].startswith("Only a person's answers to 2 questions are missing. ")
    asked = [question.id for question in before.open_questions]
    assert asked[:2] == ["conduct", "linked-devices"]
    after = judged(policy, attestations=answers(policy, asked[:2]))
    assert after.verdict == "compliant"
    assert after.standing_in_the_way == ()
    assert after.summary["en"] == "Nothing stands in the way: 40 rules were held against this phone"


def test_a_failure_outweighs_what_is_not_proved(policy: Policy) -> None:
    evaluation = judged(policy, phone(screen_lock__secure=False, device__adb_over_wifi=True))
    assert evaluation.verdict == "non_compliant"
    assert [each.rule for each in evaluation.standing_in_the_way][:2] == ["screen-lock-set", "no-network-debugging"]
    assert evaluation.summary["en"].startswith("Screen lock: no PIN, pattern or password is set (and ")
    assert evaluation.summary["es"].startswith("Bloqueo de pantalla: no hay PIN, patrón ni contraseña")


def test_a_failed_result_in_full(policy: Policy) -> None:
    old = instant(NOW - timedelta(days=34))
    found = result(judged(policy, phone(whatsapp__backup__latest_at=old)), "backup-recent")
    assert (found.clause, found.kind, found.status, found.measured_status) == ("6", "measured", "fail", "fail")
    assert (found.severity, found.strength) == ("high", "recommended")
    assert found.facts == ("whatsapp.installed", "whatsapp.backup.count", "whatsapp.backup.latest_at")
    assert found.parameters == {"backup_age": {"value": 7, "unit": "days", "layer": "policy"}}
    assert found.message["en"] == "Newest WhatsApp backup: 34 days ago (at most 7 days)"
    assert found.remediation["es"] == "WhatsApp › ⋮ › Ajustes › Chats › Copia de seguridad › Guardar"
    assert [each.fact for each in found.because] == ["whatsapp.backup.latest_at"]


def test_the_makers_own_menus(policy: Policy) -> None:
    seen = phone(screen_lock__secure=False, device__manufacturer="Samsung")
    assert result(judged(policy, seen), "screen-lock-set").remediation["en"].startswith("Settings › Lock screen › ")


def test_not_proved_names_the_fact_and_its_reason(policy: Policy) -> None:
    found = result(judged(policy, phone(whatsapp__backup__latest_at=None)), "backup-recent")
    assert found.status == "inconclusive"
    assert found.message["en"] == (
        "Newest complete local backup: not proved; the phone refused `whatsapp.backup.latest_at`"
    )
    assert found.remediation["en"] == "Unlock the phone, keep it on and scan again."


def test_a_strangers_text_is_shown_and_never_read(policy: Policy) -> None:
    ssid = "{device.serial}\x1b[31m\u202e{found}"
    seen = phone(network__wifi__ssid=ssid, network__wifi__security="open", device__serial="SECRET")
    message = result(judged(policy, seen), "network-private").message["en"]
    assert message == (
        "Network in use: connected to a public network, {device.serial}\ufffd[31m\ufffd{found} (protection: open)"
    )


def test_ages_are_by_the_phones_own_clock(policy: Policy) -> None:
    seen = phone(device__clock_at=instant(NOW - timedelta(days=400)))
    seen["whatsapp.backup.latest_at"] = fact("whatsapp.backup.latest_at", instant(NOW - timedelta(days=401)))
    assert result(judged(policy, seen), "backup-recent").status == "pass"
    del seen["device.clock_at"]
    assert result(judged(policy, seen), "backup-recent").status == "fail"


def test_nothing_is_judged_by_a_clock_that_is_wrong(policy: Policy) -> None:
    for skew, status in ((600, "pass"), (-600, "pass"), (601, "inconclusive"), (-601, "inconclusive")):
        found = result(judged(policy, phone(device__clock_skew_seconds=skew)), "backup-recent")
        assert (skew, found.status) == (skew, status)
    assert "the phone's clock is off by -601 s" in found.message["en"]


def test_a_backup_from_the_future_proves_nothing(policy: Policy) -> None:
    seen = phone(whatsapp__backup__latest_at=instant(NOW + timedelta(hours=1)))
    assert result(judged(policy, seen), "backup-recent").status == "inconclusive"


OPEN_SESSION = [
    {"name": "Chrome", "platform": "web", "last_active_at": instant(NOW - timedelta(days=3)), "active_now": False}
]


def test_a_statement_settles_what_is_not_proved_and_never_a_failure(policy: Policy) -> None:
    yes, no = answers(policy, ["linked-devices"]), answers(policy, ["linked-devices"], answer=False)
    stated = result(judged(policy, attestations=yes), "web-sessions-closed")
    assert (stated.kind, stated.status, stated.measured_status) == ("measured", "pass", "inconclusive")
    assert stated.attestation == {
        "answer": True, "by": "Ana P.", "role": None, "at": instant(NOW),
        "valid_until": instant(NOW + timedelta(days=7)), "state": "valid",
    }  # fmt: skip
    assert "stated by Ana P. on 2 Mar 2026 10:00" in stated.message["en"]
    assert result(judged(policy, attestations=no), "web-sessions-closed").status == "fail"
    seen = phone(whatsapp__linked_devices=OPEN_SESSION)
    measured = result(judged(policy, seen, attestations=yes), "web-sessions-closed")
    assert (measured.status, measured.attestation) == ("fail", None)
    assert measured.message["en"] == "Linked devices: sessions that nobody uses are still open: Chrome"


def test_a_statement_lapses_into_not_proved(policy: Policy) -> None:
    for age, status in ((timedelta(days=6), "pass"), (timedelta(days=7), "inconclusive")):
        given = answers(policy, ["linked-devices"], at=NOW - age)
        assert result(judged(policy, attestations=given), "web-sessions-closed").status == status
    # Whoever writes a longer term into an answer does not lengthen the policy's.
    longer = [Attestation("web-sessions-closed", True, "Ana P.", NOW - timedelta(days=8), NOW + timedelta(days=900))]
    found = result(judged(policy, attestations=longer), "web-sessions-closed")
    assert (found.status, found.attestation and found.attestation["state"]) == ("inconclusive", "lapsed")
    later = [Attestation("web-sessions-closed", True, "Ana P.", NOW + timedelta(days=1), NOW + timedelta(days=2))]
    assert result(judged(policy, attestations=later), "web-sessions-closed").attestation is None


def test_the_last_answer_counts(policy: Policy) -> None:
    given = answers(policy, ["conduct"], at=NOW - timedelta(days=2))
    given += answers(policy, ["conduct"], answer=False, at=NOW - timedelta(days=1))
    for order in (given, given[::-1]):
        assert result(judged(policy, attestations=order), "no-third-parties").status == "fail"


def waiver(**changes: Any) -> Waiver:
    fields = {
        "rule": "screen-lock-set", "reason": "broken digitizer", "requested_by": "Ana P.", "approved_by": "Luis Q.",
        "approved_at": NOW - timedelta(days=10), "until": NOW + timedelta(days=10), "serial": "S1",
    }  # fmt: skip
    return Waiver(**{**fields, **changes})


def test_an_exception_shows_what_was_measured(policy: Policy) -> None:
    evaluation = judged(policy, phone(screen_lock__secure=False), serial="S1", waivers=[waiver()])
    found = result(evaluation, "screen-lock-set")
    assert (found.status, found.measured_status) == ("waived", "fail")
    assert found.waiver is not None
    assert (found.waiver["approved_by"], found.waiver["state"]) == ("Luis Q.", "active")
    assert "broken digitizer" in found.message["en"]
    assert "no PIN, pattern or password" in found.message["en"]
    assert evaluation.verdict == "inconclusive"
    group = waiver(serial=None, group="press")
    in_group = judged(policy, phone(screen_lock__secure=False), groups=["press"], waivers=[group])
    assert result(in_group, "screen-lock-set").status == "waived"


def test_an_exception_of_another_phone_or_that_ended_counts_for_nothing(policy: Policy) -> None:
    seen = phone(screen_lock__secure=False)
    assert result(judged(policy, seen, serial="S2", waivers=[waiver()]), "screen-lock-set").waiver is None
    ended = waiver(approved_at=NOW - timedelta(days=20), until=NOW)
    found = result(judged(policy, seen, serial="S1", waivers=[ended]), "screen-lock-set")
    assert (found.status, found.waiver and found.waiver["state"]) == ("fail", "expired")
    assert "the exception ended on" in found.message["en"]
    assert result(judged(policy, serial="S1", waivers=[waiver()]), "screen-lock-set").status == "pass"


def test_an_exception_that_ended_hides_none_that_still_holds(policy: Policy) -> None:
    ended = waiver(approved_at=NOW - timedelta(days=20), until=NOW - timedelta(days=1))
    for order in ([ended, waiver()], [waiver(), ended]):
        evaluation = judged(policy, phone(screen_lock__secure=False), serial="S1", waivers=order)
        assert result(evaluation, "screen-lock-set").status == "waived"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rule": "no-such-rule"}, "the policy has no such rule"),
        ({"serial": None}, "it is for one phone or for one group"),
        ({"group": "press"}, "it is for one phone or for one group"),
        ({"reason": " "}, "it needs a reason, who asked for it and who approved it"),
        ({"approved_by": "ana p. "}, "whoever asks for an exception cannot approve it"),
        ({"approved_by": "Ａna  P."}, "whoever asks for an exception cannot approve it"),
        ({"until": NOW + timedelta(days=81)}, "it is longer than the 90 days that the policy allows"),
        ({"until": NOW - timedelta(days=11)}, "it ends before it begins"),
        ({"until": NOW + timedelta(seconds=7)}, "it ends at a whole minute"),
        ({"until": datetime(2026, 3, 3)}, "its times need a time zone"),  # noqa: DTZ001 - that is the mistake
    ],
)
def test_exceptions_that_nobody_may_grant(policy: Policy, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyError, match=problem):
        judged(policy, waivers=[waiver(**changes)])


def test_a_rule_that_cannot_be_judged_costs_itself_alone(policy: Policy, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        evaluation = judged(policy, phone(whatsapp__backup__latest_at="yesterday"))
    found = result(evaluation, "backup-recent")
    assert (found.status, found.measured_status) == ("error", "error")
    assert evaluation.verdict == "inconclusive"
    assert found.message["en"].endswith("this rule could not be judged; please report it")
    assert [each.rule for each in evaluation.results if each.status == "error"] == ["backup-recent"]


def test_advice_never_decides(policy: Policy) -> None:
    seen = phone(whatsapp__backup__end_to_end_encrypted=False, whatsapp__media_in_shared_storage=9999)
    evaluation = judged(policy, seen, attestations=answers(policy, ["conduct", "linked-devices"]))
    assert result(evaluation, "backup-end-to-end").status == "fail"
    assert evaluation.verdict == "compliant"


def test_spyware_counts_when_it_is_found(policy: Policy) -> None:
    given = answers(policy, ["conduct", "linked-devices"])
    seen = phone({**WELL_KEPT, "apps.spyware": [{"package": "com.example.spy", "indicator": "Example"}]})
    evaluation = judged(policy, seen, attestations=given)
    assert (evaluation.verdict, evaluation.summary["en"]) == ("non_compliant", "Spyware: com.example.spy")


@pytest.mark.parametrize(
    ("age", "en", "es"),
    [
        (timedelta(minutes=5), "5 minutes ago", "hace 5 minutos"),
        (timedelta(hours=9), "9 hours ago", "hace 9 horas"),
        (timedelta(hours=47), "47 hours ago", "hace 47 horas"),
        (timedelta(days=2), "2 days ago", "hace 2 días"),
        (timedelta(days=34, hours=20), "34 days ago", "hace 34 días"),
        (timedelta(days=400), "400 days ago", "hace 400 días"),
    ],
)
def test_ages_in_words(age: timedelta, en: str, es: str) -> None:
    assert (ago(NOW - age, NOW, "en"), ago(NOW - age, NOW, "es")) == (en, es)
    assert ago((NOW - age).astimezone(UTC), NOW, "en") == en


ADVICE = {
    "device.mobile_data": False,
    "whatsapp.media_in_shared_storage": 9999,
    "whatsapp.backup.end_to_end_encrypted": False,
}


def test_a_phone_whose_only_trouble_is_advice_is_compliant_and_one_recommended_clause_counts(policy: Policy) -> None:
    given = answers(policy, ["conduct", "linked-devices"])
    advised = judged(policy, phone({**WELL_KEPT, **ADVICE}), attestations=given)
    failed = {each.rule for each in advised.results if each.status == "fail"}
    assert failed == {rule.id for rule in policy.rules if rule.counts == "never" and rule.kind == "measured"}
    assert advised.verdict == "compliant"
    open_one = judged(policy, phone({**WELL_KEPT, "screen_lock.notifications": "full"}), attestations=given)
    found = result(open_one, "lock-screen-discreet")
    assert (found.strength, found.status, open_one.verdict) == ("recommended", "fail", "non_compliant")


@pytest.mark.parametrize(
    ("added", "status"),
    [([], "pass"), (["com.fabricante.teclado/.Teclado"], "fail"), (None, "inconclusive")],
)
def test_a_keyboard_on_no_list_fails_only_where_somebody_installed_it(
    policy: Policy, added: list[str] | None, status: str
) -> None:
    seen = phone(apps__keyboards=["com.fabricante.teclado/.Teclado"], apps__added_keyboards=added)
    assert result(judged(policy, seen), "keyboards-allowed").status == status


def test_the_failure_names_the_stranger_and_not_the_maker_s(policy: Policy) -> None:
    both = ["com.fabricante.teclado/.Teclado", "org.ejemplo.teclas/.Teclas"]
    found = result(judged(policy, phone(apps__keyboards=both, apps__added_keyboards=both[1:])), "keyboards-allowed")
    assert found.message["en"] == "Keyboards: on, and not on the allowed list: org.ejemplo.teclas/.Teclas"


def test_a_question_is_asked_in_its_own_words(policy: Policy) -> None:
    asking = [each for each in judged(policy, {}).results if each.of.question is policy.questions["conduct"]]
    assert len(asking) > 1
    for language in LANGUAGES:
        told = {each.remediation[language] for each in asking if each.status == "inconclusive"}
        assert all(policy.questions["conduct"].ask[language] in each and "conduct" not in each for each in told)
        assert told
