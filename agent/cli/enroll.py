"""`posture enroll CODE --collector URL`: introduces this workstation to a collector."""

import platform
from pathlib import Path

import click

from agent import configuration
from agent.cli import options
from agent.cli.language import t
from agent.data_dir import DataDir
from agent.delivery import Collector
from agent.report.signature import AgentKey


@click.command("enroll", help=t("Give the collector this workstation's public key, with a one-time code."))
@click.argument("code")
@click.option("--collector", "url", metavar="URL", help=t("The collector's address; else the configured one."))
@click.option("--name", default=platform.node, help=t("What the collector should call this workstation."))
@options.data
@options.lang
def command(code: str, url: str | None, name: str, data: Path | None) -> None:
    """Enrol, and remember the collector."""
    folder = DataDir.find(data)
    url = url or configuration.load(folder).collector
    if url is None:
        raise click.UsageError(t("Say with which collector: --collector URL."))
    key = AgentKey.open(folder.agent_key)
    enrolled = Collector(url).enrol(code, name, key.public_jwk)
    folder.remember_collector(enrolled.collector)
    click.echo(t("This workstation is enrolled as “{name}”; reports go to {url}.", name=name, url=url))
