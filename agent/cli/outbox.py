"""`posture outbox`: what waits to be delivered."""

from pathlib import Path

import click

from agent.cli import options
from agent.cli.delivering import tell
from agent.cli.language import language, t
from agent.data_dir import DataDir
from agent.delivery import Outbox, deliver_due


@click.command("outbox", help=t("Show what waits to be delivered; --retry tries it all now."))
@options.data
@options.lang
@click.option("--retry", is_flag=True, help=t("Try everything now, what was refused too."))
def command(data: Path | None, retry: bool) -> None:
    """List the outbox, or empty it."""
    outbox = Outbox(DataDir.find(data).outbox)
    if retry:
        outbox.retry_all()
        tell(deliver_due(outbox, language()))
    waiting = outbox.waiting()
    if not waiting:
        click.echo(t("Nothing waits: every report has been delivered."))
    for item in waiting:
        state = t("refused") if item.refused else t("next try {at}", at=item.next_try_at)
        click.echo(f"{item.report_id}  {item.serial}  {state}")
        if item.last_error:
            click.echo(f"    {item.last_error}")
