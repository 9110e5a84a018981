import os
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from wa_crypt_tools.lib.db.db14 import Database14
from wa_crypt_tools.lib.db.db15 import Database15
from wa_crypt_tools.lib.key.key14 import Key14
from wa_crypt_tools.lib.key.key15 import Key15
from wa_crypt_tools.lib.props import Props

from agent.facts import Fact
from agent.probes import whatsapp_backup, whatsapp_package, whatsapp_storage
from tests.probes import phone as phones

NOW = 1_777_900_000  # 2026-05-04T13:06:40Z
DAY = 86_400
NEW = "Android/media/com.whatsapp/WhatsApp/Databases"
OLD = "WhatsApp/Databases"
BUSINESS = "Android/media/com.whatsapp.w4b/WhatsApp Business/Databases"
LIST = whatsapp_package.LIST.key
HEAD15 = "133 + 1=1 3:18 4:109 ."
HEAD14 = "192 + 1=0 2:77 4:109 ."


def apps(*packages: str, user: int = 0, total: int = 240) -> str:
    rows = [f"package:{name}  installer=com.android.vending uid:{user * 100000 + 10200}" for name in packages]
    return "\n".join([f"user {user}", *rows, str(total)]) + "\n"


def folder(path: str, *files: tuple[str, int, int] | tuple[str, int, int, str], owner: int = 10200) -> list[str]:
    lines = [f"folder present {path}", f"owner {owner}"]
    lines += [f"file {NOW - age} {size} {owner} {name}" for name, age, size, *_ in files]
    return lines + [f"head {name} {head[0] if head else HEAD15}" for name, _, _, *head in files]


def listing(*volumes: list[str], cards: str = "listed") -> str:
    body = [line for volume in volumes for line in volume]
    return "\n".join([f"now {NOW}", *body, f"volumes {cards}", "end"]) + "\n"


def volume(name: str, *folders: list[str], access: str = "present", unlocked: str = " true") -> list[str]:
    return [f"root {name} {access}{unlocked}", *(line for each in folders for line in each)]


def absent(*paths: str) -> list[str]:
    return [f"folder absent {path}" for path in paths]


def facts(stored: str, installed: str | None = apps("com.whatsapp")) -> dict[str, Fact]:
    answers = {whatsapp_storage.COMMAND.key: stored} | ({LIST: installed} if installed is not None else {})
    return phones.facts_of(whatsapp_backup, phones.phone(answers))


def short(found: Mapping[str, Fact]) -> dict[str, Any]:
    return {
        name.removeprefix("whatsapp.backup."): fact.state.value if fact.value is None else fact.value
        for name, fact in found.items()
    }


def said(found: Mapping[str, Fact], name: str) -> str:
    return "\n".join(each.line for each in found[f"whatsapp.backup.{name}"].evidence)


HEALTHY = folder(
    NEW,
    ("msgstore.db.crypt15", 10 * 3600, 48_000_000),
    ("msgstore-2026-05-03.1.db.crypt15", 34 * 3600, 47_000_000),
    ("msgstore-2026-05-02.1.db.crypt15", 58 * 3600, 47_500_000),
)


def test_the_newest_full_copy_counts() -> None:
    assert short(facts(listing(volume("emulated/0", HEALTHY)))) == {
        "latest_at": "2026-05-04T03:06:40Z",
        "size_bytes": 48_000_000,
        "path": f"/storage/emulated/0/{NEW}/msgstore.db.crypt15",
        "end_to_end_encrypted": True,
        "count": 3,
    }


def test_an_increment_counts_upon_a_complete_full_copy() -> None:
    files = [("msgstore.db.crypt15", 5 * DAY, 40_000_000), ("msgstore-increment-3.db.crypt15", 3600, 60_000)]
    found = facts(listing(volume("emulated/0", folder(NEW, *files))))
    assert short(found) == {
        "latest_at": "2026-05-04T12:06:40Z",
        "size_bytes": 60_000,
        "path": f"/storage/emulated/0/{NEW}/msgstore-increment-3.db.crypt15",
        "end_to_end_encrypted": True,
        "count": 2,
    }


@pytest.mark.parametrize("base", [[], [("msgstore.db.crypt15", 5 * DAY, 0)], [("msgstore.db.crypt15", 60, 40_000_000)]])
def test_an_increment_without_a_complete_base_before_it_is_no_backup(base: list[tuple[str, int, int]]) -> None:
    increment = ("msgstore-increment-1.db.crypt15", 3600, 60_000)
    found = facts(listing(volume("emulated/0", folder(NEW, *base, increment))))
    path = found["whatsapp.backup.path"].value
    assert path is None or path.endswith("/msgstore.db.crypt15")


BAD = {
    "zero bytes": ("msgstore.db.crypt15", 3600, 0),
    "shorter than its header": ("msgstore.db.crypt15", 3600, 140),
    "shrunken": ("msgstore.db.crypt15", 3600, 9_000_000),
    "of the future": ("msgstore.db.crypt15", -7200, 48_000_000),
    "temporary": ("msgstore.db.crypt15.tmp", 3600, 48_000_000),
    "partial": ("msgstore.db.crypt15.partial", 3600, 48_000_000),
    "a strange increment": ("msgstore-increment-99-2026-03-07-nm.crypt14", 3600, 48_000_000),
    "another name": ("msgstore-copy.db.crypt15", 3600, 48_000_000),
    "no date": ("msgstore-2026-5-3.1.db.crypt15", 3600, 48_000_000),
}


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_backup_never_counts(bad: str) -> None:
    older = [
        ("msgstore-2026-04-30.1.db.crypt15", 4 * DAY, 47_000_000),
        ("msgstore-2026-04-29.1.db.crypt15", 5 * DAY, 46_000_000),
    ]
    found = facts(listing(volume("emulated/0", folder(NEW, *older, BAD[bad]))))
    assert short(found)["latest_at"] == "2026-04-30T13:06:40Z"
    assert short(found)["count"] == 2
    assert BAD[bad][0] in said(found, "latest_at"), "evidence says which newer file does not count, and why"
    alone = facts(listing(volume("emulated/0", folder(NEW, BAD[bad]))))
    if bad != "shrunken":
        assert short(alone) == dict.fromkeys(short(alone), "not_applicable") | {"count": 0}


@pytest.mark.parametrize("size", [0, 1, 2, 34])
def test_a_file_without_room_for_a_header_is_no_backup(size: int) -> None:
    older = ("msgstore.db.crypt15", 4 * DAY, 47_000_000)
    newer = ("msgstore-increment-1.db.crypt15", 3600, size)
    lines = [line for line in folder(NEW, older, newer) if "head msgstore-inc" not in line]
    assert short(facts(listing(volume("emulated/0", lines))))["latest_at"] == "2026-04-30T13:06:40Z"


def test_a_file_of_another_app_is_no_backup() -> None:
    lines = folder(NEW, ("msgstore.db.crypt15", 3600, 1_000_000))
    lines = [line.replace("1000000 10200 ", "1000000 10311 ") for line in lines]
    found = facts(listing(volume("emulated/0", lines)))
    assert found["whatsapp.backup.count"].value == 0
    assert "uid 10311" in said(found, "count")


def test_a_small_history_that_stays_small_is_no_shrunken_one() -> None:
    sizes = [900_000, 800_000, 700_000, 40_000_000, 41_000_000]
    files = [(f"msgstore-2026-05-0{5 - day}.1.db.crypt15", day * DAY + 3600, size) for day, size in enumerate(sizes)]
    assert short(facts(listing(volume("emulated/0", folder(NEW, *files)))))["latest_at"] == "2026-05-04T12:06:40Z"


def test_the_old_place_and_the_new_one_are_one_account() -> None:
    stale = folder(OLD, ("msgstore.db.crypt14", 900 * DAY, 30_000_000, HEAD14))
    card = volume("1A2B-3C4D", folder(OLD, ("msgstore-2026-05-01.1.db.crypt15", 3 * DAY, 40_000_000)), unlocked="")
    found = facts(listing(volume("emulated/0", HEALTHY, stale), card))
    assert short(found)["latest_at"] == "2026-05-04T03:06:40Z"
    assert short(found)["count"] == 5


@pytest.mark.parametrize(
    ("second", "who"),
    [
        (
            volume(
                "emulated/0",
                HEALTHY,
                folder(
                    "Android/media/com.whatsapp/WhatsApp/accounts/1001/Databases",
                    ("msgstore.db.crypt15", 40 * DAY, 1_000_000),
                ),
            ),
            "accounts/1001",
        ),
        (volume("emulated/0", HEALTHY, folder(BUSINESS, ("msgstore.db.crypt15", 40 * DAY, 1_000_000))), "w4b"),
        (
            volume("emulated/0", HEALTHY)
            + volume("emulated/999", folder(NEW, ("msgstore.db.crypt15", 40 * DAY, 9_000))),
            "emulated/999",
        ),
    ],
)
def test_the_account_whose_newest_is_oldest_decides(second: list[str], who: str) -> None:
    installed = apps("com.whatsapp", "com.whatsapp.w4b" if who == "w4b" else "org.example")
    if "999" in who:
        installed += apps("com.whatsapp", user=999)
    found = facts(listing(second), installed)
    assert short(found)["latest_at"] == "2026-03-25T13:06:40Z"
    assert who in str(found["whatsapp.backup.path"].value)
    assert "msgstore.db.crypt15" in said(found, "latest_at")
    assert "com.whatsapp, user 0: 2026-05-04T03:06:40Z" in said(found, "latest_at")


def test_an_account_without_a_backup_decides_before_all() -> None:
    found = facts(listing(volume("emulated/0", HEALTHY, absent(BUSINESS))), apps("com.whatsapp", "com.whatsapp.w4b"))
    assert short(found) == dict.fromkeys(short(found), "not_applicable") | {"count": 0}
    assert "com.whatsapp.w4b, user 0" in phones.reason_of(found["whatsapp.backup.latest_at"])


@pytest.mark.parametrize("older", [[("msgstore.db.crypt15", 9 * DAY, 40_000_000)], []])
def test_no_account_hides_that_whatsapp_holds_the_key_of_another(older: list[tuple[str, int, int]]) -> None:
    """The older account decides when; the newer one's backup is open to WhatsApp all the same."""
    theirs = folder(BUSINESS, ("msgstore.db.crypt14", 3600, 40_000_000, HEAD14))
    ours = folder(NEW, *older) if older else absent(NEW)
    found = facts(listing(volume("emulated/0", ours, theirs)), apps("com.whatsapp", "com.whatsapp.w4b"))
    assert found["whatsapp.backup.end_to_end_encrypted"].value is False
    assert "msgstore.db.crypt14" in said(found, "end_to_end_encrypted")


def test_the_first_of_several_accounts_left_its_old_place() -> None:
    accounts = [
        folder(
            f"Android/media/com.whatsapp/WhatsApp/accounts/{number}/Databases", ("msgstore.db.crypt15", 3600, 1_000_000)
        )
        for number in (1000, 1001)
    ]
    stale = folder(NEW, ("msgstore.db.crypt15", 300 * DAY, 40_000_000))
    assert short(facts(listing(volume("emulated/0", stale, *accounts))))["latest_at"] == "2026-05-04T12:06:40Z"


@pytest.mark.parametrize(
    ("header", "name", "answer"),
    [
        (HEAD15, "msgstore.db.crypt15", True),
        ("131 1=1 3:18 4:107 6=3 .", "msgstore.db.crypt15", True),
        ("24 3:18 6=1 .", "msgstore.db.crypt15", True),
        (HEAD14, "msgstore.db.crypt14", False),
        (HEAD14, "msgstore.db.crypt15", False),
        (HEAD15, "msgstore.db.crypt14", True),
        ("0 + .", "msgstore.db.crypt12", False),
        ("133 + 1=0 3:18 4:109 .", "msgstore.db.crypt15", "unknown"),
        ("133 + 1=1 3:18 4:109 6=0 .", "msgstore.db.crypt15", "unknown"),
        ("133 + 1=0 2:77 3:18 .", "msgstore.db.crypt15", "unknown"),
        ("192 + 2:77 4:109 6=2 .", "msgstore.db.crypt14", "unknown"),
    ],
)
def test_the_header_says_who_holds_the_key(*, header: str, name: str, answer: bool | str) -> None:
    found = facts(listing(volume("emulated/0", folder(NEW, (name, 3600, 1_000_000, header)))))
    assert short(found)["end_to_end_encrypted"] == answer
    assert short(found)["latest_at"] == "2026-05-04T12:06:40Z"
    contradicts = answer in (True, False) and (answer is True) != name.endswith("15") and not name.endswith("12")
    assert ("name says otherwise" in said(found, "end_to_end_encrypted")) == contradicts


def test_an_increment_under_another_key_than_its_base_is_not_end_to_end() -> None:
    files = [("msgstore.db.crypt14", 2 * DAY, 40_000_000, HEAD14), ("msgstore-increment-1.db.crypt15", 3600, 60_000)]
    assert short(facts(listing(volume("emulated/0", folder(NEW, *files)))))["end_to_end_encrypted"] is False


@pytest.mark.parametrize("header", ["81 32649:8 311:8", "133 + 1=1 3:18", "20 4:18 .", "7 0= 0= 0="])
def test_a_newest_file_without_whatsapp_s_header_leaves_all_unknown(header: str) -> None:
    found = facts(listing(volume("emulated/0", folder(NEW, ("msgstore.db.crypt15", 3600, 1_000_000, header)))))
    assert short(found) == dict.fromkeys(short(found), "unknown")
    assert "make a new backup" in phones.reason_of(found["whatsapp.backup.latest_at"])


CARD = volume("1A2B-3C4D", folder(OLD, ("msgstore.db.crypt15", 90 * DAY, 40_000_000)), unlocked="")
UNSURE = {
    "an old copy on a card beside locked storage": volume("emulated/0", access="empty", unlocked=" false") + CARD,
    "an old copy on a card beside empty storage": volume("emulated/0", access="empty", unlocked=" ") + CARD,
    "an old copy on a card beside denied storage": volume("emulated/0", access="unreadable") + CARD,
    "an old copy on a card alone": CARD,
    "locked since the start": volume("emulated/0", access="empty", unlocked=" false"),
    "no storage yet": volume("emulated/0", access="absent", unlocked=" "),
    "denied": volume("emulated/0", access="unreadable"),
    "a denied folder": volume("emulated/0", [f"folder unreadable {NEW}", f"folder absent {OLD}"]),
    "denied accounts": volume(
        "emulated/0", HEALTHY, ["folder unreadable Android/media/com.whatsapp/WhatsApp/accounts"]
    ),
    "too many files": volume("emulated/0", [f"folder present {NEW}", "owner 10200", "many"]),
    "another user": volume("emulated/0", HEALTHY) + volume("emulated/10", access="unreadable", unlocked=" true"),
}


@pytest.mark.parametrize("case", UNSURE)
def test_what_may_not_be_looked_at_is_unknown_and_never_absent(case: str) -> None:
    found = facts(listing(UNSURE[case]), apps("com.whatsapp") + apps("com.whatsapp", user=10))
    assert short(found) == dict.fromkeys(short(found), "unknown")
    if case != "another user":
        alone = facts(listing(UNSURE[case]))
        assert short(alone) == dict.fromkeys(short(alone), "unknown")


def test_a_card_that_was_not_looked_at_may_hold_the_backup() -> None:
    nothing = volume("emulated/0", absent(NEW, OLD))
    assert short(facts(listing(nothing, cards="unreadable")))["count"] == "unknown"
    assert short(facts(listing(nothing)))["count"] == 0


def test_without_the_list_of_apps_files_prove_a_backup_but_nothing_proves_that_there_is_none() -> None:
    other = volume("emulated/10", absent(NEW, OLD))
    assert short(facts(listing(volume("emulated/0", HEALTHY), other), None))["latest_at"] == "2026-05-04T03:06:40Z"
    found = facts(listing(volume("emulated/0", absent(NEW, OLD))), "Error: could not access the Package Manager\n")
    assert short(found) == dict.fromkeys(short(found), "unknown")
    assert LIST in phones.reason_of(found["whatsapp.backup.count"])


def test_without_the_list_of_apps_a_second_folder_may_be_a_leftover() -> None:
    for second in (folder(BUSINESS), folder(BUSINESS, ("msgstore.db.crypt15", 400 * DAY, 1_000_000))):
        found = facts(listing(volume("emulated/0", HEALTHY, second)), None)
        assert short(found) == dict.fromkeys(short(found), "unknown")
        listed = facts(listing(volume("emulated/0", HEALTHY, second)))
        assert short(listed)["latest_at"] == "2026-05-04T03:06:40Z", "WhatsApp Business is not installed"


def test_a_phone_without_whatsapp_needs_no_backup() -> None:
    found = facts(listing(volume("emulated/0", HEALTHY)), apps())
    assert short(found) == dict.fromkeys(short(found), "not_applicable")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.removesuffix("end\n"),
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("file ", "fil€ ", 1),
        lambda _: "",
        lambda _: "Permission Denial: no\n",
        lambda text: text.replace(f"now {NOW}\n", ""),
    ],
)
def test_a_listing_that_is_not_whole_gives_no_fact(spoil: Callable[[str], str]) -> None:
    found = facts(spoil(listing(volume("emulated/0", HEALTHY))))
    assert short(found) == dict.fromkeys(short(found), "unknown")


def made(kind: str, jid: str = "73") -> bytes:
    content = zlib.compress(b"SQLite format 3\0" + os.urandom(2000))
    if kind == "14":
        return bytes(Database14(key=Key14()).encrypt(Key14(), Props(jid=jid), content))
    made = bytes(Database15(key=Key15()).encrypt(Key15(), Props(jid=jid), content))
    return made[:1] + made[2:] if kind == "15 without features" else made


PROGRAMS = {
    "pm": "printf 'Users:\\n\\tUserInfo{0:Ana {9:x:30}\\n:13} running\\n\\tUserInfo{10:b:30}\\n'",
    "getprop": "case $1 in sys.user.0.ce_available) echo true;; *) echo;; esac",
}


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    root = tmp_path / "storage"
    (root / "emulated/0/Android").mkdir(parents=True)
    (root / "self").mkdir()
    return root


def looked(tmp_path: Path, storage: Path) -> str:
    (tmp_path / "bin").mkdir()
    roots = {"ANDROID_STORAGE": str(storage), "EXTERNAL_STORAGE": str(tmp_path / "sdcard")}
    return phones.run(whatsapp_storage.COMMAND, tmp_path / "bin", PROGRAMS, roots)


def store(storage: Path, path: str, content: bytes, age: int = 3600) -> None:
    file = storage / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    at = file.stat().st_mtime - age
    os.utime(file, (at, at))


@pytest.mark.parametrize(("kind", "answer"), [("14", False), ("15", True), ("15 without features", True)])
def test_real_files_are_read_on_the_phone(*, kind: str, answer: bool, tmp_path: Path, storage: Path) -> None:
    content = made(kind)
    store(storage, f"emulated/0/{NEW}/msgstore.db.crypt15", content)
    store(storage, f"emulated/0/{NEW}/msgstore-2026-05-01.1.db.crypt15", made("15"), 5 * DAY)
    store(storage, f"1A2B-3C4D/{OLD}/msgstore.db.crypt14", made("14"), 9 * DAY)
    found = facts(looked(tmp_path, storage))
    assert found["whatsapp.backup.end_to_end_encrypted"].value is answer
    assert found["whatsapp.backup.size_bytes"].value == len(content)
    assert found["whatsapp.backup.count"].value == 3


def test_no_content_leaves_the_phone(tmp_path: Path, storage: Path) -> None:
    store(storage, f"emulated/0/{NEW}/msgstore.db.crypt15", made("15", jid="73"))
    store(storage, f"emulated/0/{NEW}/Ana María.txt", b"secret")
    text = looked(tmp_path, storage)
    assert "Ana" not in text
    head = next(line for line in text.splitlines() if line.startswith("head "))
    assert whatsapp_storage._HEAD.fullmatch(head)
    assert " 73" not in head
    assert "55 51" not in head


HOSTILE = [
    "msgstore.db.crypt15\nfile 1777900000 48000000 0 msgstore.db.crypt15",
    "msgstore.db.crypt15\nend",
    "msgstore.db.crypt15 ",
    "-rf",
    "msgstore'$(id)'.db.crypt15",
    'msgstore";echo end;".db.crypt15',
    "msgstore*.db.crypt15",
    "msgstoré.db.crypt15",
]


def test_hostile_names_stay_on_the_phone(tmp_path: Path, storage: Path) -> None:
    for name in HOSTILE:
        store(storage, f"emulated/0/{NEW}/{name}", b"x" * 500)
    (storage / f"emulated/0/{NEW}/msgstore.db.crypt15").symlink_to("/etc/passwd")
    (storage / f"emulated/0/{NEW}/msgstore-2026-05-01.1.db.crypt15").mkdir()
    (storage / "emulated/0/Android/media/com.whatsapp/WhatsApp/accounts/1001 x").mkdir(parents=True)
    found = facts(looked(tmp_path, storage))
    assert found["whatsapp.backup.count"].value == 0


@pytest.mark.parametrize(
    "content", [b"", b"\x85", b"\xff" * 300, b"\x05\x1a\xff\xff\xff\xff\x7f", bytes(range(256)) * 2]
)
def test_any_content_gives_a_readable_listing(content: bytes, tmp_path: Path, storage: Path) -> None:
    store(storage, f"emulated/0/{NEW}/msgstore.db.crypt15", content)
    text = looked(tmp_path, storage)
    assert whatsapp_storage.parse(text).now_s > NOW
    assert facts(text)["whatsapp.backup.end_to_end_encrypted"].value is None


def test_a_locked_phone_s_storage_is_empty_and_proves_nothing(tmp_path: Path, storage: Path) -> None:
    (storage / "emulated/0/Android").rmdir()
    found = facts(looked(tmp_path, storage))
    assert short(found) == dict.fromkeys(short(found), "unknown")
    assert "unlock the phone" in phones.reason_of(found["whatsapp.backup.count"])
