"""How a person has a phone accept this computer, step by step: what `adb` calls `unauthorized`.

The dialogue is UsbDebuggingActivity of AOSP's SystemUI (API 26 to 36): it shows the key's fingerprint and one box to
tick. It does not show over a lock screen, nor a second time for a key that was refused until the phone is plugged in
anew or its authorisations are revoked.
"""

from agent.messages import Message


def accept_steps(fingerprint: str | None) -> tuple[Message, ...]:
    """What to do at the phone, in order. fingerprint: of the key that asks, None where it is not ours to know."""
    allow = Message("Tick “Always allow from this computer” and tap “Allow”.")
    if fingerprint is not None:
        allow = Message(
            "Compare the fingerprint with {fingerprint}, tick “Always allow from this computer” and tap “Allow”.",
            {"fingerprint": fingerprint},
        )
    return (
        Message("Unlock the phone, and leave its screen on."),
        Message("Wait for the question “Allow USB debugging?” on its screen."),
        allow,
        Message(
            "If no question shows: Settings › System › Developer options › Revoke USB debugging authorisations; "
            "then unplug the phone and plug it in again."
        ),
    )
