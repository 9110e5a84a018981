"""Pure functions from a capture to facts.

A probe is one module with four names: `COMMANDS` (what it needs from a phone), `FACTS` (the names it answers
for), `PROOF` (how far each Android version proves them, see `proof`) and `probe(capture)`, which yields those
facts. A fifth, `BY_HAND`, may say where on the phone a person sees the same; it is added to the reason where a
command was not answered. A probe that says `READS_INDICATORS` takes a second argument, the indicator files that were
imported. To add a check, write the module and name it in `PROBES`; the list of all commands and `docs/facts.md` follow.
"""

import logging
from collections.abc import Container, Iterator, Sequence
from importlib import import_module
from types import ModuleType

from agent.capture import Capture, Command, OptIn, Unanswered
from agent.facts import Fact, unknown
from agent.indicators import IndicatorFile
from agent.messages import Message

log = logging.getLogger(__name__)


class ProbeError(Unanswered):
    """An answer that is not in a form which the probe's sources know. Its facts become unknown."""


def commands(allowed: Container[OptIn] = ()) -> tuple[Command, ...]:
    """Every command the agent may run on a phone, once each, in the order of the probes.

    Those that a person has to opt in to are left out unless `allowed` names their option.
    """
    listed: dict[str, Command] = {}
    for probe in PROBES:
        for command in probe.COMMANDS:
            if command.opt_in is not None and command.opt_in not in allowed:
                continue
            if listed.setdefault(command.key, command) is not command:
                raise ValueError(f"two different commands are called `{command.key}`")
    return tuple(listed.values())


def read_facts(capture: Capture, indicators: Sequence[IndicatorFile] = ()) -> dict[str, Fact]:
    """Run every probe. One that fails costs its own facts only, and those say why.

    `indicators`: the imported files that name known spyware; without any, `apps.spyware` is unknown.
    """
    facts: dict[str, Fact] = {}
    for probe in PROBES:
        for fact in _run(probe, capture, indicators):
            facts[fact.name] = fact
    return facts


def _run(probe: ModuleType, capture: Capture, indicators: Sequence[IndicatorFile]) -> Iterator[Fact]:
    owed = list(probe.FACTS)
    reason = Message("this check gave no answer; please report it with the output of `posture capture`")
    try:
        more = (indicators,) if getattr(probe, "READS_INDICATORS", False) else ()
        for fact in probe.probe(capture, *more):
            owed.remove(fact.name)
            yield fact
    except Unanswered as error:
        reason = advised(error, getattr(probe, "BY_HAND", None))
    except Exception:
        # A stranger wrote the dump: a parser's mistake costs its own facts and never the report.
        log.exception("probe %s failed", probe.__name__)
        reason = Message("this phone's answer is in a form that the check does not know; please report it")
    for name in owed:
        yield unknown(name, reason)


def advised(error: Unanswered, by_hand: Message | None) -> Message:
    """Say why a command gave nothing, and where a person sees the same. A ProbeError says what to do itself."""
    if by_hand is None or isinstance(error, ProbeError):
        return error.message
    return Message("{why}. By hand: {where}", {"why": error.message, "where": by_hand})


# Loaded by name and last: every probe needs what stands above. Add a line to add a check.
PROBES: tuple[ModuleType, ...] = tuple(
    import_module(f"{__name__}.{name}")
    for name in (
        "identity",
        "clock",
        "lock",
        "lock_delay",
        "lock_notifications",
        "trust",
        "biometrics",
        "boot",
        "switches",
        "root",
        "adb_keys",
        "reset",
        "reset_protection",
        "find_device",
        "connectivity",
        "wifi",
        "saved_networks",
        "netstats",
        "mobile_data",
        "whatsapp_package",
        "whatsapp_backup",
        "backup_schedule",
        "linked_devices",
        "linking_screens",
        "whatsapp_media",
        "device_admins",
        "accessibility",
        "notification_listeners",
        "keyboards",
        "added",
        "sideloaded",
        "spyware",
        "accounts",
    )
)
