"""Options that several commands share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from agent.cli.language import t
from agent.data_dir import DataDir
from agent.messages import LANGUAGES, Message, PostureError

if TYPE_CHECKING:
    from agent.capture import OptIn
    from agent.transport import Found

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


def allow_root(function: Callable[..., int]) -> Callable[..., int]:
    """`--allow-root`, given to the command as `allowed`: what else than shell's own may be asked of a phone."""

    @wraps(function)
    def collect(*, root: bool, **others: Any) -> int:
        allowed: frozenset[OptIn] = frozenset({"--allow-root"}) if root else frozenset()
        return function(allowed=allowed, **others)

    return click.option(
        "--allow-root",
        "root",
        is_flag=True,
        help=t("On a phone with root, whose owner allows it: read which devices are linked to WhatsApp."),
    )(collect)


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

    found = find(data.root, tcp=wanted.tcp, usb=wanted.usb, adb_server=wanted.adb_server, serials=wanted.serials)
    if not found:
        raise NoPhoneError(
            Message("no phone can be reached; connect one by USB with USB debugging on, or give its address with --tcp")
        )
    return found
