"""The agent's own state: configuration, disk, keys, indicators."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from agent.doctor.mending import OwnerOnly
from agent.indicators import Store, read_file
from agent.report.signature import AgentKey
from agent.transport.keys import workstation_key
from tests.doctor.computer import look, said, somebody_else, workstation


def test_a_new_workstation_is_well(tmp_path: Path) -> None:
    here = workstation(tmp_path, low_bytes=0)
    assert [look(check, here) for check in ("configuration", "disk", "keys")] == [[], [], []]
    assert not here.data.root.exists()


def test_a_mistake_in_the_configuration_or_in_an_overlay(tmp_path: Path) -> None:
    here = workstation(tmp_path)
    here.data.root.mkdir()
    here.data.configuration.write_text("schema: posture-configuration/1\nlanguaje: es\n")
    (found,) = look("configuration", here)
    assert said([found]) == [
        ("problem", f"{here.data.configuration}:2:1: there is no key “languaje”; did you mean “language”?")
    ]
    assert "posture init --force" in str(found.remedy)
    here.data.configuration.write_text("schema: posture-configuration/1\noverlays: [organisation.yaml]\n")
    here.data.organisation.write_text("schema: posture-overlay/1\noverlays: CM-G-3\nlayer: group\nname: Prensa\n")
    ((severity, what),) = said(look("configuration", here))
    assert severity == "problem"
    assert what.startswith(f"{here.data.organisation}:2:11: ")


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    free = psutil.disk_usage(str(tmp_path)).free
    for low_bytes, severities in ((free * 2, ["problem"]), (free // 2, ["warning"]), (free // 100, [])):
        found = look("disk", workstation(tmp_path, low_bytes=low_bytes))
        assert [each.severity for each in found] == severities
        for each in found:
            assert str(tmp_path) in str(each.what)


def test_keys_that_others_may_read_and_the_mend(tmp_path: Path) -> None:
    here = workstation(tmp_path)
    AgentKey.open(here.data.agent_key)
    workstation_key(here.data.root)
    assert look("keys", here) == []
    private = [here.data.agent_key, here.data.root / "adb-key", here.data.root / "adb-key" / "adbkey"]
    for path in private:
        path.chmod(0o755)
    found = look("keys", here)
    assert said(found) == [
        ("problem", f"others on this computer may read or change {path}, a private key") for path in private
    ]
    assert [str(each.remedy) for each in found] == [
        f"`chmod 600 {private[0]}`", f"`chmod 700 {private[1]}`", f"`chmod 600 {private[2]}`"
    ]  # fmt: skip
    assert [each.mend for each in found] == [OwnerOnly(path) for path in private]
    for each in found:
        assert each.mend is not None
        each.mend.make()
    assert look("keys", here) == []
    workstation_key(here.data.root)
    assert look("keys", workstation(tmp_path, system="Windows")) == []


def test_lists_of_known_spyware_absent_new_old_and_damaged(tmp_path: Path) -> None:
    here = workstation(tmp_path)
    assert [each.severity for each in look("indicators", here)] == ["note"]
    (tmp_path / "ioc.yaml").write_text("- name: Mirón\n  packages: [net.miron.app]\n")
    Store(here.data.indicators).add(read_file(tmp_path / "ioc.yaml"))
    assert look("indicators", here) == []
    later = workstation(tmp_path, now=datetime.now(UTC) + timedelta(days=70, seconds=5))
    assert said(look("indicators", later)) == [
        ("warning", "the files that name known spyware were last imported 70 days ago")
    ]
    (kept,) = here.data.indicators.glob("*.json")
    kept.write_text("{")
    ((severity, what),) = said(look("indicators", here))
    assert severity == "problem"
    assert "is damaged" in what


def test_a_folder_of_somebody_else(open_folder: Path) -> None:
    here = workstation(open_folder)
    AgentKey.open(here.data.agent_key)
    here.data.root.chmod(0)
    with somebody_else():
        keys, disk = look("keys", here), look("disk", here)
    here.data.root.chmod(0o700)
    assert said(keys) == [("problem", f"{here.data.agent_key} cannot be looked at: Permission denied")]
    assert ("problem", f"{here.data.root} cannot be written") in said(disk)
