"""Side-by-side timing: the two take turns and the fastest of each counts, so that a busy machine tells little."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    what: str
    seconds: float
    against: str
    against_seconds: float
    aim: float | None = None

    @property
    def ratio(self) -> float:
        return self.seconds / self.against_seconds


def side_by_side(
    what: str,
    run: Callable[[], object],
    against: str,
    run_against: Callable[[], object],
    *,
    aim: float | None = None,
    rounds: int = 5,
) -> Ratio:
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(timed(run))
        theirs.append(timed(run_against))
    return Ratio(what, min(ours), against, min(theirs), aim)


def timed(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun
