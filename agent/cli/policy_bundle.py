"""`posture policy key|pack|verify|trust`: policies as signed bundles."""

import json
from pathlib import Path

import click

from agent.capture import quoted
from agent.cli import options
from agent.cli.language import language, t
from agent.cli.terminal import console, printable
from agent.data_dir import DataDir
from agent.messages import Message, PostureError, because
from agent.policy.files import find
from agent.policy.loading import assemble

_PATH: click.Path = click.Path(path_type=Path)


@click.command("key", help=t("Print the public half of this workstation's publisher's key; it is made on first use."))
@options.data
@options.lang
def key(data: Path | None) -> int:
    """The JWK that other workstations pin."""
    from agent.policy.bundle import PublisherKey  # noqa: PLC0415 - brings cryptography along

    click.echo(json.dumps(PublisherKey.open(DataDir.find(data).publisher_key).public_jwk))
    return 0


@click.command("pack", help=t("Sign a policy with this workstation's publisher's key, as one file."))
@click.argument("path", type=_PATH)
@click.option("--overlay", "overlays", multiple=True, type=_PATH, help=t("Lay this over it; repeatable."))
@click.option("-o", "--output", required=True, type=_PATH, help=t("The bundle to write."))
@options.data
@options.lang
def pack(path: Path, overlays: tuple[Path, ...], output: Path, data: Path | None) -> int:
    """Check the policy, sign and write it: the same files give the same bundle."""
    from agent.policy.bundle import PublisherKey, release  # noqa: PLC0415 - brings cryptography along
    from agent.policy.bundle import pack as packed  # noqa: PLC0415

    files = find(path, overlays)
    assemble(files)
    signer = PublisherKey.open(DataDir.find(data).publisher_key)
    bundle = packed(files, signer)
    try:
        output.write_text(bundle + "\n")
    except OSError as error:
        why = because(error)
        raise PostureError(Message("{path} cannot be written: {why}", {"path": str(output), "why": why})) from error
    edition = release(files)
    values = {"path": str(output), "id": edition.id, "version": edition.version, "key": signer.id}
    click.echo(t("{path}: {id} {version}, signed by {key}", **values))
    return 0


@click.command("verify", help=t("Check bundles: signature, contents, publisher, and that none is older than known."))
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=_PATH)
@options.data
@options.lang
def verify(paths: tuple[Path, ...], data: Path | None) -> int:
    """Say of each what it is, or what is wrong; status 1 when one does not hold."""
    from agent.policy.bundle import release  # noqa: PLC0415 - brings cryptography along
    from agent.policy.trust import Trust  # noqa: PLC0415

    trust = Trust(DataDir.find(data).policy_trust)
    status = 0
    for path in paths:
        try:
            files = find(path)
            if files.publisher is None:
                raise PostureError(Message("{path}: is no signed bundle", {"path": str(path)}))
            assemble(files)
            trust.check(files, str(path))
        except PostureError as error:
            click.echo(f"✕ {error.message(language())}")
            status = 1
            continue
        edition = release(files)
        head = f"✓ {path}: {edition.id} {edition.version} ({edition.date.isoformat()}), sha256 {files.sha256}"
        click.echo(head)
        pinned = files.publisher in trust.publishers
        signed = Message("signed by {key}, which this workstation trusts", {"key": files.publisher})
        unknown = Message("signed by {key}; no publisher is pinned here", {"key": files.publisher})
        click.echo(f"  {(signed if pinned else unknown)(language())}")
        for change in files.head.changes:
            click.echo(f"  {change.date.isoformat()} {change.version}: {change.change[language()]}")
    return status


@click.command(
    "trust",
    help=t("Take only policies signed by this public key (JWK), and none older than known. Without KEY: who is."),
)
@click.argument("key_file", metavar="[KEY]", required=False, type=_PATH)
@click.option("--forget", metavar="ID", help=t("Trust this publisher no longer."))
@options.data
@options.lang
def trust(key_file: Path | None, forget: str | None, data: Path | None) -> int:
    """Pin, unpin or name the publishers."""
    from agent.policy.trust import Trust  # noqa: PLC0415 - brings cryptography along

    pins = Trust(DataDir.find(data).policy_trust)
    if forget is not None:
        pins.unpin(forget)
    if key_file is not None:
        pins.pin(_jwk(key_file))
    for each in pins.publishers:
        click.echo(each)
    if not pins.publishers:
        click.echo(t("No publisher is pinned: any policy is taken."))
    return 0


def _jwk(path: Path) -> dict[str, object]:
    try:
        jwk = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        values = {"path": str(path), "why": str(error)}
        raise PostureError(Message("{path} is no public key (JWK): {why}", values)) from error
    return jwk if isinstance(jwk, dict) else {}


@click.command(
    "pull",
    help=t("Fetch the policy that the collector publishes: for everybody, or for the phones of these serials."),
)
@click.argument("serials", metavar="[SERIAL…]", nargs=-1)
@options.data
@options.lang
def pull(serials: tuple[str, ...], data: Path | None) -> int:
    """Say of each which policy it is, or that none is published."""
    from agent.cli.judging import published_by_collector  # noqa: PLC0415 - brings cryptography and requests along

    published = published_by_collector(DataDir.find(data))
    for serial in serials or ("",):
        policy = published.policy_for(serial)
        if published.trouble is not None:
            raise PostureError(published.trouble)
        shown = printable(quoted(serial), console()) if serial else t("everybody")
        if policy is None:
            click.echo(t("{phone}: nothing is published; the workstation's own policy holds", phone=shown))
        else:
            values = {"phone": shown, "id": policy.id, "version": policy.version, "digest": policy.sha256}
            click.echo(t("{phone}: {id} {version}, sha256 {digest}", **values))
    return 0
