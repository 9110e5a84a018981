"""Writes the documents that are generated from the code: `python docs/generate.py`. Tests hold them current."""

import json
from pathlib import Path

from agent.report.model import Report

DOCS = Path(__file__).parent


def report_schema() -> str:
    """The report's JSON Schema."""
    return json.dumps(Report.model_json_schema(by_alias=True, mode="serialization"), indent=2) + "\n"


if __name__ == "__main__":
    (DOCS / "report.schema.json").write_text(report_schema())
