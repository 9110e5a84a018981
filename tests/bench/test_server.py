"""The page's server as a stranger on this computer, or another site's page in its browser, finds it."""

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from agent.simulator import Scenario, SimulatedPhone
from tests.bench.conftest import watching


def origin(address: str) -> str:
    return f"http://{urlsplit(address).netloc}"


def test_the_page_is_whole_and_asks_nobody_else_for_anything(nobody: str) -> None:
    answer = requests.get(nobody, timeout=10)
    assert answer.status_code == 200
    assert "Connect a phone by USB" in answer.text
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "same-origin")
    assert "http" not in answer.text
    for name, kind in (("bench.css", "text/css"), ("bench.js", "text/javascript")):
        file = requests.get(nobody + name, timeout=10)
        assert (file.status_code, file.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert "http" not in file.text
    assert "Conecte un teléfono" in requests.get(nobody, params={"lang": "es"}, timeout=10).text


def test_it_listens_on_this_computer_alone(nobody: str) -> None:
    port = urlsplit(nobody).port
    listening = {each.laddr.ip for each in psutil.net_connections("tcp")
                 if each.status == psutil.CONN_LISTEN and each.laddr.port == port}  # fmt: skip
    assert listening == {"127.0.0.1"}


@pytest.mark.parametrize("path", ["/", "/x/", "/bench.js", "/{cut}/", "/{cut}/events", "/{cut}A/", "/\u0000ñ/", "//"])
def test_who_does_not_know_the_address_gets_nothing(nobody: str, path: str) -> None:
    token = urlsplit(nobody).path.strip("/")
    assert len(token) == 32
    assert requests.get(origin(nobody) + path.format(cut=token[:-1]), timeout=10).status_code == 404


@pytest.mark.parametrize("target", ["http://[", "//[", "*", "http://posture.example.org/"])
def test_an_odd_target_is_refused_in_silence(nobody: str, target: str) -> None:
    where = urlsplit(nobody)
    with socket.create_connection(("127.0.0.1", where.port or 0), timeout=10) as stranger:
        stranger.sendall(f"GET {target} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
        assert b" 404 " in stranger.recv(4096)


@pytest.mark.parametrize("host", ["posture.example.org", "localhost", "127.0.0.1", ""])
def test_another_name_for_this_computer_is_refused(nobody: str, host: str) -> None:
    """What a site does whose name points at 127.0.0.1 a moment later."""
    assert requests.get(nobody, headers={"Host": host}, timeout=10).status_code == 404


@pytest.mark.parametrize("sender", [None, "https://posture.example.org", "null", "http://127.0.0.1:1"])
def test_another_pages_form_changes_nothing(nobody: str, sender: str | None) -> None:
    headers = {} if sender is None else {"Origin": sender}
    for name in ("repeat", "show", "save", "answer", "nothing"):
        assert requests.post(nobody + name, {"phone": "x"}, headers=headers, timeout=10).status_code == 403


def test_a_form_of_our_own_leads_back_to_the_page(nobody: str) -> None:
    own = {"Origin": origin(nobody)}
    for name in ("repeat", "show", "save", "answer"):
        answer = requests.post(
            nobody + name + "?lang=es", {"phone": "x"}, headers=own, timeout=10, allow_redirects=False
        )
        assert (answer.status_code, answer.headers["Location"]) == (303, "./?lang=es")
    assert requests.post(nobody + "nothing", {"phone": "x"}, headers=own, timeout=10).status_code == 404
    assert requests.post(nobody + "answer", {"x": "x" * 70_000}, headers=own, timeout=10).status_code == 413
    assert (
        requests.post(nobody + "answer", {f"x{n}": "x" for n in range(200)}, headers=own, timeout=10).status_code == 200
    )
    assert requests.get(nobody + "paper?phone=x", timeout=10).status_code == 404
    assert requests.get(nobody + "../etc/passwd", timeout=10).status_code == 404


def test_a_request_without_a_length_or_with_none_at_all_ends(nobody: str) -> None:
    where = urlsplit(nobody)
    head = f"POST {where.path}show HTTP/1.1\r\nHost: {where.netloc}\r\nOrigin: {origin(nobody)}\r\n"
    for length in ("", "Content-Length: -1\r\n", "Content-Length: ²\r\n", "Content-Length: 1e9\r\n"):
        with socket.create_connection(("127.0.0.1", where.port or 0), timeout=10) as stranger:
            stranger.sendall(f"{head}{length}\r\n".encode())
            assert b" 413 " in stranger.recv(4096)


def test_many_pages_may_follow_but_not_any_number(nobody: str) -> None:
    followers = [requests.get(nobody + "events", stream=True, timeout=10) for _ in range(17)]
    assert [each.status_code for each in followers] == [200] * 16 + [503]
    assert next(followers[0].iter_lines(chunk_size=1)) == b"event: board"
    for each in followers:
        each.close()


def test_what_a_phone_calls_itself_stays_text(tmp_path: Path) -> None:
    folder = tmp_path / "phone"
    folder.mkdir()
    name = "<img src=x onerror=alert(1)>\u202e"
    (folder / "getprop.txt").write_text(f"[ro.product.model]: [{name}]\n[ro.serialno]: ['\"&<script>]\n")
    with (
        SimulatedPhone(Scenario(folder=folder, serial="R58N000TEST")) as phone,
        watching(tmp_path, "--tcp", phone.address) as address,
    ):
        with requests.get(address + "events", stream=True, timeout=60) as followed:
            told = next(line for line in followed.iter_lines(chunk_size=1) if b"onerror" in line)
        page = requests.get(address, timeout=10).text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    parts = json.loads(told.removeprefix(b"data: "))["parts"].values()  # put in as HTML; the rest, as text
    for each in (page, *parts):
        assert "<img" not in each
        assert "<script>" not in each
        assert "\u202e" not in each
