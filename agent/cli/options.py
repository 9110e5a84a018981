"""Options that several commands share."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agent.cli.language import language, t
from agent.data_dir import DataDir
from agent.messages import LANGUAGES, Message, PostureError

if TYPE_CHECKING:
    from agent.capture import OptIn
    from agent.transport import Found

# How long a phone may show its question: to somebody who reads what to do, and where nobody does.
_ACCEPT_S, _NOBODY_S = 60.0, 15.0

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def data(function: Decorated) -> Decorated:
    """`--data DIR`: where the state lives."""
    return click.option(
        "--data", type=click.Path(path_type=Path), envvar="POSTURE_DATA", help=t("Folder of the agent's state.")
    )(function)


def lang(function: Decorated) -> Decorated:
    """`--lang es|en`; what it says is read by `agent.cli.language` before any command is loaded."""
    return click.option(
        "--lang", type=click.Choice(LANGUAGES), expose_value=False, help=t("Language of what people read.")
    )(function)


def as_json(function: Decorated) -> Decorated:
    """`--json`: one JSON object a line on stdout, and nothing else there."""
    return click.option(
        "--json", "as_json", is_flag=True, help=t("One JSON report a line on stdout, nothing else there.")
    )(function)


def judging(function: Decorated) -> Decorated:
    """`--policy` and `--profile`."""
    for option in (
        click.option(
            "--profile",
            type=click.Choice(["in-use", "handover"]),
            default="in-use",
            show_default=True,
            help=t("A phone in use, or one to be handed over."),
        ),
        click.option(
            "--policy",
            "policy_path",
            type=click.Path(path_type=Path),
            metavar="FILE-OR-FOLDER",
            help=t("Policy to judge by; CM-G-03 comes with the agent."),
        ),
    ):
        function = option(function)
    return function


def opt_ins(function: Callable[..., int]) -> Callable[..., int]:
    """`--allow-root` and `--allow-screen`, given to the command as `allowed`: what else may be asked of a phone.

    That the screen will be touched is said before any phone is.
    """

    @wraps(function)
    def collect(*, root: bool, screen: bool, **others: Any) -> int:
        given: tuple[tuple[OptIn, bool], ...] = (("--allow-root", root), ("--allow-screen", screen))
        allowed = frozenset(name for name, was_given in given if was_given)
        if screen:
            click.echo(
                t(
                    "WhatsApp's screens Linked devices and Chat backup will be opened and read on the phone: have its "
                    "holder's consent, keep it unlocked and do not touch it until the scan has ended."
                ),
                err=True,
            )
        return function(allowed=allowed, **others)

    for option in (
        click.option(
            "--allow-screen",
            "screen",
            is_flag=True,
            help=t(
                "With the holder's consent, on an unlocked phone: open WhatsApp's Linked devices and Chat backup and "
                "read them."
            ),
        ),
        click.option(
            "--allow-root",
            "root",
            is_flag=True,
            help=t("On a phone with root, whose owner allows it: read which devices are linked to WhatsApp."),
        ),
    ):
        collect = option(collect)
    return collect


class NoPhoneError(PostureError):
    """Nothing to scan."""

    exit_status = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which phones the person asked for; nothing given means every phone that can be found."""

    tcp: tuple[str, ...]
    usb: bool
    adb_server: bool
    serials: tuple[str, ...]


def targets(function: Callable[..., int]) -> Callable[..., int]:
    """`--tcp`, `--usb`, `--adb-server` and `--serial`, given to the command as one `wanted`."""

    @wraps(function)
    def collect(tcp: tuple[str, ...], serials: tuple[str, ...], *, usb: bool, adb_server: bool, **others: Any) -> int:
        return function(wanted=Wanted(tcp, usb, adb_server, serials), **others)

    for option in (
        click.option("--serial", "serials", multiple=True, metavar="S", help=t("Only the phone with this serial.")),
        click.option("--adb-server", is_flag=True, help=t("Phones of the running adb server.")),
        click.option("--usb", is_flag=True, help=t("Phones on USB, without an adb server.")),
        click.option("--tcp", "tcp", multiple=True, metavar="HOST:PORT", help=t("A phone on the network; repeatable.")),
    ):
        collect = option(collect)
    return collect


def reach(data: DataDir, wanted: Wanted) -> list["Found"]:
    """The phones that were asked for; PostureError when there is none at all."""
    from agent.transport import find  # noqa: PLC0415 - help needs no transport

    somebody = sys.stderr.isatty()
    found = find(
        data.root,
        tcp=wanted.tcp,
        usb=wanted.usb,
        adb_server=wanted.adb_server,
        serials=wanted.serials,
        accept_s=_ACCEPT_S if somebody else _NOBODY_S,
        on_ask=lambda serial: _guide(data, serial) if somebody else None,
        on_note=lambda said: click.echo(said(language()), err=True),
    )
    if not found:
        raise NoPhoneError(
            Message("no phone can be reached; connect one by USB with USB debugging on, or give its address with --tcp")
        )
    return found


def _guide(data: DataDir, serial: str) -> None:
    """Say step by step what to do at a phone that asks whether it may trust this computer."""
    from agent.transport.accepting import accept_steps  # noqa: PLC0415 - help needs no transport
    from agent.transport.keys import fingerprint  # noqa: PLC0415

    click.echo(t("{phone} asks whether it may trust this computer:", phone=serial), err=True)
    for number, step in enumerate(accept_steps(fingerprint(data.root)), 1):
        click.echo(click.wrap_text(step(language()), 78, f"{number}. ", "   "), err=True)
