"""`posture facts`: what is known of each phone, without a policy."""

import json
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from agent import probes
from agent.capture import OptIn
from agent.cli import exits, options
from agent.cli.language import language, t
from agent.cli.progress import Bars
from agent.cli.terminal import console, printable
from agent.data_dir import DataDir
from agent.facts import FACTS, State
from agent.indicators import Store
from agent.report.build import device, reported_facts
from agent.report.model import ReportedFact
from agent.scan import Failed, capture_all


@click.command("facts", help=t("Scan, and print what is known of each phone without judging it."))
@options.targets
@options.opt_ins
@options.as_json
@options.data
@options.lang
def command(
    wanted: options.Wanted,
    allowed: frozenset[OptIn],
    as_json: bool,
    data: Path | None,
) -> int:
    """Print the facts of each phone."""
    folder = DataDir.find(data)
    indicators = Store(folder.indicators).load()
    found = options.reach(folder, wanted)
    status = 0
    with Bars() as bars:
        seen = list(capture_all(found, probes.commands(allowed), bars.progress))
    for phone, capture in seen:
        if isinstance(capture, Failed):
            click.echo(f"posture: {phone.serial}: {capture.reason(language())}", err=True)
            status = exits.NOT_SCANNED
            continue
        facts = probes.read_facts(capture, indicators)
        reported = reported_facts(facts, language())
        seen_device = device(facts, capture)
        if as_json:
            body = {name: fact.model_dump(mode="json") for name, fact in reported.items()}
            click.echo(json.dumps({"device": seen_device.model_dump(), "facts": body}, ensure_ascii=False))
        else:
            _show(seen_device.serial, reported)
    return status


def _show(title: str, facts: dict[str, ReportedFact]) -> None:
    out = console()
    table = Table(title=printable(title, out), box=None, padding=(0, 1), expand=True, title_justify="left")
    table.add_column(t("Fact"), overflow="fold", ratio=2)
    table.add_column(t("Value"), overflow="fold", ratio=3)
    for name, fact in facts.items():
        if fact.state is State.KNOWN:
            value = Text(printable(json.dumps(fact.value, ensure_ascii=False), out))
            value.append(printable(f"\n{fact.evidence[0].source}: {fact.evidence[0].line}", out), style="dim")
        else:
            value = Text(printable(fact.reason, out), style="yellow" if fact.state is State.UNKNOWN else "dim")
        table.add_row(f"{FACTS[name].label(language())}\n{name}", value)
    out.print(table)
