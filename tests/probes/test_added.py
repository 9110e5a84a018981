import pytest

from agent.capture import Answer, Outcome
from agent.facts import Evidence, known
from agent.probes import added
from agent.probes.app_list import INSTALLED, SYSTEM
from tests.probes.phone import Given, facts_of, phone, reason_of, saved, values_of

KEYBOARDS, LISTENERS = "apps.added_keyboards", "apps.added_notification_listeners"
OWNER = "Users:\n\tUserInfo{0:Ana:c13} running\n"
MAKERS, STRANGERS = "com.fabricante.teclado/.Teclado", "org.ejemplo.teclas/.Teclas"
CAME = "user 0\npackage:android\npackage:com.fabricante.teclado\nstatus 0\n"
PUT = "user 0\npackage:org.ejemplo.teclas  installer=null\nstatus 0\n"


def with_keyboards(*enabled: str, came: Given = CAME, put: Given = PUT) -> dict[str, Given]:
    secure = f"enabled_accessibility_services=\nenabled_input_methods={':'.join(enabled)}\n70\n"
    return {"pm list users": OWNER, "settings list secure": secure, SYSTEM.key: came, INSTALLED.key: put}


def test_a_maker_s_own_keyboard_was_put_there_by_nobody_and_a_stranger_s_was() -> None:
    facts = facts_of(added, phone(with_keyboards(MAKERS, STRANGERS)))
    assert facts[KEYBOARDS] == known(
        KEYBOARDS,
        [STRANGERS],
        Evidence("settings list secure", f"enabled_input_methods={MAKERS}:{STRANGERS}"),
        Evidence(SYSTEM.key, "user 0: package:com.fabricante.teclado"),
        Evidence(INSTALLED.key, "user 0: package:org.ejemplo.teclas  installer=null"),
    )


def test_nothing_that_is_on_is_nothing_added_whatever_the_lists_say() -> None:
    capture = phone({"pm list users": OWNER, "settings list secure": "enabled_accessibility_services=\n31\n"})
    assert values_of(added, capture)["apps.added_accessibility_services"] == []


@pytest.mark.parametrize(
    ("came", "put"),
    [
        ("Permission Denial: not allowed", PUT),
        ("", PUT),
        (CAME.replace("com.fabricante.teclado", "com.fabricante.otro"), PUT),
        (CAME, PUT.replace("org.ejemplo.teclas", "com.fabricante.teclado")),
        (Answer(b"user 0\npackage:android\npackage:com.fabricante.teclado", Outcome.CUT), PUT),
        ("user 0\npackage:com.fabricante\nstatus 0\n", PUT),
    ],
)
def test_where_an_app_is_from_is_not_guessed(came: Given, put: Given) -> None:
    facts = facts_of(added, phone(with_keyboards(MAKERS, came=came, put=put)))
    assert facts[KEYBOARDS].value is None
    assert "whether com.fabricante.teclado came with the phone is not told" in reason_of(facts[KEYBOARDS])


def test_what_is_not_known_to_be_on_is_not_known_to_be_added() -> None:
    capture = phone({**with_keyboards(MAKERS), "settings list secure": "Permission Denial: no"})
    facts = facts_of(added, capture)
    assert {fact.state.value for fact in facts.values()} == {"unknown"}
    assert "Settings › System › Languages and input" in reason_of(facts[KEYBOARDS])


def test_lists_that_somebody_saved_by_hand_tell_as_well() -> None:
    answers = with_keyboards(MAKERS, STRANGERS, came="package:com.fabricante.teclado\n", put="package:a.b\n")
    assert values_of(added, phone(answers, source="capture"))[KEYBOARDS] == "unknown"
    answers[INSTALLED.key] = "package:org.ejemplo.teclas  installer=null\n"
    assert values_of(added, phone(answers, source="capture"))[KEYBOARDS] == [STRANGERS]
    answers["pm list packages -3"] = answers.pop(INSTALLED.key)
    assert values_of(added, phone(answers, source="capture"))[KEYBOARDS] == [STRANGERS]


def test_a_bugreport_s_dump_of_all_apps_tells_by_their_flags() -> None:
    listener = "org.ejemplo.correo/.Avisos"
    block = (
        "  Notification listeners:\n    Allowed notification listeners:\n"
        f"      {listener} (user: 0 isPrimary: true)\n"
        "    All notification listeners (1) enabled for current profiles:\n"
        f"      ComponentInfo{{{listener}}}\n    Live notification listeners (0):\n"
    )
    dump = saved("app_list/nokia-a9-dumpsys-package.txt")
    capture = phone(
        {"dumpsys notification": f"Current Notification Manager state:\n{block}", "dumpsys package": dump},
        source="bugreport",
    )
    assert values_of(added, capture)[LISTENERS] == [listener]
    cut = phone({"dumpsys notification": f"Current Notification Manager state:\n{block}"}, source="bugreport")
    assert values_of(added, cut)[LISTENERS] == "unknown"
