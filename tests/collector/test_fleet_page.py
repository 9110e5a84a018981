"""The fleet page: counts that open their list, filters in the address, pages by key, both languages, JSON."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import chain, pairwise
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.collector.signing import NOW, result

Scan = Callable[..., dict[str, Any]]
FAIL, PASS, OPEN = (result("lock", "7", status) for status in ("fail", "pass", "inconclusive"))


@pytest.fixture
def fleet(scan: Scan) -> None:
    """Two fail (one of them late), one is not proved, one meets, one met but is late."""
    old, new = NOW - timedelta(hours=40), NOW - timedelta(hours=2)
    scan("FAILS", new, (FAIL,), device={"manufacturer": "Acme", "android_version": "14"})
    scan("FAILS-LATE", old, (FAIL,), device={"manufacturer": "Acme", "android_version": "9"})
    scan("OPEN", new, (OPEN, result("net", "2", "pass")), device={"manufacturer": "Bolt", "model": "Slate"})
    scan("MEETS", new, (PASS,), device={"manufacturer": "Bolt"})
    scan("MEETS-LATE", old, (PASS,), device={"manufacturer": "Bolt"})


def shown(client: Client, query: str) -> list[str]:
    return [phone["serial"] for phone in client.get(f"/?format=json&{query}").json()["phones"]]


def test_counts(fleet: None, viewer: Client) -> None:
    counts = viewer.get("/?format=json").json()["counts"]
    assert counts == {"total": 5, "fail": 2, "not_proved": 1, "late": 2, "meet": 1}


def test_each_count_opens_the_list_that_it_counts(fleet: None, viewer: Client) -> None:
    page = viewer.get("/").content.decode()
    counted = re.findall(r'<a class="count \w+" href="\?([^"]+)"><span class="number">(\d+)<', page)
    assert [int(number) for _, number in counted] == [2, 1, 2, 1]
    for query, number in counted:
        assert len(shown(viewer, query.replace("&amp;", "&"))) == int(number)


@pytest.mark.parametrize(
    ("query", "serials"),
    [
        ("", ["FAILS-LATE", "FAILS", "OPEN", "MEETS-LATE", "MEETS"]),
        ("status=non_compliant", ["FAILS-LATE", "FAILS"]),
        ("status=compliant", ["MEETS"]),
        ("late=yes&sort=longest-unseen", ["FAILS-LATE", "MEETS-LATE"]),
        ("late=yes&status=non_compliant", ["FAILS-LATE"]),
        ("clause=7", ["FAILS-LATE", "FAILS", "OPEN"]),
        ("clause=7&status=inconclusive", ["OPEN"]),
        ("clause=2", []),
        ("clause=2&status=compliant", ["OPEN"]),
        ("maker=Bolt&sort=serial", ["MEETS", "MEETS-LATE", "OPEN"]),
        ("android=9", ["FAILS-LATE"]),
        ("q=slat", ["OPEN"]),
        ("q=fails-l", ["FAILS-LATE"]),
        ("q=100%25_", []),
        ("q=%00&status=%00", []),
        ("severity=high", ["FAILS-LATE", "FAILS", "OPEN"]),
        ("severity=low", []),
        ("unseen_days=1&sort=serial", ["FAILS-LATE", "MEETS-LATE"]),
        ("failing_days=1", ["FAILS-LATE"]),
        ("patch_days=3000", []),
        ("patch_days=1&sort=serial", ["FAILS", "FAILS-LATE", "MEETS", "MEETS-LATE", "OPEN"]),
        ("patch_days=x&unseen_days=0&failing_days=99999&severity=x&status=compliant", ["MEETS"]),
        ("sort=seen", ["OPEN", "MEETS", "FAILS", "MEETS-LATE", "FAILS-LATE"]),
        ("status=nonsense&sort=nonsense&late=nonsense&q=+", ["FAILS-LATE", "FAILS", "OPEN", "MEETS-LATE", "MEETS"]),
    ],
)
def test_filters_and_order(fleet: None, viewer: Client, query: str, serials: list[str]) -> None:
    assert shown(viewer, query) == serials


@pytest.mark.parametrize("sort", ["attention", "seen", "longest-unseen", "model", "serial"])
def test_pages_by_key_show_each_phone_once_there_and_back(scan: Scan, viewer: Client, sort: str) -> None:
    for number in range(7):
        scan(f"P{number}", NOW - timedelta(hours=number // 2), (FAIL, PASS)[number % 2 :][:1])
    with_size = settings.PAGE_SIZE
    settings.PAGE_SIZE = 3
    try:
        whole = [viewer.get(f"/?format=json&sort={sort}").json()]
        while whole[-1]["after"]:
            whole.append(viewer.get(f"/?format=json&sort={sort}&after={whole[-1]['after']}").json())
        back = [whole[-1]]
        while back[-1]["before"]:
            back.append(viewer.get(f"/?format=json&sort={sort}&before={back[-1]['before']}").json())
    finally:
        settings.PAGE_SIZE = with_size
    there = [[phone["serial"] for phone in page["phones"]] for page in whole]
    assert [len(page) for page in there] == [3, 3, 1]
    assert sorted(chain.from_iterable(there)) == [f"P{number}" for number in range(7)]
    assert [[phone["serial"] for phone in page["phones"]] for page in back[::-1]] == there


@pytest.mark.parametrize(
    "place", ["x", "W10", "WyJhIiwiYiIsImMiXQ", "WzEsMiwzXQ", "____", "e30", "%00", "á", "WyIwIiwiXHUwMDAwIiwieCJd"]
)
def test_a_place_that_is_none_is_a_bad_request(fleet: None, viewer: Client, place: str) -> None:
    assert viewer.get(f"/?after={place}").status_code == 400


def test_a_late_phone_that_met_is_shown_as_late(fleet: None, viewer: Client) -> None:
    phones = {phone["serial"]: phone for phone in viewer.get("/?format=json").json()["phones"]}
    assert phones["MEETS-LATE"]["status"]["sign"] == "late"
    assert phones["FAILS-LATE"]["status"] | {"since": "", "seen_at": ""} == {
        "status": "non_compliant",
        "word": "Fails",
        "sign": "fails",
        "since": "",
        "late": True,
        "seen_at": "",
    }
    assert "Not seen since" in viewer.get("/").content.decode()


def test_the_readers_language(fleet: None, viewer: Client) -> None:
    spanish = viewer.get("/", headers={"Accept-Language": "es-CO,es;q=0.9"}).content.decode()
    assert '<html lang="es"' in spanish
    for words in ("No cumple", "No demostrado", "Cumple", "Sin revisar desde", "lock: fail (es).", "hace 2 horas"):
        assert words in spanish
    viewer.post("/preferences/language/", {"language": "en", "next": "/"})
    english = viewer.get("/", headers={"Accept-Language": "es-CO"}).content.decode()
    assert '<html lang="en"' in english
    assert "lock: fail." in english


def test_the_theme_is_remembered_and_nothing_else_is(viewer: Client, db: None) -> None:
    answer = viewer.post("/preferences/theme/", {"theme": "dark", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"
    assert '<html lang="en" data-theme="dark"' in viewer.get("/").content.decode()
    viewer.cookies["theme"] = '"><script>'
    assert 'data-theme="auto"' in viewer.get("/").content.decode()


def test_json_by_accept_or_by_address(fleet: None, viewer: Client) -> None:
    by_header = viewer.get("/", headers={"Accept": "application/json"})
    assert by_header.json() == viewer.get("/?format=json").json()
    assert "Accept" in by_header.headers["Vary"]
    assert (
        viewer.get("/?format=html", headers={"Accept": "application/json"}).headers["Content-Type"][:9] == "text/html"
    )


def test_the_empty_fleet_says_what_to_do_first(viewer: Client, db: None) -> None:
    page = viewer.get("/").content.decode()
    assert "No phone has been scanned yet" in page
    assert "posture enroll CODE --collector http://testserver" in page


def test_a_strangers_text_stays_text(scan: Scan, viewer: Client) -> None:
    nasty = '"><script>alert(1)</script>\u202e\x00'
    scan(
        nasty,
        results=(result("r", "7", "fail", texts={}, message=nasty),),
        device={"model": nasty, "manufacturer": nasty},
    )
    page = viewer.get("/").content.decode()
    assert "<script" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page


def test_history_does_not_slow_the_page(scan: Scan, viewer: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        scan(f"P{number % 4}", NOW - timedelta(hours=number), (FAIL,))
    with django_assert_max_num_queries(20):
        assert len(viewer.get("/?format=json").json()["phones"]) == 4


def test_the_trend_is_drawn_and_told(scan: Scan, viewer: Client) -> None:
    scan("A", NOW - timedelta(days=40), (FAIL,))
    scan("B", NOW - timedelta(days=2), (PASS,))
    scan("A", NOW - timedelta(days=1), (PASS,))
    trend = viewer.get("/?format=json").json()["trend"]
    assert [(day["fail"], day["not_proved"], day["meet"]) for day in trend["days"]] == [
        (0, 0, 0),
        (1, 0, 0),
        (1, 0, 1),
        (0, 0, 2),
        (0, 0, 2),
    ]
    said = [(line["word"], line["number"]) for line in trend["lines"]]
    assert said == [("Fails", 0), ("Not proved", 0), ("Meets", 2), ("Late", 1)]
    ends = sorted(line["label_y"] for line in trend["lines"])
    assert all(below - above >= 15 for above, below in pairwise(ends))
    page = viewer.get("/").content.decode()
    assert page.count("<polyline") == 4
    assert "style=" not in page
