"""A hand-over at the bench, by the page's own requests: one question, then the certificate, then what is left to do."""

from pathlib import Path
from urllib.parse import urlsplit

import pypdf
import requests

from agent.simulator import SimulatedPhone, load
from tests.bench.conftest import watching
from tests.e2e.test_watch import on


def test_the_certificate_and_the_computers_that_the_phone_still_trusts(tmp_path: Path) -> None:
    with (
        SimulatedPhone(load("pixel-a15-handover-reset")) as phone,
        watching(tmp_path, "--profile", "handover", *on(phone.port)) as address,
    ):
        own = {"Origin": f"http://{urlsplit(address).netloc}"}
        name = {"phone": phone.address}

        def send(what: str, **form: str) -> str:
            return requests.post(address + what, {**name, **form}, headers=own, timeout=30).text

        with requests.get(address + "events", stream=True, timeout=60) as followed:
            next(line for line in followed.iter_lines(chunk_size=1) if b"Not proved" in line)
        assert "Say who answers: the phone&#39;s holder." in send("answer", **{"answer-migrated": "yes"})
        page = send("answer", **{"answer-migrated": "yes", "name-holder": "Ana P."})
        assert "<span>Meets</span>" in page
        assert "The phone still lets these computers debug it: almacen@entrega-1. Before it leaves: " in page
        assert "Save the certificate" in page

        paper = requests.get(address + "paper", params={**name, "lang": "es"}, timeout=30)
        assert "<h1>Certificado de entrega</h1>" in paper.text
        assert "almacen@entrega-1" in paper.text
        assert paper.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")

        assert "Saved: " in send("save")
        (saved,) = tmp_path.glob("posture-*.pdf")
        told = " ".join(each.extract_text() for each in pypdf.PdfReader(saved).pages)
        assert "Hand-over certificate" in told
        assert "almacen@entrega-1" in told
        assert "Ana P." in told
