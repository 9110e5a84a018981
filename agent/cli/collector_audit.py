"""`posture collector verify-audit|stamp-audit`: the audit log's proof, from a terminal."""

from pathlib import Path
from types import ModuleType
from typing import Any

import click

from agent.cli import options
from agent.cli.language import language, t
from agent.cli.opening import migrated
from agent.messages import Message, PostureError

_FILE: click.Path = click.Path(dir_okay=False, path_type=Path)
_FOLDER: click.Path = click.Path(file_okay=False, path_type=Path)


@click.command("stamp-audit", help=t("Have the audit log's end stamped by the time stamping authority (RFC 3161)."))
@click.option("-o", "--output", type=_FILE, help=t("Write the stamp to this file too."))
@options.data
@options.lang
def stamp_audit(output: Path | None, data: Path | None) -> None:
    """Say which row was stamped."""
    try:
        made = migrated(data).stamp_audit(language())
        if output is not None:
            output.write_bytes(made.response)
    except (ValueError, OSError) as error:
        raise PostureError(Message("{why}", {"why": str(error)})) from error
    click.echo(t("Row {number}, hash {hash}, stamped {at} by {authority}.", **_stamp(made)))


def _stamp(made: Any) -> dict[str, str | int]:
    at = f"{made.at:%Y-%m-%d %H:%M:%S} UTC"
    return {"number": made.number, "hash": made.hash, "at": at, "authority": made.authority}


@click.command("verify-audit", help=t("Check that no row of the audit log was changed, removed or reordered."))
@click.option(
    "--stamp",
    "stamps",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=t("Check this stamp (.tsr) that was kept elsewhere, too; repeatable."),
)
@options.data
@options.lang
def verify_audit(stamps: tuple[Path, ...], data: Path | None) -> None:
    """Exit 1 when the chain or a stamp is broken. The last row's hash is printed, to be compared with one noted."""
    run = migrated(data)
    found = run.verify_audit()
    if how := getattr(found, "how", None):
        click.echo(_broken(how, found.number))
        raise SystemExit(1)
    click.echo(
        t("Rows 1 to {number} follow one another unchanged; hash {hash}.", number=found.last, hash=found.hash)
        if found.last
        else t("The audit log is empty.")
    )
    _verify_stamps(run, stamps)


def _verify_stamps(run: ModuleType, stamps: tuple[Path, ...]) -> None:
    try:
        told = run.check_stamps(language(), [path.read_bytes() for path in stamps])
    except (ValueError, OSError) as error:
        click.echo(str(error))
        raise SystemExit(1) from error
    if told.wrong is not None:
        click.echo(t("The stamp of row {number} does not hold: {why}", number=told.wrong, why=told.why))
        raise SystemExit(1)
    if told.count:
        values = {"count": told.count, "number": told.last, "at": f"{told.at:%Y-%m-%d %H:%M:%S}"}
        click.echo(t("Stamps that hold: {count}; the last one is of row {number}, {at} UTC.", **values))


def _broken(how: str, number: int) -> str:
    """One sentence that names the first row at which the chain does not hold."""
    if how == "changed":
        return t("Row {number} of the audit log was changed after it was written.", number=number)
    if how == "unlinked":
        return t("Row {number} of the audit log does not follow the row before it.", number=number)
    return t("Row {number} of the audit log was removed.", number=number)


@click.command("audit-pack", help=t("Write the audit pack of some days: one PDF, and its lists whole as CSV."))
@click.option("--from", "first", metavar="DAY", required=True, help=t("The first day, as 2026-11-01 (UTC)."))
@click.option("--to", "last", metavar="DAY", required=True, help=t("The last day."))
@click.option("--out", "output", required=True, type=_FILE, help=t("The PDF to write; its language is that of --lang."))
@click.option("--csv", "folder", type=_FOLDER, help=t("Write the lists as CSV into this folder too."))
@options.data
@options.lang
def audit_pack(first: str, last: str, output: Path, folder: Path | None, data: Path | None) -> None:
    """Say the PDF's digest, which is in the audit log too."""
    try:
        digest = migrated(data).audit_pack(first, last, language(), output, folder)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise PostureError(Message("no pack was made: {why}", {"why": str(error)})) from error
    click.echo(t("{path}: sha256 {digest}", path=str(output), digest=digest))
