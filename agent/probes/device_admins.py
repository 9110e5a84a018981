"""Device administrators that are enabled, of every user: `dumpsys device_policy` (see `device_policy`).

A receiver that an app declares, or a permission that is fixed by policy, is no proof: only this list is. The
owner of the device or of a work profile is an administrator too, so it stands here.
"""

from collections.abc import Iterator

from agent.capture import Capture
from agent.facts import Evidence, Fact, known
from agent.messages import Message
from agent.probes import components, device_policy, users
from agent.probes.everybody import require
from agent.probes.proof import proved

COMMANDS = (device_policy.COMMAND, users.COMMAND)
FACTS = ("apps.device_admins",)
PROOF = {FACTS[0]: (proved(limit="unknown while Android has not loaded some user"),)}
BY_HAND = Message("Settings › Security › Device admin apps")


def probe(capture: Capture) -> Iterator[Fact]:
    """List the administrators of all users; whether one is allowed is the policy's decision."""
    admins = device_policy.read(capture)
    require(capture, admins, device_policy.COMMAND.key)
    found = [admin for each in admins.values() for admin in each]
    evidence = [Evidence.of(device_policy.COMMAND.key, f"User {one.user}: {one.component}") for one in found]
    if not evidence:
        nobody = [f"Enabled Device Admins (User {user}): none" for user in sorted(admins)]
        evidence = [Evidence.of(device_policy.COMMAND.key, line) for line in nobody]
    yield known(FACTS[0], components.distinct(one.component for one in found), *evidence)
