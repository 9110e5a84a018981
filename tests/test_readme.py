"""The READMEs tell the truth: the help they show is what `posture --help` prints, the files they name exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.es.md", "es")])
def test_the_help_shown_is_the_help_printed(name: str, language: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "posture", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "POSTURE_LANG": language, "COLUMNS": "80"},
    )
    assert f"```\n{done.stdout.rstrip()}\n```" in (ROOT / name).read_text()


@pytest.mark.parametrize("name", ["README.md", "README.es.md", "CONTRIBUTING.md"])
def test_every_file_that_is_linked_exists(name: str) -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / name).read_text())
    assert [path for path in linked if not (ROOT / path).exists()] == []


def test_both_readmes_show_the_same_commands() -> None:
    english, spanish = (
        re.findall(r"^    (make\b.*|posture \w+|pip install \.)", (ROOT / name).read_text(), re.MULTILINE)
        for name in ("README.md", "README.es.md")
    )
    assert english == spanish
