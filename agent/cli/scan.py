"""`posture scan`: every reachable phone, judged, shown, signed and sent."""

from pathlib import Path

import click

from agent import configuration
from agent.capture import OptIn
from agent.cli import asking as bench
from agent.cli import exits, options
from agent.cli.delivering import tell
from agent.cli.judging import set_up, show
from agent.cli.language import language, t
from agent.cli.progress import Bars
from agent.data_dir import DataDir
from agent.delivery import Collector, Outbox, deliver_due, keep
from agent.policy.terms import Profile
from agent.scan import Failed, Judge, Judged, scan_all


@click.command("scan", help=t("Scan every reachable phone, judge it, and send the signed report to the collector."))
@options.targets
@options.opt_ins
@options.judging
@click.option("--collector", "url", metavar="URL", help=t("Send to this collector; else to the one enrolled with."))
@click.option("--no-post", is_flag=True, help=t("Keep and send nothing."))
@bench.options
@options.as_json
@options.data
@options.lang
def command(
    *,
    wanted: options.Wanted,
    allowed: frozenset[OptIn],
    policy_path: Path | None,
    profile: Profile,
    url: str | None,
    no_post: bool,
    asking: bench.Asking | None,
    as_json: bool,
    data: Path | None,
) -> int:
    """Scan; the verdicts go to stdout, all else to stderr."""
    folder = DataDir.find(data)
    judge = set_up(folder, policy_path, profile, language())
    collector = None if no_post else url or configuration.collector(folder)
    if collector:
        Collector(collector)  # a wrong address is said before any phone is asked
    outbox = Outbox(folder.outbox)
    found = options.reach(folder, wanted)
    if asking is not None:
        asking.check(judge.policy, len(found))
    seen: list[Judged | Failed] = []
    undelivered = False
    with Bars() as bars:
        for phone, outcome in scan_all(found, judge, bars.progress, allowed=allowed):
            bars.done(phone.serial)
            seen.append(outcome)
            if collector and isinstance(outcome, Judged) and asking is None:
                undelivered |= not _keep(outcome, judge, outbox, collector)
    if asking is not None:
        for number, each in enumerate(seen):
            if isinstance(each, Judged):
                seen[number] = answered = asking.ask(each, judge)
                undelivered |= bool(collector) and not _keep(answered, judge, outbox, str(collector))
    show(seen, language(), as_json=as_json)
    for each in seen:
        if isinstance(each, Failed):
            click.echo(f"posture: {each.name}: {each.reason(language())}", err=True)
    if collector:
        tell(deliver_due(outbox, language()))
    return exits.USAGE if undelivered else exits.status(seen)


def _keep(judged: Judged, judge: Judge, outbox: Outbox, collector: str) -> bool:
    """Put the signed report into the outbox; tell where it cannot be kept and went to the collector at once."""
    trouble = keep(judged.report, judge.key, outbox, collector)
    if trouble is not None:
        click.echo(f"posture: {trouble(language())}", err=True)
        click.echo(t("The report went to the collector all the same."), err=True)
    return trouble is None
