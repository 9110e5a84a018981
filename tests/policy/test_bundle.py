"""Signed bundles: the same bytes each time, and no agent takes an unsigned, a changed, a foreign or an older one."""

import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agent.cli.policy import command
from agent.messages import PostureError
from agent.policy import PolicyError, load
from agent.policy.bundle import PublisherKey, pack
from agent.policy.files import find, shipped
from agent.policy.trust import Trust
from agent.report.signature import AgentKey

OVERLAY = (
    "schema: posture-overlay/1\noverlays: CM-G-03\nlayer: organisation\nname: Example\n"
    "version: '{version}'\ndate: {date}\nparameters:\n  backup_age: {{days: {days}}}\n"
)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> PublisherKey:
    return PublisherKey.open(tmp_path_factory.mktemp("publisher") / "key.json")


@pytest.fixture
def trust(tmp_path: Path, key: PublisherKey) -> Trust:
    trust = Trust(tmp_path / "data" / "policy-trust.json")
    assert trust.pin(key.public_jwk) == key.id
    return trust


def bundle(folder: Path, key: PublisherKey, version: str = "3", date: str = "2027-01-01", days: int = 3) -> Path:
    overlay, path = folder / "example.yaml", folder / f"{version}-{date}-{days}.json"
    overlay.write_text(OVERLAY.format(version=version, date=date, days=days))
    path.write_text(pack(find(overlay), key))
    return path


def refusal(path: Path, trust: Trust | None = None, **more: object) -> str:
    with pytest.raises(PolicyError) as told:
        load(path, trust=trust, **more)  # type: ignore[arg-type]
    return str(told.value.message)


def test_a_bundle_judges_as_its_files_do(tmp_path: Path, key: PublisherKey) -> None:
    path = tmp_path / "cm-g-03.json"
    path.write_text(pack(find(shipped() / "cm-g-03"), key))
    packed, plain = load(path), load()
    assert (packed.id, packed.version, packed.sha256) == (plain.id, plain.version, plain.sha256)
    assert [rule.id for rule in packed.rules] == [rule.id for rule in plain.rules]
    assert path.read_text() == pack(find(shipped() / "cm-g-03"), key)


def test_its_contents_can_be_read_without_unpacking(tmp_path: Path, key: PublisherKey) -> None:
    body = json.loads(base64.urlsafe_b64decode(json.loads(bundle(tmp_path, key).read_text())["payload"] + "=="))
    assert {name: body[name] for name in ("schema", "id", "version", "date")} == {
        "schema": "posture-bundle/1", "id": "CM-G-03", "version": f"{load().version} + Example 3", "date": "2027-01-01",
    }  # fmt: skip
    assert [each["name"] for each in body["overlays"]] == ["example.yaml"]
    assert body["files"][0]["name"] == "policy.yaml"
    assert len(body["changes"]) >= 2


def test_nothing_is_refused_while_no_publisher_is_pinned(tmp_path: Path, key: PublisherKey) -> None:
    trust = Trust(tmp_path / "policy-trust.json")
    load(bundle(tmp_path, key), trust=trust)
    load(shipped() / "examples" / "overlay.yaml", trust=trust)
    assert not trust.path.exists()


def test_a_pinned_publisher_shuts_out_what_is_unsigned_or_anothers(
    tmp_path: Path, key: PublisherKey, trust: Trust
) -> None:
    load(bundle(tmp_path, key), trust=trust)
    other = PublisherKey.open(tmp_path / "other.json")
    plain, foreign = tmp_path / "example.yaml", bundle(tmp_path, other)
    assert refusal(plain, trust) == (
        f"{plain} is not signed, and this workstation takes only signed policies; ask their publisher for a bundle"
    )
    assert refusal(foreign, trust) == f"{foreign} is signed by {other.id}, which this workstation does not trust"
    signed = bundle(tmp_path, key)
    assert "is not signed" in refusal(signed, trust, overlays=[plain])  # an overlay beside a bundle is unsigned
    trust.unpin(key.id)
    assert trust.publishers == ()
    load(plain, trust=trust)


def test_an_older_edition_is_refused_once_a_newer_was_taken(tmp_path: Path, key: PublisherKey, trust: Trust) -> None:
    load(trust=trust)
    old, same, new = (bundle(tmp_path, key, version) for version in ("2.9", "2.10", "2.11"))
    load(same, trust=trust)
    load(new, trust=trust)
    load(new, trust=trust)
    version = load().version
    for path, told in ((old, "2.9"), (same, "2.10")):
        assert refusal(path, trust) == (
            f"CM-G-03 {version} + Example {told} of 2027-01-01 is older than {version} + Example 2.11 of 2027-01-01, "
            "which this workstation took before; give the newest bundle with --policy"
        )
    assert "is older than" in refusal(bundle(tmp_path, key, "9", "2026-12-31"), trust)
    assert refusal(bundle(tmp_path, key, "2.11", days=900), trust) == (
        f"CM-G-03 {version} + Example 2.11 of 2027-01-01 was taken here before with other contents; "
        "a change needs a new version"
    )
    with pytest.raises(PolicyError, match=r"is older than .* give the newest bundle"):
        load(trust=trust)
    load(shipped() / "baseline", trust=trust)  # another policy, and it came with the agent


def test_a_changed_bundle_is_refused_whoever_is_trusted(tmp_path: Path, key: PublisherKey) -> None:
    path = bundle(tmp_path, key)
    member = json.loads(path.read_text())
    body = base64.urlsafe_b64decode(member["payload"] + "==").replace(b"{days: 3}", b"{days: 900}")
    path.write_text(json.dumps({**member, "payload": base64.urlsafe_b64encode(body).decode().rstrip("=")}))
    assert refusal(path) == f"{path}: the signature does not fit: the policy was changed or forged"


def test_a_label_that_is_not_its_files_own_is_refused(tmp_path: Path, key: PublisherKey) -> None:
    path = bundle(tmp_path, key)
    body = json.loads(base64.urlsafe_b64decode(json.loads(path.read_text())["payload"] + "=="))
    for lie in ({"version": "99"}, {"date": "2099-01-01"}, {"sha256": "0" * 64}, {"id": "BASELINE"}):
        path.write_text(key.sign(json.dumps({**body, **lie}).encode()))
        assert refusal(path) == f"{path}: what the bundle says of itself is not what its files say"


def test_another_kind_of_signature_is_none(tmp_path: Path, key: PublisherKey) -> None:
    agent, path = AgentKey.open(tmp_path / "agent.json"), tmp_path / "report.json"
    path.write_text(agent.sign(b"{}"))
    assert refusal(path).endswith("its publisher's key is missing or is not the one it names")
    path.write_text(key.sign(b"[]"))
    assert refusal(path) == f"{path}: this is no policy bundle of the form posture-bundle/1"


@given(st.binary(max_size=80))
def test_any_json_like_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "bundle.json"
    path.write_bytes(b"{" + data)
    assert refusal(path).startswith(f"{path}")


def test_an_overlay_without_version_and_date_is_not_published(key: PublisherKey) -> None:
    with pytest.raises(PolicyError, match="an overlay that is published needs a version and a date"):
        pack(find(shipped() / "examples" / "overlay.yaml"), key)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"publishers": {"a": 1}}', "\xff"])
def test_a_damaged_list_of_publishers_lets_nothing_in(text: str, tmp_path: Path) -> None:
    trust = Trust(tmp_path / "policy-trust.json")
    trust.path.write_bytes(text.encode("latin-1"))
    if text == "{}":
        load(trust=trust)
        return
    with pytest.raises(PolicyError, match="is damaged; delete it and pin the publisher's key again"):
        load(trust=trust)


@pytest.mark.parametrize("jwk", [{}, {"kty": "OKP", "crv": "X25519", "x": "AA"}, {"kty": "RSA", "n": "AQAB", "e": "A"}])
def test_what_is_no_key_is_not_pinned(jwk: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(PostureError, match="no publisher's public key"):
        Trust(tmp_path / "policy-trust.json").pin(jwk)


def test_the_commands_from_key_to_verify(tmp_path: Path) -> None:
    def run(*arguments: str, data: str = "publisher") -> tuple[int, str]:
        environment = {"POSTURE_DATA": str(tmp_path / data), "COLUMNS": "80"}
        done = CliRunner(env=environment).invoke(command, arguments, standalone_mode=False)
        return done.return_value if done.exception is None else 2, done.output

    public, packed = tmp_path / "public.jwk", str(tmp_path / "baseline.json")
    status, jwk = run("key")
    public.write_text(jwk)
    assert (status, set(json.loads(jwk))) == (0, {"kty", "crv", "x"})
    assert run("pack", str(shipped() / "baseline"), "-o", packed)[0] == 0
    version, key_id = load(shipped() / "baseline").version, run("trust", str(public), data="bench")[1].strip()
    status, told = run("verify", packed, data="bench")
    assert (status, told.splitlines()[0].startswith(f"✓ {packed}: BASELINE {version} (")) == (0, True)
    assert told.splitlines()[1] == f"  signed by {key_id}, which this workstation trusts"
    assert run("verify", str(shipped() / "baseline" / "policy.yaml"), data="bench")[0] == 1
    assert run("trust", "--forget", key_id, data="bench") == (0, "No publisher is pinned: any policy is taken.\n")
    assert run("trust", packed, data="bench")[0] == 2
