"""`posture render FILE -o OUT.html|OUT.pdf`: a report, or the hand-over certificate, for a person."""

from pathlib import Path
from typing import Any

import click

from agent.cli import options
from agent.cli.language import language, t
from agent.cli.verify import read_key
from agent.data_dir import DataDir
from agent.messages import Message, PostureError, because
from agent.report.check import Opened, open_report
from agent.report.render import write
from agent.report.signature import AgentKey, SignatureError

_SUFFIXES = (".html", ".pdf")


@click.command("render", help=t("Write a report, or the hand-over certificate, as HTML or PDF for a person."))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", "out", required=True, type=click.Path(path_type=Path), metavar="OUT.html|OUT.pdf",
    help=t("Where to write it; the ending says as what."),
)  # fmt: skip
@click.option("--key", "key_file", type=click.Path(path_type=Path), help=t("Public key of the signer (JWK)."))
@options.data
@options.lang
def command(file: Path, out: Path, key_file: Path | None, data: Path | None) -> int:
    """Read one report, signed or plain, and lay it out; the file is written whole or not at all."""
    if out.suffix.lower() not in _SUFFIXES:
        raise click.UsageError(t("write to a file that ends in .html or .pdf"))
    write(_opened(file, _key(key_file, DataDir.find(data))), out, language())
    return 0


def _opened(file: Path, key: dict[str, Any] | None) -> Opened:
    try:
        return open_report(file.read_bytes(), key)
    except OSError as error:
        raise PostureError(
            Message("{path} cannot be read: {why}", {"path": str(file), "why": because(error)})
        ) from error
    except SignatureError as error:
        raise PostureError(
            Message("{path}: {why}", {"path": str(file), "why": error.message}), permanent=True
        ) from error


def _key(key_file: Path | None, data: DataDir) -> dict[str, Any] | None:
    """The key that was given, else this workstation's own where it has one: rendering makes none."""
    if key_file is not None:
        return read_key(key_file)
    return AgentKey.open(data.agent_key).public_jwk if data.agent_key.exists() else None
