"""Factory-reset protection: would the phone ask for its last holder's account or lock after a reset.

`dumpsys persistent_data_block` prints it from API 35 on, under "FRP state" (PersistentDataBlockService.dump at API 35
and 36, One UI 7 the same): the size of the block that holds the account's challenge, and whether a lock's credential
handle is kept. Up to 33 the service prints nothing, at 34 other fields: unknown. The secret itself is never printed.
"""

import re
from collections.abc import Iterator

from agent.capture import Capture, Command
from agent.facts import Evidence, Fact, known, unknown
from agent.messages import Message
from agent.probes.proof import hidden, proved

COMMAND = Command(
    "dumpsys persistent_data_block",
    Message("whether the phone would ask for its last holder's account after a reset"),
    script="dumpsys persistent_data_block | sed -n -E "
    "-e '/^ *(FRP state|Has FRP credential handle: |FRP challenge block size: |mDataBlockFile)/p' -e '/DUMP TIMEOUT/p'",
)
COMMANDS = (COMMAND,)
FACTS = ("handover.reset_protection",)
PROOF = {FACTS[0]: (hidden("Android does not print it before version 15", 8, 14), proved(15))}
BY_HAND = Message("Settings › Passwords and accounts: remove every account before the reset")

_SIZE = re.compile(r"^ *FRP challenge block size: (\d{1,9}) *$", re.MULTILINE)
_HANDLE = re.compile(r"^ *Has FRP credential handle: (true|false) *$", re.MULTILINE)


def probe(capture: Capture) -> Iterator[Fact]:
    """Yield true where an account's challenge or a lock's handle is kept, false where neither is."""
    text = capture.text(COMMAND)
    size, handle = _SIZE.search(text), _HANDLE.search(text)
    if size is None or handle is None:
        yield unknown(
            FACTS[0],
            Message(
                "this phone does not print what its factory-reset protection keeps (Android 14 and earlier); "
                "remove every account in Settings › Passwords and accounts before the reset"
            ),
        )
        return
    kept = int(size[1]) > 0 or handle[1] == "true"
    yield known(FACTS[0], kept, Evidence.of(COMMAND.key, size[0]), Evidence.of(COMMAND.key, handle[0]))
