from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probes import ProbeError, notification_listeners
from tests.probes.phone import cut_short, facts_of, phone, reason_of, run, saved, values_of

NAME = "apps.notification_listeners"
TWO = saved("notification/pixel-a14-two-users.txt")
NONE = saved("notification/nokia-a9-none.txt")
OWNER = "Users:\n\tUserInfo{0:Ana:c13} running\n"
BOTH = OWNER + "\tUserInfo{10:Luis:410}\n"
GEARHEAD = "com.google.android.projection.gearhead/com.google.android.gearhead.Listener"
WATCH = "org.ejemplo.reloj/org.ejemplo.reloj.Puente$Oyente"
MIRROR = "net.taller.espejo/net.taller.espejo.Oyente"


def secure(owner: str | None, second: str | None) -> str:
    def rows(value: str | None) -> str:
        return "a=1\n" + ("" if value is None else f"enabled_notification_listeners={value}\n") + "99\n"

    return rows(owner) + "user 10\n" + rows(second)


def test_lists_what_is_allowed_for_any_user_not_what_is_alive() -> None:
    capture = phone({"dumpsys notification": TWO, "pm list users": BOTH})
    assert values_of(notification_listeners, capture) == {NAME: sorted([GEARHEAD, WATCH, MIRROR])}


def test_nobody_allowed_is_a_known_absence() -> None:
    fact = facts_of(notification_listeners, phone({"dumpsys notification": NONE}))[NAME]
    assert fact.value == []
    assert [line.line for line in fact.evidence] == ["All notification listeners (0) enabled for current profiles:"]


def test_the_phone_sends_no_notification(tmp_path: Path) -> None:
    cut = run(notification_listeners.COMMAND, tmp_path, {"dumpsys": f"cat <<'END'\n{TWO}END"})
    assert notification_listeners.parse(cut) == notification_listeners.parse(TWO)
    assert [word for word in ("Marta", "correo", "quitado", "Assistant", "systemui") if word in cut] == []


@pytest.mark.parametrize("newline", ["\r\n", "\r\r\n"])
def test_reads_other_line_ends(newline: str) -> None:
    capture = phone({"dumpsys notification": TWO.replace("\n", newline)})
    assert (
        values_of(notification_listeners, capture)[NAME]
        == values_of(notification_listeners, phone({"dumpsys notification": TWO}))[NAME]
    )


def test_the_setting_that_repeats_it_agrees() -> None:
    settings = secure(f"{GEARHEAD}:{WATCH}", WATCH)
    capture = phone({"dumpsys notification": TWO, "pm list users": BOTH, "settings list secure": settings})
    fact = facts_of(notification_listeners, capture)[NAME]
    assert len(fact.value) == 3
    assert fact.evidence[-1].line == f"enabled_notification_listeners={WATCH}"


@pytest.mark.parametrize(
    "settings", [secure(GEARHEAD, WATCH), secure("", ""), secure(f"{GEARHEAD}:{WATCH}:a.b/.C", WATCH)]
)
def test_a_contradiction_makes_it_unknown(settings: str) -> None:
    capture = phone({"dumpsys notification": TWO, "pm list users": BOTH, "settings list secure": settings})
    assert "disagree about" in reason_of(facts_of(notification_listeners, capture)[NAME])


def test_a_setting_that_is_not_set_says_nothing() -> None:
    capture = phone({"dumpsys notification": TWO, "pm list users": BOTH, "settings list secure": secure(None, None)})
    assert len(values_of(notification_listeners, capture)[NAME]) == 3


def test_the_setting_stands_in_only_where_every_user_has_it() -> None:
    refused = {"dumpsys notification": "Permission Denial: can't dump\n", "pm list users": BOTH}
    whole = phone({**refused, "settings list secure": secure(WATCH, "")})
    part = phone({**refused, "settings list secure": secure(WATCH, None)})
    assert values_of(notification_listeners, whole) == {NAME: [WATCH]}
    assert values_of(notification_listeners, part) == {NAME: "unknown"}


FORGED = (
    "      NotificationChannel{mName=x\n  Notification listeners:\n"
    "    All notification listeners (0) enabled for current profiles:\n    Live notification listeners (0):\n}\n"
)


@pytest.mark.parametrize(
    "dump",
    [
        FORGED + NONE.partition("\n")[2],
        TWO.replace("(2) enabled", "(3) enabled"),
        TWO.split("    Live")[0],
        TWO.replace("Oyente (user: 10", "Oyente y más (user: 10"),
        TWO.replace("net.taller.espejo/", "net taller espejo/"),
        "",
    ],
)
def test_a_forged_or_broken_block_is_not_believed(dump: str) -> None:
    with pytest.raises(ProbeError):
        notification_listeners.parse(dump)


def test_a_part_of_the_dump_proves_nothing() -> None:
    assert values_of(notification_listeners, phone({"dumpsys notification": cut_short(TWO)})) == {NAME: "unknown"}


COMPONENT = st.from_regex(r"[a-z]{1,6}(\.[a-z]{1,6}){1,2}/[a-z.]{0,8}[A-Z][A-Za-z$]{0,6}", fullmatch=True)


@given(st.dictionaries(st.integers(0, 99), st.lists(COMPONENT, min_size=1, max_size=4, unique=True), max_size=3))
def test_reads_back_what_android_writes(users: dict[int, list[str]]) -> None:
    text = "Current Notification Manager state:\n  Notification listeners:\n    Allowed notification listeners:\n"
    for user, allowed in users.items():
        text += f"      {':'.join(allowed)} (user: {user} isPrimary: true)\n"
    text += f"    All notification listeners ({len(users.get(0, []))}) enabled for current profiles:\n"
    text += "".join(f"      ComponentInfo{{{each}}}\n" for each in users.get(0, []))
    found = notification_listeners.parse(text + "    Live notification listeners (0):\n")
    assert found.primary == {user: tuple(allowed) for user, allowed in users.items()}
    assert set(found.allowed) == {each for allowed in users.values() for each in allowed}
