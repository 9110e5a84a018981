"""`posture policy`: check, test, explain and compare policies."""

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from agent import configuration
from agent.cli import options, policy_bundle
from agent.cli.language import language, t
from agent.cli.terminal import console, printable, word
from agent.data_dir import DataDir
from agent.messages import Message, PostureError
from agent.policy import Policy, Rule, load, words
from agent.policy.terms import Profile

_PATH: click.Path = click.Path(path_type=Path)
_WIDTH = 78


@click.group("policy", help=t("Check, test, explain and compare policies."))
@options.lang
def command() -> None:
    """The group of the policy's commands."""


for _each in (policy_bundle.pack, policy_bundle.verify, policy_bundle.key, policy_bundle.trust, policy_bundle.pull):
    command.add_command(_each)


@command.command("lint", help=t("Check a policy or an overlay. The first mistake is told with its place."))
@click.argument("path", type=_PATH, required=False)
@options.data
@options.lang
def lint(path: Path | None, data: Path | None) -> int:
    """Load it; the first mistake is told with its place, and the status is 2."""
    policy = _in_force(path, data)
    told = t(
        "{id} {version}: {rules} rules, nothing wrong (sha256 {digest}…)",
        id=policy.id,
        version=policy.version,
        rules=len(policy.rules),
        digest=policy.sha256[:12],
    )
    click.echo(told)
    return 0


@command.command("test", help=t("Run a policy's own cases. What no case reaches is named."))
@click.argument("path", type=_PATH, required=False)
@options.lang
def test(path: Path | None) -> int:
    """Status 1 when a case ends otherwise than it says, or a branch or status is reached by none."""
    from agent.policy import cases  # noqa: PLC0415 - only here

    policy, out = load(path), console()
    count = wrong = 0
    for each in cases.run(policy):
        if isinstance(each, cases.Outcome):
            count += 1
            if each.passed:
                continue
            values = {"rule": each.rule, "case": each.case, "expected": each.expected, "status": each.status}
            told = Message("{rule}: “{case}” ends in {status}, not in {expected}", values)
        else:
            told = Message("{rule}: {what}", {"rule": each.rule, "what": each.what})
        wrong += 1
        _print(f"{each.place}: {told(language())}", out)
    _print(t("{rules} rules, {cases} cases, {wrong} to mend", rules=len(policy.rules), cases=count, wrong=wrong), out)
    return 1 if wrong else 0


@command.command("show", help=t("Explain a policy, or one of its rules."))
@click.argument("rule", required=False)
@click.option("--policy", "path", type=_PATH, metavar="FILE-OR-FOLDER", help=t("Another policy than CM-G-03."))
@options.data
@options.lang
def show(rule: str | None, path: Path | None, data: Path | None) -> int:
    """Print the rules clause by clause, or one rule in full."""
    policy, out = _in_force(path, data), console()
    if rule is None:
        _show_policy(policy, out)
        return 0
    found = policy.rule(rule)
    if found is None:
        from agent.policy.source import no_such  # noqa: PLC0415 - only on a mistake

        raise PostureError(no_such(Message("rule"), rule, [each.id for each in policy.rules]), permanent=True)
    _show_rule(policy, found, out)
    return 0


@command.command(
    "diff", help=t("Compare two policies over saved phones. FILES are reports (.json, .jsonl) or captures.")
)
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@click.argument("files", nargs=-1, required=True, type=_PATH)
@click.option(
    "--profile",
    type=click.Choice(["in-use", "handover"]),
    default="in-use",
    show_default=True,
    help=t("How to judge captures; a report knows its own."),
)
@options.lang
def diff(old: Path, new: Path, files: tuple[Path, ...], profile: Profile) -> int:
    """Status 1 when any phone's verdict or any rule's status differs."""
    from agent.cli.stored import phones  # noqa: PLC0415 - only here
    from agent.policy.diff import compare  # noqa: PLC0415

    before, after, out = load(old), load(new), console()
    count = differing = 0
    for path in files:
        for phone in phones(path, profile):
            count += 1
            found = compare(before, after, phone)
            if not found.changed and found.old == found.new:
                continue
            differing += 1
            _print(printable(phone.name, out), out)
            _print(f"  {_word(found.old, out)} → {_word(found.new, out)}", out)
            for each in found.changed:
                _print(f"    {each.rule}: {_word(each.old, out)} → {_word(each.new, out)}", out)
    _print(t("{count} phones, {differing} judged differently", count=count, differing=differing), out)
    return 1 if differing else 0


@command.command("schema", help=t("Print the JSON Schema of policy files."))
def schema() -> int:
    """As docs/policy.schema.json holds it."""
    from agent.policy.schema import json_schema  # noqa: PLC0415 - only here

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def _in_force(path: Path | None, data: Path | None) -> Policy:
    """The policy of that path; without one, what a scan here judges by: CM-G-03 with the configured overlays."""
    return load(path, overlays=() if path else configuration.load(DataDir.find(data)).overlays)


def _word(status: Any, out: Console) -> str:
    return word(status, language(), out).plain if status else Message("no such rule")(language())


def _print(line: str, out: Console) -> None:
    """Print one line, folded under its own indentation."""
    indent = " " * (len(line) - len(line.lstrip()))
    folded = textwrap.wrap(
        line, _WIDTH, subsequent_indent=f"{indent}  ", break_long_words=False, break_on_hyphens=False
    ) or [line]
    click.echo("\n".join(printable(each, out) for each in folded))


def _show_policy(policy: Policy, out: Console) -> None:
    for line in _head(policy):
        _print(line, out)
    for clause in policy.clauses:
        click.echo()
        name = t("clause {number}", number=clause.id) if clause.id.isdigit() else clause.id
        _print(f"{name}: {clause.title[language()]}", out)
        for rule in policy.rules:
            if rule.clause == clause.id:
                _print(f"  {rule.id}: {rule.title[language()]} ({_words(rule)})", out)


def _head(policy: Policy) -> Iterator[str]:
    yield f"{policy.id} {policy.version} ({policy.date.isoformat()}): {policy.title[language()]}"
    yield f"sha256 {policy.sha256}"
    yield Message("Layers: {layers}", {"layers": ", ".join(policy.layers)})(language())
    yield Message("Parameters:")(language())
    for each in policy.parameters.values():
        yield f"  {each.name} = {words.parameter(each.value, language())} ({each.layer}): {each.title[language()]}"
    yield Message("Change log:")(language())
    for change in policy.changes:
        yield f"  {change.date.isoformat()} {change.version}: {change.change[language()]}"


_TERMS = {
    "measured": Message("measured"),
    "attested": Message("stated by a person"),
    "critical": Message("critical"),
    "high": Message("high"),
    "medium": Message("medium"),
    "low": Message("low"),
    "required": Message("required"),
    "recommended": Message("recommended"),
    "always": Message("counts for the verdict"),
    "when_failed": Message("counts when it fails"),
    "never": Message("advice, does not count"),
}


def _words(rule: Rule) -> str:
    terms = (rule.kind, rule.severity, rule.strength, rule.counts)
    return ", ".join(_TERMS[each](language()) for each in terms)


def _show_rule(policy: Policy, rule: Rule, out: Console) -> None:
    from agent.policy import explain  # noqa: PLC0415 - only here

    here = language()
    lines = [f"{rule.id}: {rule.title[here]}", f"  “{rule.quote}”", f"  {rule.why[here]}", f"  {_words(rule)}"]
    for key, written in ((t("Asked when:"), rule.written.when), (t("Good is:"), rule.written.expect)):
        if written is not None:
            lines.append(f"  {key}")
            lines += [f"    {'  ' * depth}{text}" for depth, text in explain.condition(written, policy, here)]
    if rule.question is not None:
        lines.append("  " + t("Question: {question}", question=rule.question.ask[here]))
        lines.append("  " + t("An answer holds for {days} days.", days=rule.question.valid_for.days))
    lines.append("  " + t("What to do: {fix}", fix=rule.fix[here]))
    lines += [f"    {maker}: {texts[here]}" for maker, texts in rule.fix.makers.items()]
    lines += [f"  {each.name} = {words.parameter(each.value, here)} ({each.layer})" for each in rule.parameters]
    lines += [f"  {title}: {', '.join(controls)}" for title, controls in rule.maps.items()]
    if rule.facts:
        lines.append("  " + t("Facts: {facts}", facts=", ".join(rule.facts)))
    for line in lines:
        _print(line, out)
