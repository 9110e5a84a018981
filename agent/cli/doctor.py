"""`posture doctor`: what is wrong on this workstation, and the command or click that mends it."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from agent import configuration
from agent.cli import options
from agent.cli.agreeing import agrees
from agent.cli.language import language, t
from agent.cli.terminal import console, printable, unicode_fits
from agent.data_dir import DataDir
from agent.doctor import CHECKS, Finding, Workstation
from agent.messages import Message, PostureError

# severity: (word, sign, ASCII sign, colour)
_LOOKS = {
    "well": (Message("In order"), "✓", "+", "green"),
    "problem": (Message("Problem"), "✕", "x", "red"),
    "warning": (Message("Warning"), "!", "!", "yellow"),
    "note": (Message("Note"), "–", "-", "dim"),
}
_WORST = ("problem", "warning", "note", "well")


@click.command("doctor", help=t("Say what is wrong on this workstation, and what mends it."))
@click.option("--fix", is_flag=True, help=t("Offer to mend what can be mended here; asks before each change."))
@click.option("--json", "as_json", is_flag=True, help=t("One JSON object a finding, a line each."))
@options.data
@options.lang
def command(fix: bool, as_json: bool, data: Path | None) -> int:
    """Run every check; 0 when nothing but notes was found, else 1."""
    if fix and as_json:
        raise click.UsageError(t("--fix asks questions, which --json leaves no room for."))
    folder = DataDir.find(data)
    workstation = Workstation(folder, _collector(folder))
    found: list[Finding] = []
    for check in CHECKS:
        findings = check.findings(workstation)
        found += findings
        if as_json:
            for each in findings:
                click.echo(json.dumps(_row(check.id, each), ensure_ascii=False))
        else:
            _show(check.title, findings, console())
    if fix:
        _mend(found)
    return int(any(each.severity != "note" for each in found))


def _collector(folder: DataDir) -> str | None:
    """The address that scans would use; a configuration that cannot be read is told by its own check."""
    try:
        return configuration.collector(folder)
    except PostureError:
        return None


def _row(check: str, finding: Finding) -> dict[str, str | bool]:
    return {
        "check": check,
        "severity": finding.severity,
        "message": finding.what(language()),
        "remedy": finding.remedy(language()),
        "fixable": finding.mend is not None,
    }


def _show(title: Message, findings: list[Finding], out: Console) -> None:
    worst = next(each for each in _WORST if each == "well" or any(found.severity == each for found in findings))
    line = _sign(worst, out)
    line.append(f" {printable(title(language()), out)}", style="bold" if findings else "default")
    if findings:
        line.append(printable(f": {_LOOKS[worst][0](language())}", out))
    out.print(line)
    arrow = "→" if unicode_fits(out) else ">"
    for each in findings:
        out.print(Padding(Text(printable(each.what(language()), out)), (0, 0, 0, 3)))
        out.print(Padding(Text(printable(f"{arrow} {each.remedy(language())}", out), style="dim"), (0, 0, 0, 3)))


def _sign(severity: str, out: Console) -> Text:
    _, sign, ascii_sign, colour = _LOOKS[severity]
    return Text(sign if unicode_fits(out) else ascii_sign, style=colour)


def _mend(found: list[Finding]) -> None:
    """Show each change and ask; without a person who agrees nothing is changed."""
    mends = list(dict.fromkeys(each.mend for each in found if each.mend is not None))
    if not mends:
        click.echo(t("Nothing here can be mended by this command."))
    for mend in mends:
        click.echo()
        if mend.text():
            click.echo(mend.text())
        wish = mend.shown()(language())
        if not agrees(t("May I {change}?", change=wish)):
            click.echo(t("Left as it is."))
            continue
        try:
            click.echo(mend.make()(language()))
        except PostureError as error:
            click.echo(f"posture: {error.message(language())}", err=True)
