"""The workstation's configuration, `posture.yaml` in the agent's data folder: what every command takes for granted.

`posture init` writes it; people may change it. It is read as policies are: unknown names stop the load, and a mistake
is told with file, line and nearest name. An option of a command goes before it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints

from agent.capture import quoted
from agent.data_dir import DataDir
from agent.messages import Language, Message
from agent.policy.document import Part
from agent.policy.source import PolicyError, Source, parse, read
from agent.policy.validation import validate

Line = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class _File(Part):
    schema_: Literal["posture-configuration/1"] = Field(alias="schema")
    language: Language | None = None
    collector: Line | None = None
    policy: Literal["collector"] | None = None
    overlays: tuple[Line, ...] = Field(default=(), strict=False, max_length=20)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is set for this workstation; None and () where nothing is.

    collector: its address. overlays: files of an organisation's own values, laid over CM-G-03 in this order; they
    hold for the policy that comes with the agent, and not for one given by `--policy`. published: phones are judged by
    what the collector publishes for them.
    """

    language: Language | None = None
    collector: str | None = None
    overlays: tuple[Path, ...] = ()
    published: bool = False


def load(folder: DataDir) -> Configuration:
    """Read the configuration; where there is none, nothing is set. Raises PolicyError."""
    path = folder.configuration
    return _checked(read(path, str(path)), path.parent) if path.exists() else Configuration()


def check(text: str, path: Path) -> Configuration:
    """Read the configuration that would stand at `path`. Raises PolicyError."""
    return _checked(parse(text.encode(), str(path)), path.parent)


def collector(folder: DataDir) -> str | None:
    """The collector that reports go to: the configured one, else the one enrolled with. Raises PostureError."""
    return load(folder).collector or folder.collector()


def _checked(source: Source, beside: Path) -> Configuration:
    file = validate(source, _File)
    if file.collector is not None and not _is_address(file.collector):
        raise _no_address(source, file.collector)
    overlays = tuple(beside / name for name in file.overlays)
    return Configuration(file.language, file.collector, overlays, file.policy == "collector")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _no_address(source: Source, url: str) -> PolicyError:
    problem = Message(
        "“{url}” is no collector's address; it should look like https://posture.example.org", {"url": quoted(url)}
    )
    return source.error(("collector",), problem)
