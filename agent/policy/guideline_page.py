"""A page that sets the guideline beside its rules: what each proves, and what no command can.

Its few words of its own stand here in both languages, so that the page needs no catalogue.
"""

from collections.abc import Iterator

from agent.messages import Language
from agent.policy.document import Texts
from agent.policy.model import Policy, Rule

_WORDS = {
    "intro": Texts(
        es="Cada numeral, con las reglas que lo representan. Página generada desde `rules/`.",
        en="Each clause, with the rules that stand for it. Generated from `rules/`.",
    ),
    "clause": Texts(es="Numeral", en="Clause"),
    "preamble": Texts(es="Preámbulo", en="Preamble"),
    "rule": Texts(es="Regla", en="Rule"),
    "good": Texts(es="Qué prueba o declara", en="What it proves or states"),
    "how": Texts(es="Cómo", en="How"),
    "facts": Texts(es="Datos", en="Facts"),
    "cannot": Texts(es="Lo que ningún comando prueba", en="What no command proves"),
    "measured": Texts(es="medida", en="measured"),
    "attested": Texts(es="declarada por una persona", en="stated by a person"),
    "may": Texts(es="medida; si no se demuestra, declarada", en="measured; where not proved, stated"),
    "required": Texts(es="obligatoria", en="required"),
    "recommended": Texts(es="recomendada", en="recommended"),
    "when_failed": Texts(es="cuenta solo si no cumple", en="counts only when it fails"),
    "never": Texts(es="consejo, no cuenta", en="advice, does not count"),
    "handover": Texts(es="al entregar el teléfono", en="when the phone is handed over"),
}


def page(policy: Policy, language: Language) -> str:
    """The page as Markdown."""
    return "\n".join(_lines(policy, language)) + "\n"


def _lines(policy: Policy, language: Language) -> Iterator[str]:
    yield f"# {policy.title[language]}"
    yield ""
    yield f"{policy.id} {policy.version}, {policy.date.isoformat()}. {_WORDS['intro'][language]}"
    for clause in policy.clauses:
        number = f"{_WORDS['clause'][language]} {clause.id}" if clause.id.isdigit() else _WORDS["preamble"][language]
        yield ""
        yield f"## {number}: {clause.title[language]}"
        if clause.text:
            yield ""
            yield f"> {clause.text}"
        yield ""
        yield "| " + " | ".join(_WORDS[name][language] for name in ("rule", "good", "how", "facts")) + " |"
        yield "| --- | --- | --- | --- |"
        for rule in policy.rules:
            if rule.clause == clause.id:
                facts = ", ".join(f"`{name}`" for name in rule.facts) or "–"
                yield f"| `{rule.id}` | {rule.title[language]} | {_how(rule, language)} | {facts} |"
        if clause.cannot:
            yield ""
            yield f"{_WORDS['cannot'][language]}: {clause.cannot[language]}"


def _how(rule: Rule, language: Language) -> str:
    kind = "may" if rule.kind == "measured" and rule.question else rule.kind
    names: list[str] = [kind, rule.strength]
    if rule.counts != "always":
        names.append(rule.counts)
    if rule.profiles == ("handover",):
        names.append("handover")
    return ", ".join(_WORDS[name][language] for name in names)
