from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probes import ProbeError, accessibility
from tests.probes.phone import cut_short, facts_of, phone, reason_of, run, saved, values_of

NAME = "apps.accessibility_services"
OWNER = "Users:\n\tUserInfo{0:Ana:c13} running\n"
PROFILE = "\tUserInfo{10:Trabajo:1030} running\n"
THREE = (
    "org.ejemplo.lector/org.ejemplo.lector.Servicio",
    "net.taller.macros/net.taller.macros.Pulsador$Interno",
    "com.android.talkback/com.google.android.marvin.talkback.TalkBackService",
)
DUMPS = {
    "pixel-a14-three-on": {0: THREE},
    "pixel-a12-two-users": {0: (), 10: (THREE[0],)},
    "samsung-a10-one-on": {0: ("org.ejemplo.lector/.Servicio",)},
}


def secure(value: str | None, more: str = "") -> str:
    row = "" if value is None else f"enabled_accessibility_services={value}\n"
    return f"accessibility_enabled=1\n{row}148\n{more}"


@pytest.mark.parametrize("dump", DUMPS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_reads_the_list_of_each_user(dump: str, newline: str) -> None:
    capture = phone({"dumpsys accessibility": saved(f"accessibility/{dump}.txt").replace("\n", newline)})
    assert accessibility.read(capture) == DUMPS[dump]


@pytest.mark.parametrize("dump", DUMPS)
def test_reads_the_same_when_the_phone_cut_it_and_sends_no_window(dump: str, tmp_path: Path) -> None:
    text = saved(f"accessibility/{dump}.txt")
    cut = run(accessibility.COMMAND, tmp_path, {"dumpsys": f"cat <<'END'\n{text}END"})
    assert accessibility.parse(cut) == DUMPS[dump]
    assert [word for word in ("Marta", "label=", "Registered", "universalswitch") if word in cut] == []


def test_the_setting_and_the_dump_agree_however_a_component_is_written() -> None:
    given_ = ":".join(each.replace("org.ejemplo.lector/org.ejemplo.lector", "org.ejemplo.lector/") for each in THREE)
    capture = phone(
        {
            "pm list users": OWNER,
            "settings list secure": secure(given_),
            "dumpsys accessibility": saved("accessibility/pixel-a14-three-on.txt"),
        }
    )
    assert values_of(accessibility, capture) == {NAME: sorted(given_.split(":"))}


@pytest.mark.parametrize("value", [None, "", "null"])
def test_nothing_set_is_nothing_on(value: str | None) -> None:
    # Android 8 prints what is bound alone, so the setting decides
    dump = saved("accessibility/moto-a8-bound-only.txt")
    capture = phone({"pm list users": OWNER, "settings list secure": secure(value), "dumpsys accessibility": dump})
    assert values_of(accessibility, capture) == {NAME: []}


@pytest.mark.parametrize("value", [None, f"{THREE[0]}:{THREE[1]}", ":".join((*THREE, "a.b/.C"))])
def test_a_contradiction_makes_it_unknown(value: str | None) -> None:
    dump = saved("accessibility/pixel-a14-three-on.txt")
    capture = phone({"pm list users": OWNER, "settings list secure": secure(value), "dumpsys accessibility": dump})
    assert "disagree about" in reason_of(facts_of(accessibility, capture)[NAME])


def test_a_profile_counts_too() -> None:
    secure_ = secure("", "user 10\nenabled_accessibility_services=a.b/.C\n61\n")
    capture = phone({"pm list users": OWNER + PROFILE, "settings list secure": secure_})
    assert values_of(accessibility, capture) == {NAME: ["a.b/.C"]}


def test_a_person_without_an_answer_makes_it_unknown_and_a_profile_has_its_owner_s() -> None:
    person = phone({"pm list users": OWNER + "\tUserInfo{11:Luis:410}\n", "settings list secure": secure("")})
    profile = phone({"pm list users": OWNER + PROFILE, "settings list secure": secure("")})
    assert (values_of(accessibility, person), values_of(accessibility, profile)) == ({NAME: "unknown"}, {NAME: []})


def test_the_dump_stands_in_for_refused_settings() -> None:
    dump = saved("accessibility/pixel-a14-three-on.txt")
    answers = {"settings list secure": "Permission Denial: x\n", "dumpsys accessibility": dump}
    assert values_of(accessibility, phone({"pm list users": OWNER, **answers})) == {NAME: sorted(THREE)}
    second = OWNER + "\tUserInfo{11:Luis:410}\n"
    assert values_of(accessibility, phone({"pm list users": second, **answers})) == {NAME: "unknown"}


FORGED = """\
User state[
     attributes:{id=0, touchExplorationEnabled=false}
     Bound services:{Service[label=Taller
     Enabled services:{}
]}
     Enabled services:{{org.ejemplo.lector/.Servicio}}
     Crashed services:{}]
"""


@pytest.mark.parametrize(
    "dump",
    [
        FORGED,
        FORGED.replace("Taller", "Taller\n     attributes:{id=7,"),  # a user that the label made up
        "User state[\n     attributes:{id=0}\n     Enabled services:{{a.b/.C}, {d e}}\n",
        "User state[\n     attributes:{id=0}\n     Enabled services:{{a.b/.C\n",
        saved("accessibility/samsung-a10-one-on.txt").split("    0 : org.ejemplo")[0],
        saved("accessibility/moto-a8-bound-only.txt"),
        "",
    ],
)
def test_a_dump_that_a_label_forged_or_that_breaks_off_is_not_believed(dump: str) -> None:
    try:
        read = accessibility.parse(dump)
    except ProbeError:
        return
    assert "org.ejemplo.lector/.Servicio" in {each for found in read.values() for each in found}


def test_a_part_of_the_dump_proves_nothing() -> None:
    whole = saved("accessibility/pixel-a14-three-on.txt")
    assert values_of(accessibility, phone({"dumpsys accessibility": cut_short(whole)}, source="capture")) == {
        NAME: "unknown"
    }


WORD = st.from_regex(r"[a-z]{1,8}(\.[a-zA-Z0-9_$]{1,8}){0,3}", fullmatch=True)
COMPONENT = st.builds("{}/{}".format, WORD.map(lambda word: word.replace("$", "_")), WORD)


@given(st.dictionaries(st.integers(0, 999), st.lists(COMPONENT, max_size=4).map(tuple), min_size=1, max_size=3))
def test_reads_back_what_android_writes(users: dict[int, tuple[str, ...]]) -> None:
    text = "ACCESSIBILITY MANAGER (dumpsys accessibility)\n\ncurrentUserId=0\n"
    for user, enabled in users.items():
        text += f"User state[\n     attributes:{{id={user}, autoclickEnabled=false}}\n     Bound services:{{}}\n"
        text += (
            "     Enabled services:{" + ", ".join(f"{{{each}}}" for each in enabled) + "}\n     Crashed services:{}]\n"
        )
    assert accessibility.parse(text) == users
