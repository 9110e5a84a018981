from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import Unanswered
from agent.facts import Evidence
from agent.probes import ProbeError, settings
from agent.probes.settings import DUMP, GLOBAL, SECURE, SYSTEM, Namespace, Setting
from tests.probes.phone import phone, run, saved

TWO_USERS = saved("settings/pixel-a13-secure-two-users.txt")
DUMPED = saved("settings/nokia-a9-dumpsys.txt")
AFTER = "lock_screen_lock_after_timeout"


def whole(**named: str) -> str:
    """A list as long as any phone's."""
    return "".join(f"{key}={value}\n" for key, value in {**{f"filler_{n}": "x" for n in range(40)}, **named}.items())


def test_reads_each_user_s_list() -> None:
    capture = phone({SECURE.key: TWO_USERS})
    assert settings.value(capture, "secure", AFTER) == Setting("30000", Evidence(SECURE.key, f"{AFTER}=30000"))
    assert settings.value(capture, "secure", AFTER, user=10) is None
    assert settings.absence(capture, "secure", AFTER, 10) == Evidence(SECURE.key, f"user 10: {AFTER}: not set")
    private = settings.value(capture, "secure", "lock_screen_allow_private_notifications", 10)
    assert private is not None
    assert private.value == "1"


def test_a_user_without_a_list_is_no_user_without_settings() -> None:
    with pytest.raises(ProbeError, match="no settings for user 11; switch to that user"):
        settings.value(phone({SECURE.key: TWO_USERS}), "secure", AFTER, user=11)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (whole(wifi_on="1"), "1"),
        (whole(wifi_on="1").replace("\n", "\r\n"), "1"),
        (whole(wifi_on="null"), None),
        (whole(wifi_on=""), ""),
        (whole(wifi_on="a=b"), "a=b"),
        (whole(), None),
        ("wifi_on=1\n", "1"),
        ("wifi_on=1\n212\n", "1"),
        ("212\n", None),  # cut on the phone: nothing wanted is set
    ],
)
def test_absent_is_told_from_not_answered(text: str, expected: str | None) -> None:
    found = settings.value(phone({GLOBAL.key: text}), "global", "wifi_on")
    assert (found and found.value) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Error: no\n",
        "Error: no\n1\n",
        "3\n",
        "other=1\n",
        "wifi_on\n",
        "wifi_on=0\nwifi_on=1\n",
        "another language\n",
    ],
)
def test_what_is_no_list_proves_no_absence(text: str) -> None:
    with pytest.raises(Unanswered):
        settings.value(phone({GLOBAL.key: text}), "global", "wifi_on")


@pytest.mark.parametrize(
    ("namespace", "key", "user", "expected"),
    [
        ("global", "development_settings_enabled", 0, "1"),
        ("global", "device_name", 0, "Nokia de Luz value:9"),
        ("global", "device_provisioned", 0, "1"),
        ("global", "mobile_data", 0, None),
        ("global", "adb_wifi_enabled", 0, None),
        ("global", "package_verifier_user_consent", 0, "-1"),
        ("global", "package_verifier_enable", 0, "1"),
        ("secure", "enabled_accessibility_services", 0, ""),
        ("secure", "lock_screen_show_notifications", 10, "0"),
        ("system", "screen_off_timeout", 0, "60000"),
    ],
)
def test_a_bugreport_s_dump_stands_in(namespace: Namespace, key: str, user: int, expected: str | None) -> None:
    found = settings.value(phone({DUMP: DUMPED}), namespace, key, user)
    assert (found and found.value) == expected


@pytest.mark.parametrize(
    ("namespace", "key", "user"),
    [
        ("secure", "lock_screen_allow_private_notifications", 0),  # a line of somebody's note is no setting
        ("secure", "lock_screen_show_notifications", 11),
        ("system", "screen_off_timeout", 10),
    ],
)
def test_a_dump_is_not_believed_further_than_it_goes(namespace: Namespace, key: str, user: int) -> None:
    with pytest.raises(Unanswered):
        settings.value(phone({DUMP: DUMPED}), namespace, key, user)


def test_only_wanted_names_leave_the_phone(tmp_path: Path) -> None:
    listed = whole(android_id="56589a74e0000000", screen_off_timeout="60000", note="x\nscreen_off_timeout is 5")
    other = "screen_off_timeout=9\n" + "f=1\n" * 9
    users = "Users:\n\tUserInfo{0:O{wner:c13} running\n\tUserInfo{10:Work:1030} running\n"
    programs = {
        "settings": f"case $1 in\n--user) cat <<'E'\n{other}E\n;;\n*) cat <<'E'\n{listed}E\nesac",
        "pm": f"cat <<'E'\n{users}E",
    }
    cut = run(SYSTEM, tmp_path, programs)
    assert cut == "screen_off_timeout=60000\n44\nuser 10\nscreen_off_timeout=9\n10\n"
    capture = phone({SYSTEM.key: cut})
    values = [settings.value(capture, "system", "screen_off_timeout", user) for user in (0, 10)]
    assert [value and value.value for value in values] == ["60000", "9"]


def test_a_refusal_passes_the_cut(tmp_path: Path) -> None:
    cut = run(GLOBAL, tmp_path, {"settings": "echo 'Error: no settings today'"})
    with pytest.raises(Unanswered, match="refused `settings list global`: Error: no settings today"):
        settings.value(phone({GLOBAL.key: cut}), "global", "wifi_on")


KEYS = st.from_regex(r"[a-z][a-z0-9_.]{0,20}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40).map(str.strip)


@given(rows=st.dictionaries(KEYS, VALUES.filter(lambda value: value != "null"), min_size=8, max_size=30))
def test_a_list_gives_back_what_the_phone_holds(rows: dict[str, str]) -> None:
    listed = "".join(f"{key}={value}\n" for key, value in rows.items())
    capture = phone({SECURE.key: f"{listed}{len(rows)}\n"})
    assert {key: getattr(settings.value(capture, "secure", key), "value", None) for key in rows} == rows


@given(
    rows=st.dictionaries(KEYS, VALUES.filter(lambda v: v != "null" and " default:" not in v), min_size=8, max_size=30)
)
def test_a_dump_gives_back_what_the_phone_holds(rows: dict[str, str]) -> None:
    lines = [
        f"_id:{n} name:{key} pkg:a.b value:{value} default:{value} defaultSystemSet:true"
        for n, (key, value) in enumerate(rows.items())
    ]
    capture = phone({DUMP: "\n".join(["SECURE SETTINGS (user 0)", *lines])})
    values = {key: settings.value(capture, "secure", key) for key in rows}
    assert {key: found and found.value for key, found in values.items()} == {
        key: value if value != "{null}" else None for key, value in rows.items()
    }
