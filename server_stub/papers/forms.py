"""The forms in which reports are handed out, and what each file is called."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.report.export import FORMATS


@dataclass(frozen=True, slots=True)
class Form:
    """A form: how a browser is told of it, and the file's ending. `by_line`: each report's part follows the last one's.

    Of the others one file holds all reports, and all of it is in memory at once.
    """

    media_type: str
    ending: str
    by_line: bool = False


FORMS: Mapping[str, Form] = {
    "oscal": Form("application/json", "oscal.json"),
    "sarif": Form("application/sarif+json", "sarif"),
    "ocsf": Form("application/jsonl", "ocsf.jsonl", by_line=True),
    "junit": Form("application/xml", "junit.xml"),
    "csv": Form("text/csv; charset=utf-8", "results.csv", by_line=True),
}
assert set(FORMS) == set(FORMATS)  # noqa: S101 - each of them needs its words above
