from pathlib import Path

import pytest

from agent.facts import Evidence
from agent.probes import linked_devices, linking_screens, whatsapp_package
from tests.probes.phone import facts_of, phone, reason_of, run, saved, values_of

SEEN, REVIEWED = linking_screens.FACTS
EVENTS, TODAY, MAPPINGS = linking_screens.EVENTS.key, linking_screens.TODAY.key, linking_screens.MAPPINGS.key
LIST = whatsapp_package.LIST.key
ZONE = "[persist.sys.timezone]: [America/Bogota]\n[ro.build.version.sdk]: [34]\n"
ONE = "user 0\npackage:com.whatsapp  installer=com.android.vending uid:10233\n230\n"
TWO = ONE + "user 10\npackage:com.whatsapp  installer=com.android.vending uid:1010233\n180\n"
NEVER = "user 0\nTokens Map Size: 40\nToken 7: [com.whatsapp,\n"
PRIVATE = ("15550100200", "15550100300", "s.whatsapp.net", "g.us", "HomeActivity", "example")


def cut(tmp_path: Path, *, sdk: int = 34) -> dict[str, str]:
    """What leaves a phone with two users, whose dumps hold ids of contacts."""
    for name in ("whole", "daily"):
        (tmp_path / name).write_text(saved(f"usagestats/pixel-a14-{name}.txt"))
    dumpsys = f"""case "$*" in
'usagestats file 0 daily') cat {tmp_path}/daily;;
'usagestats mappings 0') sed -n '/Obfuscated/,$p' {tmp_path}/whole;;
'usagestats mappings 10'|'usagestats file 10 daily') echo 'the specified user does not exist.';;
'usagestats -c com.whatsapp') sed 's/"2026-05-04 09:12:40"/1777903960000/' {tmp_path}/whole;;
'usagestats -c') cat {tmp_path}/whole;;
esac"""
    programs = {
        "dumpsys": dumpsys,
        "getprop": f"echo {sdk}",
        "pm": "printf 'Users:\\n\\tUserInfo{0:Ana:13} running\\n\\tUserInfo{10:Work:30}\\n'",
    }
    answers = {}
    for command in (linking_screens.EVENTS, linking_screens.TODAY, linking_screens.MAPPINGS):
        folder = tmp_path / command.key.replace(" ", "-")
        folder.mkdir()
        answers[command.key] = run(command, folder, programs)
    return answers


def test_nothing_but_the_three_screens_leaves_the_phone(tmp_path: Path) -> None:
    answers = cut(tmp_path)
    assert answers[MAPPINGS] == (
        "user 0\nTokens Map Size: 3\nToken 7: [com.whatsapp,\n"
        "com.whatsapp.companiondevice.LinkedDevicesActivity,\nuser 10\n"
    )
    event = "type=ACTIVITY_RESUMED package=com.whatsapp class=com.whatsapp.companiondevice"
    paused = event.replace("RESUMED", "PAUSED")
    assert answers[EVENTS] == (
        f"user 0\nfile=1777200000000\ntime=1777210000000 {event}.LinkedDevicesActivity\n"
        f"file=1777300000000\ntime=1777310000000 {event}.qrcode.DevicePairQrScannerActivity\nuser 10\n"
    )
    assert answers[TODAY] == (
        f"user=0 \nLast 24 hour events\ntime=1777903960000 {event}.LinkedDevicesActivity\n"
        f'time="2026-05-04 09:12:59" {paused}.LinkedDevicesActivity\n'
    )


def test_the_old_way_of_android_9_is_cut_as_well(tmp_path: Path) -> None:
    answers = cut(tmp_path, sdk=28)
    assert [word for word in PRIVATE for text in answers.values() if word in text] == []
    assert 'time="2026-05-04 09:12:40" type=ACTIVITY_RESUMED' in answers[TODAY]


def test_what_was_cut_on_the_phone_is_read(tmp_path: Path) -> None:
    facts = facts_of(linking_screens, phone(cut(tmp_path) | {LIST: ONE, "getprop": ZONE}))
    assert (facts[SEEN].value, facts[REVIEWED].value) == (True, "2026-05-04T14:12:40Z")
    assert facts[REVIEWED].evidence[0].line.startswith("user 0: time=1777903960000 type=ACTIVITY_RESUMED")


def test_the_whole_dump_of_a_bugreport_is_read_and_its_ids_stay_out() -> None:
    answers = {"dumpsys usagestats": saved("usagestats/pixel-a14-whole.txt"), LIST: ONE, "getprop": ZONE}
    facts = facts_of(linking_screens, phone(answers))
    assert (facts[SEEN].value, facts[REVIEWED].value) == (True, "2026-05-04T14:12:40Z")
    assert facts[SEEN].evidence[0] == Evidence(
        "dumpsys usagestats", "user 0: Token: [com.whatsapp, com.whatsapp.companiondevice.LinkedDevicesActivity]"
    )
    assert [word for word in PRIVATE for word in [word] if word in str(facts)] == []


def test_without_the_zone_a_local_time_is_no_time() -> None:
    answers = {"dumpsys usagestats": saved("usagestats/pixel-a14-whole.txt"), LIST: ONE}
    assert values_of(linking_screens, phone(answers)) == {SEEN: True, REVIEWED: "unknown"}


def test_a_record_without_the_screens_says_that_they_were_never_opened() -> None:
    facts = facts_of(linking_screens, phone({MAPPINGS: NEVER, LIST: ONE, EVENTS: "user 0\nfile=1777200000000\n"}))
    assert facts[SEEN].value is False
    assert facts[REVIEWED].value is None
    assert "look through the list" in reason_of(facts[REVIEWED])


@pytest.mark.parametrize(
    ("mappings", "installed"),
    [
        (NEVER, TWO),  # the second user's record is missing
        ("user 0\nTokens Map Size: 40\n", ONE),
        ("user 0\n", ONE),
        ("", ONE),
        (NEVER, "Error: could not access the Package Manager\n"),
    ],
)
def test_an_absent_record_never_says_never(mappings: str, installed: str) -> None:
    values = values_of(linking_screens, phone({MAPPINGS: mappings, LIST: installed}))
    assert values == {SEEN: "unknown", REVIEWED: "unknown"}


def test_the_whatsapp_that_nobody_looked_at_for_longest_decides() -> None:
    line = "time={at} type=ACTIVITY_RESUMED package=com.whatsapp class=com.whatsapp.x.LinkedDevicesActivity\n"
    events = "user 0\n" + line.format(at=1777900000000) + line.format(at=1777800000000)
    events += "user 10\n" + line.format(at=1777700000000)
    assert values_of(linking_screens, phone({EVENTS: events, LIST: TWO}))[REVIEWED] == "2026-05-02T05:33:20Z"
    only_owner = events.partition("user 10")[0]
    assert values_of(linking_screens, phone({EVENTS: only_owner, LIST: TWO}))[REVIEWED] == "unknown"


def test_a_phone_without_whatsapp_has_no_such_screens() -> None:
    answers = {LIST: "user 0\n230\n"}
    assert set(values_of(linking_screens, phone(answers)).values()) == {"not_applicable"}
    assert set(values_of(linked_devices, phone(answers)).values()) == {"not_applicable"}


def test_linked_devices_are_unknown_and_a_person_is_told_where_to_look() -> None:
    fact = facts_of(linked_devices, phone({LIST: ONE}))["whatsapp.linked_devices"]
    assert fact.value is None
    assert "Linked devices" in reason_of(fact)
