"""What the adb server says of each phone that it knows."""

from collections.abc import Iterator

from agent.doctor.finding import Finding, NotLooked, Workstation
from agent.messages import Message


def states(workstation: Workstation) -> Iterator[Finding]:
    """Yield what the adb server says of phones that cannot be scanned now, and that there are several."""
    if not workstation.adb.is_running():
        raise NotLooked(Message("no adb server runs here, and none is needed: phones on USB are spoken to directly"))
    found = workstation.adb.states()
    for serial, state in found.items():
        if state != "device":
            what, remedy = next((each for name, each in _STATES.items() if state.startswith(name)), _OTHER)
            values = {"serial": serial, "state": state}
            yield Finding("problem", Message(what.sentence, values), Message(remedy.sentence, values))
    if len(found) > 1:
        first = next(iter(found))
        yield Finding(
            "note",
            Message("{count} phones are connected; `posture scan` takes them all", {"count": len(found)}),
            Message("for one alone: `posture scan --serial {serial}`", {"serial": first}),
        )


_STATES = {
    "unauthorized": (
        Message("{serial} has not accepted this computer"),
        Message(
            "unlock the phone, tick “Always allow from this computer” and accept; if no question shows: Developer "
            "options › Revoke USB debugging authorisations, then plug it in again"
        ),
    ),
    "authorizing": (
        Message("{serial} is being asked to accept this computer"),
        Message("look at the phone's screen, tick “Always allow from this computer” and accept"),
    ),
    "offline": (
        Message("{serial} is offline"),
        Message("unlock it and plug it in again, or: `adb reconnect offline`"),
    ),
    "no permissions": (
        Message("the adb server may not use {serial} over USB"),
        Message("`posture doctor --fix` offers the udev rule; then plug the phone in again, and: `adb kill-server`"),
    ),
}
_OTHER = (
    Message("{serial} is in the state “{state}”"),
    Message("start Android on it, then plug it in again"),
)
