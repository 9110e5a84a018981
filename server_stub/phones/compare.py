"""What changed between two reports of one phone."""

from dataclasses import dataclass

from agent.report.model import Report
from server_stub.phones.reading import ResultView, clauses_of, facts_of

# These change with every look and say nothing about the phone.
_ALWAYS_CHANGING = frozenset({"device.clock_at", "device.clock_skew_seconds", "device.security_patch_age_days"})
_MOST = 60


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that reads differently. The signs are None for facts, which have no verdict."""

    label: str
    before: str
    after: str
    before_sign: str | None
    after_sign: str | None


def changes(old: Report, new: Report) -> list[Change]:
    """Rules whose status changed, then facts whose value or state changed; what is only in one report is left out."""
    rules_before, rules_after = _rules(old), _rules(new)
    rules = [
        Change(after.title, before.word, after.word, before.sign, after.sign)
        for rule, after in rules_after.items()
        if (before := rules_before.get(rule)) and before.status != after.status
    ]
    facts_before = {fact.name: fact for fact in facts_of(old)}
    facts = [
        Change(after.label, earlier.text, after.text, None, None)
        for after in facts_of(new)
        if after.name not in _ALWAYS_CHANGING
        and (earlier := facts_before.get(after.name))
        and (earlier.value, earlier.state) != (after.value, after.state)
    ]
    return (rules + facts)[:_MOST]


def _rules(report: Report) -> dict[str, ResultView]:
    return {result.rule: result for clause in clauses_of(report) for result in clause.results}
