"""One-time codes: each lets one key in, once, for a day."""

import string
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from server_stub.agents.enrolment import make_code
from server_stub.agents.models import Agent, EnrolmentCode
from tests.collector.signing import Signer, encode, report

pytestmark = pytest.mark.django_db


def enrol(client: Client, code: str, jwk: dict[str, Any], name: str = "Bench") -> Any:
    sent = {"code": code, "name": name, "public_jwk": jwk}
    return client.post("/api/enrol", sent, content_type="application/json")


def refusal(answer: Any) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["title"]


def test_a_code_lets_one_key_in_and_its_reports_are_taken(
    client: Client, signer: Signer, post: Callable[..., Any]
) -> None:
    answer = enrol(client, make_code()[0], signer.public_jwk)
    assert (answer.status_code, answer.json()) == (200, {"agent_id": signer.id, "collector": "http://testserver"})
    assert post(signer.sign(encode(report(signer.id)))).status_code == 201


def test_only_the_digest_of_a_code_is_kept() -> None:
    code, _ = make_code()
    kept = EnrolmentCode.objects.get()
    assert code not in str(vars(kept))
    assert len(kept.digest) == 64


def test_a_code_may_be_typed_carelessly(client: Client, signer: Signer) -> None:
    code = make_code()[0].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert enrol(client, code, signer.public_jwk).status_code == 200


def test_a_code_works_once_but_a_lost_answer_can_be_asked_for_again(client: Client, signer: Signer) -> None:
    code, _ = make_code()
    assert enrol(client, code, signer.public_jwk).status_code == 200
    assert enrol(client, code, signer.public_jwk).status_code == 200
    assert refusal(enrol(client, code, Signer().public_jwk)) == (403, "used-code")
    assert Agent.objects.count() == 1


def test_wrong_and_expired_codes_are_refused(client: Client, signer: Signer) -> None:
    code, _ = make_code()
    EnrolmentCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert refusal(enrol(client, code, signer.public_jwk)) == (403, "expired-code")
    assert refusal(enrol(client, "NOT-A-CODE", signer.public_jwk)) == (403, "wrong-code")


def test_a_key_is_enrolled_once(client: Client, signer: Signer) -> None:
    enrol(client, make_code()[0], signer.public_jwk)
    assert refusal(enrol(client, make_code()[0], signer.public_jwk)) == (409, "known-key")


def test_a_key_has_one_name(client: Client, signer: Signer) -> None:
    """What else a JWK may hold does not change who it is; a second way to write the same bytes is refused."""
    x = signer.public_jwk["x"]
    for other in (x[:-1] + _same_bits(x[-1]), x + "=", x + "\n"):
        assert refusal(enrol(client, make_code()[0], signer.public_jwk | {"x": other})) == (422, "no-key")
    more = signer.public_jwk | {"use": "sig", "kid": "mine"}
    assert enrol(client, make_code()[0], more).json()["agent_id"] == signer.id
    assert set(Agent.objects.get().public_jwk) == {"kty", "crv", "x"}


def _same_bits(last: str) -> str:
    """Another last character of 43 that decodes to the same 32 bytes: its two lowest bits are not used."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    return alphabet[alphabet.index(last) ^ 1]


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({"d": "c2VjcmV0"}, "private-key"),
        ({"x": "AAAA"}, "no-key"),
        ({"x": 7}, "no-key"),
        ({"x": None}, "no-key"),
        ({"crv": "X25519"}, "no-key"),
        ({"kty": "EC", "crv": "P-256", "y": "AAAA"}, "no-key"),
    ],
)
def test_only_public_ed25519_keys_are_taken(client: Client, signer: Signer, change: dict[str, Any], title: str) -> None:
    assert refusal(enrol(client, make_code()[0], signer.public_jwk | change)) == (422, title)
    assert Agent.objects.count() == 0


@pytest.mark.parametrize("body", ["", "{", "[]", '{"code": 7}', '{"code": "x", "name": "", "public_jwk": {}}'])
def test_a_wrong_form_is_refused(client: Client, body: str) -> None:
    answer = client.post("/api/enrol", body, content_type="application/json")
    assert refusal(answer)[0] in (400, 422)


def test_guessing_is_throttled(client: Client, signer: Signer) -> None:
    answers = [enrol(client, f"GUESS-{n}", signer.public_jwk) for n in range(11)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429]
    assert refusal(answers[-1]) == (429, "too-many")
    assert int(answers[-1].headers["Retry-After"]) > 0
