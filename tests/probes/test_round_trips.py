"""What Android's format strings make of any values, the parsers read back: those that no test of their own holds so."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from agent.facts import instant
from agent.probes import app_list, backup_schedule, biometrics, device_policy, linking_screens, reset, whatsapp_package
from tests.probes.phone import facts_of, phone, values_of

USERS = st.sampled_from([0, 10, 95, 150, 999])
PACKAGES = st.from_regex(r"[a-z]{1,6}(\.[A-Za-z0-9_]{1,8}){1,3}", fullmatch=True)
CLASSES = st.text("abcXYZ019_$ñ管 -", min_size=1, max_size=12).map(str.strip).filter(bool).map(".{}".format)
NUMBERS = st.dictionaries(
    st.sampled_from(["minimumPasswordLength", "maximumTimeToUnlock", "disabledKeyguardFeatures"]),
    st.integers(-(2**31), 2**40),
)
ADMINS = st.dictionaries(st.tuples(PACKAGES, CLASSES).map("/".join), NUMBERS, max_size=3)
EPOCHS_MS = st.integers(1_500_000_000_000, 1_900_000_000_000)


@given(users=st.dictionaries(USERS, ADMINS, min_size=1), old=st.booleans(), state=st.integers(0, 5))
def test_administrators(users: dict[int, dict[str, dict[str, int]]], *, old: bool, state: int) -> None:
    """DevicePolicyData.dump and ActiveAdmin.dump; the state stands in the heading from API 27 on."""
    text = "Current Device Policy Manager state:\n"
    for user, admins in users.items():
        text += f"\n  Enabled Device Admins (User {user}{'' if old else f', provisioningState: {state}'}):\n"
        for component, numbers in admins.items():
            text += f"    {component}:\n      uid=10301\n      policies:\n        force-lock\n"
            text += "".join(f"      {name}={number}\n" for name, number in numbers.items())
        text += " \n    mPasswordOwner=-1\n"
    read = device_policy.parse(text)
    assert {user: [admin.component for admin in admins] for user, admins in read.items()} == {
        user: list(admins) for user, admins in users.items()
    }
    assert {admin.component: admin.numbers for admins in read.values() for admin in admins} == {
        component: {name: (number,) for name, number in numbers.items()}
        for admins in users.values()
        for component, numbers in admins.items()
    }


@given(sensors=st.lists(st.dictionaries(USERS, st.integers(0, 9)), min_size=1, max_size=3), new=st.booleans())
def test_enrolled_fingerprints(sensors: list[dict[int, int]], *, new: bool) -> None:
    """FingerprintProvider.dumpInternal: JSONObject.toString escapes every slash."""
    text = ""
    for number, counts in enumerate(sensors):
        prints = [{"id": user, "count": count, "accept": 1, "lockout": 0} for user, count in counts.items()]
        line = json.dumps({"service": "a/b", "prints": prints}, separators=(",", ":")).replace("/", r"\/")
        text += (f"Dumping for sensorId: {number}, provider: x\n" if new else "") + line + "\n"
    count, evidence = biometrics.parse(text, "dumpsys fingerprint")
    assert count == sum(number for counts in sensors for number in counts.values())
    assert len(evidence) == len(sensors)


@given(
    alarms=st.lists(
        st.tuples(EPOCHS_MS, st.sampled_from(["com.whatsapp", "com.whatsapp.w4b", "org.example"]), st.booleans()),
        max_size=5,
    ),
    old=st.booleans(),
)
def test_scheduled_backups(alarms: list[tuple[int, str, bool]], *, old: bool) -> None:
    """Alarm.toString and Alarm.dump: `when` to API 30, `origWhen` with `whenElapsed` from 31 on."""
    text = "Current Alarm Manager state:\n  nowRTC=1777900000000=2026-05-04 08:06:40\n"
    for number, (at, package, backup) in enumerate(alarms):
        when = f"when {at}" if old else f"origWhen {at} whenElapsed {at - 10**12}"
        action = "BACKUP_MESSAGES" if backup else "ROTATE_KEYS"
        text += f"    RTC_WAKEUP #{number}: Alarm{{{number:x}f type 0 {when} {package}}}\n"
        text += f"      tag=*walarm*:{package}.action.{action}\n      type=RTC_WAKEUP window=0\n"
    due = [at for at, package, backup in alarms if backup and package != "org.example"]
    expected = instant(datetime.fromtimestamp(min(due) // 1000, UTC)) if due else "unknown"
    installed = "user 0\npackage:com.whatsapp  installer=null uid:10200\n230\n"
    answers = {backup_schedule.COMMAND.key: text, whatsapp_package.LIST.key: installed}
    assert values_of(backup_schedule, phone(answers)) == {"whatsapp.backup.scheduled_at": expected}


@given(
    apps=st.dictionaries(USERS, st.dictionaries(PACKAGES, st.none() | PACKAGES, max_size=4), min_size=1),
    more=st.booleans(),
)
def test_lists_of_apps(apps: dict[int, dict[str, str | None]], *, more: bool) -> None:
    """PackageManagerShellCommand.runListPackages: name, then version, state, installer and uid where asked for."""
    text, listed = "", "Users:\n"
    for user, installers in apps.items():
        listed += f"\tUserInfo{{{user}:x:{'13' if user == 0 else '1030'}}} running\n"
        state = " versionCode:7 stopped=false" if more else ""
        rows = "".join(
            f"package:{name}{state}  installer={installer or 'null'} uid:10123\n"
            for name, installer in installers.items()
        )
        text += f"user {user}\n{rows}status 0\n"
    if 0 not in apps:
        text, listed = f"user 0\nstatus 0\n{text}", listed + "\tUserInfo{0:x:13} running\n"
    _, read = app_list.installed(phone({app_list.INSTALLED.key: text, "pm list users": listed}))
    assert {(app.user, app.package, app.installer) for app in read} == {
        (user, name, installer if installer != "null" else None)
        for user, installers in apps.items()
        for name, installer in installers.items()
    }


@given(
    opened=st.lists(st.tuples(EPOCHS_MS, st.sampled_from(["RESUMED", "PAUSED", "STOPPED"])), max_size=4),
    ahead=st.text("abc.", max_size=8),
)
def test_screens_that_were_opened(opened: list[tuple[int, str]], ahead: str) -> None:
    """UserUsageStatsService.printEvent with `-c` or `file`: times in milliseconds, then type, package and class."""
    rows = "".join(
        f"time={at} type=ACTIVITY_{kind} package=com.whatsapp class=com.whatsapp.x{ahead}.LinkedDevicesActivity"
        " taskRootPackage=com.whatsapp flags=0x0\n"
        for at, kind in opened
    )
    installed = "user 0\npackage:com.whatsapp  installer=null uid:10200\n230\n"
    answers = {linking_screens.EVENTS.key: f"user 0\nfile=1\n{rows}", whatsapp_package.LIST.key: installed}
    found = facts_of(linking_screens, phone(answers))["whatsapp.linked_devices_reviewed_at"].value
    decide = [at for at, kind in opened if kind == "RESUMED"] or [at for at, _ in opened]
    assert found == (instant(datetime.fromtimestamp(max(decide) // 1000, UTC)) if decide else None)


@given(files=st.lists(EPOCHS_MS, max_size=5), named=st.booleans())
def test_statistics_of_use(files: list[int], *, named: bool) -> None:
    """UsageStatsDatabase.dump: the names of the files are their begins, with the local time behind them from 11 on."""
    local = '="2026-05-02 09:45:00"' if named else ""
    shown = "".join(f"      {at}{local} \n" for at in files)
    text = (
        "  Database Summary:\n    daily stats files: 1, sorted list of files:\n      1400000000000 \n"
        f"    yearly stats files: {len(files)}, sorted list of files:\n{shown}"
    )
    clue = reset.first_use(phone({reset.USAGE.key: text}))
    assert (clue.at if clue else None) == (datetime.fromtimestamp(min(files) // 1000, UTC) if files else None)
