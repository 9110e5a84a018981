import json
from pathlib import Path

import pytest

from agent.capture import Answer, Outcome
from agent.facts import Evidence, known
from agent.probes import app_dump, app_list, sideloaded
from agent.probes.app_list import INSTALLED, SYSTEM
from tests.probes.phone import cut_short, facts_of, phone, reason_of, run, saved, values_of

OWNER = "Users:\n\tUserInfo{0:Ana:c13} running\n"
BOTH = OWNER + "\tUserInfo{10:Trabajo:1030} running\n"
LISTED = saved("app_list/pixel-a15-installed.txt")
FACTORY = saved("app_list/pixel-a15-system.txt")
DUMP = saved("app_list/nokia-a9-dumpsys-package.txt")
APPS, COUNT = sideloaded.FACTS
UNKNOWN = {APPS: "unknown", COUNT: "unknown"}


def live(listed: str = LISTED, people: str = BOTH) -> dict[str, str]:
    return {"pm list users": people, INSTALLED.key: listed, SYSTEM.key: FACTORY}


def owner(*rows: str, status: int = 0) -> dict[str, str]:
    return live("\n".join(["user 0", *rows, f"status {status}", ""]), OWNER)


def test_lists_what_no_store_brought_and_counts_what_a_person_did() -> None:
    assert values_of(sideloaded, phone(live())) == {
        APPS: [
            {"package": "net.taller.espejo", "installer": "com.google.android.packageinstaller"},
            {"package": "net.taller.macros", "installer": None},
            {"package": "org.ejemplo.libre", "installer": "org.fdroid.fdroid"},
        ],
        COUNT: 4,
    }


def test_the_evidence_is_the_app_s_own_row() -> None:
    facts = facts_of(sideloaded, phone(owner("package:a.b  installer=x.y")))
    row = Evidence(INSTALLED.key, "user 0: package:a.b  installer=x.y")
    count = Evidence(INSTALLED.key, "1 apps that did not come with the phone, 0 without installer")
    assert facts == {
        APPS: known(APPS, [{"package": "a.b", "installer": "x.y"}], row),
        COUNT: known(COUNT, 1, count, row),
    }


def test_no_app_is_known_where_the_phone_ended_the_empty_list_well() -> None:
    assert values_of(sideloaded, phone(owner())) == {APPS: [], COUNT: 0}


def test_the_maker_s_set_up_is_no_person() -> None:
    capture = phone(owner("package:a.b  installer=com.samsung.android.app.omcagent"))
    assert values_of(sideloaded, capture) == {APPS: [], COUNT: 0}


def test_apps_without_installer_alone_prove_no_person() -> None:
    facts = facts_of(sideloaded, phone(owner("package:a.b  installer=null", "package:c.d  installer=null")))
    assert facts[APPS].value == [{"package": "a.b", "installer": None}, {"package": "c.d", "installer": None}]
    assert "2 apps have no installer (a.b, c.d)" in reason_of(facts[COUNT])


@pytest.mark.parametrize(
    "answers",
    [
        owner("package:a.b  installer=x.y", status=255),
        owner("Exception occurred while executing 'list':", "java.lang.SecurityException: no", status=255),
        owner("package:a.b  installer=x y"),
        live("user 0\npackage:a.b  installer=x.y\n", OWNER),
        live(LISTED, BOTH + "\tUserInfo{150:Carpeta:10061030}\n"),
        live(LISTED, "Error: no users\n"),
        live("package:a.b  installer=x.y\n", OWNER),
        live(LISTED.replace("status 0\nuser 10", "Error: java.lang.SecurityException: user 10\nstatus 255\nuser 10")),
    ],
)
def test_a_list_that_is_not_whole_for_every_user_proves_nothing(answers: dict[str, str]) -> None:
    assert values_of(sideloaded, phone(answers)) == UNKNOWN


def test_a_part_of_the_list_proves_nothing() -> None:
    answers = {**live(), INSTALLED.key: cut_short(LISTED)}
    assert values_of(sideloaded, phone(answers)) == UNKNOWN


def test_a_bugreport_s_dump_says_the_same_for_all_users() -> None:
    capture = phone(
        {"dumpsys package": DUMP, "dumpsys user": BOTH.replace(" running", " serialNo=0")}, source="bugreport"
    )
    assert values_of(sideloaded, capture) == {APPS: [{"package": "net.taller.espejo", "installer": None}], COUNT: 2}


@pytest.mark.parametrize(
    "dump",
    [
        DUMP.split("\nHidden")[0],
        DUMP.replace("    flags=[ HAS_CODE ALLOW_CLEAR_USER_DATA ]\n", ""),
        DUMP.replace("\nHidden", "  Package [org.ejemplo.correo] (1a0b1c):\n    userId=10999\n\nHidden"),
    ],
)
def test_a_dump_that_is_not_whole_or_contradicts_itself_proves_nothing(dump: str) -> None:
    assert values_of(sideloaded, phone({"dumpsys package": dump}, source="bugreport")) == UNKNOWN


def qf(name: str, *, installer: str, third: bool) -> dict[str, object]:
    certificate = {"Sha1": "AA" * 20, "Sha256": "bb" * 32}
    files = [{"path": "/data/app/base.apk", "certificate": certificate}]
    return {"name": name, "installer": installer, "third_party": third, "system": not third, "files": files}


QF = [qf(f"com.maker.app{n}", installer="null", third=False) for n in range(9)]


def test_reads_androidqf_s_list() -> None:
    rows = [*QF, qf("a.b", installer="com.google.android.packageinstaller", third=True)]
    capture = phone({"androidqf packages.json": json.dumps(rows)}, source="capture")
    installer = "com.google.android.packageinstaller"
    assert values_of(sideloaded, capture) == {APPS: [{"package": "a.b", "installer": installer}], COUNT: 1}
    apps, missing = app_list.everything(capture)
    assert (len(apps), missing) == (10, None)
    assert apps[-1].digests == {"aa" * 20, "bb" * 32}


@pytest.mark.parametrize(
    "text", ["[]", "{}", "[1]", "[{}]", '[{"name": 1, "third_party": true}]', "[" * 5000, json.dumps(QF)]
)
def test_a_list_of_androidqf_s_that_is_none_proves_nothing(text: str) -> None:
    assert values_of(sideloaded, phone({"androidqf packages.json": text}, source="capture")) == UNKNOWN


def test_lists_saved_by_hand_prove_presence_only() -> None:
    saved_ = {
        "pm list packages -3": "package:a.b\n",
        "pm list packages -f": "package:/data/app/~~x==/c.d-1==/base.apk=c.d\n",
    }
    apps, missing = app_list.everything(phone(saved_, source="capture"))
    assert [(app.package, app.user) for app in apps] == [("c.d", None), ("a.b", None)]
    assert missing is not None
    assert values_of(sideloaded, phone(saved_, source="capture")) == UNKNOWN


@pytest.mark.parametrize("outcome", [Outcome.CUT, Outcome.TRUNCATED, Outcome.TIMED_OUT])
def test_what_was_read_before_the_end_is_still_there(outcome: Outcome) -> None:
    answers = {**live(), INSTALLED.key: Answer(LISTED[:60].encode(), outcome)}
    apps, missing = app_list.everything(phone(answers))
    assert "org.ejemplo.correo" in {app.package for app in apps}
    assert missing is not None


CLOSED_DUMP = DUMP.partition("\n\n")[2].partition("\nPackage Changes")[0].replace("User 10:", "User 150:")
CLOSED = f"user 0\nstatus 0\nuser 10\nError: no\nstatus 255\ndump\n{CLOSED_DUMP.replace('User 150:', 'User 10:')}"


def test_a_closed_user_s_apps_are_in_the_dump_of_all() -> None:
    assert values_of(sideloaded, phone(live(CLOSED))) == {
        APPS: [{"package": "net.taller.espejo", "installer": None}],
        COUNT: "unknown",
    }
    system = "user 0\npackage:android\nstatus 0\nuser 10\nError: no\nstatus 255\n"
    apps, missing = app_list.everything(phone({**live(CLOSED), SYSTEM.key: system}))
    assert ([(app.package, app.user) for app in apps], missing) == ([("net.taller.espejo", 10), ("android", 0)], None)


VERSION = "    versionName=1.22\n"


@pytest.mark.parametrize(
    "forged",
    [
        CLOSED.replace(VERSION, f"{VERSION}Hidden system packages:\n"),
        CLOSED.replace(VERSION, f"{VERSION}Anything:\n"),
        CLOSED.replace(VERSION, f"{VERSION}Packages:\n"),
        CLOSED.replace(VERSION, f"{VERSION}  Package [net.taller.espejo] (1a0b1c):\n    flags=[ SYSTEM ]\n"),
        CLOSED.split("  Package [com.android.shell]", maxsplit=1)[0],
        CLOSED + "*** SERVICE 'package' DUMP TIMEOUT (10000ms) EXPIRED ***\n",
        CLOSED.partition("dump\n")[0] + "dump\nPermission Denial: can't dump package\n",
    ],
)
def test_a_dump_that_an_app_s_own_words_could_have_changed_is_not_believed(forged: str) -> None:
    assert values_of(sideloaded, phone(live(forged))) == UNKNOWN


PM = r"""case "$*" in
"list users") printf '%s' "Users:
	UserInfo{0:Ana {1:2}: la jefa:c13} running
	UserInfo{150:Carpeta:10061030} running
" ;;
"list packages -i -3 --user 0") echo 'package:a.b  installer=x.y' ;;
"list packages -s --user 0") echo package:android ;;
*) echo "Error: java.lang.SecurityException: Shell does not have permission to access user 150" >&2; exit 255 ;;
esac"""


def test_the_script_asks_for_every_user_and_tells_how_each_list_ended(tmp_path: Path) -> None:
    lists = (
        "user 0\npackage:a.b  installer=x.y\nstatus 0\n"
        "user 150\nError: java.lang.SecurityException: Shell does not have permission to access user 150\nstatus 255\n"
    )
    cut = run(INSTALLED, tmp_path, {"pm": PM, "dumpsys": f"cat <<'END'\n{CLOSED_DUMP}END"})
    assert cut.startswith(f"{lists}dump\nPackages:\n")
    assert "ceDataInode" not in cut
    assert app_dump.packages(cut.partition("dump\n")[2], "x").keys() == app_dump.packages(CLOSED_DUMP, "x").keys()
    assert values_of(sideloaded, phone({"pm list users": BOTH.replace("{10:", "{150:"), INSTALLED.key: cut})) == {
        APPS: [{"package": "a.b", "installer": "x.y"}, {"package": "net.taller.espejo", "installer": None}],
        COUNT: 2,
    }


def test_a_list_whose_first_line_is_broken_is_no_list() -> None:
    fact = facts_of(sideloaded, phone({app_list.INSTALLED.key: "user 0x\npackage:a.b\nstatus 0\n"}))["apps.sideloaded"]
    assert fact.value is None
