"""Yes or no, asked and answered in the person's language."""

import click

from agent.cli.language import language
from agent.messages import Language, Message

YES, NO = ("y", "yes", "s", "si", "sí"), ("n", "no")


def agrees(question: str, *, default: bool = False, to: Language | None = None) -> bool:
    """Ask until the answer is one. Enter alone is the default; the end of the input is click.Abort.

    to: the language to ask in, where it is not the command line's.
    """
    to = to or language()
    marks = Message("[Y/n]") if default else Message("[y/N]")
    while True:
        said = click.prompt(f"{question} {marks(to)}", default="", show_default=False).strip().casefold()
        if said in (*YES, *NO):
            return said in YES
        if not said:
            return default
        click.echo(Message("Answer y for yes or n for no.")(to))
