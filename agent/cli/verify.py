"""`posture verify FILE…`: is a report whole, signed and in form."""

import json
from pathlib import Path
from typing import Any

import click
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from agent.capture import quoted
from agent.cli import options
from agent.cli.language import language, t
from agent.data_dir import DataDir
from agent.messages import Message, PostureError, because
from agent.report.check import check_signed
from agent.report.signature import AgentKey


@click.command(
    "verify", help=t("Check signed reports: the signature by this workstation's key or --key, and the form.")
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--key", "key_file", type=click.Path(path_type=Path), help=t("Public key of the signer (JWK)."))
@options.data
@options.lang
def command(files: tuple[Path, ...], key_file: Path | None, data: Path | None) -> int:
    """Check each file; status 1 when any does not hold."""
    public = read_key(key_file) if key_file else AgentKey.open(DataDir.find(data).agent_key).public_jwk
    status = 0
    for path in files:
        try:
            report = check_signed(path.read_bytes(), public)
        except OSError as error:
            message = Message("{path} cannot be read: {why}", {"path": str(path), "why": because(error)})
            raise PostureError(message) from error
        except PostureError as error:
            click.echo(f"✕ {path}: {error.message(language())}")
            status = 1
        else:
            click.echo(f"✓ {path}: {report.report_id} {report.device.serial} {report.scanned_at} {report.verdict}")
    return status


def read_key(path: Path) -> dict[str, Any]:
    """The public half of a key in a file (JWK); PostureError when it holds none."""
    try:
        key: dict[str, Any] = json.loads(path.read_text())
        OKPKey.import_key(key)
    except (OSError, ValueError, TypeError, JoseError) as error:
        raise PostureError(
            Message("{path} is no public key (JWK): {why}", {"path": str(path), "why": quoted(str(error))})
        ) from error
    return {name: value for name, value in key.items() if name != "d"}
