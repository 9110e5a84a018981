"""Who holds the key of a WhatsApp backup: its own header, not its name.

A file begins with one byte, the length of a protobuf message; then perhaps a byte 01 (a table of features follows
in the metadata); then the message, in plain: field 1 the old kind of key (0 WhatsApp's, 1 the user's), field 2
what WhatsApp needs to hand out its key (crypt14), field 3 the IV alone, for the user's own key (crypt15), field 4
metadata, field 6 the new kind of key (0 WhatsApp's, 1 end-to-end, 2 password, 3 64-digit key, 4 passkey).
Source: read in wa-crypt-tools' definitions, checked on files that it made.

Field 4 holds two digits of the phone number, field 2 an account's hash. So the phone itself walks the header
(`whatsapp_storage`) and prints only its skeleton, such as `133 + 1=1 3:18 4:109 .`: the length, `+` for the
feature byte, `number=value` of the two kinds of key, `number:length` of what has content, and a `.` when the
fields fill the message exactly.
"""

import re

from agent.messages import Message
from agent.probes import ProbeError

_FIELD = re.compile(r"(?P<number>\d{1,6})(?:=(?P<value>\d{0,10})|:(?P<length>\d{1,10}))")
_OLDEST = re.compile(r"crypt(?:5|7|8|9|10|11|12)")  # their header is no such message; the key is always WhatsApp's
_NAMES = {"crypt14": False, "crypt15": True}

NOT_A_HEADER = Message("its header is not one of WhatsApp's")
TWO_MINDS = Message("its header names two kinds of key, so one of them is false")


def end_to_end(skeleton: str, name: str) -> bool:
    """Whether the user alone holds the key of the file called `name`; ProbeError when its header does not say."""
    if _OLDEST.fullmatch(name.rpartition(".")[2]):
        return False
    length, *fields = skeleton.split()
    if not length.isdigit() or not fields or fields.pop() != ".":
        raise ProbeError(NOT_A_HEADER)
    if fields and fields[0] == "+":
        fields = fields[1:]
    found = [_FIELD.fullmatch(each) for each in fields]
    known = {each["number"]: each["value"] for each in found if each}
    if len(known) != len(fields):
        raise ProbeError(NOT_A_HEADER)
    return _judge(known)


def _judge(fields: dict[str, str | None]) -> bool:
    ours, theirs = "3" in fields, "2" in fields
    if ours == theirs:
        raise ProbeError(TWO_MINDS if ours else NOT_A_HEADER)
    kind = fields.get("6") or fields.get("1")  # the new one is written beside the old one, and says more
    if kind and (kind != "0") is not ours:
        raise ProbeError(TWO_MINDS)
    return ours


def contradicts(name: str, *, end_to_end: bool) -> bool:
    """Whether the file's name promises another kind of key than its header shows."""
    promised = _NAMES.get(name.rpartition(".")[2])
    return promised is not None and promised is not end_to_end
