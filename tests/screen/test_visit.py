"""A visit to WhatsApp's screens: the way there in every known form, what stops it, and how the phone is left."""

from typing import Any

import pytest

from agent.screen import App, Backup, Linked, Record, Row
from agent.screen.door import View
from agent.screen.known import PACKAGES
from agent.screen.record import Stop
from agent.screen.walk import Walk
from agent.simulator import Reply
from agent.simulator.screens import Screens, WhatsAppScreens
from agent.transport import TransportError
from tests.screen.visits import FOUR, screens, visited

WHATSAPP, BUSINESS = PACKAGES
ROWS = tuple(Row(name=each.name, status=each.status) for each in FOUR)
OPENED = "am start --user 0 -a android.intent.action.MAIN -c android.intent.category.LAUNCHER -f 0x10200000 -p "


def app_of(record: Record) -> App:
    (app,) = record.apps
    return app


def test_the_old_layout_in_spanish_with_a_list_longer_than_the_screen() -> None:
    seen = visited(screens(WhatsAppScreens(linked=FOUR, rows=2)), interpreter="bash")
    assert app_of(seen.record).linked == Linked(rows=ROWS)
    assert app_of(seen.record).backup.encryption == "Copia de seguridad cifrada de extremo a extremo,Activada · 64"
    assert (seen.record.user, seen.record.trouble, seen.record.left) == (0, None, "as found")


def test_behind_rows_that_look_alike_the_list_goes_on() -> None:
    alike = WhatsAppScreens(linked=(*FOUR[:1] * 3, FOUR[3]), rows=2)
    assert set(app_of(visited(screens(alike)).record).linked.rows) == {ROWS[0], ROWS[3]}


@pytest.mark.parametrize(
    ("language", "layout", "shell"),
    [("pt", "tabs", "mksh"), ("fr", "menu", "mksh"), ("en", "menu", "sh")],
)
def test_the_way_is_found_by_ids_whatever_the_language(language: Any, layout: Any, shell: str) -> None:
    app = WhatsAppScreens(language=language, layout=layout, linked=FOUR[:1], encrypted=False)
    seen = app_of(visited(screens(app), interpreter=shell, android=9 if shell == "sh" else 14).record)
    assert seen.linked == Linked(rows=ROWS[:1])
    assert seen.backup.encryption.partition(",")[2] in ("Desativado", "Désactivée", "Off")


def test_no_device_is_a_whole_list_too_and_business_is_read_the_same() -> None:
    both = Screens(apps={WHATSAPP: WhatsAppScreens(), BUSINESS: WhatsAppScreens(linked=FOUR[1:2])})
    record = visited(both, answers={"pm list packages": Reply(text=f"package:{WHATSAPP}\npackage:{BUSINESS}\n")}).record
    assert [(each.package, each.linked) for each in record.apps] == [
        (WHATSAPP, Linked()),
        (BUSINESS, Linked(rows=ROWS[1:2])),
    ]


def test_nothing_of_the_chats_or_the_account_ever_leaves_the_phone() -> None:
    secret = WhatsAppScreens(
        chats=("Berta: la clave es 4711", "title", "Ajustes de Berta"), account="berta@example.org", last_backup="Ayer",
        layout="tabs", linked=FOUR,
    )  # fmt: skip
    seen = visited(screens(secret))
    assert app_of(seen.record).linked == Linked(rows=ROWS)
    for word in (b"Berta", b"4711", b"berta", b"Ayer", b"Ana Rueda", b"Ocupada", b"Clima"):
        assert word not in seen.came
    assert not [line for line in seen.ran if "screencap" in line]


def test_what_is_touched_is_the_way_and_nothing_else() -> None:
    seen = visited(screens(WhatsAppScreens(language="en")))
    assert seen.touched == [
        OPENED + "com.whatsapp",
        "input tap 1030 150",  # the three dots
        "input tap 620 295",  # Linked devices
        "input keyevent 4",
        "input tap 1030 150",
        "input tap 620 445",  # Settings
        "input tap 540 475",  # Chats
        "input tap 540 175",  # Chat backup
        "input keyevent 4",
        "input keyevent 4",
        "input keyevent 4",
        OPENED + "com.android.launcher3",  # no launcher opens itself
        "input keyevent 3",
    ]


def test_the_app_that_was_in_front_is_so_again() -> None:
    seen = visited(screens(front="com.android.settings/.Settings"))
    assert seen.touched[-1] == OPENED + "com.android.settings"
    assert seen.record.left == "as found"


@pytest.mark.parametrize("state", ["locked", "asleep"])
def test_a_phone_that_is_not_unlocked_is_not_touched(state: Any) -> None:
    seen = visited(screens(state=state))
    assert (seen.record, seen.touched) == (Record(user=0, trouble=state, left="untouched"), [])
    assert not [line for line in seen.ran if line.startswith("uiautomator")]


STOPPED: dict[str, tuple[Screens, str, str]] = {
    "WhatsApp's own lock": (screens(WhatsAppScreens(lock="app")), "app lock", ""),
    "a maker's fingerprint": (screens(WhatsAppScreens(lock="fingerprint")), "app lock", ""),
    "another app's question": (screens(WhatsAppScreens(dialog=True)), "covered", "com.android.systemui"),
    "nobody registered": (screens(WhatsAppScreens(registered=False)), "no account", ""),
    "a chat was left open": (screens(WhatsAppScreens(shows="chat")), "elsewhere", ""),
    "a form that nobody knows": (screens(WhatsAppScreens(layout="unknown")), "elsewhere", ""),
    "it does not open": (screens(package=BUSINESS), "not opened", "com.android.launcher3"),
    "a screen that moves": (screens(dump="restless"), "no tree", "ERROR: could not get idle state."),
    "no root": (screens(dump="rootless"), "no tree", "ERROR: null root node returned by UiTestAutomationBridge."),
}


@pytest.mark.parametrize("name", STOPPED)
def test_what_is_in_the_way_ends_the_visit_with_its_reason_and_the_phone_as_found(name: str) -> None:
    shown, trouble, detail = STOPPED[name]
    seen = visited(shown)
    assert app_of(seen.record).linked == Linked(trouble=trouble, detail=detail)
    assert app_of(seen.record).backup == Backup(trouble=trouble, detail=detail)
    assert seen.record.left == "as found"
    assert not [line for line in seen.touched if line.startswith("input tap")]


def test_a_screen_without_end_is_broken_off() -> None:
    with pytest.raises(TransportError, match="more than it was asked for"):
        visited(screens(dump="endless"))


def test_a_screen_that_does_not_say_it_is_unknown_and_the_other_one_read() -> None:
    seen = app_of(visited(screens(WhatsAppScreens(encrypted=None))).record)
    assert (seen.linked, seen.backup) == (Linked(), Backup(trouble="unknown layout"))


def test_without_time_left_it_ends() -> None:
    class Still:
        def __getattr__(self, name: str) -> Any:
            return lambda *_: View("com.whatsapp/.HomeActivity", None, None)

    with pytest.raises(Stop, match="no time"):
        Walk(Still(), "com.whatsapp", lambda: False).begin()
