"""`posture export REPORT…`: reports in the forms that auditors and their tools read."""

import json
from collections.abc import Iterator
from pathlib import Path

import click

from agent.cli import options
from agent.cli.language import language, t
from agent.messages import Message, PostureError, because
from agent.report.check import open_report
from agent.report.export import FORMATS
from agent.report.model import Report
from agent.report.signature import SignatureError
from agent.whole_file import write_whole


@click.command("export", help=t("Write reports in a form that auditors' tools read. REPORT is JSON or JSON lines."))
@click.argument("files", metavar="REPORT…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(tuple(FORMATS)), required=True,
    help=t("OSCAL assessment results, SARIF, OCSF compliance findings, JUnit XML or CSV."),
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), help=t("Where to write it; else to stdout."))
@options.lang
def command(files: tuple[Path, ...], form: str, output: Path | None) -> int:
    """Read every report, signed or plain, and write them as one file, whole or not at all."""
    told = FORMATS[form]([report for path in files for report in _reports(path)], language())
    if output is None:
        click.echo(told, nl=False)
        return 0
    try:
        write_whole(output, told)
    except OSError as error:
        why = because(error)
        raise PostureError(Message("{path} cannot be written: {why}", {"path": str(output), "why": why})) from error
    return 0


def _reports(path: Path) -> Iterator[Report]:
    """The reports in one file, which holds one, or one a line."""
    try:
        content = path.read_bytes()
    except OSError as error:
        why = because(error)
        raise PostureError(Message("{path} cannot be read: {why}", {"path": str(path), "why": why})) from error
    for number, text in _documents(content):
        try:
            yield open_report(text, None).report
        except SignatureError as error:
            values: dict[str, str | int | Message] = {"path": str(path), "line": number, "why": error.message}
            raise PostureError(Message("{path}:{line}: {why}", values), permanent=True) from error


def _documents(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each document with the line that it starts on."""
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        yield from ((i, line) for i, line in enumerate(content.splitlines(), 1) if line.strip())
    else:
        yield 1, content
