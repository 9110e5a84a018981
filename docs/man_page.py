"""Prints the manual page, drawn from the commands themselves: `POSTURE_LANG=en python docs/man_page.py`."""

from collections.abc import Iterator

import click

from agent.cli import root
from agent.cli.examples import EXAMPLES

_EXIT_STATUS = (
    ("0", "All is well: every phone meets the policy, every check passed, everything was done."),
    ("1", "A rule failed (scan, evaluate), or what was checked has a fault (policy, verify, doctor)."),
    ("2", "The command line, the configuration or a policy is wrong."),
    ("3", "Nothing failed, but something was not proved."),
    ("4", "A phone could not be scanned, or not wholly."),
)
_FILES = (
    ("posture.yaml", "What is set for this workstation: language, collector, overlays of the policy."),
    ("organisation.yaml", "The organisation's own values, laid over the policy."),
    ("outbox.sqlite3", "Signed reports that no collector has acknowledged yet."),
    ("agent-key.json", "The key that signs reports. It never leaves the workstation."),
    ("adb-key/", "The key by which phones know this workstation."),
    ("indicators/", "Imported files that name known spyware."),
)
_ENVIRONMENT = (
    ("POSTURE_DATA", "The folder of the agent's state, where all files below lie; like --data."),
    ("POSTURE_LANG", "The language of what people read, es or en; like --lang."),
    ("ANDROID_ADB_SERVER_ADDRESS, ANDROID_ADB_SERVER_PORT", "Where a running adb server listens."),
    ("REQUESTS_CA_BUNDLE", "Certificates to trust, for a collector with an authority of your own."),
    ("NO_COLOR", "Print no colours."),
)


def page() -> str:
    """The whole page, as man(7) has it."""
    context = click.Context(root, info_name="posture")
    names = {name: root.get_command(context, name) for name in root.list_commands(context)}
    lines = [
        ".\\\" Written by docs/generate.py from the commands' own help.",
        ".TH POSTURE 1",
        ".SH NAME",
        "posture \\- check issued Android phones against the guideline CM-G-03",
        ".SH SYNOPSIS",
        ".B posture",
        ".I command",
        "[options]",
        ".SH DESCRIPTION",
        _text(root.help or ""),
        ".SH COMMANDS",
        *(line for name, command in names.items() if command for line in _command(context, name, command)),
        *_list("EXIT STATUS", _EXIT_STATUS),
        *_list("ENVIRONMENT", _ENVIRONMENT),
        *_list("FILES", _FILES),
    ]
    return "\n".join(lines) + "\n"


def _command(parent: click.Context, name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SS {_text(context.command_path)} {_text(usage)}"
    yield _text(command.help or "")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and not {"--help", "--lang", "--data"} & set(parameter.opts):
            yield from (".TP", f".B {_text(record[0])}", _text(record[1]) or "\\&")
    for says, typed in EXAMPLES.get(name, ()) if parent.parent is None else ():
        yield from (".PP", f"{_text(says[:1].upper() + says[1:])}:", ".PP", ".nf", f".RS 4\n{_text(typed)}\n.RE", ".fi")
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None:
                yield from _command(context, below, found)


def _list(title: str, entries: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield f".SH {title}"
    for term, says in entries:
        yield from (".TP", f".B {_text(term)}", _text(says))


def _text(words: str) -> str:
    """Words that troff prints as they are: no command at a line's start, no escape, every hyphen one to copy."""
    plain = " ".join(words.replace("\b", "").split()).replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


if __name__ == "__main__":
    print(page(), end="")
