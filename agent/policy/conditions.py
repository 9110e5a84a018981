"""Conditions over facts, in Kleene's three values and a fourth for what does not apply.

`all` needs every part: one false part makes it false, else an unknown one unknown, else one that does not apply
makes the whole not apply. `any` needs one: a true part makes it true, else an unknown one unknown, else it is false,
and it does not apply only where no part does. So nothing is ever true by a part that does not apply.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from typing_extensions import override

from agent.facts import FACTS, Fact, State, unknown
from agent.messages import Message
from agent.policy.document import Texts


class Truth(Enum):
    """What a condition says of one phone."""

    FALSE = "false"
    TRUE = "true"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


FALSE, TRUE, UNKNOWN, NOT_APPLICABLE = Truth
# What a group is when no part settles it, the weightiest first.
_WEIGHT = {FALSE: (UNKNOWN, NOT_APPLICABLE, TRUE), TRUE: (UNKNOWN, FALSE, NOT_APPLICABLE)}
_NOT = {FALSE: TRUE, TRUE: FALSE, UNKNOWN: UNKNOWN, NOT_APPLICABLE: NOT_APPLICABLE}


@dataclass(slots=True)
class Scene:
    """One phone at one moment. `now` is the phone's own clock where it is known.

    `clock_off` says why nothing that rests on the phone's clock can be judged, None where it can.
    """

    facts: Mapping[str, Fact]
    now: datetime
    clock_off: Message | None = None

    def fact(self, name: str) -> Fact:
        """The fact, or an unknown one where nothing read it."""
        return self.facts.get(name) or unknown(name, Message("this scan did not read it; scan again"))


@dataclass(frozen=True, slots=True)
class Finding:
    """A comparison that decides, what it says, the entries of a list that decide it, and why it is unknown."""

    fact: str
    truth: Truth
    entries: tuple[Any, ...] = ()
    reason: Message | None = None
    otherwise: Texts | None = None


class Node(ABC):
    """A compiled condition. `entry` is the record that `every` or `some` looks at."""

    __slots__ = ()
    otherwise: Texts | None

    @abstractmethod
    def truth(self, scene: Scene, entry: Any = None) -> Truth:
        """Judge it."""

    @abstractmethod
    def deciding(self, scene: Scene, entry: Any = None) -> list[Finding]:
        """The comparisons that make it what it is, the most telling first."""

    @abstractmethod
    def leaves(self) -> "Sequence[Leaf]":
        """Every comparison in it."""


@dataclass(frozen=True, slots=True)
class Group(Node):
    """`all` (settled by a false part) or `any` (settled by a true one)."""

    parts: tuple[Node, ...]
    settled_by: Truth
    otherwise: Texts | None = None

    @override
    def truth(self, scene: Scene, entry: Any = None) -> Truth:
        found = set()
        for part in self.parts:
            truth = part.truth(scene, entry)
            if truth is self.settled_by:
                return truth
            found.add(truth)
        return next(truth for truth in _WEIGHT[self.settled_by] if truth in found)

    @override
    def deciding(self, scene: Scene, entry: Any = None) -> list[Finding]:
        truth = self.truth(scene, entry)
        found = [
            finding
            for part in self.parts
            if part.truth(scene, entry) is truth
            for finding in part.deciding(scene, entry)
        ]
        return [_told(finding, self.otherwise) for finding in found]

    @override
    def leaves(self) -> "Sequence[Leaf]":
        return [leaf for part in self.parts for leaf in part.leaves()]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The opposite."""

    part: Node
    otherwise: Texts | None = None

    @override
    def truth(self, scene: Scene, entry: Any = None) -> Truth:
        return _NOT[self.part.truth(scene, entry)]

    @override
    def deciding(self, scene: Scene, entry: Any = None) -> list[Finding]:
        return [
            _told(
                Finding(each.fact, _NOT[each.truth], each.entries, each.reason, each.otherwise),
                self.otherwise,
            )
            for each in self.part.deciding(scene, entry)
        ]

    @override
    def leaves(self) -> "Sequence[Leaf]":
        return self.part.leaves()


def _told(finding: Finding, otherwise: Texts | None) -> Finding:
    if finding.otherwise is not None or otherwise is None:
        return finding
    return Finding(finding.fact, finding.truth, finding.entries, finding.reason, otherwise)


Test = Callable[[Any, Scene], Truth]
"""Compares one value, never None."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaf(Node):
    """One comparison. `place` is where it stands in its file, in words; `fact` is what it looks at in the end.

    `field` is None for the fact itself, "" for the entry that `every` looks at, else the entry's field.
    """

    fact: str
    field: str | None
    test: Test
    place: str
    why: Callable[[Any, Scene], Message]
    otherwise: Texts | None = None
    applies: bool | None = None
    entries: Callable[[Any, Scene], tuple[Any, ...]] | None = None
    inner: tuple["Leaf", ...] = ()
    reachable: frozenset[Truth] = frozenset({TRUE, FALSE})

    @override
    def truth(self, scene: Scene, entry: Any = None) -> Truth:
        if self.field is None:
            fact = scene.facts.get(self.fact)
            if fact is None or fact.state is State.UNKNOWN:
                return UNKNOWN
            if self.applies is not None:
                return TRUE if (fact.state is State.KNOWN) is self.applies else FALSE
            return NOT_APPLICABLE if fact.state is State.NOT_APPLICABLE else self.test(fact.value, scene)
        value = entry.get(self.field) if self.field else entry
        return UNKNOWN if value is None else self.test(value, scene)

    @override
    def deciding(self, scene: Scene, entry: Any = None) -> list[Finding]:
        truth = self.truth(scene, entry)
        value = scene.fact(self.fact).value if self.field is None else entry.get(self.field) if self.field else entry
        entries = self.entries(value, scene) if self.entries and value is not None else ()
        reason = self._reason(value, scene, entry) if truth is UNKNOWN else scene.fact(self.fact).reason
        return [Finding(self.fact, truth, entries, reason, self.otherwise)]

    def _reason(self, value: Any, scene: Scene, entry: Any) -> Message:
        if value is not None:
            return self.why(value, scene)
        if self.field is None:
            return scene.fact(self.fact).reason or Message("this scan did not read it; scan again")
        return missing_field(self.field, entry)

    @override
    def leaves(self) -> "Sequence[Leaf]":
        return [self, *self.inner]


def missing_field(field: str, entry: Any) -> Message:
    """Why an entry of a list settles nothing: the phone left a field of it open."""
    return Message("the phone does not tell “{field}” of {entry}", {"field": field, "entry": entry_name(entry)})


def entry_name(entry: Any) -> str:
    """What to call one entry of a list: a record goes by its first field that is filled."""
    if isinstance(entry, Mapping):
        return next((str(value) for value in entry.values() if value is not None), "?")
    return str(entry)


def label(fact: str) -> Message:
    """What people call a fact."""
    return FACTS[fact].label
