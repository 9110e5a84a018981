"""Finds a policy's files, lays overlays over them and compiles the whole; any mistake stops the load."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from agent.capture import quoted
from agent.messages import Message
from agent.policy import document, lint
from agent.policy.compiler import Compiler
from agent.policy.document import Framework, Head, Overlay, RuleFile, Tuned
from agent.policy.files import Files, digest, find, shipped
from agent.policy.model import Clause, Parameter, Policy, Question, Rule
from agent.policy.source import Place, Source, no_such
from agent.policy.validation import validate

if TYPE_CHECKING:
    from agent.policy.trust import Trust

__all__ = ["assemble", "load", "shipped"]


@dataclass(frozen=True, slots=True)
class _Clause:
    file: RuleFile
    source: Source
    place: Place  # where the clause stands in its file


def load(path: Path | None = None, *, overlays: Sequence[Path] = (), trust: "Trust | None" = None) -> Policy:
    """Read, check and compile a policy: a folder, a file, a signed bundle, or an overlay with its shipped policy.

    None is the shipped CM-G-03. `trust` says whose policies are taken. Raises PolicyError, which names file, line,
    column, what is wrong and the nearest valid name, or why this policy is not taken here.
    """
    files = find(path, overlays)
    policy = assemble(files)
    if trust is not None:
        trust.accept(files, str(path or next(iter(overlays), "")))
    return policy


def assemble(files: Files) -> Policy:
    """Check and compile a policy's files. Raises PolicyError."""
    head = files.head
    return _compile(head, files.base, [_overlay(overlay, head) for overlay in files.overlays])


def _overlay(source: Source, head: Head) -> tuple[Overlay, Source]:
    overlay = validate(source, Overlay)
    if overlay.overlays != head.id:
        values = {"wanted": quoted(overlay.overlays), "id": quoted(head.id)}
        raise source.error(("overlays",), Message("this overlay is for {wanted}, the policy is {id}", values))
    for name, value in overlay.parameters.items():
        if name not in head.parameters:
            raise source.error(
                ("parameters", name), no_such(Message("parameter"), name, tuple(head.parameters)), key=True
            )
        if type(value) is not type(head.parameters[name].value):
            raise source.error(("parameters", name), Message("the policy has another kind of value here"))
    return overlay, source


def _parameters(head: Head, laid: Sequence[tuple[Overlay, Source]]) -> dict[str, Parameter]:
    found = {
        name: Parameter(name, each.title, each.value, each.value, each.unit, "policy")
        for name, each in head.parameters.items()
    }
    for overlay, _ in laid:
        for name, value in overlay.parameters.items():
            found[name] = replace(found[name], value=value, layer=f"{overlay.layer} {overlay.name}")
    return found


def _zone(head: Head, source: Source, laid: Sequence[tuple[Overlay, Source]]) -> ZoneInfo:
    name = head.time_zone
    for overlay, of in laid:
        if overlay.time_zone:
            name, source = overlay.time_zone, of
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        problem = no_such(Message("time zone"), name, sorted(available_timezones()))
        raise source.error(("time_zone",), problem) from error


def _compile(head: Head, sources: Sequence[Source], laid: Sequence[tuple[Overlay, Source]]) -> Policy:
    parameters = _parameters(head, laid)
    networks = head.trusted_networks + tuple(each for overlay, _ in laid for each in overlay.trusted_networks)
    questions = {
        name: Question(name, each.ask, each.answered_by, timedelta(seconds=each.valid_for.in_seconds))
        for name, each in head.questions.items()
    }
    lint.questions(head, sources[0], parameters)
    clauses = list(_clauses(head, sources))
    lint.clauses((each.source, each.place, each.file.clause) for each in clauses)
    lint.unique((clause.source, place, rule.id) for clause, place, rule in _written(clauses))
    lint.maps(head, sources[0], ((clause.source, place, rule) for clause, place, rule in _written(clauses)))
    tuned = _tuned(laid, [rule.id for _, _, rule in _written(clauses)])
    trusted = frozenset(network.ssid for network in networks)
    verdict = next((overlay.verdict for overlay, _ in reversed(laid) if overlay.verdict), head.verdict)
    waivers = next((overlay.waivers for overlay, _ in reversed(laid) if overlay.waivers), head.waivers)
    return Policy(
        id=head.id,
        version=head.version,
        date=head.date,
        title=head.title,
        sha256=digest([*sources, *(source for _, source in laid)]),
        time_zone=_zone(head, sources[0], laid),
        counted=verdict.counts,
        longest_waiver=timedelta(seconds=waivers.longest.in_seconds),
        changes=head.changes,
        layers=("policy", *(f"{overlay.layer} {overlay.name}" for overlay, _ in laid)),
        parameters=parameters,
        trusted_networks=networks,
        questions=questions,
        frameworks=head.frameworks,
        clauses=tuple(Clause(each.file.clause, each.file.title, each.file.text, each.file.cannot) for each in clauses),
        rules=tuple(
            _retuned(_rule(rule, clause, place, parameters, trusted, questions, head.frameworks), tuned.get(rule.id))
            for clause, place, rule in _written(clauses)
        ),
    )


def _written(clauses: Sequence[_Clause]) -> Iterator[tuple[_Clause, Place, document.Rule]]:
    """Every rule as written, and where it stands."""
    for clause in clauses:
        for i, rule in enumerate(clause.file.rules):
            yield clause, (*clause.place, "rules", i), rule


def _tuned(laid: Sequence[tuple[Overlay, Source]], ids: Sequence[str]) -> dict[str, Tuned]:
    """What the overlays change of each rule, the last one first."""
    tuned: dict[str, Tuned] = {}
    for overlay, source in laid:
        for rule_id, changes in overlay.rules.items():
            if rule_id not in ids:
                raise source.error(("rules", rule_id), no_such(Message("rule"), rule_id, ids), key=True)
            earlier = tuned.get(rule_id, Tuned())
            tuned[rule_id] = earlier.model_copy(update=changes.model_dump(exclude_none=True))
    return tuned


def _retuned(rule: Rule, changes: Tuned | None) -> Rule:
    if changes is None:
        return rule
    return replace(rule, severity=changes.severity or rule.severity, counts=changes.counts or rule.counts)


def _clauses(head: Head, sources: Sequence[Source]) -> Iterator[_Clause]:
    if isinstance(head, document.WholePolicy):
        for i, clause in enumerate(head.clauses):
            yield _Clause(clause, sources[0], ("clauses", i))
        return
    if len(sources) == 1:
        raise sources[0].error((), Message("this policy has no rules"))
    for source in sources[1:]:
        yield _Clause(validate(source, RuleFile), source, ())


def _rule(
    rule: document.Rule,
    clause: _Clause,
    place: Place,
    parameters: Mapping[str, Parameter],
    trusted: frozenset[str],
    questions: Mapping[str, Question],
    frameworks: Mapping[str, Framework],
) -> Rule:
    source = clause.source
    lint.rule(rule, source, place, parameters, questions)
    compiler = Compiler(source, {name: each.value for name, each in parameters.items()}, trusted)
    when = compiler.compile(rule.when, (*place, "when")) if rule.when else None
    expect = compiler.compile(rule.expect, (*place, "expect")) if rule.expect else None
    lint.cases(rule, source, place, parameters)
    return Rule(
        id=rule.id,
        clause=clause.file.clause,
        quote=rule.quote,
        title=rule.title,
        why=rule.why,
        kind=rule.kind,
        profiles=rule.profiles,
        severity=rule.severity,
        strength=rule.strength,
        counts=rule.counts,
        when=when,
        expect=expect,
        question=questions[rule.question] if rule.question else None,
        messages=rule.messages,
        fix=rule.fix,
        maps={frameworks[name].title: controls for name, controls in rule.maps.items()},
        facts=tuple(compiler.facts),
        parameters=tuple(parameters[name] for name in compiler.used),
        cases=rule.cases,
        written=rule,
        source=source,
        place=place,
    )
