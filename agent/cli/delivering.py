"""Tells the person at the terminal how the delivery went."""

import click

from agent.cli.language import language, t
from agent.delivery import Delivered


def tell(result: Delivered) -> None:
    """Say on stderr what was delivered and what waits, and why."""
    if result.sent:
        click.echo(t("Delivered to the collector: {count}.", count=result.sent), err=True)
    if result.new_key is not None:
        sentence = t("The collector asked for a new key; this workstation signs with {id} now.", id=result.new_key)
        click.echo(sentence, err=True)
    if result.trouble is not None:
        why = result.trouble(language())
        click.echo(t("Kept in the outbox: {count}; {why}.", count=result.kept, why=why), err=True)
