"""`posture collector …`: served as a process of its own, stopped cleanly, administered from the terminal."""

import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.collector.serving import PASSWORD, environment_of, posture_collector, served
from tests.collector.signing import Signer, encode, report


def test_from_nothing_to_a_stored_report_and_a_clean_end(tmp_path: Path) -> None:
    made = posture_collector(tmp_path, "create-user", "ana", "--role", "operator")
    assert (made.returncode, made.stdout) == (0, "ana may sign in now.\n")
    code = posture_collector(tmp_path, "enrol-code")
    assert code.stderr.startswith("It works once, until ")
    signer = Signer()
    with served(tmp_path) as (address, process):
        sent = {"code": code.stdout.strip(), "name": "Bench", "public_jwk": signer.public_jwk}
        enrolled = requests.post(f"{address}/api/enrol", json=sent, timeout=10)
        assert enrolled.json() == {"agent_id": signer.id, "collector": address}
        body = signer.sign(encode(report(signer.id)))
        headers = {"Content-Type": "application/jose+json"}
        assert requests.post(f"{address}/api/reports", body, headers=headers, timeout=10).status_code == 201
        browser = requests.Session()
        browser.get(f"{address}/account/login/", timeout=10)
        login = {"login": "ana", "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        browser.post(f"{address}/account/login/", login, headers={"Referer": address}, timeout=10)
        phones = browser.get(f"{address}/?format=json", timeout=10).json()["phones"]
        assert [phone["serial"] for phone in phones] == ["ZY22TEST01"]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "", "Stopped.\n")
    listed = posture_collector(tmp_path, "agents")
    assert listed.stdout.split()[:2] == [signer.id, "Bench"]
    assert "revoked" in posture_collector(tmp_path, "agents", "--revoke", signer.id).stdout


def test_behind_a_proxy_that_speaks_tls(tmp_path: Path) -> None:
    posture_collector(tmp_path, "create-user", "ana")
    with served(tmp_path, POSTURE_BEHIND_TLS="1", POSTURE_ALLOWED_HOSTS="posture.example.org") as (address, _):
        secure = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "Host": "posture.example.org"}
        page = requests.get(f"{address}/account/login/", headers=secure, timeout=10)
        assert page.headers["Strict-Transport-Security"].startswith("max-age=")
        assert "Secure" in page.headers["Set-Cookie"]
        token = page.cookies["csrftoken"]
        login = {"login": "ana", "password": PASSWORD, "csrfmiddlewaretoken": token}
        origin = {"Origin": "https://posture.example.org", "Cookie": f"csrftoken={token}"}
        entered = requests.post(
            f"{address}/account/login/", login, headers=secure | origin, timeout=10, allow_redirects=False
        )
        assert (entered.status_code, entered.headers["Location"]) == (302, "/")
        assert requests.get(f"{address}/healthz", timeout=10).status_code == 200
        assert requests.get(f"{address}/account/login/", timeout=10).status_code == 400


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    with served(tmp_path) as (address, process):
        assert requests.get(f"{address}/readyz", timeout=10).text == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = posture_collector(tmp_path, "serve", "--port", port)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"posture: cannot listen on 127.0.0.1 port {port}: Address already in use; choose another with --port\n"
    )


def test_mistakes_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.collector.serving.PASSWORD", "short")
    weak = posture_collector(tmp_path, "create-user", "ana")
    nobody = posture_collector(tmp_path, "agents", "--revoke", "nobody")
    (tmp_path / "file").touch()
    no_folder = posture_collector(tmp_path / "file", "migrate")
    for ended, says in ((weak, "password"), (nobody, "there is no agent “nobody”"), (no_folder, "cannot be used")):
        assert ended.returncode == 2
        assert ended.stderr.startswith("posture: ")
        assert says in ended.stderr
        assert len(ended.stderr.splitlines()) == 1


def test_migrate_can_be_run_again(tmp_path: Path) -> None:
    assert [posture_collector(tmp_path, "migrate").returncode for _ in range(2)] == [0, 0]


_DEMO = """
import sys
from contextlib import closing
from pathlib import Path
import requests
from server_stub import run
running = run.start(Path(sys.argv[1]))
run.create_person("ana", "seven-quiet-lanterns", "viewer")
print(len(run.enrolment_code()[0]), requests.get(running.url + "/readyz", timeout=10).text.strip())
running.stop()
try:
    requests.get(running.url, timeout=10)
except requests.ConnectionError:
    print("closed")
"""


def test_it_runs_in_the_demos_own_process(tmp_path: Path) -> None:
    words = [sys.executable, "-W", "error", "-c", _DEMO, str(tmp_path)]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=environment_of(tmp_path))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "23 ready\nclosed\n", "")


def test_verify_audit_finds_a_changed_row(tmp_path: Path) -> None:
    empty = posture_collector(tmp_path, "verify-audit")
    assert (empty.returncode, empty.stdout) == (0, "The audit log is empty.\n")
    for name in ("ana", "eva"):
        posture_collector(tmp_path, "create-user", name)
    whole = posture_collector(tmp_path, "verify-audit")
    assert (whole.returncode, whole.stdout[:47]) == (0, "Rows 1 to 2 follow one another unchanged; hash ")
    with closing(sqlite3.connect(tmp_path / "collector.sqlite3")) as database, database:
        database.execute("DROP TRIGGER audit_entry_no_UPDATE")
        database.execute("UPDATE audit_entry SET subject = 'nobody' WHERE number = 2")
    broken = posture_collector(tmp_path, "verify-audit")
    says = "Row 2 of the audit log was changed after it was written.\n"
    assert (broken.returncode, broken.stdout, broken.stderr) == (1, says, "")
