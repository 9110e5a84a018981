"""A report on paper: HTML and PDF say the same, in both languages, and hold whatever a phone wrote as plain text."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pypdf
import pytest

from agent.messages import LANGUAGES, Language
from agent.report.check import Opened, open_report
from agent.report.model import Report
from agent.report.render import Page, page
from agent.report.render.html import html
from agent.report.render.pdf import pdf
from agent.report.signature import SignatureError
from tests.policy.phones import phone
from tests.report.reports import BREACHED, EMPTIED, key, policy, report

HOSTILE = '</p><script>alert(1)</script>#image("x") $x$ \\u{41} *b* @r <l> &amp; {{ 7*7 }} {% x %}'


class Reader(HTMLParser):
    """The words and the tags of a page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self._silent = False
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._silent = tag == "style"
        self.addresses += [str(value) for name, value in attrs if name in ("src", "href", "action")]

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._silent:
            self.words.append(" ".join(data.split()))


def opened(made: Report) -> Opened:
    return open_report(made.to_json().encode(), None)


def laid_out(made: Report, language: Language) -> Page:
    return page(opened(made), language, {rule.id: rule.quote for rule in policy().rules})


def pdf_text(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(each.extract_text().split()) for each in pages)


def squeezed(text: str) -> str:
    """Without spaces and hyphens: a PDF breaks lines where it likes."""
    return re.sub(r"[\s\u00ad\u2010-]+", "", text)


@pytest.fixture
def breached(tmp_path: Path) -> Report:
    return report(key(tmp_path), phone(**BREACHED))


def test_a_failing_phone_begins_with_what_to_do(breached: Report) -> None:
    words = Reader(html(laid_out(breached, "es"))).words
    assert words[1:14] == [
        "Revisión de un teléfono asignado",
        "✕", "No cumple",
        breached.summary["es"],
        "Teléfono", "Ejemplo X-1",
        "Número de serie", "R58N000TEST",
        "Android", "sin datos",
        "Parche de seguridad", "sin datos",
        "Qué hacer ahora",
    ]  # fmt: skip
    assert words[14].startswith("Bloqueo de pantalla: no hay PIN, patrón ni contraseña → Ajustes › ")


def test_each_rule_shows_verdict_sentence_finding_remedy_quote_and_evidence(breached: Report) -> None:
    (lock,) = [
        row
        for group in laid_out(breached, "en").groups
        if group.name == "Clause 7"
        for row in group.rows
        if row.title == "A PIN, a pattern or a password locks the screen" or "no PIN" in row.message
    ]
    assert (lock.mark.sign, lock.mark.word, lock.mark.colour) == ("✕", "Fails", "red")
    assert lock.message == "Screen lock: no PIN, pattern or password is set"
    assert lock.remedy.startswith("Settings › ")
    assert lock.quote == next(rule.quote for rule in policy().rules if rule.id == "screen-lock-set")
    assert lock.evidence == ("test: screen_lock.secure",)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("profile", ["in-use", "handover"])
def test_the_pdf_says_what_the_html_says(tmp_path: Path, language: Language, profile: str) -> None:
    made = (
        report(key(tmp_path), phone(**BREACHED), answers=["conduct"])
        if profile == "in-use"
        else report(key(tmp_path), phone(EMPTIED), profile="handover", answers=["migrated"])
    )
    shown = laid_out(made, language)
    told = squeezed(pdf_text(pdf(shown)))
    spoken = [word for word in Reader(html(shown)).words[1:] if word not in ("·", "→")]
    assert [word for word in spoken if squeezed(word.removeprefix("→ ")) not in told] == []


def test_the_pdf_is_tagged_for_screen_readers_and_fit_to_file(breached: Report) -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf(laid_out(breached, "es"))))
    root = reader.trailer["/Root"]
    assert (root["/MarkInfo"]["/Marked"], str(root["/Lang"])[:2]) == (True, "es")
    described = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in described
    assert "<pdfaid:part>2</pdfaid:part>" in described
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in described
    assert reader.metadata is not None
    assert reader.metadata.title == "Revisión de un teléfono asignado"


def test_what_a_phone_wrote_stays_text(tmp_path: Path) -> None:
    plain = report(key(tmp_path), phone(**BREACHED))
    hostile = report(key(tmp_path), phone(**{**BREACHED, "network__wifi__ssid": HOSTILE}))
    shown = laid_out(hostile, "en")
    benign, written = Reader(html(laid_out(plain, "en"))), Reader(html(shown))
    assert written.tags == benign.tags
    assert "script" not in written.tags
    assert written.addresses == []
    assert any('</p><script>alert(1)</script>#image("x")' in word for word in written.words)
    assert '</p><script>alert(1)</script>#image("x")' in pdf_text(pdf(shown))


def test_a_character_that_no_font_has_is_written_as_its_number(tmp_path: Path) -> None:
    foreign = phone(**{**BREACHED, "network__wifi__ssid": "Caf\u00e9 \U000f0000"})
    told = pdf_text(pdf(laid_out(report(key(tmp_path), foreign), "en")))
    assert "Café [U+F0000]" in told


def test_a_phone_in_order_gets_a_certificate_to_sign(tmp_path: Path) -> None:
    made = report(key(tmp_path), phone(EMPTIED), profile="handover", answers=["migrated"])
    assert made.verdict == "compliant"
    shown = laid_out(made, "es")
    assert shown.title == "Certificado de entrega"
    assert len(shown.signs) == 2
    assert "CM-G-03" in shown.statement
    assert [row.stated.split(":")[0] for group in shown.groups for row in group.rows if row.stated] == [
        "Declarado por Ana P. (titular del teléfono) el 2 mar 2026 15"
    ]


def test_a_phone_that_is_not_ready_gets_no_certificate(tmp_path: Path) -> None:
    shown = laid_out(report(key(tmp_path), phone(EMPTIED), profile="handover"), "en")
    assert (shown.title, shown.signs) == ("Review before the hand-over", ())
    assert shown.statement.endswith("Do not hand it over yet.")


@pytest.mark.parametrize(
    ("computers", "said"),
    [
        (["luz@taller", "marta@banco-3"], "The phone still lets these computers debug it: luz@taller, marta@banco-3. "),
        ([f"pc{n}" for n in range(25)], "pc18, pc19 (+5). "),
        (["x\u202e\x1b[2J</p>"], "</p>. Before it leaves: "),
        (None, "Which computers may still debug the phone was not read. "),
        ([], None),
    ],
)
def test_a_hand_over_names_every_computer_that_the_phone_still_trusts(
    tmp_path: Path, computers: list[str] | None, said: str | None
) -> None:
    facts = {name: value for name, value in EMPTIED.items() if name != "device.adb_keys"}
    told = phone(facts if computers is None else {**facts, "device.adb_keys": computers})
    if computers is None:
        told = {name: each for name, each in told.items() if name != "device.adb_keys"}
    shown = laid_out(report(key(tmp_path), told, profile="handover", answers=["migrated"]), "en")
    last = shown.to_do[-1:]
    assert [said is not None and said in each for each in last] == ([] if said is None else [True])
    assert all("Revoke USB debugging authorisations, then turn USB debugging off" in each for each in last)
    assert not {"\u202e", "\x1b"} & set("".join(last))
    in_use = laid_out(report(key(tmp_path), told), "en")
    assert not any("debug" in each for each in in_use.to_do)


def test_the_signature_is_told_as_it_is(tmp_path: Path, breached: Report) -> None:
    own = key(tmp_path)
    plain = breached.to_json().encode()
    signed = own.sign(plain).encode()
    other = key(tmp_path / "other").public_jwk
    seen = [open_report(content, jwk) for content, jwk in ((plain, None), (signed, own.public_jwk), (signed, other))]
    assert [(each.signature, each.key_id) for each in seen] == [
        ("unsigned", None),
        ("verified", own.id),
        ("unchecked", own.id),
    ]
    assert len({each.sha256 for each in seen}) == 1
    told = [page(each, "en", {}).signature for each in seen]
    assert told[0].startswith("Not signed")
    assert told[1].endswith("the signature was checked and holds.")
    assert told[2].endswith("the signature was not checked.")
    forged = signed.replace(b'"signature": "', b'"signature": "AAAA')
    with pytest.raises(SignatureError):
        open_report(forged, own.public_jwk)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"payload": 1}', b"\xff", b"{" * 9999, b'{"payload":"e30"}'])
def test_what_is_no_report_is_one_sentence(content: bytes) -> None:
    with pytest.raises(SignatureError):
        open_report(content, None)


def test_the_code_names_the_report_and_its_digest(breached: Report) -> None:
    seen = opened(breached)
    assert page(seen, "en", {}).code == f"posture-report/1 {breached.report_id} sha256:{seen.sha256}"
