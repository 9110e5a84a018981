"""`posture enroll CODE --collector URL`: introduces this workstation to a collector; `--rotate`: gives it a new key."""

import platform
from pathlib import Path

import click

from agent import configuration, delivery
from agent.cli import options
from agent.cli.language import t
from agent.data_dir import DataDir
from agent.delivery import Collector
from agent.report.signature import AgentKey


@click.command("enroll", help=t("Give the collector this workstation's public key, with a one-time code."))
@click.argument("code", required=False)
@click.option("--collector", "url", metavar="URL", help=t("The collector's address; else the configured one."))
@click.option("--name", default=platform.node, help=t("What the collector should call this workstation."))
@click.option("--rotate", is_flag=True, help=t("Replace the key of a workstation that is enrolled; no code is needed."))
@options.data
@options.lang
def command(code: str | None, url: str | None, name: str, rotate: bool, data: Path | None) -> None:
    """Enrol, and remember the collector; or give a new key in the old one's name."""
    folder = DataDir.find(data)
    if rotate == bool(code):
        raise click.UsageError(t("Give the one-time code, or --rotate where this workstation is enrolled already."))
    url = url or configuration.collector(folder)
    if url is None:
        raise click.UsageError(t("Say with which collector: --collector URL."))
    if code is None:
        new_id = delivery.rotate(folder.agent_key, Collector(url))
        click.echo(t("This workstation signs with a new key from now on: {id}", id=new_id))
        return
    key = AgentKey.open(folder.agent_key)
    enrolled = Collector(url).enrol(code, name, key.public_jwk)
    folder.remember_collector(enrolled.collector)
    click.echo(t("This workstation is enrolled as “{name}”; reports go to {url}.", name=name, url=url))
