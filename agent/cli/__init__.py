"""The `posture` command: one file a subcommand, loaded only when it is called."""

import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from agent.cli.language import speak, t
from agent.messages import LANGUAGES

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

speak()

# name: (module, one line for `posture --help`); the line stands here so that help need not load the modules.
_COMMANDS = {
    "scan": ("scan", t("Scan every reachable phone and judge it")),
    "init": ("init", t("Ask what this workstation needs to know, and write it down")),
    "watch": ("watch", t("Bench mode: a large verdict for each phone plugged in")),
    "demo": ("demo", t("Show it all on simulated phones, with a collector")),
    "facts": ("facts", t("Scan, and print what is known without judging it")),
    "capture": ("capture", t("Save a phone's raw answers for later")),
    "evaluate": ("evaluate", t("Judge saved captures, bugreports or folders of dumps")),
    "commands": ("commands", t("Print every command that may ever run on a phone")),
    "schedule": ("schedule", t("Scan the phones of a plan at night, and say in the morning who is missing")),
    "policy": ("policy", t("Check, test, explain and compare policies")),
    "indicators": ("indicators", t("Bring files that name known spyware")),
    "render": ("render", t("Write a report or certificate as HTML or PDF")),
    "export": ("export", t("Write reports as OSCAL, SARIF, OCSF, JUnit or CSV")),
    "verify": ("verify", t("Check a report's signature and form")),
    "doctor": ("doctor", t("Say what is wrong on this workstation, and what mends it")),
    "pair": ("pair", t("Pair a phone for wireless debugging, by QR code or code")),
    "keys": ("adb_key", t("Show this workstation's keys, or make a new one for phones")),
    "outbox": ("outbox", t("Show what waits to be delivered")),
    "enroll": ("enroll", t("Introduce this workstation to a collector")),
    "collector": ("collector", t("Run the collector and its dashboard")),
    "simulate": ("simulate", t("Run a simulated phone that speaks ADB")),
    "completion": ("completion", t("Print what makes your shell complete posture's words")),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        from agent.cli.examples import epilog  # noqa: PLC0415 - the list of commands needs none

        command: click.Command = importlib.import_module(f"agent.cli.{_COMMANDS[cmd_name][0]}").command
        command.epilog = epilog(cmd_name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list["CompletionItem"]:
        """Complete the commands' names without loading a single one."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only when the shell asks

        names = [CompletionItem(n, help=line) for n, (_, line) in _COMMANDS.items() if n.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section(t("Commands")):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        mistaken = args and args[0] not in _COMMANDS and not args[0].startswith("-")
        if mistaken and not ctx.resilient_parsing:  # a shell that completes is not to be told
            import difflib  # noqa: PLC0415 - only on a mistake

            near = difflib.get_close_matches(args[0], _COMMANDS, 1)
            hint = t("Did you mean “posture {command}”?", command=near[0]) if near else ""
            ctx.fail(t("There is no command “{name}”.", name=args[0]) + f" {hint}".rstrip())
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Lazy,
    help=t(
        "Checks issued Android phones against the guideline CM-G-03, read-only over ADB, and says what it cannot prove."
    ),
    epilog=t("Start with: posture demo"),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="phone-posture", prog_name="posture")
@click.option("--lang", type=click.Choice(LANGUAGES), expose_value=False, help=t("Language of what people read."))
def root() -> None:
    """The group of all commands."""


def main() -> None:
    """Run the command line: every known trouble ends in one sentence and its exit status, never in a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's stop is as clean as Ctrl-C
    try:
        status = root.main(standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read our output has gone (`| head`): say nothing, and keep Python from flushing into the void.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 0
    except click.exceptions.Exit as error:
        status = error.exit_code
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(t("Stopped."), err=True)
        status = 130
    except Exception as error:
        from agent.messages import PostureError  # noqa: PLC0415 - only in trouble

        if not isinstance(error, PostureError):
            raise
        from agent.cli.language import language  # noqa: PLC0415

        click.echo(f"posture: {error.message(language())}", err=True)
        status = error.exit_status
    sys.exit(status if isinstance(status, int) else 0)
