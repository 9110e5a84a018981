"""The page as one HTML file: no script, nothing from elsewhere, ready to print."""

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from agent.report.render.page import Page


def html(page: Page) -> bytes:
    """Return the page as UTF-8. Everything that a report holds is escaped by the template engine."""
    loader = PackageLoader("agent.report.render", ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # The drawing alone is markup: segno writes it, and takes the text as modules, not as letters.
    code = Markup(segno.make(page.code, error="m").svg_inline(scale=3, border=2, omitsize=True))  # noqa: S704
    return environment.get_template("report.html.j2").render(page=page, code=code).encode()
