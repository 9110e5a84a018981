"""A clause's page: the sentence, how it is measured, what cannot be, the fleet over time, the phones that fail it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, gettext

from agent.facts import FACTS
from agent.messages import Language
from agent.policy.model import Rule
from server_stub.phones import tally
from server_stub.phones.models import ClauseState, Phone, Rank, RuleState
from server_stub.phones.pages import PhoneRow, phone_rows
from server_stub.phones.trend import Trend, trend_of
from server_stub.policies.published import in_force
from server_stub.web.clauses import CLAUSES, clause
from server_stub.web.keyset import cut
from server_stub.web.words import SEVERITIES, STRENGTHS

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """How the fleet stands on a clause; phones to which it does not apply are in none of the numbers."""

    number: str
    title: str
    sentence: str
    address: str
    fail: int
    not_proved: int
    meet: int


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule of the clause: what it asks, why, and by which facts."""

    rule: str
    title: str
    why: str
    severity: str
    strength: str
    how: str
    facts: list[str]


@dataclass(frozen=True, slots=True)
class ClausesPage:
    """All clauses."""

    clauses: list[ClauseRow]


@dataclass(frozen=True, slots=True)
class ClausePage:
    """What a clause's page shows."""

    clause: ClauseRow
    text: str | None  # the guideline's own words, in Spanish
    rules: list[RuleView]
    cannot: str | None
    trend: Trend
    phones: list[PhoneRow]
    after: str | None
    before: str | None


def reader() -> Language:
    """The reader's language."""
    return "es" if (get_language() or "").startswith("es") else "en"


def clauses_view() -> ClausesPage:
    """The guideline's clauses."""
    return ClausesPage([_row(number) for number in CLAUSES])


def is_known(number: str) -> bool:
    """Whether the guideline, or any phone's report, has such a clause."""
    return number in CLAUSES or RuleState.objects.filter(clause=number).exists()


def clause_view(number: str, query: Mapping[str, str]) -> ClausePage:
    """One clause."""
    language = reader()
    of_policy = next((each for each in in_force().clauses if each.id == number), None)
    states = ClauseState.objects.filter(clause=number, rank=Rank.FAIL).select_related("phone")
    found = cut(states, ("since", "phone_id"), query, settings.PAGE_SIZE)
    return ClausePage(
        clause=_row(number),
        text=of_policy.text if of_policy else None,
        rules=[_rule(rule, language) for rule in in_force().rules if rule.clause == number],
        cannot=of_policy.cannot[language] if of_policy and of_policy.cannot else None,
        trend=trend_of(number),
        phones=phone_rows([state.phone for state in found.rows]),
        after=found.after,
        before=found.before,
    )


def failing(number: str) -> "QuerySet[Phone]":
    """The phones that fail it, in no order."""
    return Phone.objects.filter(clauses__clause=number, clauses__rank=Rank.FAIL)


def _row(number: str) -> ClauseRow:
    numbers, known = tally.now(number), clause(number)
    return ClauseRow(
        number=number,
        title=str(known.title),
        sentence=str(known.sentence),
        address=reverse("clause", args=[number]),
        fail=numbers[Rank.FAIL],
        not_proved=numbers[Rank.NOT_PROVED],
        meet=numbers[Rank.MEETS],
    )


def _rule(rule: Rule, language: Language) -> RuleView:
    return RuleView(
        rule=rule.id,
        title=rule.title[language],
        why=rule.why[language],
        severity=str(SEVERITIES[rule.severity]),
        strength=gettext("Advice, does not count") if rule.counts == "never" else str(STRENGTHS[rule.strength]),
        how=_how(rule),
        facts=[FACTS[name].label(language) if name in FACTS else name for name in rule.facts],
    )


def _how(rule: Rule) -> str:
    if rule.kind == "attested":
        return gettext("A person states it; no command on the phone can prove it.")
    if rule.question is not None:
        return gettext("Measured on the phone; where that proves nothing, a person states it.")
    return gettext("Measured on the phone.")
