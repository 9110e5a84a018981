"""`posture render` as people use it."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Workstation
from tests.policy.phones import phone
from tests.report.reports import BREACHED, key, report


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "report.json"
    written.write_text(report(key(tmp_path), phone(**BREACHED)).to_json() + "\n")
    return written


def test_a_report_becomes_html_and_pdf(workstation: Workstation, file: Path) -> None:
    page, paper = file.with_suffix(".html"), file.with_suffix(".pdf")
    for out in (page, paper):
        done = workstation.posture("render", file, "-o", out, "--lang", "es")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "No cumple" in page.read_text()
    assert paper.read_bytes().startswith(b"%PDF-")
    assert sorted(each.name for each in file.parent.iterdir()) == [
        "key.json",
        "report.html",
        "report.json",
        "report.pdf",
    ]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("out.txt", "ends in .html or .pdf"),
        ("nowhere/out.html", "cannot be written"),
    ],
)
def test_where_it_cannot_be_written_is_said(workstation: Workstation, file: Path, name: str, sentence: str) -> None:
    done = workstation.posture("render", file, "-o", file.parent / name)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_several_reports_in_one_file_are_refused(workstation: Workstation, file: Path) -> None:
    file.write_text(file.read_text() * 2)
    done = workstation.posture("render", file, "-o", file.with_suffix(".html"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "give one report a file" in done.stderr
