from pathlib import Path

import pytest

from agent.facts import Evidence, known
from agent.probes import backup_schedule, whatsapp_package
from tests.probes.phone import cut_short, facts_of, phone, reason_of, run, saved

KEY = backup_schedule.COMMAND.key
NAME = "whatsapp.backup.scheduled_at"
HEADINGS = {
    "alarm/moto-a8-backup.txt": ["RTC_WAKEUP #0: Alarm{bb22 type 0 when 1777964400000 com.whatsapp}"],
    "alarm/pixel-a14-two-users.txt": [
        "RTC_WAKEUP #2: Alarm{ee55 type 0 origWhen 1777964401000 whenElapsed 154801000 com.whatsapp.w4b}",
        "RTC_WAKEUP #3: Alarm{dd44 type 0 origWhen 1777964405000 whenElapsed 154805000 com.whatsapp}",
    ],
}
AT = {"alarm/moto-a8-backup.txt": "2026-05-05T07:00:00Z", "alarm/pixel-a14-two-users.txt": "2026-05-05T07:00:01Z"}


@pytest.mark.parametrize("file", AT)
def test_the_soonest_alarm_of_whatsapp_is_the_next_backup(file: str, tmp_path: Path) -> None:
    expected = known(NAME, AT[file], *(Evidence(KEY, line) for line in HEADINGS[file]))
    assert facts_of(backup_schedule, phone({KEY: saved(file)})) == {NAME: expected}
    (tmp_path / "dump").write_text(saved(file))
    cut = run(backup_schedule.COMMAND, tmp_path, {"dumpsys": f"cat {tmp_path / 'dump'}"})
    assert facts_of(backup_schedule, phone({KEY: cut})) == {NAME: expected}
    assert "clock" not in cut


def test_other_alarms_alone_leave_it_unknown() -> None:
    text = saved("alarm/moto-a8-backup.txt").replace("tag=*walarm*:com.whatsapp.action.BACKUP_MESSAGES", "tag=x")
    assert "linked device" in reason_of(facts_of(backup_schedule, phone({KEY: text}))[NAME])


def test_half_a_dump_proves_no_absence() -> None:
    fact = facts_of(backup_schedule, phone({KEY: cut_short(saved("alarm/moto-a8-backup.txt"))}))[NAME]
    assert "went away" in reason_of(fact)


def test_a_phone_without_whatsapp_schedules_nothing() -> None:
    answers = {KEY: saved("alarm/moto-a8-backup.txt"), whatsapp_package.LIST.key: "user 0\n230\n"}
    assert facts_of(backup_schedule, phone(answers))[NAME].state == "not_applicable"
