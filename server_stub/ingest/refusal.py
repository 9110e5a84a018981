"""Why something sent by an agent is not taken: one sentence, one HTTP status (RFC 9457)."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext


class Refusal(Exception):
    """Ends in `application/problem+json`. `kind` is a stable word for machines and counters.

    `sentence` is English, with gaps like %(limit)s for `values`; whoever asks in Spanish is told in Spanish.
    """

    def __init__(self, status: int, kind: str, sentence: str, values: Mapping[str, object] | None = None) -> None:
        self.status = status
        self.kind = kind
        self._sentence, self._values = sentence, values
        super().__init__(self.detail)

    @property
    def detail(self) -> str:
        """The sentence in English, as it is kept."""
        return self._sentence % self._values if self._values else self._sentence

    def problem(self) -> dict[str, Any]:
        """The problem document, in the reader's language."""
        sentence = gettext(self._sentence)
        told = sentence % self._values if self._values else sentence
        return {"type": f"urn:posture:problem:{self.kind}", "title": self.kind, "status": self.status, "detail": told}
