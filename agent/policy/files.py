"""Finds the files of a policy: a folder, one file, or an overlay with the shipped policy that it is for."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from agent.capture import quoted
from agent.messages import Message
from agent.policy.document import Head, Overlay, WholePolicy
from agent.policy.source import PolicyError, Source, no_such, read
from agent.policy.validation import validate

_SHIPPED = "cm-g-03"
_HEAD = "policy.yaml"


def shipped() -> Path:
    """The folder of the policies that come with the agent, beside its package, in a checkout and when installed."""
    return Path(str(files("agent"))).parent / "rules"


@dataclass(frozen=True, slots=True)
class Files:
    """A policy's files, policy.yaml first, and the overlays that lie over it, in order.

    `own`: all of them came with the agent. `publisher`: the id of the key that signed all of them.
    """

    base: tuple[Source, ...]
    overlays: tuple[Source, ...] = ()
    own: bool = False
    publisher: str | None = None

    @property
    def head(self) -> Head:
        """The policy's head. Raises PolicyError."""
        first = self.base[0]
        inline = isinstance(first.data, dict) and "clauses" in first.data
        return validate(first, WholePolicy if inline else Head)

    @property
    def sha256(self) -> str:
        """The policy's digest."""
        return digest((*self.base, *self.overlays))


def digest(sources: Iterable[Source]) -> str:
    """SHA-256 over every file's own digest, in order: base policy by name, then overlays as laid."""
    return hashlib.sha256("".join(source.sha256 for source in sources).encode()).hexdigest()


def find(path: Path | None, overlays: Sequence[Path] = ()) -> Files:
    """Read a policy's files, out of a bundle too; None is the shipped CM-G-03. Raises PolicyError."""
    laid = tuple(read(each, str(each)) for each in overlays)
    if path is not None and _is_signed(path):
        from agent.policy import bundle  # noqa: PLC0415 - brings cryptography along

        signed = bundle.read(path)
        return replace(signed, overlays=(*signed.overlays, *laid), publisher=None) if laid else signed
    path = path or shipped() / _SHIPPED
    own = not laid and path.resolve().is_relative_to(shipped().resolve())
    base = _read(path)
    if isinstance(base[0].data, dict) and "overlays" in base[0].data:
        return Files(_read(_shipped_under(base[0])), (base[0], *laid))
    return Files(base, laid, own)


def _is_signed(path: Path) -> bool:
    """Whether a file is JSON and not YAML as people write it."""
    try:
        with path.open("rb") as stream:
            return stream.read(1) == b"{"
    except OSError:
        return False


def _read(path: Path) -> tuple[Source, ...]:
    """The files of a policy, policy.yaml first."""
    if not path.is_dir():
        first = read(path, path.name if path.parent == shipped() / _SHIPPED else str(path))
        inline = isinstance(first.data, dict) and ("clauses" in first.data or "overlays" in first.data)
        if inline or path.name != _HEAD:
            return (first,)
        path = path.parent
    if not (path / _HEAD).is_file():
        raise PolicyError(Message("{folder}: holds no policy.yaml", {"folder": quoted(str(path))}))
    shown = Path(path.name) if path.parent == shipped() else path
    others = sorted(each for each in path.glob("*.yaml") if each.name != _HEAD)
    return tuple(read(each, str(shown / each.name)) for each in (path / _HEAD, *others))


def _shipped_under(overlay: Source) -> Path:
    """The shipped policy that an overlay file is for."""
    wanted = validate(overlay, Overlay).overlays
    ids = {}
    for head in sorted(shipped().glob(f"*/{_HEAD}")):
        ids[str(read(head, head.name).data["id"])] = head.parent
    if wanted not in ids:
        raise overlay.error(("overlays",), no_such(Message("policy that comes with the agent"), wanted, tuple(ids)))
    return ids[wanted]
