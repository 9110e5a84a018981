"""`posture pair`: have a phone's wireless debugging know this computer, by QR code or by the code on its screen."""

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agent.cli import options
from agent.cli.language import t
from agent.cli.terminal import console, unicode_fits
from agent.data_dir import DataDir
from agent.messages import Message, PostureError, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from agent.transport.nearby import Announced
    from agent.transport.pairing import Invitation

_LISTEN_S = 5.0
_OTHERS_S = 0.7  # after the first phone, for those that answer a little later
_WHERE = Message(
    "keep Developer options › Wireless debugging › Pair device with pairing code open on the phone, have it on this "
    "network, or give the address that stands there with --address"
)


class NotPairedError(PostureError):
    """No phone was paired."""

    exit_status = 4


@click.command("pair", help=t("Pair a phone for wireless debugging, once; scans find it on the network from then on."))
@click.option("--code", metavar="CODE", help=t("The six digits on the phone's screen, instead of a QR code."))
@click.option("--address", metavar="HOST:PORT", help=t("The address on the phone's screen; asks for the code."))
@click.option(
    "--wait", "wait_s", type=click.IntRange(1, 3600), default=120, show_default=True, metavar="SECONDS",
    help=t("How long a phone may take to read the QR code."),
)  # fmt: skip
@click.option("--list", "list_", is_flag=True, help=t("Show the paired phones."))
@click.option("--forget", metavar="S", help=t("Look no longer for the phone with this serial."))
@options.data
@options.lang
def command(
    code: str | None, address: str | None, wait_s: int, list_: bool, forget: str | None, data: Path | None
) -> int:
    """Pair one phone, or tell of those that were."""
    from agent.transport.paired import PairedPhones  # noqa: PLC0415 - help needs no transport

    folder = DataDir.find(data)
    phones = PairedPhones(folder.root)
    if list_:
        for phone in phones:
            click.echo(f"{phone.serial:24} {phone.guid}")
        return 0
    if forget is not None:
        return _forget(phones.forget(forget), forget)
    if address is not None and code is None:
        code = click.prompt(t("Code on the phone's screen"))
    _pair(folder, code, address, wait_s)
    return 0


def _pair(folder: DataDir, code: str | None, address: str | None, wait_s: int) -> None:
    from agent.transport import TransportError  # noqa: PLC0415
    from agent.transport.keys import workstation_key  # noqa: PLC0415
    from agent.transport.paired import PairedPhones  # noqa: PLC0415
    from agent.transport.pairing import Invitation, pair  # noqa: PLC0415

    try:
        key = workstation_key(folder.root)
        if code is None:
            invitation = Invitation.new()
            code, address = invitation.code, _by_qr(invitation, wait_s)
        phone = pair(address or _offered(), code.strip(), key)
    except TransportError as error:
        raise NotPairedError(error.message) if not error.permanent else error from error
    PairedPhones(folder.root).remember(phone)
    click.echo(t("Paired with {serial}.", serial=phone.serial))
    click.echo(t("Scans find it on this network from now on, while its wireless debugging is on. Try:"))
    click.echo(f"  posture scan --serial {phone.serial}")
    click.echo(t("The phone lists this computer under Wireless debugging › Paired devices; Forget there undoes it."))


def _by_qr(invitation: "Invitation", wait_s: int) -> str:
    """Show the QR code until a phone has read it; return where that phone waits."""
    from agent.transport.nearby import Nearby  # noqa: PLC0415

    with Nearby("pairing", lambda name: name == invitation.name) as nearby:
        out = console()
        if out.is_terminal:
            _draw(invitation.text, out)
            click.echo(t("On the phone: Developer options › Wireless debugging › Pair device with QR code."))
        else:
            click.echo(invitation.text)  # for a program that draws it
        found = nearby.wait(wait_s, lambda found: _named(invitation.name, found) is not None)
    address = _named(invitation.name, found)
    if address is None:
        raise NotPairedError(
            Message(
                "no phone read the QR code in {seconds} seconds; have the phone on this computer's network and try "
                "again, or pair by code: `posture pair --address HOST:PORT`",
                {"seconds": wait_s},
            )
        )
    return address


def _draw(text: str, out: "Console") -> None:
    """Light on dark, whatever the terminal's own colours are: phones read no code whose colours are swapped."""
    import segno  # noqa: PLC0415 - a code needs none
    from rich.text import Text  # noqa: PLC0415

    code = segno.make(text, error="m")
    if not unicode_fits(out):
        code.terminal()
        return
    drawing = StringIO()
    code.terminal(drawing, compact=True)
    out.print(Text(drawing.getvalue(), style="#ffffff on #000000"))


def _named(name: str, found: "Mapping[str, Announced]") -> str | None:
    return next((each.address for each in found.values() if each.name == name), None)


def _offered() -> str:
    """Where the one phone waits that shows a code."""
    from agent.transport.nearby import Nearby  # noqa: PLC0415
    from agent.transport.paired import Paired  # noqa: PLC0415

    # A phone that has read a QR code offers itself by another name, to whoever drew that.
    with Nearby("pairing", lambda name: Paired.of(name) is not None) as nearby:
        found = nearby.wait(_LISTEN_S, bool)
        if found:
            found = nearby.wait(_OTHERS_S, lambda _: False)
    if not found:
        raise NotPairedError(Message("no phone on this network offers pairing; {where}", {"where": _WHERE}))
    if len(found) > 1:
        offers = ", ".join(sorted(f"{quoted(each.name, 64)} ({each.address})" for each in found.values()))
        raise NotPairedError(
            Message(
                "several phones offer pairing: {offers}; give the address that stands on yours with --address",
                {"offers": offers},
            )
        )
    return next(iter(found.values())).address


def _forget(known: bool, serial: str) -> int:
    if not known:
        raise NotPairedError(
            Message("no phone {serial} is paired; `posture pair --list` shows them", {"serial": serial})
        )
    click.echo(t("Forgotten here. On the phone: Wireless debugging › Paired devices › this computer › Forget."))
    return 0
