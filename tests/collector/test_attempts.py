"""What somebody might try, or what may meet by chance, against what the collector promises."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from server_stub.agents.listing import revoke
from server_stub.agents.models import Agent, Refused
from server_stub.agents.reach import limit
from server_stub.alerts.apprising import check
from server_stub.alerts.guard import Forbidden, resolve
from server_stub.alerts.managing import set_grace
from server_stub.alerts.models import Channel, Delivery, Trouble
from server_stub.alerts.noticing import notice
from server_stub.audit.chain import TERMINAL, Broken, Verified, record, verify
from server_stub.audit.models import Entry, Head
from server_stub.decisions.deciding import decide
from server_stub.decisions.models import Statement, Waiver
from server_stub.guideline.policy import shipped
from server_stub.holders.importing import import_holders
from server_stub.ingest.current import settle
from server_stub.ingest.envelope import open_envelope
from server_stub.ingest.store import admit, store
from server_stub.people.models import Person
from server_stub.phones.models import Phone, RuleState
from server_stub.policies.judging import judge_all
from server_stub.policies.models import Edition
from server_stub.privacy.erasure import erase_holder
from server_stub.saved.models import SavedView
from server_stub.tokens.bearer import make_token
from server_stub.web.sheet import cell
from tests.collector.receiving import http_server, smtp_server
from tests.collector.signing import NOW, Signer, encode, report, result
from tests.collector.test_policies import overlay
from tests.collector.test_policy_for_agents import published
from tests.collector.test_rotation import rotation

pytestmark = pytest.mark.django_db
Scan = Callable[..., dict[str, Any]]
Work = Callable[[], None]
WHOLE_MINUTE = NOW.replace(second=0, microsecond=0) + timedelta(days=7)
GZIP = {"Content-Encoding": "gzip"}


@contextmanager
def at_most(statements: int) -> Iterator[None]:
    """What never ends is ended, and fails."""
    done = 0

    def count(execute: Callable[..., Any], *asked: Any) -> Any:
        nonlocal done
        done += 1
        assert done <= statements, "it goes on and on"
        return execute(*asked)

    with connection.execute_wrapper(count):
        yield


def test_a_grace_that_ends_while_nothing_is_proved_holds_up_no_other_alert(scan: Scan) -> None:
    set_grace("lock", 3, TERMINAL)
    scan(at=NOW - timedelta(minutes=9), results=(result("lock", "7", "fail"),))
    notice(NOW)
    scan(at=NOW - timedelta(minutes=8), results=(result("lock", "7", "inconclusive"),))
    notice(NOW)
    with at_most(60):
        notice(NOW + timedelta(days=4))
    assert Trouble.objects.get().told is None


@pytest.mark.parametrize("status", ["pass", "waived"])
def test_a_report_whose_end_is_its_own_beginning_holds_up_no_page(scan: Scan, status: str) -> None:
    """An agent may write that even what was measured rests on what lapsed long ago."""
    past = "2026-01-01T00:00:00Z"
    stated = {"answer": True, "by": "Ana", "role": "holder", "at": past, "valid_until": past, "state": "lapsed"}
    waiver = {"reason": "r", "requested_by": "a", "approved_by": "b", "approved_at": past, "until": past}
    scan(results=(result("lock", "7", status, attestation=stated, waiver=waiver),))
    with at_most(60):
        settle(NOW)
    assert Phone.objects.get().get_rank_display() == {"pass": "compliant", "waived": "inconclusive"}[status]


def made(admin: Client, kind: str, address: str) -> dict[str, Any]:
    """Try to make a channel; the page that this leads to."""
    form = {"name": "Security", "kind": kind, "address": address}
    answer = admin.post("/alerts/channels/?format=json", form)
    page: dict[str, Any] = answer.json() if answer.status_code != 302 else admin.get("/alerts/?format=json").json()
    return page


def tried(admin: Client, work: Work) -> Delivery:
    admin.post(f"/alerts/channels/{Channel.objects.get().pk}/try/")
    work()
    return Delivery.objects.get()


def test_one_channel_is_one_service(sign_in: Callable[[str], Client], settings: Any) -> None:
    """Apprise reads a list of addresses where one is asked for; only the first would have been checked."""
    settings.ALERT_NETWORKS = (ip_network("127.0.0.1/32"),)
    page = made(sign_in("administrator"), "apprise", "ntfy://127.0.0.1/topic, json://127.0.0.2/inside")
    assert (page["channels"], bool(page["problem"])) == ([], True)


@pytest.mark.parametrize("address", ["blink1://", "ntfy://127.0.0.1/topic?cto=1, syslog://", "SYSLOG://"])
def test_apprise_does_nothing_on_this_machine(sign_in: Callable[[str], Client], settings: Any, address: str) -> None:
    settings.ALERT_NETWORKS = (ip_network("127.0.0.1/32"),)
    page = made(sign_in("administrator"), "apprise", address)
    assert (page["channels"], bool(page["problem"])) == ([], True)


def test_apprise_is_not_led_inward_by_an_answer(sign_in: Callable[[str], Client], settings: Any, work: Work) -> None:
    settings.ALERT_NETWORKS = (ip_network("127.0.0.1/32"),)
    admin = sign_in("administrator")
    with http_server() as receiver:
        port = int(receiver.url.rsplit(":", 1)[1])
        made(admin, "apprise", f"ntfy://127.0.0.1:{port}/topic")
        receiver.answers = [(307, {"Location": f"http://127.0.0.2:{port}/inside"}, b"")]
        sent = tried(admin, work)
    assert (sent.state, "POSTURE_ALERT_NETWORKS" in sent.log[-1]["said"]) == ("failed", True)


def test_apprise_is_not_led_inward_by_a_parameter(sign_in: Callable[[str], Client], settings: Any, work: Work) -> None:
    settings.ALERT_NETWORKS = (ip_network("127.0.0.2/32"),)
    admin = sign_in("administrator")
    with smtp_server() as mails:
        address = f"mailto://ana:x@127.0.0.2:{mails.port}?smtp=127.0.0.1&mode=insecure&to=ana@example.org"
        made(admin, "apprise", address + "&from=ana@example.org")
        sent = tried(admin, work)
    assert mails.messages == []
    assert (sent.state, "POSTURE_ALERT_NETWORKS" in sent.log[-1]["said"]) == ("failed", True)


@pytest.mark.parametrize("address", ["fec0::1", "::127.0.0.1", "::ffff:0:7f00:1", "64:ff9b:1::a00:1", "5f00::1"])
def test_no_address_of_old_or_local_kinds_is_public(address: str) -> None:
    with pytest.raises(Forbidden):
        resolve(address, 443)
    assert resolve("2606:4700::1111", 443) == ("2606:4700::1111", False)


def test_no_webhook_has_a_password_without_a_name(sign_in: Callable[[str], Client]) -> None:
    page = made(sign_in("administrator"), "webhook", "https://:hidden@8.8.8.8/")
    assert (page["channels"], bool(page["problem"])) == ([], True)


def test_apprise_reads_no_file_of_this_machine(tmp_path: Path) -> None:
    """Some services fill in a template, which may be a file: its text would go out."""
    from apprise import AppriseAttachment  # noqa: PLC0415 - it loads a hundred services

    (tmp_path / "key.json").write_text("{}")
    with pytest.raises(Forbidden):
        check("nothing://")
    assert AppriseAttachment(str(tmp_path / "key.json"))[0].path is None


def enrolled(signer: Signer, **others: Any) -> Agent:
    told = {"id": signer.id, "name": "Bench", "public_jwk": signer.public_jwk, "enrolled_at": NOW} | others
    return Agent.objects.create(**told)


def test_a_limit_holds_for_the_keys_before_as_well(client: Client) -> None:
    """Within its overlap a replaced key still signs; it may not reach further than the one that took its place."""
    old, new = Signer(), Signer()
    enrolled(new)
    enrolled(old, replaced_by_id=new.id, replaced_at=NOW)
    import_holders(b"serial,holder,group\nZY22TEST01,Ana,North\nZY22TEST02,Eva,South\n", TERMINAL)
    assert limit(new.id, "North", TERMINAL)
    body = old.sign(encode(report(old.id, "ZY22TEST02")))
    refused = client.post("/api/reports", body, content_type="application/jose+json")
    assert (refused.status_code, refused.json()["title"]) == (403, "foreign-phone")


def test_a_key_that_is_revoked_meanwhile_is_given_no_other(client: Client) -> None:
    old, new = Signer(), Signer()
    enrolled(old)
    body = rotation(old, new)
    looked_up = False

    def meanwhile(execute: Callable[..., Any], *asked: Any) -> Any:
        """Somebody revokes it after it was looked up, before it is replaced."""
        nonlocal looked_up
        answer = execute(*asked)
        if not looked_up and '"public_jwk"' in asked[0]:
            looked_up = True
            revoke(old.id, TERMINAL)
        return answer

    with connection.execute_wrapper(meanwhile):
        refused = client.post("/api/agents/key", body, content_type="application/jose+json")
    assert (refused.status_code, refused.json()["title"]) == (403, "revoked-agent")
    assert not Agent.objects.filter(id=new.id).exists()


def test_a_shared_search_for_a_holder_is_erased_and_never_in_the_log(sign_in: Callable[[str], Client]) -> None:
    import_holders("serial,holder\nA1,Ana García Núñez\nB2,Eva Ruiz\n".encode(), TERMINAL)
    operator = sign_in("operator")
    for name, query in (
        ("One", "q=garcía"),
        ("Two", "q=NÚÑEZ&status=compliant"),
        ("Three", "q=Ana+Garc%C3%ADa+N%C3%BA%C3%B1ez+A1"),
        ("Phones of ana garcía núñez", "late=yes"),
        ("Other", "q=Ruiz"),
        ("Late", "late=yes"),
    ):
        operator.post("/views/", {"name": name, "query": query, "shared": "yes"})
    told = json.dumps(list(Entry.objects.values_list("details", "subject")), ensure_ascii=False).casefold()
    assert Entry.objects.filter(action="view.shared").count() == 6
    assert [word for word in ("garc", "ana", "núñez", "ruiz") if word in told] == []
    erase_holder("Ana García Núñez", TERMINAL)
    assert sorted(SavedView.objects.values_list("name", flat=True)) == ["Late", "Other"]


def test_a_batch_of_countless_lines_costs_a_stranger_more_than_the_collector(client: Client) -> None:
    """Sixteen megabytes of short lines are some kilobytes of gzip; each would be refused, counted and answered."""
    for lines in (b"x\n" * 3000, b"\n" * 3000):
        with at_most(20):
            refused = client.post("/api/reports", gzip.compress(lines), "application/jsonl", headers=GZIP)
        assert (refused.status_code, refused.json()["title"]) == (413, "too-many-lines")
    assert sum(Refused.objects.values_list("number", flat=True)) == 2


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("auditor", True), ("operator", True)])
def test_a_draft_tells_no_name_to_whoever_may_not_see_it(
    sign_in: Callable[[str], Client], role: str, *, may: bool
) -> None:
    """A draft that asks whether a phone was in one network, or another, is a way to learn of which."""
    client = sign_in(role)
    assert client.post("/policy/preview/", {"text": "x"}).status_code == (200 if may else 403)
    assert ('action="/policy/preview/"' in client.get("/policy/").content.decode()) == may


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_decision_made_while_a_report_waits_counts_for_it(signer: Signer) -> None:
    agent, person = enrolled(signer), Person.objects.create(username="ana")

    def deliver(minutes: int) -> None:
        asked = report(signer.id, at=NOW - timedelta(minutes=minutes), results=(result("lock", "7", "inconclusive"),))
        signed = signer.sign(encode(asked))
        store([admit(open_envelope(signed, "application/jose+json", lambda _: signer.public_jwk), agent)])

    def deliver_and_close() -> None:
        deliver(1)
        connection.close()

    deliver(2)
    waiting = threading.Thread(target=deliver_and_close)
    with transaction.atomic():
        told = {"at": NOW - timedelta(minutes=5), "valid_until": NOW + timedelta(days=9), "role": "holder"}
        Statement.objects.create(rule="lock", phone_key="ZY22TEST01", answer=False, by="Eva", noted_by=person, **told)
        Phone.objects.select_for_update().get(key="ZY22TEST01")
        waiting.start()
        wait_for_the_lock()
    waiting.join(30)
    assert RuleState.objects.get(rule="lock").status == "fail"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_whoever_decides_and_whoever_changes_the_phone_do_not_wait_in_a_circle(scan: Scan) -> None:
    scan(results=(result("screen-lock-set", "7", "fail"),))
    asker, approver = (Person.objects.create(username=name) for name in ("ana", "eva"))
    asked = {"requested_by": asker, "requested_at": NOW, "until": WHOLE_MINUTE, "reason": "Repair until Friday"}
    waiver = Waiver.objects.create(rule="screen-lock-set", phone_key="ZY22TEST01", **asked)

    def approve() -> list[str]:
        with closing(connection), transaction.atomic():
            decide(approver, waiver.pk, approve=True)
            told = list(Entry.objects.values_list("action", flat=True))
            transaction.set_rollback(True)  # no row of the audit log can be cleared away after the test
            return told

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():  # as an import or an erasure does
            Phone.objects.select_for_update().get()
            approved = pool.submit(approve)
            wait_for_the_lock()
            record("holders.imported", TERMINAL)
            transaction.set_rollback(True)
        assert approved.result(30) == ["waiver.approved"]


def wait_for_the_lock() -> None:
    """Until somebody waits for a lock of PostgreSQL's. SQLite lets one writer begin at a time."""
    deadline = time.monotonic() + 20
    while connection.vendor == "postgresql" and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_stat_clear_snapshot(), count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            )
            if cursor.fetchall()[0][1]:
                return


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize(("header", "more"), [({"alg": "EdDSA"}, {}), ({}, {"told_by_a_later_version": 1})])
def test_what_was_taken_is_handed_out(
    client: Client, agent: Agent, signer: Signer, sign_in: Callable[[str], Client], header: Any, more: Any
) -> None:
    content = report(agent.id, results=(result("lock", "7", "pass"),)) | more
    body = signer.sign(json.dumps(content).encode(), **header)
    assert client.post("/api/reports", body, content_type="application/jose+json").status_code == 201
    pdf = sign_in("auditor").get(f"/phones/ZY22TEST01/reports/{content['report_id']}/as/pdf")
    assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")


@pytest.mark.parametrize("start", ["＝1+1", "＠SUM(A1)", "\N{NO-BREAK SPACE}=1+1"])
def test_no_sheet_begins_a_cell_as_a_formula(start: str) -> None:
    assert cell(start) == f"'{start}"


ANSWERS = (
    {"answer": True}, {"answer": 1, "by": None, "at": None, "valid_until": None},
    {"answer": True, "by": "a", "at": "x", "valid_until": "y"},
    {"answer": True, "by": "a", "at": "0001-01-01T00:00:00+14:00", "valid_until": "9999-12-31T23:59:59-14:00"},
)  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_is_none_holds_up_no_other_phone(
    scan: Scan, sign_in: Callable[[str], Client], answer: dict[str, Any]
) -> None:
    """A policy that is published later judges all phones again, in the order of their keys."""
    rule = next(each.id for each in shipped().rules if each.question is not None)
    scan("A", results=(result(rule, "7", "pass", measured_status="inconclusive", attestation=answer),))
    scan("B")
    published(overlay(30), 1)
    assert judge_all() == 2
    assert {phone.policy_sha256 for phone in Phone.objects.all()} == {Edition.objects.get().sha256}
    client = sign_in("approver")
    assert client.get("/phones/A/").status_code == 200
    assert client.post("/policy/preview/?format=json", {"text": overlay(7)}).json()["preview"]["judged"] == 2


def test_a_token_only_reads(sign_in: Callable[[str], Client]) -> None:
    """A program can send itself whatever a form's protection asks for, so nothing else stands in its way."""
    sign_in("operator")
    token, _ = make_token("CI", "operator", ["fleet:read", "reports:read"], 1)
    program = Client(headers={"Authorization": f"Bearer {token}"})
    assert program.get("/?format=json").status_code == 200
    refused = program.post("/views/", {"name": "Late", "query": "late=yes"})
    assert (refused.status_code, refused.json()["title"]) == (403, "read-only")
    assert not SavedView.objects.exists()


def test_a_webhook_whose_name_fits_no_header_says_so(
    monkeypatch: pytest.MonkeyPatch, sign_in: Callable[[str], Client], settings: Any, work: Work
) -> None:
    settings.ALERT_NETWORKS = (ip_network("127.0.0.1/32"),)
    real, admin = socket.getaddrinfo, sign_in("administrator")
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *words, **others: real("127.0.0.1", *words, **others))
    with http_server() as receiver:
        made(admin, "webhook", receiver.url.replace("127.0.0.1", "例え.example"))
        sent = tried(admin, work)
    assert (sent.state, [each["sent"] for each in sent.log], receiver.headers[0]["Host"][:4]) == (
        "sent", [True], "xn--",
    )  # fmt: skip


def test_whoever_checks_the_audit_log_holds_up_nobody_who_writes_it() -> None:
    """A log of years takes a minute, and each delivery that is refused writes a row."""
    for number in range(3):
        record("agent.enrolled", TERMINAL, str(number))
    outside, reading = len(connection.savepoint_ids), list[int]()

    def look(execute: Callable[..., Any], *asked: Any) -> Any:
        if 'FROM "audit_entry"' in asked[0] and not reading:
            reading.append(len(connection.savepoint_ids))
            record("agent.enrolled", TERMINAL, "meanwhile")
        assert "FOR UPDATE" not in asked[0] or reading
        return execute(*asked)

    with connection.execute_wrapper(look):
        found = verify()
    assert (found, reading) == (Verified(1, 3, Entry.objects.get(number=3).hash, found.at), [outside])  # type: ignore[union-attr]
    assert verify() == Verified(1, 4, Head.objects.get().hash, Entry.objects.get(number=4).at)
    Head.objects.update(number=3, hash=Entry.objects.get(number=3).hash)
    assert verify() == Broken(3, "unlinked")
