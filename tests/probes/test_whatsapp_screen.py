"""What WhatsApp's screens prove, read from the record of a visit: only what was shown in full, of everybody's."""

from typing import Any

import pytest

from agent.facts import Evidence
from agent.probes import linked_devices, whatsapp_backup, whatsapp_package, whatsapp_screen
from agent.probes.linked_devices import FACTS, ROOT
from agent.screen import App, Backup, Linked, Record, Row
from tests.probes.companions import END, database, printed
from tests.probes.phone import facts_of, phone, reason_of, values_of

NOW = 1777908600  # 2026-05-04T15:30:00Z, 10:30 in Bogotá
ZONE = "[persist.sys.locale]: [es-CO]\n[persist.sys.timezone]: [America/Bogota]\n"
LIST = whatsapp_package.LIST.key
SCREEN = whatsapp_screen.COMMAND.key
ONE = "user 0\npackage:com.whatsapp  installer=com.android.vending uid:10233\n230\n"
BUSINESS = "user 10\npackage:com.whatsapp.w4b  installer=com.android.vending uid:1010234\n180\n"
CHROME = Row(name="Google Chrome (Windows)", status="Última vez activo el 1/5/2026 a las 10:30")
ENCRYPTED = "whatsapp.backup.end_to_end_encrypted"


def record(*rows: Row, encryption: str = "", **more: Any) -> Record:
    app = App(package="com.whatsapp", at=NOW, linked=Linked(rows=rows), backup=Backup(encryption=encryption))
    return Record(**{"user": 0, "apps": (app,), "left": "as found", **more})


def looked(seen: Record | str, apps: str = ONE, **answers: Any) -> Any:
    kept = seen if isinstance(seen, str) else seen.model_dump_json()
    return phone({"date +%s": f"{NOW} -0500\n", "getprop": ZONE, LIST: apps, SCREEN: kept, **answers})


def fact(seen: Record | str, apps: str = ONE, **answers: Any) -> Any:
    return facts_of(linked_devices, looked(seen, apps, **answers))[FACTS[0]]


def test_every_device_with_its_time_in_the_phones_zone() -> None:
    found = fact(record(CHROME, Row(name="iPad", status="Activo ahora"), Row(name="Portal", status="Sincronizando…")))
    assert found.value == [
        {
            "name": "Google Chrome (Windows)",
            "platform": "chrome",
            "last_active_at": "2026-05-01T15:30:00Z",
            "active_now": False,
        },
        {"name": "iPad", "platform": "ipad", "last_active_at": None, "active_now": True},
        {"name": "Portal", "platform": "aloha", "last_active_at": None, "active_now": None},
    ]
    assert found.evidence[0] == Evidence(
        "uiautomator dump",
        'com.whatsapp:id/name text="Google Chrome (Windows)" '
        'com.whatsapp:id/status text="Última vez activo el 1/5/2026 a las 10:30"',
    )


def test_no_device_is_known_when_the_list_was_shown() -> None:
    found = fact(record())
    assert (found.value, found.evidence) == (
        [],
        (Evidence(SCREEN, "com.whatsapp:id/linked_device_recycler_view without com.whatsapp:id/name"),),
    )


@pytest.mark.parametrize("trouble", whatsapp_screen.TROUBLES)
def test_every_trouble_is_a_reason_that_says_what_to_do(trouble: Any) -> None:
    app = App(package="com.whatsapp", linked=Linked(trouble=trouble, detail="com.android.systemui"), backup=Backup())
    for seen in (Record(user=0, trouble=trouble), Record(user=0, apps=(app,))):
        found = fact(seen)
        assert (found.value, len(found.evidence)) == (None, 0)
        assert "WhatsApp" in reason_of(found) or "com.whatsapp" in reason_of(found) or "scan again" in reason_of(found)


@pytest.mark.parametrize(
    ("seen", "apps", "why"),
    [
        (record(), ONE + BUSINESS, "the screen shows the WhatsApp of user 0 alone, and user 10 has com.whatsapp.w4b"),
        (record(apps=()), ONE, "the screens of com.whatsapp were not read"),
        (record(user=10), ONE, "the screen shows the WhatsApp of user 10 alone, and user 0 has com.whatsapp"),
        ("", ONE, "`uiautomator dump` printed nothing"),
        ("{}", ONE, "the screens of com.whatsapp were not read"),
        ('{"apps": 5}', ONE, "does not know"),
        ("<hierarchy/>", ONE, "does not know"),
        (record().model_dump_json()[:-9], ONE, "does not know"),
        (record(), "Error: no\n", "`pm list packages -i -U whatsapp`"),
    ],
)
def test_what_was_not_shown_in_full_is_unknown(seen: Record | str, apps: str, why: str) -> None:
    found = fact(seen, apps)
    assert found.value is None
    assert why in reason_of(found)


def storage(*folders: str) -> str:
    rows = "".join(f"folder present Android/media/com.whatsapp/WhatsApp/{each}\nowner 10233\n" for each in folders)
    return f"now {NOW}\nroot emulated/0 present true\n{rows}volumes listed\nend\n"


def test_of_several_accounts_the_screen_shows_one() -> None:
    one = {"ls whatsapp-databases": storage("Databases", "accounts/1000/Databases")}
    two = {"ls whatsapp-databases": storage("accounts/1000/Databases", "accounts/1001/Databases")}
    assert fact(record(), **one).value == []
    assert "several accounts" in reason_of(fact(record(), **two))


def test_root_decides_before_the_screen_and_they_must_not_differ(tmp_path: Any) -> None:
    from agent.probes.companion_devices import distil  # noqa: PLC0415 - only here

    empty = {ROOT.key: distil((printed(database(tmp_path)) + END).encode())}
    assert fact(record(), **empty).evidence[0].source == ROOT.key
    assert "differ in number" in reason_of(fact(record(CHROME), **empty))
    refused = {ROOT.key: "su: permission denied\n"}
    assert len(fact(record(CHROME), **refused).value) == 1


END_TO_END, WHATSAPPS = "133 + 1=1 3:18 4:109 .", "192 + 1=0 2:77 4:109 ."


def encrypted(header: str, seen: str) -> Any:
    name = "msgstore.db.crypt15"
    listed = f"file {NOW - 900} 48000000 10233 {name}\n" + (f"head {name} {header}\n" if header else "")
    answer = storage("Databases").replace("volumes", f"{listed}volumes")
    capture = looked(record(encryption=seen), **{"ls whatsapp-databases": answer})
    return facts_of(whatsapp_backup, capture)[ENCRYPTED]


@pytest.mark.parametrize(
    ("seen", "on"),
    [
        ("End-to-end encrypted backup,On · 64-digit key", True),
        ("Copia de seguridad cifrada de extremo a extremo,Activada · 64", True),
        ("Backup criptografado de ponta a ponta,Desativado", False),
        ("End-to-end encrypted backup,Off", False),
    ],
)
def test_where_the_header_is_not_read_the_screen_tells(seen: str, on: Any) -> None:
    found = encrypted("", seen)
    assert found.value is on
    assert found.evidence[-1].source == SCREEN


def test_file_and_screen_agree_or_neither_is_believed() -> None:
    both = encrypted(END_TO_END, "End-to-end encrypted backup,On")
    assert (both.value, both.evidence[-1].source) == (True, SCREEN)
    for header, seen in ((END_TO_END, "Off"), (WHATSAPPS, "On")):
        found = encrypted(header, f"End-to-end encrypted backup,{seen}")
        assert found.value is None
        assert "make a new backup" in reason_of(found)


@pytest.mark.parametrize("seen", ["", "Sauvegarde chiffrée,Activée", "On", "End-to-end encrypted backup,Onward"])
def test_words_that_are_not_known_tell_nothing(seen: str) -> None:
    assert encrypted("", seen).value is None


def test_without_storage_too_and_without_any_backup_never() -> None:
    on = record(encryption="End-to-end encrypted backup,On")
    assert values_of(whatsapp_backup, looked(on))[ENCRYPTED] is True
    none = {"ls whatsapp-databases": storage("Databases")}
    assert values_of(whatsapp_backup, looked(on, **none))[ENCRYPTED] == "not_applicable"
