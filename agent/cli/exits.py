"""Exit statuses of the commands that judge (fixed by the contract)."""

from collections.abc import Iterable

from agent.scan import Failed, Judged

COMPLIANT, FAILED, USAGE, INCONCLUSIVE, NOT_SCANNED = range(5)


def status(seen: Iterable[Judged | Failed]) -> int:
    """Return the worst of all phones: a failed rule, then a phone not (wholly) scanned, then something not proved."""
    seen = list(seen)
    verdicts = {each.report.verdict for each in seen if isinstance(each, Judged)}
    if "non_compliant" in verdicts:
        return FAILED
    if not seen or any(isinstance(each, Failed) or each.broken is not None for each in seen):
        return NOT_SCANNED
    return INCONCLUSIVE if "inconclusive" in verdicts else COMPLIANT
