"""`posture completion SHELL`: the few lines by which a shell completes commands, options and files."""

import click
from click.shell_completion import get_completion_class

from agent.cli import options
from agent.cli.language import t

SHELLS = ("bash", "zsh", "fish", "powershell")


@click.command("completion", help=t("Print the lines that make a shell complete posture's commands and options."))
@click.argument("shell", type=click.Choice(SHELLS))
@options.lang
def command(shell: str) -> int:
    """Print click's own script for the shell."""
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101 - click has these four
    click.echo(made(click.get_current_context().find_root().command, {}, "posture", "_POSTURE_COMPLETE").source())
    return 0
