"""Making a stranger's text fit to store and to show."""

import unicodedata

# Controls, formats (with the bidirectional ones), surrogates, private use, unassigned, line and paragraph ends.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str, length: int) -> str:
    """Return one line of at most `length` characters; what cannot be seen becomes a visible mark."""
    cut = text[: length + 1]
    if cut.isprintable() and len(cut) <= length:
        return cut
    shown = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _UNSEEN else c for c in cut)
    return shown if len(shown) <= length else shown[: length - 1] + "…"
