"""POST /api/reports: an enrolled agent's signed report is taken once; everything else is refused with one sentence."""

import gzip
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey
from uuid_utils import uuid7

from agent.facts import instant
from server_stub.agents.models import Agent
from server_stub.phones.models import Receipt, StoredReport
from tests.collector.signing import NOW, Signer, encode, fact, report, result

Post = Callable[..., Any]
_GZIP = gzip.compress(b"{}", mtime=0)


def problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    content = answer.json()
    assert content["status"] == answer.status_code
    assert content["detail"].endswith(".")
    return answer.status_code, content["title"]


def test_a_report_is_stored_as_received_and_then_known(agent: Agent, signer: Signer, post: Post) -> None:
    content = report(agent.id)
    signed = signer.sign(encode(content))
    first, second = post(signed), post(signed)
    expected = {"report_id": content["report_id"]}
    assert (first.status_code, first.json()) == (201, expected | {"status": 201, "outcome": "stored"})
    assert (second.status_code, second.json()) == (200, expected | {"status": 200, "outcome": "known"})
    assert [bytes(stored.signed) for stored in StoredReport.objects.all()] == [signed]


def test_the_compact_form_is_the_same_report(agent: Agent, signer: Signer, post: Post) -> None:
    payload = encode(report(agent.id))
    assert post(signer.compact(payload), "application/jose").status_code == 201
    assert post(signer.sign(payload)).status_code == 200


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_the_older_name_of_the_algorithm_is_understood(agent: Agent, signer: Signer, post: Post) -> None:
    assert post(signer.sign(encode(report(agent.id)), alg="EdDSA")).status_code == 201


def test_gzip_is_understood(agent: Agent, signer: Signer, post: Post) -> None:
    packed = gzip.compress(signer.sign(encode(report(agent.id))))
    assert post(packed, **{"Content-Encoding": "gzip"}).status_code == 201


@pytest.mark.parametrize("other", [{"duration_ms": 901}, {"device": {"serial": "ANOTHER"}}])
def test_an_id_is_not_used_twice(agent: Agent, signer: Signer, post: Post, other: dict[str, Any]) -> None:
    content = report(agent.id)
    changed = content | {"device": content["device"] | other["device"]} if "device" in other else content | other
    assert post(signer.sign(encode(content))).status_code == 201
    assert problem(post(signer.sign(encode(changed)))) == (409, "another-report")
    assert StoredReport.objects.count() == 1


def test_a_batch_is_answered_line_by_line(agent: Agent, signer: Signer, post: Post) -> None:
    good = report(agent.id)
    signed = signer.sign(encode(good))
    answer = post(b"\n".join((signed, b"", signed, b"{}")) + b"\n", "application/jsonl")
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert answer.status_code == 207
    assert lines[:2] == [
        {"line": 1, "status": 201, "report_id": good["report_id"], "outcome": "stored"},
        {"line": 3, "status": 200, "report_id": good["report_id"], "outcome": "known"},
    ]
    assert (lines[2]["line"], lines[2]["status"], lines[2]["title"]) == (4, 400, "no-envelope")


@pytest.mark.parametrize(("again", "status"), [(False, 201), (True, 200)])
def test_a_whole_batch_has_one_status(agent: Agent, signer: Signer, post: Post, *, again: bool, status: int) -> None:
    lines = b"\r\n".join(signer.sign(encode(report(agent.id))) for _ in range(3))
    if again:
        post(lines, "application/jsonl")
    assert post(lines, "application/x-ndjson").status_code == status
    assert StoredReport.objects.count() == 3


def test_an_empty_batch_is_refused(agent: Agent, post: Post) -> None:
    assert problem(post(b"\n\n", "application/jsonl")) == (400, "empty")


def test_who_is_not_enrolled_is_refused(db: None, signer: Signer, post: Post) -> None:
    assert problem(post(signer.sign(encode(report(signer.id))))) == (401, "unknown-agent")


def test_who_was_revoked_is_refused(agent: Agent, signer: Signer, post: Post) -> None:
    Agent.objects.update(revoked_at=NOW)
    assert problem(post(signer.sign(encode(report(agent.id))))) == (403, "revoked-agent")


def test_another_agents_name_is_refused(agent: Agent, signer: Signer, post: Post) -> None:
    assert problem(post(signer.sign(encode(report("somebody else"))))) == (403, "wrong-agent")


def test_another_key_under_an_enrolled_id_is_refused(agent: Agent, post: Post) -> None:
    assert problem(post(Signer().sign(encode(report(agent.id)), kid=agent.id))) == (401, "bad-signature")


def _turned(text: str) -> str:
    raw = bytearray(urlsafe_b64decode(text + "=="))
    raw[len(raw) // 2] ^= 1
    return urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()


@pytest.mark.parametrize("part", ["payload", "signature"])
def test_one_changed_bit_is_refused(agent: Agent, signer: Signer, post: Post, part: str) -> None:
    signed = json.loads(signer.sign(encode(report(agent.id))))
    signed[part] = _turned(signed[part])
    assert problem(post(json.dumps(signed).encode())) == (401, "bad-signature")


def test_the_public_key_is_no_shared_secret(agent: Agent, signer: Signer, post: Post) -> None:
    secret = OctKey.import_key(json.dumps(signer.public_jwk))
    header = {"protected": {"alg": "HS256", "kid": agent.id, "typ": "posture-report+jws"}}
    forged = jws.serialize_json(header, encode(report(agent.id)), secret, algorithms=["HS256"])
    assert problem(post(json.dumps(forged).encode())) == (400, "wrong-algorithm")


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ({"typ": "JWT"}, "no-envelope"),
        ({"kid": "\x00" * 43}, "no-envelope"),
        ({"kid": 7}, "no-envelope"),
        ({"jku": "https://evil.example/keys"}, "no-envelope"),
        ({"crit": ["b64"], "b64": False}, "no-envelope"),
    ],
)
def test_only_our_header_is_read(agent: Agent, signer: Signer, post: Post, header: Any, title: str) -> None:
    signed = json.loads(signer.sign(encode(report(agent.id))))
    protected = {"alg": "Ed25519", "kid": agent.id, "typ": "posture-report+jws"} | header
    signed["protected"] = urlsafe_b64encode(json.dumps(protected).encode()).rstrip(b"=").decode()
    assert problem(post(json.dumps(signed).encode())) == (400, title)


def test_a_header_outside_the_signature_is_refused(agent: Agent, signer: Signer, post: Post) -> None:
    signed = json.loads(signer.sign(encode(report(agent.id)))) | {"header": {"kid": agent.id}}
    assert problem(post(json.dumps(signed).encode())) == (400, "no-envelope")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"verdict": "fine"}, "verdict"),
        ({"report_id": "7"}, "report_id"),
        ({"scanned_at": "2026-13-45T99:99:99Z"}, "scanned_at"),
        (
            {"facts": {"device.rooted": {"value": True, "state": "known", "reason": None, "evidence": []}}},
            "device.rooted",
        ),
        ({"results": [{"rule": "x"}]}, "results.0"),
    ],
)
def test_a_wrong_form_is_named(agent: Agent, signer: Signer, post: Post, change: dict[str, Any], where: str) -> None:
    answer = post(signer.sign(json.dumps(report(agent.id) | change).encode()))
    assert problem(answer) == (422, "wrong-form")
    assert where in answer.json()["detail"]


def test_what_a_later_version_adds_is_kept_in_the_signed_bytes_and_passed_over(
    agent: Agent, signer: Signer, post: Post, viewer: Client
) -> None:
    content = report(agent.id, results=(result("lock", "7", "pass", new=[1]),), facts={"x": fact(1) | {"new": 1}})
    body = signer.sign(json.dumps(content | {"new": {"a": None}, "device": content["device"] | {"new": 1}}).encode())
    assert post(body).status_code == 201
    assert bytes(StoredReport.objects.get().signed) == body
    assert viewer.get("/phones/ZY22TEST01/").status_code == 200


def test_what_is_deep_is_refused(agent: Agent, signer: Signer, post: Post) -> None:
    for depth in (settings.REPORT_MAX_DEPTH, 100_000):
        value = "[" * depth + "]" * depth
        payload = json.dumps(report(agent.id, facts={"x": fact("HERE")})).replace('"HERE"', value)
        assert problem(post(signer.sign(payload.encode()))) == (422, "too-deep")
    assert problem(post(b"[" * 100_000)) == (422, "too-deep")


@pytest.mark.parametrize("number", ["1e999", "NaN", "9" * 5000])
def test_numbers_that_json_cannot_write_again_are_refused(
    agent: Agent, signer: Signer, post: Post, number: str
) -> None:
    payload = json.dumps(report(agent.id, facts={"x": fact("HERE")})).replace('"HERE"', number)
    assert post(signer.sign(payload.encode())).status_code in (400, 422)


def test_a_report_from_the_future_is_refused(agent: Agent, signer: Signer, post: Post) -> None:
    content = report(agent.id, at=NOW + timedelta(minutes=10))
    answer = post(signer.sign(encode(content)))
    assert problem(answer) == (422, "from-the-future")
    assert instant(NOW + timedelta(minutes=10)) in answer.json()["detail"]


@pytest.mark.parametrize("serial", ["", " ", "unknown", "UNKNOWN"])
def test_a_report_of_no_phone_is_refused(agent: Agent, signer: Signer, post: Post, serial: str) -> None:
    assert problem(post(signer.sign(encode(report(agent.id, serial))))) == (422, "no-serial")


def test_what_is_too_large_is_refused(agent: Agent, signer: Signer, post: Post) -> None:
    assert problem(post(b" " * (settings.REPORT_LIMIT_BYTES + 1))) == (413, "too-large")
    line = b" " * settings.REPORT_LIMIT_BYTES + b"{}"
    assert json.loads(post(line, "application/jsonl").content)["title"] == "too-large"


def test_a_bomb_is_refused_before_it_is_unpacked(agent: Agent, post: Post) -> None:
    packed = gzip.compress(b" " * 200_000_000)
    assert len(packed) < settings.REPORT_LIMIT_BYTES
    assert problem(post(packed, **{"Content-Encoding": "gzip"})) == (413, "too-large")


@pytest.mark.parametrize("body", [b"no gzip", _GZIP[:-4], _GZIP + b"more"])
def test_broken_gzip_is_refused(agent: Agent, post: Post, body: bytes) -> None:
    assert problem(post(body, **{"Content-Encoding": "gzip"})) == (400, "wrong-encoding")


def test_other_media_and_encodings_are_refused(agent: Agent, post: Post) -> None:
    assert problem(post(b"{}", "text/plain")) == (415, "wrong-media-type")
    assert problem(post(b"{}", **{"Content-Encoding": "br"})) == (415, "wrong-encoding")


@given(body=st.binary(min_size=1, max_size=300) | st.text(min_size=1, max_size=100).map(str.encode))
@how(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@pytest.mark.parametrize("content_type", ["application/jose+json", "application/jose"])
def test_no_bytes_make_it_fail(db: None, client: Client, body: bytes, content_type: str) -> None:
    answer = client.post("/api/reports", body, content_type=content_type)
    assert problem(answer)[0] == 400


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
@how(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
def test_no_value_of_an_enrolled_agent_makes_it_fail(agent: Agent, signer: Signer, client: Client, value: Any) -> None:
    content = report(agent.id, facts={"device.adb_keys": fact("HERE")}, report_id=str(uuid7()))
    payload = json.dumps(content).replace('"HERE"', json.dumps(value))
    answer = client.post("/api/reports", signer.sign(payload.encode()), content_type="application/jose+json")
    assert answer.status_code in (201, 400, 422)


def test_hostile_text_is_stored(agent: Agent, signer: Signer, post: Post) -> None:
    nasty = "\u202e\x00<b>" + "𐀀" * 200
    content = report(
        agent.id,
        serial=nasty,
        device={"model": nasty, "manufacturer": nasty, "api_level": 10**30},
        results=(result(nasty, nasty, "fail", message=nasty * 3),),
        agent={"id": agent.id, "version": nasty, "host": nasty},
    )
    assert post(signer.sign(encode(content))).status_code == 201
    assert Receipt.objects.count() == 1


def test_a_refusal_speaks_the_agents_language_and_keeps_its_stable_word(
    agent: Agent, signer: Signer, post: Post
) -> None:
    other = Signer()
    answer = post(other.sign(encode(report(other.id))), **{"Accept-Language": "es"})
    assert problem(answer) == (401, "unknown-agent")
    assert answer.json()["detail"] == (
        "La clave que firmó este informe no está inscrita aquí; inscriba primero el agente."
    )
    late = post(signer.sign(encode(report(agent.id, at=NOW + timedelta(hours=1)))), **{"Accept-Language": "es"})
    assert instant(NOW + timedelta(hours=1)) in late.json()["detail"]
    assert "ponga en hora" in late.json()["detail"]
