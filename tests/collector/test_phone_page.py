"""A phone's page: the verdict, what to do, each clause with its proof, changes, history, any past instant."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from agent.facts import instant
from tests.collector.signing import NOW, encode, fact, report, result, unknown

Scan = Callable[..., dict[str, Any]]
LOCK = result("lock", "7", "fail", facts=["screen_lock.secure", "whatsapp.linked_devices"], severity="critical")
FACTS = {
    "screen_lock.secure": fact(False, "CredentialType: NONE"),
    "whatsapp.linked_devices": unknown("Open WhatsApp and look.", "Abra WhatsApp y mire."),
    "whatsapp.backup.size_bytes": fact(184320512),
    "screen_lock.biometrics": fact([]),
    "whatsapp.installed": fact([{"package": "com.whatsapp", "user": 0}]),
    "whatsapp.backup.latest_at": fact("2026-10-21T02:00:00Z"),
    "network.class": fact("public"),
    "screen_lock.credential": fact("a new kind"),
    "new.fact": fact("value of a later agent"),
}


def page(client: Client, query: str = "", serial: str = "ZY22TEST01") -> dict[str, Any]:
    answer = client.get(f"/phones/{serial}/?format=json{query}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_what_to_do_comes_in_the_order_of_weight(scan: Scan, viewer: Client) -> None:
    scan(results=(result("net", "2", "pass"), result("links", "5", "inconclusive"), result("copy", "6", "fail"), LOCK))
    assert page(viewer)["steps"] == [
        {
            "status": "fail",
            "advice": False,
            "word": "Fails",
            "sign": "fails",
            "findings": [
                {"rule": "lock", "text": "lock: fail.", "detail": ""},
                {"rule": "copy", "text": "copy: fail.", "detail": ""},
            ],
            "remediation": "Settings › Security.",
        },
        {
            "status": "inconclusive",
            "advice": False,
            "word": "Not proved",
            "sign": "unproved",
            "findings": [{"rule": "links", "text": "links is good", "detail": "Links: inconclusive."}],
            "remediation": "Settings › Security.",
        },
    ]


def test_a_long_list_keeps_what_fails_in_sight(scan: Scan, viewer: Client) -> None:
    def open_result(number: int, status: str) -> dict[str, Any]:
        texts = {"en": {"title": "t", "message": f"m{number}", "remediation": f"do {number}"}}
        return result(f"r{number}", "7", status, texts=texts)

    scan(results=tuple(open_result(n, "inconclusive" if n < 9 else "fail") for n in range(12)))
    found = page(viewer)
    assert [step["remediation"] for step in found["steps"]] == ["do 9", "do 10", "do 11", "do 0", "do 1", "do 2"]
    assert [step["remediation"] for step in found["more_steps"]] == [f"do {n}" for n in range(3, 9)]


def test_advice_does_not_count(scan: Scan, viewer: Client) -> None:
    advice = result("e2e", "6", "fail", in_the_way=False)
    scan(results=(advice, result("recent", "6", "pass", in_the_way=False)), verdict="compliant")
    found = page(viewer)
    assert (found["status"]["word"], found["steps"], len(found["more_steps"])) == ("Meets", [], 1)
    clause = found["clauses"][0]
    assert (clause["word"], [r["strength"] for r in clause["results"]]) == (
        "Meets",
        ["Required", "Advice, does not count"],
    )
    assert viewer.get("/?format=json&clause=6").json()["phones"] == []


def test_a_message_does_not_say_the_title_again(scan: Scan, viewer: Client) -> None:
    texts = {"en": {"title": "The lock is set", "message": "The lock is set: not proved.", "remediation": ""}}
    scan(results=(result("lock", "7", "inconclusive", texts=texts),))
    shown = page(viewer)["clauses"][0]["results"][0]
    assert (shown["title"], shown["message"], shown["detail"]) == (
        "The lock is set",
        "The lock is set: not proved.",
        "Not proved.",
    )


def test_each_clause_with_its_proof(scan: Scan, viewer: Client) -> None:
    scan(results=(LOCK, result("x", "9", "pass"), result("net", "2", "pass")), facts=FACTS)
    clauses = page(viewer)["clauses"]
    assert [(clause["number"], clause["title"], clause["word"]) for clause in clauses] == [
        ("2", "Private networks", "Meets"),
        ("7", "Screen lock", "Fails"),
        ("9", "Clause 9", "Meets"),
    ]
    assert [(f["label"], f["state"], f["text"], f["proofs"]) for f in clauses[1]["results"][0]["facts"]] == [
        (
            "A PIN, pattern or password is set",
            "known",
            "No",
            [{"source": "getprop", "line": "CredentialType: NONE"}],
        ),
        ("Linked devices (WhatsApp Web and others)", "unknown", "Open WhatsApp and look.", []),
    ]


def test_the_readers_language(scan: Scan, viewer: Client) -> None:
    scan(results=(LOCK,), facts=FACTS)
    text = viewer.get("/phones/ZY22TEST01/", headers={"Accept-Language": "es"}).content.decode()
    for words in (
        "Bloqueo de pantalla",
        "lock: fail (es).",
        "Ajustes › Seguridad.",
        "Abra WhatsApp y mire.",
        "pública",
        "184\N{NO-BREAK SPACE}320\N{NO-BREAK SPACE}512",
    ):
        assert words in text
    assert "lock: fail." not in text


def test_texts_of_another_language_are_better_than_none(scan: Scan, viewer: Client) -> None:
    scan(results=(result("lock", "7", "fail", texts={}),), facts={"x": unknown("why", "por qué") | {"reasons": {}}})
    text = viewer.get("/phones/ZY22TEST01/", headers={"Accept-Language": "es"}).content.decode()
    assert "lock: fail." in text
    assert "why" in text


def test_values_in_words(scan: Scan, viewer: Client) -> None:
    scan(facts=FACTS)
    assert {f["name"]: f["text"] for f in page(viewer)["facts"]} == {
        "screen_lock.secure": "No",
        "screen_lock.biometrics": "None",
        "whatsapp.installed": "package: com.whatsapp, user: 0",
        "whatsapp.backup.latest_at": "2026-10-21T02:00:00Z",
        "whatsapp.backup.size_bytes": "184,320,512",
        "whatsapp.linked_devices": "Open WhatsApp and look.",
        "network.class": "public",
        "screen_lock.credential": "a new kind",
        "new.fact": "value of a later agent",
    }


@pytest.mark.parametrize(
    ("changes", "word", "sign"),
    [
        ({"status": "waived", "waiver": {"until": "2027-01-31T00:00:00Z"}}, "Excepted until 31 Jan 2027", "waived"),
        ({"status": "waived", "waiver": {}}, "Excepted", "waived"),
        (
            {"attestation": {"by": "Ana P.", "on": "2026-11-02T00:00:00Z"}, "kind": "attested"},
            "Stated by Ana P. on 2 Nov 2026",
            "stated",
        ),
        ({"status": "error"}, "Could not be judged", "error"),
        ({"status": "not_applicable"}, "Does not apply", "na"),
    ],
)
def test_every_status_has_its_word(scan: Scan, viewer: Client, changes: Any, word: str, sign: str) -> None:
    scan(results=(result("r", "1", "pass") | changes,))
    shown = page(viewer)["clauses"][0]["results"][0]
    assert (shown["word"], shown["sign"]) == (word, sign)


def test_what_changed_since_the_last_scan(scan: Scan, viewer: Client) -> None:
    scan(at=NOW - timedelta(hours=2), results=(result("lock", "7", "pass"),), facts={"screen_lock.secure": fact(True)})
    scan(at=NOW - timedelta(hours=1), results=(result("lock", "7", "fail"),), facts={"screen_lock.secure": fact(False)})
    found = page(viewer)
    assert found["changes"] == [
        {
            "label": "lock is good",
            "before": "Meets",
            "after": "Fails",
            "before_sign": "meets",
            "after_sign": "fails",
        },
        {
            "label": "A PIN, pattern or password is set",
            "before": "Yes",
            "after": "No",
            "before_sign": None,
            "after_sign": None,
        },
    ]


def test_the_state_at_a_past_instant(scan: Scan, viewer: Client) -> None:
    times = [NOW - timedelta(hours=hours) for hours in (6, 4, 2)]
    for at, status in zip(times, ("pass", "fail", "inconclusive"), strict=True):
        scan(at=at, results=(result("lock", "7", status),))
    then = page(viewer, f"&at={instant(times[1] + timedelta(minutes=30))}")
    assert (then["past"], then["report"]["word"], then["report"]["scanned_at"]) == (True, "Fails", instant(times[1]))
    assert [(row["word"], row["shown"]) for row in then["timeline"]] == [
        ("Meets", False),
        ("Fails", True),
        ("Not proved", False),
    ]
    assert [row["word"] for row in page(viewer)["history"]] == ["Not proved", "Fails", "Meets"]
    assert viewer.get(f"/phones/ZY22TEST01/?at={instant(times[0] - timedelta(hours=1))}").status_code == 404
    assert viewer.get("/phones/ZY22TEST01/?at=yesterday").status_code == 400


def test_the_signed_report_comes_back_byte_for_byte(
    agent: Any, signer: Any, post: Any, sign_in: Callable[[str], Client]
) -> None:
    auditor = sign_in("auditor")
    content = report(agent.id)
    signed = signer.sign(encode(content))
    post(signed)
    answer = auditor.get(page(auditor)["report"]["signed"])
    assert answer.content == signed
    assert answer.headers["Content-Type"] == "application/jose+json"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="ZY22TEST01-20')


def test_history_goes_by_pages(scan: Scan, viewer: Client) -> None:
    times = [instant(NOW - timedelta(hours=hours)) for hours in range(1, 18)]
    for hours in range(1, 18):
        scan(at=NOW - timedelta(hours=hours))
    first = page(viewer)
    second = page(viewer, f"&after={first['after']}")
    assert [row["scanned_at"] for row in first["history"] + second["history"]] == times
    assert (first["before"], second["after"]) == (None, None)


def test_an_unknown_phone_is_not_found(viewer: Client, db: None) -> None:
    for serial in ("nobody", "~00", "%00", "..%2f"):
        assert viewer.get(f"/phones/{serial}/").status_code == 404


def test_a_strangers_text_stays_text(scan: Scan, viewer: Client) -> None:
    nasty = "<script>alert(1)</script>\u202e"
    texts = {"en": {"title": nasty, "message": nasty, "remediation": nasty}}
    shown = result(nasty, nasty, "fail", texts=texts, facts=[nasty, "x"])
    facts = {nasty: fact({nasty: [nasty]}, nasty), "x": unknown(nasty, nasty)}
    scan(results=(shown,), facts=facts, device={"model": nasty})
    text = viewer.get("/phones/ZY22TEST01/").content.decode()
    assert "<script" not in text
    assert "\u202e" not in text


def test_the_largest_report_still_makes_a_page(scan: Scan, viewer: Client) -> None:
    line = "x" * 1500
    facts = {
        f"fact.{n}": fact([line] * 3, line) | {"evidence": [{"source": line[:300], "line": line}] * 3}
        for n in range(45)
    }
    results = tuple(result(f"r{n}", str(n % 9), "fail", facts=list(facts)[:20]) for n in range(60))
    scan(results=results, facts=facts)
    assert viewer.get("/phones/ZY22TEST01/").status_code == 200
