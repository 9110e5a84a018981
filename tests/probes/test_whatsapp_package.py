import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probes import package_dump, whatsapp_dumps, whatsapp_package
from agent.probes.whatsapp_signature import is_whatsapp, judge
from tests.probes.phone import cut_short, facts_of, phone, reason_of, run, saved

NAME = "whatsapp.installed"
LIST, DUMP, LINKS, USERS = (command.key for command in whatsapp_package.COMMANDS)
OLD_KEY = "3987d043d10aefaf5a8710b3671418fe57e0e19b653c9df82558feb5ffce5d44"
PLAY = "com.android.vending"
MOTO = "whatsapp_package/moto-a8-old-signatures.txt"
SAMSUNG = "whatsapp_package/samsung-a14-preinstalled-and-business.txt"
PIXEL = "whatsapp_package/pixel-a15-app-links.txt"
SAMSUNG_ALONE = saved(SAMSUNG).partition("\nPackages:\n  Package [com.whatsapp.w4b]")[0]
ONE = f"user 0\npackage:com.whatsapp  installer={PLAY} uid:10077\n230\n"


def row(package: str, user: int | None, version: str | None, installer: str | None, signature: str) -> dict[str, Any]:
    return {"package": package, "user": user, "version": version, "installer": installer, "signature": signature}


def installed(**answers: str) -> Any:
    keys = {"list": LIST, "dump": DUMP, "links": LINKS, "whole": "dumpsys package"}
    return facts_of(whatsapp_package, phone({keys.get(key, key): text for key, text in answers.items()}))[NAME]


@pytest.mark.parametrize("crlf", ["\n", "\r\n"])
def test_android_8_prints_a_bare_hash(crlf: str) -> None:
    fact = installed(list=ONE.replace("\n", crlf), dump=saved(MOTO).replace("\n", crlf))
    assert fact.value == [row("com.whatsapp", 0, "2.18.80", PLAY, "matches")]
    assert [each.line for each in fact.evidence] == [
        f"user 0: package:com.whatsapp  installer={PLAY} uid:10077",
        "com.whatsapp: versionName=2.18.80",
        f"com.whatsapp: installerPackageName={PLAY}",
        "com.whatsapp: signatures=PackageSignatures{5566aa [2b6cb416]}",
    ]


def test_every_user_is_looked_at_also_one_whose_list_android_denies() -> None:
    listing = (
        f"user 0\npackage:com.whatsapp  installer={PLAY} uid:10233\n"
        "package:com.whatsapp.w4b  installer=null uid:10240\n"
        "310\nuser 150\nError: java.lang.SecurityException: Shell does not have permission to access user 150\n1\n"
    )
    assert installed(list=listing, dump=saved(SAMSUNG)).value == [
        row("com.whatsapp", 0, "2.26.21.1", PLAY, "matches"),
        row("com.whatsapp.w4b", 0, "2.26.20.9", None, "matches"),
        row("com.whatsapp", 150, "2.26.21.1", PLAY, "matches"),
    ]
    denied = installed(list=listing)
    assert denied.value is None
    assert "user 150" in reason_of(denied)
    half = installed(list=listing, dump=saved(MOTO))
    assert half.value is None, "without WhatsApp Business' own dump nobody knows whether user 150 has it"


def test_the_full_digest_verifies() -> None:
    fact = installed(list=ONE, dump=SAMSUNG_ALONE, links=saved(PIXEL))
    assert fact.value == [row("com.whatsapp", 0, "2.26.21.1", PLAY, "verified")]
    other = installed(list=ONE, dump=SAMSUNG_ALONE, links=saved(PIXEL).replace("FB:92", "FB:93"))
    assert other.value == [row("com.whatsapp", 0, "2.26.21.1", PLAY, "unrecognised")]


@pytest.mark.parametrize(
    "links", ["", "Unknown command: get-app-links\n", "  com.whatsapp:\n    Signatures: [FB:92]\n"]
)
def test_without_a_full_digest_the_hash_matches_at_most(links: str) -> None:
    assert installed(list=ONE, dump=SAMSUNG_ALONE, links=links).value[0]["signature"] == "matches"
    assert installed(list=ONE, links=links).value == [row("com.whatsapp", 0, None, PLAY, "unread")]


def test_unofficial_builds_are_listed_by_name_and_tools_for_whatsapp_are_not() -> None:
    listing = "user 0\n" + "".join(
        f"package:{name}  installer=null uid:10100\n"
        for name in ("com.gbwhatsapp", "com.WhatsApp2Plus", "com.stickers.maker.whatsapp", "com.whatsapp.wallpaper")
    )
    assert installed(list=listing + "230\n").value == [
        row("com.gbwhatsapp", 0, None, None, "unrecognised"),
        row("com.WhatsApp2Plus", 0, None, None, "unrecognised"),
    ]


def test_a_list_without_whatsapp_is_a_known_absence() -> None:
    fact = installed(list="user 0\n230\nuser 10\n180\n")
    assert fact.value == []
    assert [each.line for each in fact.evidence] == [
        "user 0: 230 apps, none of them WhatsApp",
        "user 10: 180 apps, none of them WhatsApp",
    ]


@pytest.mark.parametrize(
    "listing",
    [
        "user 0\n",
        "users unlisted\nuser 0\n230\n",
        "user 0\nnull\n1\n",
        "user 0\nKilled\n230\n",
        "Error: could not access the Package Manager.  Is the system running?\n",
        ONE + "user 10\n",
    ],
)
def test_a_list_that_may_lack_somebody_is_unknown(listing: str) -> None:
    assert installed(list=listing).value is None
    alone = installed(list=listing, dump=saved(MOTO))
    assert alone.value is None, "an unofficial build may stand in the list that was not given"


def test_a_list_that_ends_before_the_last_user_is_unknown() -> None:
    people = "Users:\n\tUserInfo{0:Ana:c13} running\n\tUserInfo{999:Doble:4001030} running\n"
    assert installed(**{"list": ONE, USERS: people}).value is None
    assert installed(**{"list": ONE, USERS: people.partition("\tUserInfo{999")[0]}).value is not None
    assert installed(list="user 0\n").value is None


def whole(*blocks: str, end: str = "\nShared users:\n") -> str:
    others = "".join(f"  Package [org.example.app{n}] (1{n}):\n    versionName=1\n" for n in range(20))
    return "Database versions:\n  Internal:\n\nPackages:\n" + others + "".join(blocks) + end


def block(text: str) -> str:
    return text.removeprefix("Packages:\n")


def test_a_bugreport_lists_all_apps_of_all_users() -> None:
    assert installed(whole=whole()).value == []
    assert installed(whole=whole(block(saved(MOTO)))).value == [row("com.whatsapp", 0, "2.18.80", PLAY, "matches")]


@pytest.mark.parametrize("text", [whole(end=""), saved(SAMSUNG).replace("com.whatsapp", "org.example"), "Packages:\n"])
def test_a_piece_of_a_dump_proves_no_absence(text: str) -> None:
    assert installed(whole=text).value is None
    assert facts_of(whatsapp_package, phone({"dumpsys package": cut_short(text)}))[NAME].value is None


@pytest.mark.parametrize("listing", ["user 0\n230\n", ONE + "user 10\n" + ONE.partition("\n")[2]])
def test_a_list_that_the_app_s_own_dump_contradicts_is_unknown(listing: str) -> None:
    assert "disagree" in reason_of(installed(list=listing, dump=saved(MOTO)))
    hidden = saved(MOTO).replace("installed=true hidden=false", "installed=true hidden=true")
    assert installed(list="user 0\n230\n", dump=hidden).value == []


def test_two_blocks_of_one_app_contradict_each_other() -> None:
    forged = block(saved(MOTO))
    fact = installed(whole=whole(forged, forged.replace("2b6cb416", "deadbeef")))
    assert "twice" in reason_of(fact)


def test_two_states_of_one_user_contradict_each_other() -> None:
    forged = saved(MOTO).replace("    User 0:", "    User 00: installed=false\n    User 0:")
    assert "twice" in reason_of(installed(list="user 0\nPermission Denial: no\n", dump=forged))
    other = saved(MOTO).replace("    User 0:", "    User 00:")
    assert installed(whole=other).value == installed(whole=saved(MOTO)).value


def test_a_dump_of_whatsapp_alone_proves_that_it_is_there() -> None:
    assert installed(whole=saved(MOTO)).value == [row("com.whatsapp", 0, "2.18.80", PLAY, "matches")]


def test_androidqf_reads_the_certificates_themselves() -> None:
    app = {"name": "com.whatsapp", "installer": "null", "uid": 1010271, "files": [{"certificate": {"Sha256": OLD_KEY}}]}
    text = json.dumps([app, {"name": "org.example", "installer": "x", "uid": 1, "files": None}])
    fact = facts_of(whatsapp_package, phone({"androidqf packages.json": text}))[NAME]
    assert fact.value == [row("com.whatsapp", 10, None, None, "verified")]
    for broken in ("{", "[1]", "null", text[:50], '[{"name": 5}]', '[{"name": "com.whatsapp", "files": [3]}]'):
        assert facts_of(whatsapp_package, phone({"androidqf packages.json": broken}))[NAME].value is None


@pytest.mark.parametrize(
    ("package", "digests", "hashes", "signature"),
    [
        ("com.whatsapp", [OLD_KEY], [], "verified"),
        ("com.whatsapp", [OLD_KEY.upper()], ["deadbeef"], "verified"),
        ("com.whatsapp", ["00" * 32], ["2b6cb416"], "unrecognised"),
        ("com.whatsapp", [], ["2b6cb416", "deadbeef"], "unrecognised"),
        ("com.whatsapp", [], [], "unread"),
        ("com.whatsapp.w4b", [OLD_KEY], [], "verified"),
        ("com.whatsapp.w4b", ["00" * 32], [], "unread"),
        ("com.gbwhatsapp", [OLD_KEY], ["2b6cb416"], "unrecognised"),
    ],
)
def test_signatures(package: str, digests: list[str], hashes: list[str], signature: str) -> None:
    assert judge(package, digests, hashes) == signature


@pytest.mark.parametrize(
    ("package", "answer"),
    [
        ("com.whatsapp", True),
        ("com.fmwhatsapp", True),
        ("com.fm.whatsapp", True),
        ("com.yowhatsapp", True),
        ("com.whatsapp4YE", True),
        ("com.universe.messenger", True),
        ("com.whatsapp.wallpaper", False),
        ("com.marsvard.stickermakerforwhatsapp", False),
        ("org.whatsapp", False),
    ],
)
def test_names(package: str, answer: object) -> None:
    assert is_whatsapp(package) is answer


def test_the_scripts_name_no_other_app(tmp_path: Path) -> None:
    (tmp_path / "whole").write_text(saved(SAMSUNG))
    programs = {
        "pm": """case "$*" in
'list users') printf 'Users:\\n\\tUserInfo{0:Ana:13} running\\n\\tUserInfo{150:x:1030}\\n';;
*'--user 150') echo 'Error: java.lang.SecurityException: no';;
'list packages -u') printf 'package:com.gbwhatsapp\\npackage:com.whatsapp\\npackage:org.private\\n';;
'list packages'*) printf 'package:org.private  installer=null uid:1\\n%.0s' 1 2 3 4 5 6 7 8 9
printf 'package:com.whatsapp  installer=com.android.vending uid:10233\\n';;
*) echo "Unknown command: $1";;
esac""",
        "dumpsys": f"""case $2 in
com.whatsapp) sed -n '1,/^Hidden/p' {tmp_path}/whole | sed '$d'; echo '    secret=1';;
*.w4b) printf 'Dexopt state:\\n  Unable to find package: %s\\n' $2;;
*) echo "Unable to find package: $2";;
esac""",
    }
    answers = {}
    for command in whatsapp_package.COMMANDS[:3]:
        folder = tmp_path / command.key.replace(" ", "-")
        folder.mkdir()
        answers[command.key] = run(command, folder, programs)
    text = "".join(answers.values())
    assert [word for word in ("private", "secret", "codePath", "Ana") if word in text] == []
    assert "Unable to find package: com.gbwhatsapp" in text
    assert whatsapp_dumps.dumps(phone(answers))["com.whatsapp.w4b"] is None, "as Android says it before 13"
    assert facts_of(whatsapp_package, phone(answers))[NAME].value == [
        row("com.whatsapp", 0, "2.26.21.1", PLAY, "matches"),
        row("com.whatsapp", 150, "2.26.21.1", PLAY, "matches"),
    ]


@given(
    st.text(st.characters(exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=30),
    st.lists(st.from_regex(r"[0-9a-f]{1,8}", fullmatch=True), max_size=3),
    st.dictionaries(st.integers(0, 999), st.booleans(), max_size=4),
)
def test_a_dump_as_android_prints_it_is_read_back(version: str, hashes: list[str], users: dict[int, bool]) -> None:
    lines = [f"    versionName={version}", "    appId=10233"]
    lines.append(
        f"    signatures=PackageSignatures{{1a2b version:3, signatures:[{', '.join(hashes)}], past signatures:[]}}"
    )
    lines += [f"    User {user}: ceDataInode=1 installed={str(on).lower()} hidden=false" for user, on in users.items()]
    text = "Packages:\n  Package [com.whatsapp] (1a2b3c):\n" + "\n".join(lines) + "\n"
    found = package_dump.parse(text).packages["com.whatsapp"]
    assert (found.hashes, dict(found.users)) == (frozenset(hashes), users)
    assert found.version == (version.strip() if version.strip() not in ("", "null") else None)


def test_a_dump_without_any_app_is_read_as_that() -> None:
    assert dict(package_dump.parse("Packages:\n\nHidden system packages:\n").packages) == {}
