"""Why something sent by an agent is not taken: one sentence, one HTTP status (RFC 9457)."""

from typing import Any


class Refusal(Exception):
    """Ends in `application/problem+json`. `kind` is a stable word for machines and counters."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail

    def problem(self) -> dict[str, Any]:
        """The problem document."""
        return {"type": f"urn:posture:problem:{self.kind}", "title": self.kind, "status": self.status} | {
            "detail": self.detail
        }
