"""Signatures: what an agent signs, anybody with its public key can check, and nobody can change."""

import base64
import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.messages import PostureError
from agent.report.signature import AgentKey, SignatureError, verify


@pytest.fixture
def key(tmp_path: Path) -> AgentKey:
    return AgentKey.open(tmp_path / "agent" / "key.json")


def test_a_signed_payload_comes_back_whole(key: AgentKey) -> None:
    signed = key.sign(b'{"a": 1}')
    assert verify(signed, {key.id: key.public_jwk}.get) == (key.id, b'{"a": 1}')


def test_a_large_payload_is_not_taken_for_a_forged_one(key: AgentKey) -> None:
    large = b"x" * 3_000_000
    assert verify(key.sign(large), {key.id: key.public_jwk}.get) == (key.id, large)


def test_the_header_names_algorithm_key_and_type(key: AgentKey) -> None:
    protected = json.loads(base64.urlsafe_b64decode(json.loads(key.sign(b"{}"))["protected"] + "=="))
    assert protected == {"alg": "Ed25519", "kid": key.id, "typ": "posture-report+jws"}


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    first = AgentKey.open(path)
    assert AgentKey.open(path).id == first.id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "d" not in first.public_jwk
    assert [each.name for each in tmp_path.iterdir()] == ["key.json"]


def test_a_damaged_key_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text('{"kty": "OKP"')
    with pytest.raises(PostureError, match="is damaged; put it back from a backup, or delete it and enrol again"):
        AgentKey.open(path)


def test_another_agents_key_does_not_do(key: AgentKey, tmp_path: Path) -> None:
    other = AgentKey.open(tmp_path / "other.json")
    with pytest.raises(SignatureError, match="the signature does not fit"):
        verify(other.sign(b"{}"), lambda _: key.public_jwk)


def test_an_unknown_agent_is_told_to_enrol(key: AgentKey) -> None:
    with pytest.raises(SignatureError, match="enrol the agent first"):
        verify(key.sign(b"{}"), lambda _: None)


@pytest.mark.parametrize("alg", ["none", "HS256", "EdDSA", "RS256"])
def test_only_our_algorithm_counts(key: AgentKey, alg: str) -> None:
    member = json.loads(key.sign(b"{}"))
    header = json.dumps({"alg": alg, "kid": key.id}).encode()
    member["protected"] = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    with pytest.raises(SignatureError, match="the signature does not fit"):
        verify(json.dumps(member), {key.id: key.public_jwk}.get)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_anything_else_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(SignatureError, match="this is no signed report"):
        verify(data, lambda _: None)


@given(position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_no_bit_can_be_turned(position: int, bit: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    key = AgentKey.open(tmp_path_factory.getbasetemp() / "one-key.json")
    member = json.loads(key.sign(b'{"verdict": "non_compliant"}'))
    payload = bytearray(base64.urlsafe_b64decode(member["payload"] + "=="))
    payload[position % len(payload)] ^= 1 << bit
    member["payload"] = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    with pytest.raises(SignatureError, match="the signature does not fit"):
        verify(json.dumps(member), {key.id: key.public_jwk}.get)
