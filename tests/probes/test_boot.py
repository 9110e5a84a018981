from typing import Any

import pytest

from agent.probes import boot
from tests.probes.phone import facts_of, phone, saved, values_of

GETPROP = saved("getprop/pixel-a16-locked.txt")


def changed(*lines: str) -> str:
    """The locked Pixel's properties with some of them changed, added, or (`-name`) taken out."""
    read = dict(line.split("]: [", 1) for line in GETPROP.splitlines() if "]: [" in line)
    for line in lines:
        if line.startswith("-"):
            del read[f"[{line[1:]}"]
        else:
            name, value = line.split("=", 1)
            read[f"[{name}"] = f"{value}]"
    return "".join(f"{name}]: [{value}\n" for name, value in read.items())


@pytest.mark.parametrize(
    ("lines", "verified", "locked"),
    [
        ([], "green", True),
        (["ro.boot.verifiedbootstate=yellow"], "yellow", True),
        (
            ["ro.boot.verifiedbootstate=orange", "ro.boot.flash.locked=0", "ro.boot.vbmeta.device_state=unlocked"],
            "orange",
            False,
        ),
        (["ro.boot.verifiedbootstate=red", "-ro.boot.vbmeta.device_state"], "red", True),
        (["-ro.boot.verifiedbootstate", "-ro.boot.flash.locked", "-ro.boot.vbmeta.device_state"], "unknown", "unknown"),
        (["-ro.boot.flash.locked"], "green", True),
        # orange alone does not say that the bootloader's own property is 0
        (
            ["ro.boot.verifiedbootstate=orange", "-ro.boot.flash.locked", "-ro.boot.vbmeta.device_state"],
            "orange",
            "unknown",
        ),
        # sources that contradict each other
        (["ro.boot.flash.locked=0"], "unknown", "unknown"),
        (["ro.boot.verifiedbootstate=orange"], "unknown", "unknown"),
        (["ro.boot.flash.locked=0", "ro.boot.vbmeta.device_state=unlocked"], "unknown", "unknown"),
        # systems that their phone's maker did not build say green and locked too
        (["ro.lineage.version=23.0"], "unknown", "unknown"),
        (["ro.crdroid.build.version=12"], "unknown", "unknown"),
        (["ro.build.flavor=lineage_tokay-userdebug"], "unknown", "unknown"),
        (["ro.build.type=userdebug"], "unknown", "unknown"),
        (["ro.build.tags=test-keys"], "unknown", "unknown"),
        (["ro.build.fingerprint=google/oriole/oriole:13/TQ3A/1:user/release-keys"], "unknown", "unknown"),
        # what is no contradiction
        (["ro.bootimage.build.fingerprint=g/t/t:13/X/1:user/test-keys", "ro.boot.warranty_bit=0"], "green", True),
        (["ro.build.version.release=Baklava"], "green", True),
        (["sys.oem_unlock_allowed=1"], "green", True),
        (["ro.boot.verifiedbootstate=blue"], "unknown", True),
    ],
)
def test_good_words_count_only_where_nothing_contradicts_them(lines: list[str], verified: Any, locked: Any) -> None:
    values = values_of(boot, phone({"getprop": changed(*lines)}))
    assert (values["device.verified_boot"], values["device.bootloader_locked"]) == (verified, locked)


@pytest.mark.parametrize(
    ("lines", "encrypted"),
    [
        ([], True),
        (["ro.crypto.state=unencrypted", "-ro.crypto.type"], False),
        (["ro.crypto.state=unencrypted", "ro.crypto.type=none"], False),
        (["ro.crypto.state=unencrypted", "ro.crypto.type=file"], "unknown"),
        (["ro.crypto.state=unencrypted", "ro.crypto.type=block"], "unknown"),
        (["ro.crypto.type=none"], "unknown"),
        (["-ro.crypto.type"], True),
        (["ro.crypto.state=unsupported"], "unknown"),
        (["-ro.crypto.state"], "unknown"),
    ],
)
def test_encryption_is_what_vold_says(lines: list[str], encrypted: Any) -> None:
    assert values_of(boot, phone({"getprop": changed(*lines)}))["device.encrypted"] == encrypted


def test_a_contradiction_shows_both_sides() -> None:
    fact = facts_of(boot, phone({"getprop": changed("ro.boot.flash.locked=0")}))["device.bootloader_locked"]
    assert [evidence.line for evidence in fact.evidence] == [
        "[ro.boot.vbmeta.device_state]: [locked]",
        "[ro.boot.flash.locked]: [0]",
    ]
