"""Google's Find My Device (Find Hub): may somebody with the last holder's account lock or erase the phone from afar.

Where Google Play services made itself an administrator for it (`com.google.android.gms`, `MdmDeviceAdminReceiver`, in
`dumpsys device_policy`; see `device_policy`), it is on. Newer Play services need no administrator for it and keep the
switch in their own data, which nothing that shell may run prints: that it does not stand there proves nothing. It needs
an account, so a phone without accounts (`handover.accounts`) is not in its reach.
"""

from collections.abc import Iterator

from agent.capture import Capture
from agent.facts import Evidence, Fact, known, unknown
from agent.messages import Message
from agent.probes import device_policy
from agent.probes.proof import partly

COMMANDS = (device_policy.COMMAND,)
FACTS = ("handover.find_my_device",)
PROOF = {
    FACTS[0]: (
        partly(
            "only that it is on, where Play services is an administrator for it; its switch is in no list for shell"
        ),
    )
}
BY_HAND = Message("Settings › Google › Find My Device (Find Hub)")

_GOOGLE, _RECEIVER = "com.google.android.gms/", ".MdmDeviceAdminReceiver"


def probe(capture: Capture) -> Iterator[Fact]:
    """Yield true where Play services administers the phone for some user; it never proves false."""
    for user, admins in device_policy.read(capture).items():
        for admin in admins:
            if admin.component.startswith(_GOOGLE) and admin.component.endswith(_RECEIVER):
                line = Evidence.of(device_policy.COMMAND.key, f"User {user}: {admin.component}")
                yield known(FACTS[0], True, line)  # noqa: FBT003 - a fact's value
                return
    yield unknown(
        FACTS[0],
        Message(
            "Android does not tell whether Find My Device is on; look in Settings › Google › Find My Device "
            "(Find Hub), or remove every account: it needs one"
        ),
    )
