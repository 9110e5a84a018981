"""Two collectors in processes of their own on one database, as behind a balancer that asks whichever it likes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.collector.serving import PASSWORD, posture_collector, served
from tests.collector.signing import NOW, Signer, encode, report, result
from tests.postgres import postgresql

_JOSE = {"Content-Type": "application/jose+json"}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    if request.param == "sqlite":
        yield {}
        return
    with postgresql() as url:
        yield {"POSTURE_DATABASE_URL": url}


def test_two_on_one_database_are_as_one(tmp_path: Path, database: dict[str, str]) -> None:
    assert posture_collector(tmp_path, "migrate", **database).returncode == 0
    assert posture_collector(tmp_path, "create-user", "ana", "--role", "administrator", **database).returncode == 0
    with served(tmp_path, **database) as (first, _), served(tmp_path, **database) as (second, _):
        signer, browser = Signer(), _signed_in(first)
        assert _agents(browser, second) == {}  # the other one knows the session
        code = _sent(browser, first, "/agents/codes/?format=json").json()["code"]
        enrolment = {"code": code, "name": "Bench", "public_jwk": signer.public_jwk}
        assert requests.post(f"{second}/api/enrol", json=enrolment, timeout=30).json()["agent_id"] == signer.id

        looks = [
            report(signer.id, f"P{n % 3}", NOW - timedelta(minutes=30 - n), (result("lock", "7", "fail"),))
            for n in range(12)
        ]
        signed = [signer.sign(encode(look)) for look in looks]
        forged = [Signer().sign(encode(look), kid=signer.id) for look in looks]
        assert _delivered((first, second), [each for each in signed for _ in range(3)]) == {201: 12, 200: 24}
        assert _delivered((second, first), forged) == {401: 12}

        seen = [browser.get(f"{one}/?format=json", timeout=30).json() for one in (first, second)]
        assert [page["counts"] for page in seen] == [
            {"total": 3, "fail": 3, "not_proved": 0, "late": 0, "meet": 0},
            {"total": 3, "fail": 3, "not_proved": 0, "late": 0, "meet": 0},
        ]
        newest = {phone["serial"]: phone["status"]["seen_at"] for phone in seen[1]["phones"]}
        assert newest == {f"P{n % 3}": (NOW - timedelta(minutes=30 - n)).isoformat() for n in (9, 10, 11)}
        clause = browser.get(f"{second}/clauses/7/?format=json", timeout=30).json()["clause"]
        assert (clause["fail"], clause["not_proved"], clause["meet"]) == (3, 0, 0)

        assert _sent(browser, first, f"/agents/{signer.id}/revoke/").ok
        assert _delivered((second,), [signer.sign(encode(report(signer.id)))]) == {403: 1}
    verified = posture_collector(tmp_path, "verify-audit", **database)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_whoever_guesses_is_slowed_down_by_all_together(tmp_path: Path, database: dict[str, str]) -> None:
    assert posture_collector(tmp_path, "migrate", **database).returncode == 0
    assert posture_collector(tmp_path, "create-user", "ana", "--role", "viewer", **database).returncode == 0
    with served(tmp_path, **database) as (first, _), served(tmp_path, **database) as (second, _):
        guesser = _stranger(first)
        for n, url in zip(range(5), cycle((first, second)), strict=False):
            assert "not correct" in _sent(guesser, url, "/account/login/", login="ana", password=f"guess-{n}").text
        for url in (first, second):
            told = _sent(_stranger(url), url, "/account/login/", login="ana", password=PASSWORD).text
            assert "Too many failed" in told


def _stranger(url: str) -> requests.Session:
    browser = requests.Session()
    browser.get(f"{url}/account/login/", timeout=30)
    return browser


def _signed_in(url: str) -> requests.Session:
    browser = _stranger(url)
    assert _sent(browser, url, "/account/login/", login="ana", password=PASSWORD).url == f"{url}/"
    return browser


def _sent(browser: requests.Session, url: str, path: str, **form: str) -> requests.Response:
    form |= {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    return browser.post(url + path, form, headers={"Referer": url}, timeout=30)


def _agents(browser: requests.Session, url: str) -> dict[str, Any]:
    told = browser.get(f"{url}/agents/?format=json", timeout=30).json()["agents"]
    return {agent["id"]: agent for agent in told}


def _delivered(urls: Sequence[str], bodies: Sequence[bytes]) -> Counter[int]:
    """Deliver them all at once, to the collectors in turn. Returns how many got which status."""

    def deliver(url: str, body: bytes) -> int:
        return requests.post(f"{url}/api/reports", body, headers=_JOSE, timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(deliver, cycle(urls), bodies))
