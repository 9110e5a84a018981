"""Asking, approving, ending, stating: each with its row in the audit log, and with its effect on the phones.

Whoever changes phones locks them before the end of the audit log, here as elsewhere: so nobody waits in a circle.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext

from agent.policy import PolicyError, check_waiver
from agent.policy import Waiver as Exception_
from agent.policy.model import Question
from server_stub.audit.chain import by, record
from server_stub.decisions.models import Statement, Waiver
from server_stub.holders.models import Assignment, Group
from server_stub.ingest.current import rejudge
from server_stub.people.models import Person
from server_stub.phones.models import Phone, RuleState
from server_stub.policies.published import policy_for


class NotAllowed(Exception):
    """One sentence for a person: why this cannot be decided so."""


def question_of(rule: str, phone: Phone) -> Question | None:
    """What a person may answer of this rule by the phone's policy; None: nothing."""
    known = policy_for(phone).rule(rule)
    return known.question if known else None


def ask(person: Person, rule: str, phone: Phone | None, group: Group | None, reason: str, until: datetime) -> Waiver:
    """Ask for an exception. Raises NotAllowed."""
    now = timezone.now()
    waiver = Waiver(
        rule=rule,
        phone_key=phone.key if phone else "",
        group=group,
        reason=reason,
        requested_by=person,
        requested_at=now,
        until=until,
    )
    _check(waiver, approved_by="\N{BULLET}", at=now)  # somebody else, not known yet
    with transaction.atomic():
        waiver.save()
        record("waiver.asked", by(person), _subject(waiver), rule=rule, until=until.isoformat())
    return waiver


def decide(person: Person, waiver_id: int, *, approve: bool) -> None:
    """Approve an exception, or refuse it. Raises NotAllowed, Waiver.DoesNotExist."""
    now = timezone.now()
    with transaction.atomic():
        waiver = _locked(waiver_id)
        if waiver.decided_at is not None:
            raise NotAllowed(gettext("This was decided already."))
        if waiver.requested_by_id == person.pk:
            raise NotAllowed(gettext("Whoever asks for an exception cannot decide on it."))
        if approve and not waiver.requested_by.is_active:
            # Whoever came back under another account could approve their own.
            raise NotAllowed(gettext("Whoever asked for this has no account here any more; let somebody ask anew."))
        if approve:
            _check(waiver, person.username, now)
        waiver.decided_by, waiver.decided_at, waiver.approved = person, now, approve
        waiver.save()
        action = "waiver.approved" if approve else "waiver.refused"
        if approve:
            rejudge(_phones(waiver), now)
        record(action, by(person), _subject(waiver), rule=waiver.rule, waiver=waiver.pk)


def end(person: Person, waiver_id: int) -> None:
    """End an exception before its time. Raises NotAllowed, Waiver.DoesNotExist."""
    now = timezone.now()
    with transaction.atomic():
        waiver = _locked(waiver_id)
        if not waiver.approved or waiver.ended_at is not None or waiver.until <= now:
            raise NotAllowed(gettext("This exception is not in force."))
        waiver.ended_at = now
        waiver.save()
        rejudge(_phones(waiver), now)
        record("waiver.ended", by(person), _subject(waiver), rule=waiver.rule, waiver=waiver.pk)


def state(person: Person, rule: str, phone: Phone, *, answer: bool, name: str, role: str) -> None:
    """Note what a person answered of a rule, and of all that ask the same; it holds as the policy says.

    Raises NotAllowed.
    """
    question, now = question_of(rule, phone), timezone.now().replace(microsecond=0)  # reports know whole seconds
    if question is None:
        raise NotAllowed(gettext("The policy has no question for this rule."))
    if role not in question.answered_by:
        raise NotAllowed(gettext("The policy does not let this role answer."))
    told = {"phone_key": phone.key, "answer": answer, "by": name, "role": role, "noted_by": person, "at": now}
    same = [each.id for each in policy_for(phone).rules if each.question and each.question.id == question.id]
    with transaction.atomic():
        for each in same:
            Statement.objects.create(rule=each, valid_until=now + question.valid_for, **told)
        rejudge([phone.key], now)
        record("statement.noted", by(person), phone.key, question=question.id, answer=answer, role=role)


def _locked(waiver_id: int) -> Waiver:
    waivers = Waiver.objects.select_for_update(of=("self",)).select_related("group", "requested_by")
    return waivers.get(id=waiver_id)


def _check(waiver: Waiver, approved_by: str, at: datetime) -> None:
    """The rules for exceptions of the policy that holds for the phone or the group."""
    phone = Phone.objects.filter(key=waiver.phone_key).first() if waiver.phone_key else None
    policy = policy_for(phone, waiver.group.name if waiver.group else "")
    known = {rule.id for rule in policy.rules}
    known |= set(RuleState.objects.filter(phone=waiver.phone_key, rule=waiver.rule).values_list("rule", flat=True))
    asked = Exception_(
        waiver.rule,
        waiver.reason,
        waiver.requested_by.username,
        approved_by,
        at,
        waiver.until,
        serial=waiver.phone_key or None,
        group=waiver.group.name if waiver.group else None,
    )
    try:
        check_waiver(asked, known, policy.longest_waiver)
    except PolicyError as error:
        language = get_language() or "en"
        raise NotAllowed(error.message("es" if language.startswith("es") else "en")) from error


def _subject(waiver: Waiver) -> str:
    return waiver.phone_key or f"group {waiver.group}"


def _phones(waiver: Waiver) -> list[str]:
    if waiver.phone_key:
        return [waiver.phone_key]
    return list(Assignment.objects.filter(group=waiver.group).order_by("phone_key").values_list("phone_key", flat=True))
