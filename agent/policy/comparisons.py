"""The comparisons that a condition may make of one value."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from agent.capture import quoted
from agent.messages import Message
from agent.policy.conditions import FALSE, NOT_APPLICABLE, TRUE, UNKNOWN, Node, Scene, Test, Truth, entry_name

Why = Callable[[Any, Scene], Message]
Entries = Callable[[Any, Scene], tuple[Any, ...]]

FUTURE_SLACK_S = 300  # a time so little ahead of now is a rounding, not a riddle


@dataclass(frozen=True, slots=True)
class Comparison:
    """A test, why it may be unknown for a known value, and which entries of a list make it so."""

    test: Test
    why: Why = lambda value, _: Message("the answer {value} settles nothing", {"value": quoted(str(value))})
    entries: Entries | None = None
    reachable: frozenset[Truth] = frozenset({TRUE, FALSE})  # what it can be for a known value, beside unknown


def _as(truth: bool) -> Truth:  # noqa: FBT001 - it is what it is about
    return TRUE if truth else FALSE


def equal(operand: bool | int | str) -> Comparison:  # noqa: FBT001
    """The very value."""
    return Comparison(lambda value, _: _as(value == operand))


def among(operand: tuple[str, ...], *, inside: bool) -> Comparison:
    """One of the words, or none of them."""
    wanted = frozenset(operand)
    return Comparison(lambda value, _: _as((value in wanted) is inside))


def at_least(operand: float) -> Comparison:
    """No less."""
    return Comparison(lambda value, _: _as(value >= operand))


def at_most(operand: float) -> Comparison:
    """No more."""
    return Comparison(lambda value, _: _as(value <= operand))


def age(limit_s: int, *, within: bool) -> Comparison:
    """Compare an instant with the phone's clock; a time still to come is unknown, and so is all by a wrong clock."""

    def test(value: Any, scene: Scene) -> Truth:
        if scene.clock_off is not None:
            return UNKNOWN
        age_s = (scene.now - datetime.fromisoformat(value).astimezone(UTC)).total_seconds()
        if age_s < -FUTURE_SLACK_S:
            return UNKNOWN
        return _as((age_s <= limit_s) is within)

    def why(value: Any, scene: Scene) -> Message:
        return scene.clock_off or Message(
            "{instant} is still to come by the phone's clock; set that clock right and scan again", {"instant": value}
        )

    return Comparison(test, why)


def empty(*, wanted: bool) -> Comparison:
    """A list without entries, or one with some."""
    return Comparison(lambda value, _: _as((not value) is wanted), entries=lambda value, _: tuple(value))


def contains(operand: str) -> Comparison:
    """A list with this entry."""
    return Comparison(lambda value, _: _as(operand in value), entries=lambda value, _: tuple(value))


def only(operand: tuple[str, ...]) -> Comparison:
    """Every entry is on the list; the name of an app there stands for each of its components (`app/component`)."""
    allowed = frozenset(operand)

    def strangers(value: Any, _: Scene) -> tuple[Any, ...]:
        return tuple(each for each in value if each not in allowed and each.partition("/")[0] not in allowed)

    return Comparison(lambda value, scene: _as(not strangers(value, scene)), entries=strangers)


def trusted(names: frozenset[str], *, wanted: bool) -> Comparison:
    """A name that is none of ours is not trusted; one of ours proves nothing, since anyone can copy it."""
    return Comparison(
        lambda value, _: UNKNOWN if value in names else _as(not wanted),
        lambda value, _: Message(
            "the name {name} is a trusted network's, and a name alone proves nothing; ask where the phone was used",
            {"name": quoted(str(value))},
        ),
        reachable=frozenset({_as(not wanted)}),
    )


def quantified(each: Node, where: Node | None, *, every: bool) -> Comparison:
    """`every` or `some` entry; `where` narrows which entries are asked about.

    An entry to which the condition does not apply is left out, as in `all` and `any`.
    """
    settled, rest = (FALSE, TRUE) if every else (TRUE, FALSE)

    def judge(entry: Any, scene: Scene) -> Truth:
        asked = TRUE if where is None else where.truth(scene, entry)
        if asked is FALSE or asked is NOT_APPLICABLE:
            return NOT_APPLICABLE
        truth = each.truth(scene, entry)
        return UNKNOWN if asked is UNKNOWN and truth is settled else truth

    def test(value: Any, scene: Scene) -> Truth:
        result = rest
        for entry in value:
            truth = judge(entry, scene)
            if truth is settled:
                return settled
            if truth is UNKNOWN:
                result = UNKNOWN
        return result

    def deciding(value: Any, scene: Scene) -> tuple[Any, ...]:
        wanted = test(value, scene)
        return tuple(entry for entry in value if judge(entry, scene) is wanted)

    def why(value: Any, scene: Scene) -> Message:
        entry = deciding(value, scene)[0]
        for node in (where, each):
            for finding in node.deciding(scene, entry) if node else ():
                if finding.reason is not None and finding.truth is UNKNOWN:
                    return Message("{entry}: {why}", {"entry": quoted(entry_name(entry)), "why": finding.reason})
        return Message("{entry} is not settled", {"entry": quoted(entry_name(entry))})

    return Comparison(test, why, deciding)


def unless_unproved(
    comparison: Comparison, unproved: tuple[str, ...], *, what: str | Message, choices: tuple[str, ...]
) -> Comparison:
    """The same, but for values that prove neither one thing nor the other; `choices` are all there are."""
    open_values = frozenset(unproved)
    test = comparison.test
    left = [value for value in choices if value not in open_values]
    nowhere = Scene({}, datetime.now(UTC))
    return replace(
        comparison,
        test=lambda value, scene: UNKNOWN if value in open_values else test(value, scene),
        why=lambda value, _: Message(
            "“{what}” is {value}, which proves neither one thing nor the other",
            {"what": what, "value": quoted(str(value))},
        ),
        reachable=frozenset(test(value, nowhere) for value in left) if left else comparison.reachable,
    )
