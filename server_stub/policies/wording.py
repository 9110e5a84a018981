"""What differs between two policies, in words: values, rules, questions, networks, exceptions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from agent.messages import Language
from agent.policy import explain
from agent.policy.document import Condition
from agent.policy.model import Policy, Rule
from server_stub.guideline.policy import layer_text, value_text
from server_stub.web.text import clean
from server_stub.web.words import SEVERITIES, STRENGTHS

_MOST = 400
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that reads differently; "–" where a policy does not have it."""

    what: str
    before: str
    after: str


def differences(old: Policy, new: Policy, language: Language, *, private: bool) -> list[Difference]:
    """All of them. `private`: with the names of networks."""
    found = (
        *_head(old, new, language),
        *_parameters(old, new, language),
        *_rules(old, new, language),
        *(_networks(old, new) if private else ()),
    )
    return [Difference(clean(d.what, 200), _cut(d.before), _cut(d.after)) for d in found][:_MOST]


def _cut(text: str) -> str:
    lines = [clean(line, _LONGEST) for line in text.splitlines()[:40]]
    return "\n".join(lines) or "–"


def _pair(what: str, before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield Difference(what, before, after)


def _head(old: Policy, new: Policy, language: Language) -> Iterator[Difference]:
    yield from _pair(gettext("Policy"), f"{old.id} {old.version}", f"{new.id} {new.version}")
    yield from _pair(
        gettext("Layers"),
        _joined([layer_text(each) for each in old.layers[1:]]),
        _joined([layer_text(each) for each in new.layers[1:]]),
    )
    yield from _pair(gettext("Time zone"), str(old.time_zone), str(new.time_zone))
    yield from _pair(
        gettext("An exception lasts at most"), _days(old.longest_waiver.days), _days(new.longest_waiver.days)
    )
    strengths = [_joined([str(STRENGTHS[each]) for each in policy.counted]) for policy in (old, new)]
    yield from _pair(gettext("Counts for the verdict"), *strengths)
    for name in {**old.questions, **new.questions}:
        was, becomes = old.questions.get(name), new.questions.get(name)
        asked = was or becomes
        if asked is not None:
            title = gettext("An answer to “%(question)s” holds") % {"question": asked.ask[language]}
            yield from _pair(
                title, _days(was.valid_for.days) if was else "–", _days(becomes.valid_for.days) if becomes else "–"
            )


def _days(number: int) -> str:
    return ngettext("%(number)s day", "%(number)s days", number) % {"number": number}


def _joined(names: "list[str] | tuple[str, ...]") -> str:
    return ", ".join(names) or "–"


def _parameters(old: Policy, new: Policy, language: Language) -> Iterator[Difference]:
    for name in {**old.parameters, **new.parameters}:
        was, becomes = old.parameters.get(name), new.parameters.get(name)
        title = (becomes or was).title[language] if becomes or was else name  # type: ignore[union-attr]
        yield from _pair(title, value_text(was.value) if was else "–", value_text(becomes.value) if becomes else "–")


def _networks(old: Policy, new: Policy) -> Iterator[Difference]:
    names = [_joined(sorted(f"{n.ssid} ({', '.join(n.bssid)})" for n in p.trusted_networks)) for p in (old, new)]
    yield from _pair(gettext("Trusted networks"), *names)


def _rules(old: Policy, new: Policy, language: Language) -> Iterator[Difference]:
    before, after = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    for rule_id in {**before, **after}:
        was, becomes = before.get(rule_id), after.get(rule_id)
        if was is None or becomes is None:
            there = (was or becomes).title[language] if was or becomes else rule_id  # type: ignore[union-attr]
            yield Difference(gettext("Rule") + f" {rule_id}", there if was else "–", there if becomes else "–")
            continue
        for title, told in _ASPECTS:
            if told in _WRITTEN and _WRITTEN[told](was) == _WRITTEN[told](becomes):
                continue  # what differs is a value, and it is told above
            values = [told(rule, policy, language) for rule, policy in ((was, old), (becomes, new))]
            yield from _pair(f"{becomes.title[language]}: {title}", *values)


def _conditions(written: Condition | None, policy: Policy, language: Language) -> str:
    lines = explain.condition(written, policy, language) if written else ()
    return "\n".join("\N{NO-BREAK SPACE}" * 2 * depth + text for depth, text in lines)


def _title(rule: Rule, _policy: Policy, language: Language) -> str:
    return rule.title[language]


def _when(rule: Rule, policy: Policy, language: Language) -> str:
    return _conditions(rule.written.when, policy, language)


def _expect(rule: Rule, policy: Policy, language: Language) -> str:
    return _conditions(rule.written.expect, policy, language)


def _fix(rule: Rule, _policy: Policy, language: Language) -> str:
    return rule.fix[language]


def _question(rule: Rule, _policy: Policy, language: Language) -> str:
    return rule.question.ask[language] if rule.question else "–"


def _severity(rule: Rule, _policy: Policy, _language: Language) -> str:
    return str(SEVERITIES[rule.severity])


def _strength(rule: Rule, _policy: Policy, _language: Language) -> str:
    return str(STRENGTHS[rule.strength])


def _counts(rule: Rule, _policy: Policy, _language: Language) -> str:
    return {
        "always": gettext("counts"),
        "when_failed": gettext("counts when it fails"),
        "never": gettext("advice, does not count"),
    }[rule.counts]


_WRITTEN: Mapping[Callable[[Rule, Policy, Language], str], Callable[[Rule], Condition | None]] = {
    _when: lambda rule: rule.written.when,
    _expect: lambda rule: rule.written.expect,
}
_ASPECTS: tuple[tuple[str | Promise, Callable[[Rule, Policy, Language], str]], ...] = (
    (_("title"), _title),
    (_("asked when"), _when),
    (_("good is"), _expect),
    (_("question"), _question),
    (_("severity"), _severity),
    (_("strength"), _strength),
    (_("counting"), _counts),
    (_("what to do"), _fix),
)
