"""Which devices are linked to WhatsApp: not readable from outside, and said so.

The list lies in WhatsApp's own folder (`databases/companion_devices.db`), which Android closes to everybody but
WhatsApp and root, on API 26 to 36; the screen that shows it is not exported, so nothing can open it from outside.
What the phone does tell, that the screen was opened, stands in `linking_screens`.
"""

from collections.abc import Iterator

from agent.capture import Capture, Unanswered
from agent.facts import Fact, not_applicable, unknown
from agent.messages import Message
from agent.probes import whatsapp_package
from agent.probes.proof import hidden

COMMANDS = whatsapp_package.COMMANDS
FACTS = ("whatsapp.linked_devices",)
PROOF = {FACTS[0]: (hidden("Android closes WhatsApp's own folder and its screen to everybody but root"),)}

NOT_INSTALLED = Message("WhatsApp is not installed")
CLOSED = Message(
    "Android lets no computer read WhatsApp's linked devices; open WhatsApp, Settings, Linked devices together with "
    "the phone's owner, log out what should not be there, and note the result"
)


def probe(capture: Capture) -> Iterator[Fact]:
    """Say what a person has to do, or that there is nothing to look at."""
    try:
        nobody = not whatsapp_package.official(capture)
    except Unanswered:
        nobody = False
    if nobody:
        yield not_applicable(FACTS[0], NOT_INSTALLED, *whatsapp_package.absence(capture))
    else:
        yield unknown(FACTS[0], CLOSED)
