import json
from pathlib import Path
from typing import Any

import pytest

from agent.probes import biometrics
from agent.probes.biometrics import FACE, FEATURES, FINGERPRINT
from tests.probes.phone import facts_of, phone, reason_of, run, values_of

ABSENT = "Can't find service: face\n"
NO_FACE = "feature:android.hardware.fingerprint\nfeature:android.hardware.touchscreen\n"


def sensor(*counts: int, service: str = "FingerprintProvider/default") -> str:
    prints = [{"id": user * 10, "count": count, "accept": 1, "reject": 0} for user, count in enumerate(counts)]
    return json.dumps({"service": service, "prints": prints}, separators=(",", ":")) + "\n"


def new(*counts: int) -> str:
    return "Dumping for sensorId: 0, provider: FingerprintProvider\n" + sensor(*counts) + "---END\n"


@pytest.mark.parametrize(
    ("fingerprint", "face", "features", "sdk", "expected"),
    [
        (new(2), new(1), "", 34, ["fingerprint", "face"]),
        (new(0), new(0), "", 34, []),
        (new(0, 1), new(0), "", 34, ["fingerprint"]),  # of another user
        (sensor(0) + sensor(3), sensor(0), "", 31, ["fingerprint"]),  # two sensors
        (new(2), ABSENT, NO_FACE, 34, ["fingerprint"]),
        (new(0), ABSENT, NO_FACE, 34, []),
        (new(2), ABSENT, "", 34, "unknown"),  # whether there is face unlock, nobody said
        (new(2), ABSENT, NO_FACE + "feature:android.hardware.biometrics.face\n", 34, "unknown"),
        (new(2), ABSENT, NO_FACE + "feature:android.hardware.biometrics.iris=1\n", 34, "unknown"),
        (ABSENT, ABSENT, "feature:android.hardware.touchscreen\n", 34, []),
        ("Permission Denial: can't dump\n", new(0), NO_FACE, 34, "unknown"),
        (sensor(2), ABSENT, "", 28, ["fingerprint"]),
        (sensor(0), ABSENT, "", 28, "unknown"),  # makers had face and iris unlock of their own
        ('{"prints":[{"id":0}]}\n', new(0), "", 34, "unknown"),
        ('{"prints":[[]]}\n', new(0), "", 34, "unknown"),
        ('{"prints":[{"id":0,"count":1},{"id":0,"count":0}]}\n', new(0), "", 34, ["fingerprint"]),
        ('{"prints":[{"id":0,"count":-1},{"id":10,"count":1}]}\n', new(0), "", 34, "unknown"),
        ('{"prints":[{"id":0,"count":1e999}]}\n', new(0), "", 34, "unknown"),
        (new(2)[:-30], new(0), "", 34, "unknown"),
        ("no sensor\n", new(0), "", 34, "unknown"),
        ("[" * 100_000 + '"prints":', new(0), "", 34, "unknown"),
    ],
)
def test_counts_what_is_enrolled(fingerprint: str, face: str, features: str, sdk: int, expected: Any) -> None:
    answers = {FINGERPRINT.key: fingerprint, FACE.key: face, FEATURES.key: features}
    answers["getprop"] = f"[ro.build.version.sdk]: [{sdk}]\n"
    assert values_of(biometrics, phone(answers)) == {"screen_lock.biometrics": expected}


def test_says_what_was_not_settled() -> None:
    fact = facts_of(biometrics, phone({FINGERPRINT.key: new(2), FACE.key: ABSENT}))["screen_lock.biometrics"]
    assert reason_of(fact) == (
        "the phone refused `dumpsys face`: Can't find service: face; "
        "look in Settings › Security at what opens the phone"
    )
    assert [e.line for e in fact.evidence] == ["FingerprintProvider/default prints: user 0: 2"]


@pytest.mark.parametrize("command", [FINGERPRINT, FACE])
def test_reads_the_same_when_the_phone_cut_it(command: Any, tmp_path: Path) -> None:
    cut = run(command, tmp_path, {"dumpsys": f"cat <<'E'\nmuch\n{new(2)}more\nE"})
    assert biometrics.parse(cut, "x") == biometrics.parse(new(2), "x")
    assert "much" not in cut


def test_a_list_of_features_is_cut_to_sensors(tmp_path: Path) -> None:
    listed = f"{NO_FACE}feature:android.hardware.biometrics.face\nfeature:com.ejemplo.secreto\n"
    cut = run(FEATURES, tmp_path, {"pm": f"cat <<'E'\n{listed}E"})
    assert "secreto" not in cut
    assert values_of(biometrics, phone({FINGERPRINT.key: new(1), FACE.key: ABSENT, FEATURES.key: cut})) == {
        "screen_lock.biometrics": "unknown"
    }
