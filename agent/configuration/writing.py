"""The two files that `posture init` writes: the configuration, and the organisation's own values.

Both are for people to read and change, so each line says what it is for, in the language that was chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap

import yaml

from agent import configuration
from agent.capture import quoted
from agent.data_dir import DataDir
from agent.messages import Language, Message, PostureError, because
from agent.policy import load
from agent.policy.document import Duration, Overlay, ParameterValue
from agent.policy.source import parse
from agent.policy.validation import validate
from agent.whole_file import write_whole

_SHORT = 4  # entries of a list that stand on one line


@dataclass(frozen=True, slots=True)
class Network:
    """A network that the organisation trusts: its name and its access points."""

    ssid: str
    bssid: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person answered. `values`: parameters of the policy that are to differ from it."""

    language: Language
    organisation: str
    collector: str | None = None
    networks: Sequence[Network] = ()
    values: Mapping[str, ParameterValue] = field(default_factory=dict)


def kept_as(path: Path) -> Path:
    """Where a file goes that a new one replaces."""
    return path.with_name(f"{path.stem}.before{path.suffix}")


def existing(folder: DataDir) -> list[Path]:
    """The files that `write` would replace."""
    return [path for path in (folder.configuration, folder.organisation) if path.exists()]


def write(folder: DataDir, answers: Answers) -> None:
    """Write both files, and keep what they replace beside them. Raises PostureError, before anything is replaced."""
    own, here = organisation(answers), workstation(answers)
    validate(parse(own.encode(), str(folder.organisation)), Overlay)
    configuration.check(here, folder.configuration)
    _replace(folder.organisation, own)
    _replace(folder.configuration, here)


def _replace(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            write_whole(kept_as(path), path.read_bytes())
        write_whole(path, text)
    except OSError as error:
        raise PostureError(
            Message("{path} cannot be written: {why}", {"path": str(path), "why": because(error)})
        ) from error


def workstation(answers: Answers) -> str:
    """The text of posture.yaml."""
    collector = scalar(answers.collector) if answers.collector else "https://posture.example.org"
    lines = [
        *_said(
            answers,
            Message(
                "What posture takes for granted on this workstation. Change it freely: every command reads it and "
                "tells a mistake with its line; `posture doctor` checks it too."
            ),
        ),
        "schema: posture-configuration/1",
        "",
        *_said(answers, Message("Language of what people read, es or en. The option --lang goes before it.")),
        f"language: {answers.language}",
        "",
        *_said(answers, Message("The collector that signed reports go to; without it, the one enrolled with.")),
        f"{'' if answers.collector else '# '}collector: {collector}",
        "",
        *_said(answers, Message("The organisation's own values, laid over CM-G-03 in this order.")),
        "overlays:",
        "  - organisation.yaml",
    ]
    return "\n".join(lines) + "\n"


def organisation(answers: Answers) -> str:
    """The text of organisation.yaml."""
    lines = [
        *_said(
            answers,
            Message(
                "The organisation's own values, laid over CM-G-03. Change them freely; every result names the values "
                "it was judged by, and `posture policy lint` checks this file."
            ),
        ),
        "schema: posture-overlay/1",
        "overlays: CM-G-03",
        "layer: organisation",
        f"name: {scalar(answers.organisation)}",
        "",
        *_said(
            answers,
            Message(
                "Networks that the organisation trusts, each by its name and its access points (BSSID): a name alone "
                "proves nothing, since anyone can copy it."
            ),
        ),
        *_networks(answers.networks),
        "",
        *_said(
            answers,
            Message(
                "Values of the policy. Those behind a # are as the policy has them: to set another, take the # away, "
                "and the one before “parameters”."
            ),
        ),
        f"{'' if answers.values else '# '}parameters:",
    ]
    for parameter in load().parameters.values():
        mine = parameter.name in answers.values
        lines.append(f"  # {parameter.title[answers.language]}")
        value = answers.values.get(parameter.name, parameter.value)
        lines += [line if mine else f"  # {line[2:]}" for line in _entry(parameter.name, value)]
    return "\n".join(lines) + "\n"


def _said(answers: Answers, comment: Message) -> Iterator[str]:
    for line in wrap(comment(answers.language), 98):
        yield f"# {line}"


def _networks(networks: Sequence[Network]) -> Iterator[str]:
    if not networks:
        yield "# trusted_networks:"
        yield '#   - {ssid: "Example-Office", bssid: ["00:00:5e:00:53:01"]}'
        return
    yield "trusted_networks:"
    for network in networks:
        yield f"  - ssid: {scalar(network.ssid)}"
        yield f"    bssid: [{', '.join(scalar(each) for each in network.bssid)}]"


def _entry(name: str, value: ParameterValue) -> Iterator[str]:
    if isinstance(value, Duration):
        yield f"  {name}: {{{value.unit}: {value.value}}}"
    elif isinstance(value, int):
        yield f"  {name}: {value}"
    elif len(value) <= _SHORT:
        yield f"  {name}: [{', '.join(map(scalar, value))}]"
    else:
        yield f"  {name}:"
        for each in value:
            yield f"    - {scalar(each)}"


def scalar(text: str) -> str:
    """One text as YAML, quoted; what a terminal would not show as it is stands in escapes."""
    plain = quoted(text, len(text) + 1) == text
    return str(yaml.safe_dump(text, default_style='"', allow_unicode=plain, width=10_000)).strip()
