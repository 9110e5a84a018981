"""`posture capture -o FILE.zip`: the raw answers of one look, for later."""

from pathlib import Path

import click

from agent import probes
from agent.capture import OptIn
from agent.capture.archive import save
from agent.cli import exits, options
from agent.cli.language import language, t
from agent.cli.progress import Bars
from agent.data_dir import DataDir
from agent.messages import Message, PostureError
from agent.scan import Failed, capture_all


@click.command("capture", help=t("Save the raw answers of one phone; `posture evaluate` judges them later."))
@options.targets
@options.opt_ins
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE.zip")
@options.data
@options.lang
def command(
    wanted: options.Wanted,
    allowed: frozenset[OptIn],
    output: Path,
    data: Path | None,
) -> int:
    """Capture one phone into one file."""
    found = options.reach(DataDir.find(data), wanted)
    if output.exists():
        raise PostureError(Message("{path} is there already; choose another name", {"path": str(output)}))
    if len(found) > 1:
        names = ", ".join(phone.serial for phone in found)
        raise PostureError(
            Message("several phones are reachable ({names}); choose one with --serial", {"names": names})
        )
    with Bars() as bars:
        ((_, capture),) = capture_all(found, probes.commands(allowed), bars.progress)
    if isinstance(capture, Failed):
        click.echo(f"posture: {capture.name}: {capture.reason(language())}", err=True)
        return exits.NOT_SCANNED
    save(capture, output)
    if capture.broken is not None:
        click.echo(f"posture: {capture.broken(language())}", err=True)
    click.echo(t("Saved {count} answers in {path}.", count=len(capture.answers), path=str(output)), err=True)
    return exits.NOT_SCANNED if capture.broken is not None else exits.COMPLIANT
