"""`posture commands`: the one list of everything that may run on a phone."""

import json
from typing import get_args

import click

from agent import probes
from agent.capture import OptIn
from agent.cli import options
from agent.cli.language import language, t


@click.command("commands", help=t("Print every command that may ever run on a phone, why, and what it feeds."))
@options.lang
@click.option("--json", "as_json", is_flag=True, help=t("One JSON object a line."))
def command(as_json: bool) -> None:
    """Print the sum of the probes' lists."""
    feeds: dict[str, list[str]] = {}
    for probe in probes.PROBES:
        for each in probe.COMMANDS:
            feeds.setdefault(each.key, []).extend(probe.FACTS)
    for each in probes.commands(get_args(OptIn)):
        facts = sorted(set(feeds[each.key]))
        if as_json:
            row = {
                "command": each.key,
                "runs": each.line,
                "reason": each.reason(language()),
                "facts": facts,
                "only_with": each.opt_in,
                "touches_screen": each.converse is not None,
                "timeout_s": each.timeout_s,
                "limit_bytes": each.limit_bytes,
            }
            click.echo(json.dumps(row, ensure_ascii=False))
            continue
        click.echo(each.key)
        click.echo(f"    {each.reason(language())}")
        if each.opt_in is not None:
            click.echo(t("    never run without {option}", option=each.opt_in))
        if each.converse is not None:
            click.echo(t("    touches the screen, step by step, after all else"))
        if each.line != each.key:
            first, *more = each.line.split("\n")
            click.echo(t("    runs as: {line}", line=first))
            for line in more:
                click.echo(f"             {line}")
        click.echo(t("    limits: {seconds} s, {bytes} bytes", seconds=each.timeout_s, bytes=each.limit_bytes))
        click.echo(t("    feeds: {facts}", facts=", ".join(facts)))
