"""Writes the documents that are generated from the code: `python docs/generate.py`. Tests hold them current."""

import json
import os
import subprocess
import sys
from pathlib import Path

from agent.messages import Language
from agent.policy import load
from agent.policy.guideline_page import page
from agent.policy.schema import json_schema
from agent.probes.facts_page import page as facts_page
from agent.report.model import Report

DOCS = Path(__file__).parent


def report_schema() -> str:
    """The report's JSON Schema."""
    return json.dumps(Report.model_json_schema(by_alias=True, mode="serialization"), indent=2) + "\n"


def policy_schema() -> str:
    """The JSON Schema of policies and overlays."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def guideline(language: Language) -> str:
    """The guideline beside its rules."""
    return page(load(), language)


def manual() -> str:
    """The manual page; in a process of its own, since the commands speak one language from their start."""
    program = [sys.executable, str(DOCS / "man_page.py")]
    done = subprocess.run(  # noqa: S603 - our own file
        program, env={**os.environ, "POSTURE_LANG": "en"}, capture_output=True, text=True, encoding="utf-8", check=True
    )
    return done.stdout


if __name__ == "__main__":
    (DOCS / "posture.1").write_text(manual(), encoding="utf-8")
    (DOCS / "policy.schema.json").write_text(policy_schema())
    (DOCS / "facts.md").write_text(facts_page())
    (DOCS / "guideline.md").write_text(guideline("en"))
    (DOCS / "guideline.es.md").write_text(guideline("es"))
    (DOCS / "report.schema.json").write_text(report_schema())
