import pytest

from agent.facts import Evidence, known
from agent.probes import keyboards
from tests.probes.phone import facts_of, phone, values_of

NAME = "apps.keyboards"
OWNER = "Users:\n\tUserInfo{0:Ana:c13} running\n"
GBOARD = "com.google.android.inputmethod.latin/com.android.inputmethod.latin.LatinIME"


def secure(enabled: str | None, default: str | None = None, more: str = "") -> str:
    rows = {"default_input_method": default, "enabled_input_methods": enabled}
    return "".join(f"{key}={value}\n" for key, value in rows.items() if value is not None) + f"77\n{more}"


def test_lists_keyboards_without_their_languages() -> None:
    enabled = f"org.ejemplo.teclas/.Teclas;-921088104;12:{GBOARD};1982479982"
    capture = phone({"pm list users": OWNER, "settings list secure": secure(enabled, GBOARD)})
    line = Evidence("settings list secure", f"enabled_input_methods={enabled}")
    assert facts_of(keyboards, capture)[NAME] == known(NAME, [GBOARD, "org.ejemplo.teclas/.Teclas"], line)


def test_the_keyboard_in_use_counts_though_it_is_not_listed() -> None:
    capture = phone({"pm list users": OWNER, "settings list secure": secure(GBOARD, "org.ejemplo.teclas/.Teclas")})
    assert values_of(keyboards, capture) == {NAME: [GBOARD, "org.ejemplo.teclas/.Teclas"]}


def test_every_person_counts_and_a_profile_types_with_its_owner_s() -> None:
    people = OWNER + "\tUserInfo{10:Trabajo:1030} running\n\tUserInfo{11:Luis:410}\n"
    settings = secure(GBOARD, more="user 10\na=1\n61\nuser 11\nenabled_input_methods=a.b/.C\n61\n")
    capture = phone({"pm list users": people, "settings list secure": settings})
    assert values_of(keyboards, capture) == {NAME: ["a.b/.C", GBOARD]}
    silent = phone({"pm list users": people, "settings list secure": secure(GBOARD)})
    assert values_of(keyboards, silent) == {NAME: "unknown"}


@pytest.mark.parametrize("enabled", [None, "null", "a b/.C", f"{GBOARD}:é/.X"])
def test_no_list_and_a_strange_one_prove_nothing(enabled: str | None) -> None:
    capture = phone({"pm list users": OWNER, "settings list secure": secure(enabled, GBOARD)})
    assert values_of(keyboards, capture) == {NAME: "unknown"}
