"""A report as a file for people: written whole or not at all."""

from pathlib import Path
from typing import Literal

from agent.messages import Language, Message, PostureError, because
from agent.policy import load
from agent.report.check import Opened
from agent.report.render.page import page
from agent.whole_file import write_whole


def rendered(opened: Opened, kind: Literal["html", "pdf"], language: Language) -> bytes:
    """Lay a report out in a language."""
    laid_out = page(opened, language, _quotes(opened))
    if kind == "pdf":
        from agent.report.render.pdf import pdf as made  # noqa: PLC0415 - a compiler is loaded
    else:
        from agent.report.render.html import html as made  # noqa: PLC0415
    return made(laid_out)


def write(opened: Opened, out: Path, language: Language) -> None:
    """Write a report as its ending, .pdf or else HTML, says. Errors: PostureError when it cannot be written."""
    content = rendered(opened, "pdf" if out.suffix.lower() == ".pdf" else "html", language)
    try:
        write_whole(out, content)
    except OSError as error:
        raise PostureError(
            Message("{path} cannot be written: {why}", {"path": str(out), "why": because(error)})
        ) from error


def _quotes(opened: Opened) -> dict[str, str]:
    """The guideline's own sentences, where the shipped policy is the one that judged: a rule's id never changes."""
    policy = load()
    if policy.id != opened.report.policy.id:
        return {}
    return {rule.id: rule.quote for rule in policy.rules}
