"""The page of all facts: what each version of Android proves, and by which commands."""

from collections.abc import Iterator
from itertools import groupby

from agent.capture import Command
from agent.facts import FACTS
from agent.probes import PROBES
from agent.probes.proof import FIRST, LAST, Proof, on

_SIGNS = {"proved": "yes", "partly": "partly", "not provable": "no"}
_HEAD = """\
# What each version of Android proves

Written by `python docs/generate.py` from the tables `PROOF` of `agent/probes/`. **yes**: the phone proves it.
**partly**: only sometimes, or only one of its values; below stands when. **no**: nothing that shell may run proves
it; the fact is unknown, and its reason says what a person can do. Even a "yes" becomes unknown where the
phone refuses, breaks off or contradicts itself. Sources were read up to Android 16; makers differ, and what they
print in another form is unknown too.
"""


def page() -> str:
    """Return the page as Markdown."""
    versions = range(FIRST, LAST + 1)
    lines = [_HEAD, f"| fact | {' | '.join(str(version) for version in versions)} |"]
    lines.append("| --- |" + " --- |" * len(versions))
    for probe in PROBES:
        for name in probe.FACTS:
            signs = (_SIGNS[on(version, probe.PROOF[name]).degree] for version in versions)
            lines.append(f"| [`{name}`](#{_anchor(name)}) | {' | '.join(signs)} |")
    for probe in PROBES:
        commands = ", ".join(map(_command, probe.COMMANDS))
        for name in probe.FACTS:
            lines += [
                "",
                f"## {name}",
                "",
                f"{FACTS[name].label('en')}. Read by `{_file(probe.__name__)}` from {commands}.",
                "",
            ]
            lines += [f"- {_span(first, last)}: {_told(proof)}" for first, last, proof in _ranges(probe.PROOF[name])]
    lines += [
        "",
        "## network.class",
        "",
        "Concluded by the policy from the facts above and its list of trusted networks.",
    ]
    return "\n".join(lines) + "\n"


def _command(command: Command) -> str:
    return f"`{command.key}`" + (f" (only with `{command.opt_in}`)" if command.opt_in else "")


def _ranges(proofs: tuple[Proof, ...]) -> Iterator[tuple[int, int, Proof]]:
    told = [(version, on(version, proofs)) for version in range(FIRST, LAST + 1)]
    for _, group in groupby(told, key=lambda each: (each[1].degree, each[1].why)):
        same = list(group)
        yield same[0][0], same[-1][0], same[0][1]


def _span(first: int, last: int) -> str:
    return f"Android {first}" if first == last else f"Android {first} to {last}"


def _told(proof: Proof) -> str:
    return (
        f"{proof.degree}; {proof.why}"
        if proof.why and proof.degree == "proved"
        else f"{proof.degree}{': ' if proof.why else ''}{proof.why}"
    )


def _anchor(name: str) -> str:
    return name.replace(".", "")  # GitHub's rule


def _file(module: str) -> str:
    return module.replace(".", "/") + ".py"
