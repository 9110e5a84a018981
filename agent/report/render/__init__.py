"""A report, or the hand-over certificate, for a person to read, print and file: HTML and PDF of the same page."""

from agent.report.render.page import Page, page
from agent.report.render.writing import rendered, write

__all__ = ["Page", "page", "rendered", "write"]
