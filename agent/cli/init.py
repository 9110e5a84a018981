"""`posture init`: asks what a workstation needs to know, and writes it into two files that explain themselves."""

import platform
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from agent.cli import learning, options
from agent.cli.agreeing import agrees
from agent.cli.language import language, t
from agent.configuration import writing
from agent.configuration.writing import Answers, Network
from agent.data_dir import DataDir
from agent.delivery import Collector
from agent.messages import LANGUAGES, Language, Message, PostureError
from agent.policy import load
from agent.policy.document import Duration, ParameterValue
from agent.report.signature import AgentKey

Answer = TypeVar("Answer")
_BSSID = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")


class Whole(click.IntRange):
    """A whole number within bounds; its name stands in what is said of anything else."""

    name = t("whole number")


_AGE, _DELAY = Whole(1, 3650), Whole(0, 1440)


class NetworkName(click.ParamType[Network]):
    """A network's name and its access points: Office=00:00:5e:00:53:01,00:00:5e:00:53:02."""

    name = "SSID=BSSID"

    def convert(self, value: str | Network, param: click.Parameter | None, ctx: click.Context | None) -> Network:
        """Take it apart, or fail with what it should look like."""
        if isinstance(value, Network):
            return value
        ssid, _, points = value.rpartition("=")
        bssid = tuple(point.strip().lower() for point in points.split(","))
        if not ssid or len(ssid) > 32 or not all(map(_BSSID.fullmatch, bssid)):
            self.fail(t("“{value}” is no network; write Office=00:00:5e:00:53:01", value=value), param, ctx)
        return Network(ssid, bssid)


@dataclass(frozen=True, slots=True)
class Given:
    """What was said on the command line, and is therefore not asked; None where nothing was."""

    collector: str | None
    code: str | None
    organisation: str | None
    networks: tuple[Network, ...]
    backup_age: int | None
    lock_delay: int | None
    patch_age: int | None
    vpns: tuple[str, ...]


@click.command("init", help=t("Ask what this workstation needs to know, and write its configuration."))
@click.option("--yes", is_flag=True, help=t("Ask nothing: what is not given keeps its default."))
@click.option("--force", is_flag=True, help=t("Replace the files that are there, and keep them beside the new ones."))
@click.option("--collector", metavar="URL", help=t("The collector that signed reports go to."))
@click.option("--code", help=t("The collector's one-time code, to enrol at once."))
@click.option("--organisation", metavar="NAME", help=t("How results call the organisation's own values."))
@click.option("--network", "networks", type=NetworkName(), multiple=True, help=t("A trusted network; repeatable."))
@click.option("--learn", is_flag=True, help=t("Trust the Wi-Fi that connected phones are on now."))
@click.option("--backup-age", type=_AGE, metavar="DAYS", help=t("Greatest age of a backup."))
@click.option("--lock-delay", type=_DELAY, metavar="MINUTES", help=t("Longest time until it locks."))
@click.option("--patch-age", type=_AGE, metavar="DAYS", help=t("Greatest age of a security patch."))
@click.option("--vpn", "vpns", multiple=True, metavar="PACKAGE", help=t("The organisation's VPN app; repeatable."))
@options.targets
@options.data
@options.lang
def command(wanted: options.Wanted, yes: bool, force: bool, learn: bool, data: Path | None, **given: Any) -> int:
    """Ask, write both files, enrol."""
    folder, said = DataDir.find(data), Given(**given)
    _may_write(folder, force=force, yes=yes)
    ask = Asking(language(), silent=yes)
    answers, code = _answers(ask, said, lambda: options.reach(folder, wanted), learn=learn)
    writing.write(folder, answers)
    for path in (folder.configuration, folder.organisation):
        ask.tell(Message("Written: {path}", {"path": str(path)}))
    if answers.collector and code:
        _enrol(folder, answers.collector, code)
        ask.tell(Message("This workstation is enrolled with {url}.", {"url": answers.collector}))
    ask.tell(Message("Next: `posture doctor` checks this workstation, `posture scan` scans."))
    return 0


class Asking:
    """Asks one question at a time, each with its reason and a default; says nothing when nobody is to be asked."""

    def __init__(self, language: Language, *, silent: bool) -> None:
        self.language: Language = language
        self.silent = silent

    def tell(self, message: Message) -> None:
        """Say something that is no question."""
        click.echo(message(self.language))

    def value(self, given: Answer | None, question: Message, why: Message, default: Answer, kind: Any = None) -> Answer:
        """Return what was given, else what is answered, else the default. `kind` is click's type of the answer."""
        if given is not None:
            return given
        if self.silent:
            return default
        self._explain(why)
        answer: Answer = click.prompt(question(self.language), default=default, type=kind, show_default=default != "")
        return answer

    def yes(self, question: Message, why: Message, *, default: bool) -> bool:
        """Return whether the person agrees."""
        if self.silent:
            return default
        self._explain(why)
        return agrees(question(self.language), default=default, to=self.language)

    def _explain(self, why: Message) -> None:
        click.echo()
        click.echo(click.wrap_text(why(self.language), 78))


def _may_write(folder: DataDir, *, force: bool, yes: bool) -> None:
    """Refuse to replace what is there, unless the person says so."""
    there = writing.existing(folder)
    if not there or force:
        return
    values = {"path": str(there[0]), "kept": str(writing.kept_as(there[0]))}
    sentence = "{path} is there already; --force writes a new one and keeps the old as {kept}"
    if yes or not agrees(t("{path} is there already. Replace it, and keep the old as {kept}?", **values)):
        raise PostureError(Message(sentence, values), permanent=True)


def _answers(ask: Asking, given: Given, phones: Callable[[], Any], *, learn: bool) -> tuple[Answers, str | None]:
    """What is to be written, and the code to enrol with."""
    ask.language = ask.value(
        None, Message("Language"), Message("What people read here, also in reports."), ask.language,
        click.Choice(LANGUAGES),
    )  # fmt: skip
    collector = _collector(ask, given)
    code = _code(ask, given, collector)
    organisation = ask.value(
        given.organisation or None,
        Message("Name of the organisation"),
        Message("Each result says whose value it was judged by: the guideline's, or yours."),
        Message("Our organisation")(ask.language),
    )
    networks = [*given.networks, *_networks(ask, phones, learn=learn)]
    return Answers(ask.language, organisation, collector, networks, _values(ask, given)), code


def _collector(ask: Asking, given: Given) -> str | None:
    while True:
        url = ask.value(
            given.collector,
            Message("Address of the collector (empty: none)"),
            Message("Signed reports go there. Without one, verdicts are shown here and sent nowhere."),
            "",
        )
        if not url:
            return None
        try:
            return Collector(url).url
        except PostureError as error:
            if given.collector is not None or ask.silent:
                raise
            ask.tell(error.message)


def _code(ask: Asking, given: Given, collector: str | None) -> str | None:
    if collector is None:
        if given.code is not None:
            raise click.UsageError(t("--code needs --collector URL."))
        return None
    why = Message("The collector takes reports only from workstations that it knows; its page Agents makes a code.")
    return ask.value(given.code, Message("One-time code (empty: enrol later)"), why, "") or None


def _networks(ask: Asking, phones: Callable[[], Any], *, learn: bool) -> list[Network]:
    """Learn networks from phones, one after the other, until the person has no more."""
    trusted: dict[str, list[str]] = {}
    question = Message("Learn a network from a phone that is connected now?")
    why = Message(
        "Phones on the organisation's own Wi-Fi meet the guideline there. Its name can be copied, so each access "
        "point counts: put a phone on that Wi-Fi, connect it here, and move it to the next access point."
    )
    wanted = learn or (not ask.silent and ask.yes(question, why, default=False))
    while wanted:
        for each in _learned(ask, phones):
            points = trusted.setdefault(each.ssid, [])
            points += [each.bssid] if each.bssid not in points else []
        wanted = not ask.silent and ask.yes(
            Message("Learn another?"), Message("One access point at a time."), default=False
        )
    return [Network(ssid, tuple(bssid)) for ssid, bssid in trusted.items()]


def _learned(ask: Asking, phones: Callable[[], Any]) -> list[learning.Learned]:
    """What the phones tell, and the person agrees to."""
    try:
        seen = learning.networks(phones())
    except PostureError as error:
        if ask.silent:
            raise
        ask.tell(error.message)
        return []
    agreed = []
    for each in seen:
        if isinstance(each, Message):
            ask.tell(each)
            continue
        weak = Message("Anybody may join this network, or the phone does not tell: think twice.")
        plain = Message("The phone {phone} is on it now.", {"phone": each.phone})
        question = Message("Trust {network}?", {"network": each.shown})
        if ask.yes(question, weak if each.anybodys else plain, default=not each.anybodys):
            agreed.append(each)
    return agreed


def _values(ask: Asking, given: Given) -> dict[str, ParameterValue]:
    """The parameters that are to differ from the policy's."""
    policy = load().parameters
    found: dict[str, ParameterValue] = {}
    for name, said, unit, kind, question, why in (
        ("backup_age", given.backup_age, "days", _AGE, Message("Greatest age of the newest WhatsApp backup, in days"),
         Message("A phone that is lost takes with it what was not backed up.")),
        ("lock_delay", given.lock_delay, "minutes", _DELAY,
         Message("Longest time until a phone locks itself, in minutes"),
         Message("Whoever finds a phone that lies about unlocked reads everything.")),
        ("patch_age", given.patch_age, "days", _AGE, Message("Greatest age of Android's security patch, in days"),
         Message("Older phones have known holes; some makers bring patches late.")),
    ):  # fmt: skip
        default = policy[name].value
        assert isinstance(default, Duration)  # noqa: S101 - what the shipped policy has
        amount = Duration.model_validate({unit: ask.value(said, question, why, default.value, kind)})
        if amount != default:
            found[name] = amount
    vpns = given.vpns or tuple(
        ask.value(
            None,
            Message("The organisation's VPN apps, by package, with commas (empty: none)"),
            Message("On a network of strangers a phone meets the guideline through these."),
            "",
        )
        .replace(",", " ")
        .split()
    )
    if vpns:
        found["trusted_vpns"] = vpns
    return found


def _enrol(folder: DataDir, url: str, code: str) -> None:
    key = AgentKey.open(folder.agent_key)
    try:
        folder.remember_collector(Collector(url).enrol(code, platform.node(), key.public_jwk).collector)
    except PostureError as error:
        later = Message(
            "the files are written, but not enrolled: {why}; try again with `posture enroll CODE`",
            {"why": error.message},
        )
        raise PostureError(later) from error
