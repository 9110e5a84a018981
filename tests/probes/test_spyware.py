import json
from pathlib import Path

import pytest

from agent.facts import Evidence, State
from agent.indicators import IndicatorFile
from agent.probes import app_list, read_facts, spyware
from tests.probes.phone import phone, reason_of, run, saved

NAME = "apps.spyware"
OWNER = "Users:\n\tUserInfo{0:Ana:c13} running\n\tUserInfo{10:Trabajo:1030} running\n"
LIVE = {
    "pm list users": OWNER,
    app_list.INSTALLED.key: saved("app_list/pixel-a15-installed.txt"),
    app_list.SYSTEM.key: saved("app_list/pixel-a15-system.txt"),
    spyware.CERTIFICATES.key: saved("app_list/pixel-a15-app-links.txt"),
}
SHA256 = "5e" * 32
ESPEJO = "112233445566778899aabbccddeeff00112233445566778899aabbccddeeff01"


def indicators(packages: dict[str, str], certificates: dict[str, str] | None = None) -> IndicatorFile:
    return IndicatorFile(
        name="lista.yaml", version="2026-03", sha256=SHA256, imported_at="2026-04-01T08:00:00Z",
        packages=packages, certificates=certificates or {}, unread=3,
    )  # fmt: skip


OTHERS = indicators({"net.ajena.espia": "Ajena (stalkerware)"}, {"ff" * 32: "Ajena (stalkerware)"})


def test_without_a_file_nothing_is_known() -> None:
    for files in ((), (indicators({}),)):
        fact = read_facts(phone(LIVE), files)[NAME]
        assert fact.state is State.UNKNOWN
        assert "posture indicators import" in reason_of(fact)


def test_finds_a_package_and_names_file_version_and_digest() -> None:
    fact = read_facts(phone(LIVE), [indicators({"net.taller.espejo": "Espejo (stalkerware)"})])[NAME]
    assert fact.value == [{"package": "net.taller.espejo", "indicator": "Espejo (stalkerware)"}]
    assert fact.evidence == (
        Evidence(
            "pm list packages -i -3",
            "user 0: package:net.taller.espejo  installer=com.google.android.packageinstaller",
        ),
        Evidence("lista.yaml", f"SHA-256 {SHA256}, version 2026-03: net.taller.espejo: Espejo (stalkerware)"),
    )


def test_finds_a_certificate_under_another_name() -> None:
    fact = read_facts(phone(LIVE), [indicators({}, {ESPEJO: "Espejo (stalkerware)"})])[NAME]
    assert fact.value == [{"package": "net.taller.espejo", "indicator": "Espejo (stalkerware)"}]
    assert f"SHA-256 {SHA256}, version 2026-03: {ESPEJO}" in fact.evidence[1].line


@pytest.mark.parametrize("package", ["com.android.systemui", "org.ejemplo.libre"])
def test_looks_at_every_user_and_at_what_came_with_the_phone(package: str) -> None:
    fact = read_facts(phone(LIVE), [indicators({package: "x"})])[NAME]
    assert fact.value == [{"package": package, "indicator": "x"}]


@pytest.mark.parametrize("package", ["net.taller", "net.taller.espejo.mas", "NET.taller.espejo", "t.taller.espejo"])
def test_only_the_whole_name_counts(package: str) -> None:
    fact = read_facts(phone(LIVE), [indicators({package: "x"})])[NAME]
    assert fact.value == []
    assert [line.line for line in fact.evidence] == [
        "6 apps, of 3 the certificate, none of them named",
        "6 apps, of 0 the certificate, none of them named",
        f"SHA-256 {SHA256}, version 2026-03: 1 packages, 0 certificates",
    ]


@pytest.mark.parametrize("refused", [app_list.INSTALLED.key, app_list.SYSTEM.key, "pm list users"])
def test_what_is_seen_counts_and_what_is_not_seen_is_no_absence(refused: str) -> None:
    capture = phone({**LIVE, refused: "Error: java.lang.SecurityException: no\n"})
    assert read_facts(capture, [OTHERS])[NAME].state is State.UNKNOWN
    seen = "net.taller.espejo" if refused != app_list.INSTALLED.key else "com.android.systemui"
    assert read_facts(capture, [indicators({seen: "x"})])[NAME].value == [{"package": seen, "indicator": "x"}]


def test_one_app_s_dump_proves_its_presence_alone() -> None:
    dump = saved("app_list/nokia-a9-dumpsys-package.txt").split("\nHidden")[0]
    capture = phone({"dumpsys package": dump}, source="capture")
    fact = read_facts(capture, [indicators({"org.ejemplo.correo": "x"})])[NAME]
    assert (fact.value, fact.evidence[0].line) == (
        [{"package": "org.ejemplo.correo", "indicator": "x"}],
        "Package [org.ejemplo.correo]",
    )
    assert read_facts(capture, [OTHERS])[NAME].state is State.UNKNOWN


def test_androidqf_s_digests_count() -> None:
    row = {"name": "a.b", "installer": "null", "third_party": True, "files": [{"certificate": {"Sha1": "AB" * 20}}]}
    capture = phone({"androidqf packages.json": json.dumps([row])}, source="capture")
    fact = read_facts(capture, [indicators({}, {"ab" * 20: "x"})])[NAME]
    assert fact.value == [{"package": "a.b", "indicator": "x"}]


def test_the_phone_sends_names_and_digests_only(tmp_path: Path) -> None:
    links = saved("app_list/pixel-a15-app-links.txt")
    cut = run(spyware.CERTIFICATES, tmp_path, {"pm": f"cat <<'END'\n{links}END"})
    assert "example.org" not in cut
    fact = read_facts(phone({**LIVE, spyware.CERTIFICATES.key: cut}), [indicators({}, {ESPEJO: "x"})])[NAME]
    assert fact.value == [{"package": "net.taller.espejo", "indicator": "x"}]


@pytest.mark.parametrize("answer", ["", "Unknown command: get-app-links\n", "  a.b:\n    Signatures: [zz]\n"])
def test_before_android_12_packages_alone_are_matched(answer: str) -> None:
    capture = phone({**LIVE, spyware.CERTIFICATES.key: answer})
    assert read_facts(capture, [indicators({"net.taller.espejo": "x"})])[NAME].value
    assert read_facts(capture, [OTHERS])[NAME].value == []
