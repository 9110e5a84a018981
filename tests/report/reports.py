"""Reports for tests, judged by the shipped policy."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

from agent.capture import Capture
from agent.facts import Fact, instant
from agent.policy import Policy, attest, evaluate, load
from agent.policy.terms import Profile
from agent.report.build import build
from agent.report.model import Report
from agent.report.signature import AgentKey
from tests.policy.phones import NOW, fact, phone

BREACHED: Mapping[str, object] = {
    "screen_lock__secure": False,
    "network__wifi__security": "open",
    "whatsapp__backup__latest_at": instant(NOW - timedelta(days=34)),
}
EMPTIED: Mapping[str, object] = {
    "handover.reset_at": instant(NOW - timedelta(hours=3)),
    "handover.not_reset_since": instant(NOW - timedelta(hours=3)),
    "handover.accounts": 0,
    "handover.user_apps": 0,
    "handover.whatsapp_leftovers": [],
    "whatsapp.installed": [],
    "screen_lock.secure": False,
    "device.adb_keys": [],
}


@cache
def policy() -> Policy:
    return load()


def report(
    key: AgentKey, facts: Mapping[str, Fact] | None = None, *, profile: Profile = "in-use", answers: Sequence[str] = ()
) -> Report:
    """A report of a phone with these facts, to whose questions somebody answered yes."""
    named = [fact("device.serial", "R58N000TEST"), fact("device.manufacturer", "Ejemplo"), fact("device.model", "X-1")]
    seen = {**(phone() if facts is None else facts), **{each.name: each for each in named}}
    judged = evaluate(policy(), seen, profile=profile, scanned_at=NOW)
    stated = [
        each
        for name in answers
        for each in attest(
            judged, policy().questions[name], answer=True, by="Ana P.",
            role=policy().questions[name].answered_by[0], at=NOW,
        )
    ]  # fmt: skip
    judged = evaluate(policy(), seen, profile=profile, scanned_at=NOW, attestations=stated)
    capture = Capture("live", NOW, {}, "R58N000TEST", None, 4100)
    return build(capture, judged, policy(), agent_id=key.id, profile=profile, language="es")


def key(folder: Path) -> AgentKey:
    return AgentKey.open(folder / "key.json")
