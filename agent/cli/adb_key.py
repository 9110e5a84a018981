"""`posture keys`: the key by which phones know this workstation, and the one that signs its reports."""

from datetime import UTC, datetime
from pathlib import Path

import click

from agent.cli import options
from agent.cli.agreeing import agrees
from agent.cli.language import t
from agent.data_dir import DataDir
from agent.facts import instant
from agent.report.signature import AgentKey
from agent.transport.keys import WorkstationKey
from agent.transport.paired import PairedPhones


@click.group("keys", help=t("Show this workstation's keys, or make a new one for phones."))
def command() -> None:
    """The group of what is done with keys."""


@command.command("list", help=t("Show the keys that there are, as phones and the collector show them."))
@options.data
@options.lang
def list_(data: Path | None) -> None:
    """List both keys; none is made."""
    folder = DataDir.find(data)
    key = WorkstationKey(folder.root)
    if key.exists:
        click.echo(t("For phones: {name}, made {at}", name=key.name, at=_made(key.file)))
        click.echo(t("    fingerprint in the phone's question: {fingerprint}", fingerprint=key.fingerprint))
    else:
        click.echo(t("For phones: none yet; the first scan over USB or the network makes one."))
    if folder.agent_key.exists():
        click.echo(t("For reports: {id}, made {at}", id=AgentKey.open(folder.agent_key).id, at=_made(folder.agent_key)))
    else:
        click.echo(t("For reports: none yet; the first scan, or `posture enroll`, makes one."))


@command.command("rotate", help=t("Make a new key for phones: each of them asks again, and forgets nothing by itself."))
@click.option("--yes", is_flag=True, help=t("Do not ask."))
@options.data
@options.lang
def rotate(yes: bool, data: Path | None) -> int:
    """Replace the key, if the person agrees."""
    key = WorkstationKey(DataDir.find(data).root)
    if not yes and not agrees(t("Every phone will ask again whether it accepts this computer. Go on?")):
        click.echo(t("Left as it is."))
        return 1
    key.rotate()
    click.echo(t("New fingerprint: {fingerprint}", fingerprint=key.fingerprint))
    if list(PairedPhones(key.data)):
        click.echo(t("Phones on Wi-Fi do not ask: pair each again with `posture pair`."))
    click.echo(t("Phones still trust the old key: Settings › Developer options › Revoke USB debugging authorisations."))
    return 0


def _made(path: Path) -> str:
    return instant(datetime.fromtimestamp(path.stat().st_mtime, UTC))
