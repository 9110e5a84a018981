"""How the nightly scans look in a terminal: who was scanned, who was not, why; and what comes next."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.cli.language import language, t
from agent.cli.terminal import console, printable, word
from agent.delivery import Outbox
from agent.schedule import Line, Plan, Summary, coming, open_now


def show_summary(plan: Plan, nights: Sequence[Summary]) -> None:
    """Each window's last night: a sentence with the numbers, then who is missing and why, then the others."""
    out = console()
    zones = {window.name: window.zone_info for window in plan.windows}
    for night in nights:
        missing = [line for line in night.phones if line.state != "scanned"]
        heading = t(
            "{window}, {opens} to {closes}: {scanned} of {all} phones scanned",
            window=night.window,
            opens=_at(night.opens_at, zones[night.window]),
            closes=_at(night.closes_at, zones[night.window]),
            scanned=len(night.phones) - len(missing),
            all=len(night.phones),
        )
        out.print(Text(printable(heading, out), style="bold"))
        if night.is_open:
            out.print(t("The window is still open."))
        table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False, expand=True)
        table.add_column(no_wrap=True)
        table.add_column(max_width=24, overflow="fold")
        table.add_column(ratio=1)
        for line in [*missing, *(line for line in night.phones if line.state == "scanned")]:
            table.add_row(
                _word(line, out), printable(_name(line), out), Text(printable(_why(line, zones[night.window]), out))
            )
        out.print(table)
        out.print()


def show_status(plan: Plan, outbox: Outbox, *, running: bool, err: bool = False) -> None:
    """Whether a scheduler works, which windows are open or open next, and what waits to be delivered."""
    out, now = console(stderr=err), datetime.now(UTC)
    lines = [t("A scheduler works.") if running else t("No scheduler works.")]
    for window in plan.windows:
        if (night := open_now(window, now)) is not None:
            at = _at(night.closes_at.isoformat(), window.zone_info)
            lines.append(t("{window}: open until {at}", window=window.name, at=at))
        elif (following := coming(window, now)) is not None:
            at = _at(following.opens_at.isoformat(), window.zone_info)
            lines.append(t("{window}: opens {at}", window=window.name, at=at))
        else:
            lines.append(t("{window}: does not open within a year", window=window.name))
    lines.append(t("Reports that wait to be delivered: {count}", count=len(outbox.waiting())))
    for line in lines:
        out.print(printable(line, out))


def _at(instant: str, zone: ZoneInfo) -> str:
    """An instant as the wall clock of the window's zone shows it."""
    return datetime.fromisoformat(instant).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _name(line: Line) -> str:
    return f"{line.name} · {line.phone}" if line.name else line.phone


def _word(line: Line, out: Console) -> Text:
    if line.verdict is not None and line.state == "scanned":
        return word(line.verdict, language(), out)
    label = {"partly": t("Partly"), "waiting": t("Waits")}.get(line.state, t("Not scanned"))
    return Text(f"! {label}", style="yellow")


def _why(line: Line, zone: ZoneInfo) -> str:
    """Why a phone is missing, and since when."""
    if line.reasons is None:
        return ""
    since = (
        t("last scanned {at}", at=_at(line.last_scanned_at, zone)) if line.last_scanned_at else t("never scanned yet")
    )
    tries = t("tries: {count}", count=line.attempts)
    return f"{line.reasons[language()]} ({tries}; {since})"
