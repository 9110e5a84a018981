"""What a draft policy would change: the facts of the phones' newest reports, judged again by both policies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from agent.messages import Language
from agent.policy.diff import Difference, compare
from agent.policy.diff import Phone as Looked
from agent.policy.model import Policy
from agent.policy.recorded import attestations, facts
from agent.report.model import Report
from server_stub.guideline.policy import shipped
from server_stub.phones.models import Phone, StoredReport
from server_stub.phones.stored import report_of
from server_stub.policies.drafts import Draft, over
from server_stub.policies.judging import phones_of
from server_stub.policies.published import Stack, layers_of
from server_stub.policies.rows import about
from server_stub.web.text import clean
from server_stub.web.words import WORDS, Word

MOST = 200  # phones judged at once: two policies take some milliseconds a phone
_NONE = Word("–", "na")


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that would end otherwise. The words are "–" where a policy has no such rule."""

    title: str
    before: str
    before_sign: str
    after: str
    after_sign: str


@dataclass(frozen=True, slots=True)
class PhoneChange:
    """A phone of which something would change."""

    address: str
    serial: str
    model: str
    before: str
    before_sign: str
    after: str
    after_sign: str
    rules: list[RuleChange]


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would change. `judged` of all phones, by key; `next` is the key after which to go on, if there are more."""

    policy: str
    version: str
    sha256: str
    about: str
    judged: int
    verdicts: int
    phones: list[PhoneChange]
    next: str | None


def preview(draft: Draft, language: Language, after: str = "") -> Preview:
    """Judge the next phones for which the draft is, by what holds for each now and by the draft in its place."""
    phones = list(phones_of(draft.layer, draft.name).filter(key__gt=after)[: MOST + 1])
    judged = phones[:MOST]
    changed = list(_changes(judged, draft, language))
    return Preview(
        policy=clean(draft.policy.title[language], 200),
        version=clean(draft.policy.version, 80),
        sha256=draft.policy.sha256,
        about=about(draft.layer, draft.name),
        judged=len(judged),
        verdicts=sum(each.before != each.after for each in changed),
        phones=changed,
        next=judged[-1].key if len(phones) > MOST else None,
    )


def _changes(phones: Sequence[Phone], draft: Draft, language: Language) -> Iterator[PhoneChange]:
    now, layers, laid = timezone.now(), layers_of(phones), dict[Stack | None, Policy]()
    for phone in phones:
        held = layers[phone.key]
        stack, old = held.stack(now), held.at(now) or shipped()
        if stack not in laid:
            laid[stack] = over(draft, held, now)
        stored = StoredReport.objects.get(phone=phone, report_id=str(phone.report_id))
        found = compare(old, laid[stack], _looked(phone, report_of(phone, stored)))
        if found.changed or found.old != found.new:
            yield _change(phone, found, old, laid[stack], language)


def _looked(phone: Phone, report: Report) -> Looked:
    told: Mapping[str, Any] = report.model_dump(mode="json", by_alias=True)
    return Looked(
        name=phone.key,
        facts=facts(told["facts"]),
        profile=report.profile,
        scanned_at=datetime.fromisoformat(report.scanned_at),
        serial=report.device.serial,
        attestations=attestations(told["results"]),
    )


def _change(phone: Phone, found: Difference, old: Policy, new: Policy, language: Language) -> PhoneChange:
    before, after = WORDS[found.old], WORDS[found.new]
    rules = []
    for each in found.changed:
        rule = new.rule(each.rule) or old.rule(each.rule)
        was, becomes = WORDS.get(each.old or "", _NONE), WORDS.get(each.new or "", _NONE)
        title = clean(rule.title[language] if rule else each.rule, 200)
        rules.append(RuleChange(title, str(was.text), was.sign, str(becomes.text), becomes.sign))
    return PhoneChange(
        address=reverse("phone", args=[phone.key]),
        serial=phone.serial,
        model=phone.model,
        before=str(before.text),
        before_sign=before.sign,
        after=str(after.text),
        after_sign=after.sign,
        rules=rules,
    )
