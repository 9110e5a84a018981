"""The page as a tagged PDF (PDF/UA-1 and PDF/A-2a), by the typst compiler that comes in its wheel."""

import io
import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import segno
import typst

from agent.messages import Message, PostureError
from agent.report.render.page import Page

_STANDARDS: "list[typst.PDFStandard]" = ["ua-1", "a-2a"]
# Latin, Greek, Cyrillic, punctuation, arrows, and the signs of a status: the compiler's own fonts have these.
_FOREIGN = re.compile(r"[^\x20-\x7e\xa0-\u017f\u0370-\u03ff\u0400-\u045f\u2010-\u2027\u2030-\u203a\u2190-\u2193✓✕◐✎◷]")


def pdf(page: Page) -> bytes:
    """Return the page as PDF."""
    code = io.BytesIO()
    segno.make(page.code, error="m").save(code, kind="svg", border=2)
    template = files("agent.report.render").joinpath("report.typ").read_bytes()
    return compiled(template, asdict(page), code=code.getvalue().decode())


def compiled(template: bytes, page: dict[str, Any], **inputs: str) -> bytes:
    """Set a page by a template of ours. What it holds reaches the compiler as JSON (`page`), never as markup.

    Both standards ask for a glyph of every character. Where neither the compiler's fonts nor this computer's have
    one, the character is written as its number, `[U+6F22]`. Raises PostureError.
    """
    data = json.dumps(page, ensure_ascii=False)
    try:
        return _compile(template, inputs | {"page": data}, own_fonts_alone=True)
    except typst.TypstError:
        pass
    try:
        return _compile(template, inputs | {"page": data}, own_fonts_alone=False)
    except typst.TypstError:
        pass
    data = _FOREIGN.sub(lambda found: f"[U+{ord(found[0]):04X}]", data)
    try:
        return _compile(template, inputs | {"page": data}, own_fonts_alone=True)
    except typst.TypstError as error:
        raise PostureError(
            Message("the PDF could not be made: {why}; write an .html file", {"why": error.message}), permanent=True
        ) from error


def _compile(template: bytes, inputs: dict[str, str], *, own_fonts_alone: bool) -> bytes:
    compiler = typst.Compiler(template, ignore_system_fonts=own_fonts_alone, sys_inputs=inputs)
    made = compiler.compile(format="pdf", pdf_standards=_STANDARDS, timestamp=datetime.now(UTC).replace(microsecond=0))
    assert isinstance(made, bytes)  # noqa: S101 - a list comes of images alone
    return made
