"""`posture simulate SCENARIO --port N`: a phone that is not there, for adb, for the agent, for tests."""

import threading
from typing import TYPE_CHECKING, Any

import click

from agent.cli import options
from agent.cli.language import language, t
from agent.simulator import SimulatedPhone, load, shipped

if TYPE_CHECKING:
    from agent.simulator.wireless import WirelessDebugging


@click.command("simulate", help=t("Run a simulated phone; SCENARIO is a name of --list or a folder of answers."))
@click.argument("scenario", required=False)
@click.option("--port", type=click.IntRange(0, 65535), default=5555, show_default=True, help=t("0 takes a free one."))
@click.option("--host", default="127.0.0.1", show_default=True, help=t("Address to listen on."))
@click.option("--list", "list_", is_flag=True, help=t("Name the scenarios that come with the project."))
@click.option("--delay-ms", type=click.IntRange(0, 60_000), help=t("Delay of every command."))
@click.option("--drop-after-bytes", type=click.IntRange(0), help=t("Break the connection after so much output."))
@click.option("--authorise", help=t("always, never, or `after N s`: when the key is accepted."))
@click.option("--wireless", is_flag=True, help=t("Wireless debugging: announce it, offer pairing, speak TLS."))
@click.option("--qr", metavar="TEXT", help=t("With --wireless: the text of a QR code to pair by."))
@options.lang
def command(
    *,
    scenario: str | None,
    port: int,
    host: str,
    list_: bool,
    delay_ms: int | None,
    drop_after_bytes: int | None,
    authorise: str | None,
    wireless: bool,
    qr: str | None,
) -> int:
    """Serve one phone until Ctrl-C."""
    if list_:
        for name in shipped():
            title = load(name).title
            click.echo(f"{name:28} {(title.es if language() == 'es' else title.en) if title else ''}".rstrip())
        return 0
    if scenario is None:
        raise click.UsageError(t("Name a scenario (posture simulate --list) or a folder of answers."))
    if qr is not None and not wireless:
        raise click.UsageError(t("--qr needs --wireless."))
    faults = {"delay_ms": delay_ms, "drop_after_bytes": drop_after_bytes, "authorise": authorise}
    changes: dict[str, Any] = {name: value for name, value in faults.items() if value is not None}
    with SimulatedPhone(load(scenario), port, host=host, wireless=wireless, **changes) as phone:
        model = f"{phone.scenario.maker} {phone.scenario.model}"
        click.echo(t("{model} {serial} listens on {address}", model=model, serial=phone.serial, address=phone.address))
        if phone.wireless is None:
            click.echo(t("Try: adb connect {address}   posture scan --tcp {address}", address=phone.address))
        else:
            _offer(phone.wireless, qr)
        click.echo(t("Ctrl-C ends it."))
        threading.Event().wait()
    return 0


def _offer(wireless: "WirelessDebugging", qr: str | None) -> None:
    """Offer pairing, as a person at the phone would."""
    if qr is None:
        code, address = wireless.show_code()
        click.echo(t("Try: posture pair --code {code} --address {address}", code=code, address=address))
        return
    try:
        address = wireless.read_qr(qr)
    except ValueError as error:
        raise click.UsageError(t("This is no QR code of wireless debugging.")) from error
    click.echo(t("Pairing by the QR code at {address}", address=address))
