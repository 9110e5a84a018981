"""`posture demo`: simulated phones, a collector, a scan of all, and the dashboard's address."""

import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import click

from agent import demo, probes
from agent.cli import options
from agent.cli.delivering import tell
from agent.cli.language import language, t
from agent.cli.progress import Bars
from agent.cli.terminal import console
from agent.cli.verdicts import show_table
from agent.delivery import Outbox, deliver_due
from agent.delivery import keep as keep_report
from agent.scan import Failed, Judged, capture_all
from agent.transport import find


@click.command("demo", help=t("Start a collector and simulated phones, scan them all, and say where to look."))
@click.option("--once", is_flag=True, help=t("End after the summary."))
@click.option("--keep", type=click.Path(path_type=Path), metavar="DIR", help=t("Keep the demo's data there."))
@options.lang
def command(once: bool, keep: Path | None) -> int:
    """Run the demo until Ctrl-C, or once."""
    with ExitStack() as stack:
        root = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="posture-demo-")))
        click.echo(t("Starting a collector and simulated phones…"), err=True)
        shown = stack.enter_context(demo.running(root))
        seen = _scan(shown)
        show_table(seen, language(), console())
        tell(deliver_due(Outbox(shown.data.outbox), language()))
        click.echo(t("Dashboard  {url}", url=shown.collector_url))
        click.echo(t("Login      {user}  password  {password}", user=shown.user, password=shown.password))
        if not once:
            click.echo(t("Your turn  posture scan --ask --tcp {address}", address=shown.waiting.address))
            click.echo(t("Ctrl-C ends it all."))
            threading.Event().wait()
    return 0


def _scan(shown: demo.Demo) -> list[Judged | Failed]:
    """Scan every phone at once, in the order in which they are shown."""
    outbox = Outbox(shown.data.outbox)
    phones = {phone.address: phone for phone in shown.phones}
    outcomes: dict[str, Judged | Failed] = {}
    with Bars({address: phone.scenario.model for address, phone in phones.items()}) as bars:
        for found, seen in capture_all(find(shown.data.root, tcp=list(phones)), probes.commands(), bars.progress):
            bars.done(found.serial)
            if isinstance(seen, Failed):
                outcomes[found.serial] = seen
                continue
            judged = shown.judge(phones[found.serial], seen, language())
            outcomes[found.serial] = judged
            keep_report(judged.report, shown.key, outbox, shown.collector_url)
    return [outcomes[address] for address in phones]
