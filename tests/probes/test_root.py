from pathlib import Path
from typing import Any

import pytest

from agent.probes import root
from agent.probes.root import BINARIES, ID, SU
from tests.probes.phone import facts_of, phone, run, saved, values_of
from tests.probes.test_boot import changed

SHELL = "uid=2000(shell) gid=2000(shell) groups=2000(shell),1004(input) context=u:r:shell:s0\n"
CLEAN = {"getprop": saved("getprop/pixel-a16-locked.txt"), SU.key: "searched\n", ID.key: SHELL}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, False),
        # proofs
        ({SU.key: "/system/xbin/su\nsearched\n"}, True),
        ({SU.key: "/debug_ramdisk/su\nsearched\n"}, True),
        ({ID.key: "uid=0(root) gid=0(root) context=u:r:su:s0\n"}, True),
        ({"getprop": changed("ro.build.type=userdebug", "ro.debuggable=1")}, True),
        ({"getprop": changed("init.svc.su_daemon=running")}, True),
        ({"getprop": changed("init.svc.magisk_service=running")}, True),
        ({"getprop": changed("vendor.lge.rctd.rooted=true")}, True),
        ({BINARIES: '["/system/bin/su", "/system/xbin/busybox"]'}, True),
        ({"getprop": "", BINARIES: '["/system/bin/su"]'}, True),
        # what proves nothing
        ({BINARIES: '["/system/xbin/busybox"]'}, False),
        ({BINARIES: "[" * 100_000}, False),
        ({BINARIES: '{"su": 1}'}, False),
        ({SU.key: "/usr/bin/su\nsearched\n"}, False),  # no path of Android's: a simulated phone's workstation
        ({"getprop": changed("init.svc.su_daemon=stopped")}, False),
        ({"getprop": changed("ro.bootimage.build.fingerprint=H/g/g:9/P/root2020:user/test-keys")}, False),
        # what keeps it open
        ({"getprop": changed("ro.debuggable=1")}, "unknown"),
        ({"getprop": changed("ro.adb.secure=0")}, "unknown"),
        ({"getprop": changed("ro.lineage.version=23")}, "unknown"),
        ({"getprop": changed("ro.boot.verifiedbootstate=yellow")}, "unknown"),
        ({"getprop": changed("-ro.boot.flash.locked", "-ro.boot.vbmeta.device_state")}, "unknown"),
        ({"getprop": changed("-ro.build.type")}, "unknown"),
        ({"getprop": ""}, "unknown"),
        ({SU.key: ""}, "unknown"),
        ({SU.key: "/system/bin/sh: which: inaccessible or not found\n"}, "unknown"),
        ({ID.key: "whoami\n"}, "unknown"),
        ({ID.key: ""}, "unknown"),
    ],
)
def test_root_is_proved_excluded_or_unknown(more: dict[str, str], expected: Any) -> None:
    assert values_of(root, phone({**CLEAN, **more})) == {"device.rooted": expected}


def test_a_phone_without_debuggable_can_be_clean() -> None:
    assert values_of(root, phone({**CLEAN, "getprop": changed("-ro.debuggable")})) == {"device.rooted": False}


def test_the_proof_is_shown() -> None:
    fact = facts_of(root, phone({**CLEAN, SU.key: "/sbin/su\nsearched\n"}))["device.rooted"]
    assert [(e.source, e.line) for e in fact.evidence] == [("which su", "/sbin/su")]


def test_su_is_looked_for_and_never_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    out = run(SU, tmp_path, {"su": f"echo > {ran}"})
    assert out == f"{tmp_path}/su\nsearched\n"
    assert not ran.exists()
