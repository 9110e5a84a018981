"""`posture schedule`: the nightly scans, and what is to be said of them in the morning."""

import json
import logging
import platform
import shutil
import signal
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType

import click

from agent import configuration
from agent.cli import exits, options
from agent.cli.judging import set_up
from agent.cli.language import language, t
from agent.cli.morning import show_status, show_summary
from agent.data_dir import DataDir
from agent.delivery import Collector, Outbox
from agent.messages import Message, PostureError, because
from agent.schedule import (
    Journal,
    Night,
    Plan,
    Service,
    Shift,
    Summary,
    Window,
    alone,
    example,
    is_held,
    latest,
    load_plan,
    open_now,
    summarise,
)


@click.group("schedule", help=t("Scan the phones of a plan at night, and say in the morning who is missing."))
@options.lang
def command() -> None:
    """The group of the nightly scans."""


@command.command("init", help=t("Write a commented plan, schedule.yaml, to fill in."))
@options.data
@options.lang
def init(data: Path | None) -> int:
    """Write the example; never over a plan that is there."""
    path = DataDir.find(data).plan
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(example())
    except FileExistsError:
        click.echo(t("{path} is there already; nothing was changed.", path=str(path)), err=True)
        return exits.USAGE
    except OSError as error:
        why = because(error)
        raise PostureError(Message("{path} cannot be written: {why}", {"path": str(path), "why": why})) from error
    click.echo(t("Wrote {path}; fill in the phones and the windows, then: posture schedule run", path=str(path)))
    return 0


@command.command("run", help=t("Stay, and scan whenever a window opens; Ctrl-C or SIGTERM ends it."))
@options.data
@options.lang
def run(data: Path | None) -> int:
    """Run the service; each event is a line on stderr."""
    folder = DataDir.find(data)
    shift = _shift(folder)
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="posture: %(message)s")
    signal.signal(signal.SIGTERM, _end)
    try:
        with alone(folder.schedule_lock):
            service = Service(shift)
            show_status(shift.plan, Outbox(folder.outbox), running=True, err=True)
            service.run()
    except KeyboardInterrupt:
        click.echo(t("Stopped."), err=True)
    return 0


@command.command("once", help=t("Scan now who is left of the open windows, or of WINDOW's last night, and end."))
@click.argument("window", required=False)
@options.data
@options.lang
def once(window: str | None, data: Path | None) -> int:
    """One round, for cron or for a person. Says on stderr what it did; status 4 when somebody is left."""
    folder = DataDir.find(data)
    shift = _shift(folder)
    signal.signal(signal.SIGTERM, _end)
    with alone(folder.schedule_lock):
        nights = _nights(shift, window)
        if not nights:
            click.echo(t("No window is open now; nothing was scanned."), err=True)
        for each, night in nights:
            shift.work(each, night, insist=True)
    left = [found for each, _ in nights if (found := _summary(shift.plan, each, folder)) and not found.all_scanned]
    return exits.NOT_SCANNED if left else 0


@command.command("summary", help=t("Say who was scanned in each window's last night, who was not, and why."))
@click.option("--json", "as_json", is_flag=True, help=t("One JSON object a window on stdout, nothing else there."))
@options.data
@options.lang
def summary(as_json: bool, data: Path | None) -> int:
    """Show the morning's summary; status 4 when somebody is missing."""
    folder = DataDir.find(data)
    plan = load_plan(folder.plan)
    nights = [found for window in plan.windows if (found := _summary(plan, window, folder)) is not None]
    if as_json:
        for night in nights:
            click.echo(json.dumps(night.as_json(), ensure_ascii=False))
    else:
        show_summary(plan, nights)
    return exits.NOT_SCANNED if _missing(nights) else 0


@command.command("status", help=t("Say whether a scheduler works, when the next window opens, and what waits."))
@options.data
@options.lang
def status(data: Path | None) -> int:
    """Show the state of now."""
    folder = DataDir.find(data)
    show_status(load_plan(folder.plan), Outbox(folder.outbox), running=is_held(folder.schedule_lock))
    return 0


@command.command(
    "install", help=t("Print what has this system run it without root (systemd, launchd, Windows' tasks), or write it.")
)
@click.option("--root", type=click.Path(path_type=Path), metavar="DIR", help=t("Write the files below DIR."))
@click.option(
    "--for", "system", type=click.Choice(("systemd", "launchd", "windows")), help=t("Another system than this one."),
)  # fmt: skip
@options.lang
def install(root: Path | None, system: str | None) -> int:
    """Print or write the files, then say what to type."""
    from agent.schedule import launchd, systemd, task_scheduler  # noqa: PLC0415 - only this needs them

    program = Path(shutil.which(sys.argv[0]) or sys.argv[0]).resolve()
    system = system or {"Darwin": "launchd", "Windows": "windows"}.get(platform.system(), "systemd")
    files, steps, who = {
        "systemd": (systemd.units(program), systemd.steps(program), t("Then, as root:")),
        "launchd": (launchd.agent(program), launchd.steps(), t("Then:")),
        "windows": (task_scheduler.task(program), task_scheduler.steps(), t("Then, as an administrator:")),
    }[system]
    for place, text in files.items():
        if root is None:
            click.echo(f"# {place}\n{text}" if system == "systemd" else text)
            continue
        path = root / place.lstrip("/")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding=task_scheduler.ENCODING if system == "windows" else "utf-8")
        except OSError as error:
            why = because(error)
            raise PostureError(Message("{path} cannot be written: {why}", {"path": str(path), "why": why})) from error
        click.echo(str(path), err=True)
    click.echo(who, err=True)
    for line in steps:
        click.echo(f"    {line}", err=True)
    return 0


def _shift(folder: DataDir) -> Shift:
    """Everything a night needs, held against mistakes by day."""
    plan = load_plan(folder.plan)
    collector = plan.collector or configuration.collector(folder)
    if collector is None:
        raise PostureError(
            Message(
                "nobody would get the reports: enrol with `posture enroll CODE --collector URL`, or say `collector:` "
                "in {path}",
                {"path": str(folder.plan)},
            ),
            permanent=True,
        )
    Collector(collector)  # a wrong address is said now
    policy = None if plan.policy is None else folder.root / plan.policy
    judge = partial(set_up, folder, policy, plan.profile, plan.language or language())
    judge()  # so is a wrong policy
    return Shift(plan, folder, judge, collector, _tell, language=language())


def _nights(shift: Shift, name: str | None) -> list[tuple[Window, Night]]:
    windows = shift.plan.windows
    if name is None:
        return [(each, night) for each in windows if (night := open_now(each, shift.now())) is not None]
    named = [each for each in windows if each.name == name]
    if not named:
        from agent.policy.source import no_such  # noqa: PLC0415 - only on a mistake

        raise PostureError(no_such(Message("window"), name, [each.name for each in windows]), permanent=True)
    return [(each, night) for each in named if (night := latest(each, shift.now())) is not None]


def _summary(plan: Plan, window: Window, folder: DataDir) -> Summary | None:
    return summarise(plan, window, Journal(folder.schedule), datetime.now(UTC))


def _missing(nights: Iterable[Summary]) -> bool:
    return any(not night.is_open and not night.all_scanned for night in nights)


def _tell(event: Message) -> None:
    click.echo(event(language()), err=True)


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    raise KeyboardInterrupt
