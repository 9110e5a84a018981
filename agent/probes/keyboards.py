"""Keyboards that are on: they see every word that is typed.

`enabled_input_methods` of every person, and `default_input_method`, the one in use (Settings.Secure, API 26 to
36; `component;subtype;subtype:component`). Android writes the list at its first start, so its absence proves
nothing. A profile types with its owner's keyboards.
"""

from collections.abc import Iterator

from agent.capture import Capture
from agent.facts import Evidence, Fact, known
from agent.messages import Message
from agent.probes import ProbeError, components, settings, users
from agent.probes.everybody import everybody
from agent.probes.proof import proved

COMMANDS = (settings.SECURE, users.COMMAND)
FACTS = ("apps.keyboards",)
PROOF = {FACTS[0]: (proved(),)}
BY_HAND = Message("Settings › System › Languages and input › On-screen keyboard")
ENABLED, DEFAULT = "enabled_input_methods", "default_input_method"


def probe(capture: Capture) -> Iterator[Fact]:
    """List every person's keyboards."""
    found: list[str] = []
    evidence: list[Evidence] = []
    for user in [user.id for user in everybody(capture) or () if user.is_person] or [0]:
        enabled = settings.value(capture, "secure", ENABLED, user)
        if enabled is None:
            raise ProbeError(
                Message(
                    "the phone does not say which keyboards of user {user} are on; look in that user's settings",
                    {"user": user},
                )
            )
        found += components.split(enabled.value, settings.SECURE.key)
        evidence.append(enabled.evidence)
        if default := settings.value(capture, "secure", DEFAULT, user):
            in_use = components.split(default.value, settings.SECURE.key)
            if components.only_here(in_use, found):
                found += in_use
                evidence.append(default.evidence)
    yield known(FACTS[0], components.distinct(found), *evidence)
