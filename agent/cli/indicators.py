"""`posture indicators`: the files that name known spyware, which an organisation brings itself."""

from pathlib import Path

import click

from agent.cli import exits, options
from agent.cli.language import language, t
from agent.cli.terminal import console, printable
from agent.data_dir import DataDir
from agent.indicators import IndicatorError, IndicatorFile, Store, read_file


@click.group(
    "indicators",
    help=t("Bring files that name known spyware: STIX 2, or Echap's YAML. None comes with the agent."),
)
@options.lang
def command() -> None:
    """The group of what is done with indicator files."""


@command.command("import", help=t("Read indicator files and use them in every scan from now on."))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--version", "version", help=t("What this edition of the file is called, where the file does not say."))
@options.data
@options.lang
def import_(files: tuple[Path, ...], version: str | None, data: Path | None) -> int:
    """Import each file; one that cannot be read is told and costs the others nothing."""
    store, status = Store(DataDir.find(data).indicators), 0
    for path in files:
        try:
            file = read_file(path, version)
        except IndicatorError as error:
            click.echo(f"posture: {error.message(language())}", err=True)
            status = exits.USAGE
            continue
        store.add(file)
        _show(file)
    return status


@command.command("list", help=t("Show what was imported."))
@options.data
@options.lang
def list_(data: Path | None) -> int:
    """List the imported files."""
    files = Store(DataDir.find(data).indicators).load()
    for file in files:
        _show(file)
    if not files:
        click.echo(t("Nothing was imported: start with “posture indicators import FILE”."))
    return 0


@command.command("remove", help=t("Forget an imported file."))
@click.argument("name")
@options.data
@options.lang
def remove(name: str, data: Path | None) -> int:
    """Forget the file of that name."""
    if not Store(DataDir.find(data).indicators).remove(name):
        click.echo(t("No file called “{name}” was imported.", name=name), err=True)
        return exits.USAGE
    return 0


def _show(file: IndicatorFile) -> None:
    out = console()
    out.print(
        printable(f"{file.name}  {file.version or t('no version')}", out), style="bold", highlight=False, markup=False
    )
    counts = t(
        "{packages} apps, {certificates} certificates; {unread} entries that no scan can see",
        packages=len(file.packages),
        certificates=len(file.certificates),
        unread=file.unread,
    )
    out.print(f"    {counts}", highlight=False, markup=False)
    if not file.visible:
        out.print(f"    {t('No scan can see anything of it: it names no app and no certificate.')}", style="yellow")
    out.print(f"    SHA-256 {file.sha256}", highlight=False, markup=False)
