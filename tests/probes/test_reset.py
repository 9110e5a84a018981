from pathlib import Path
from typing import Any

import pytest

from agent.probes import reset
from agent.probes.reset import ACCOUNTS, TRAFFIC, USAGE
from tests.probes.phone import facts_of, phone, reason_of, run, saved, values_of
from tests.probes.test_boot import changed

FRESH = saved("lock_settings/pixel-a15-fresh.txt")  # 2026-05-02 09:41:27, in Bogota
AT = "2026-05-02T14:41:27Z"
LOCK = "dumpsys lock_settings"
SOLD_WITH_13 = changed("ro.product.first_api_level=33")
SOLD_WITH_14 = changed("ro.product.first_api_level=34")


def usage(*begins: int) -> str:
    files = "".join(f'      {begin}="2026-05-02 09:45:00" \n' for begin in begins)
    return (
        "  Database Summary:\n    daily stats files: 1, sorted list of files:\n"
        '      1700000000000="2023-11-14 17:13:20" \n'
        f"    yearly stats files: {len(begins)}, sorted list of files:\n{files}  \nUsage Source=X\n"
    )


def traffic(oldest: int) -> str:
    begins = (oldest // 1000 + hours * 3600 for hours in (5, 0, 2))
    rows = "".join(f"      st={begin} rb=10 rp=1 tb=20 tp=2 op=0\n" for begin in begins)
    return f"Dev stats:\n  Complete history:\n  ident=[{{type=1}}] uid=-1 set=ALL tag=0x0\n{rows}"


SET = saved("lock_settings/moto-a10-set.txt")
SAME_DAY, MONTH_BEFORE = 1777733100000, 1775000000000
HISTORY = "  AccountId, Action_Type, timestamp, UID, TableName, Key\n  Accounts History\n  {}\n\n  Active Sessions: 0\n"
OLD_ROW = HISTORY.format("1,action_account_add,2026-03-01 10:00:00,10123,accounts,0")
NEW_ROW = HISTORY.format("1,action_account_add,2026-05-03 10:00:00,10123,accounts,0")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, "unknown"),
        ({LOCK: FRESH, "getprop": SOLD_WITH_14}, AT),
        ({LOCK: FRESH, "getprop": SOLD_WITH_14, USAGE.key: usage(SAME_DAY), ACCOUNTS: NEW_ROW}, AT),
        ({LOCK: FRESH, "getprop": SOLD_WITH_13, USAGE.key: usage(SAME_DAY)}, AT),
        ({LOCK: FRESH, "getprop": SOLD_WITH_13, "dumpsys usagestats": usage(SAME_DAY, SAME_DAY + 1)}, AT),
        # it may be the day of an update to Android 14
        ({LOCK: FRESH, "getprop": SOLD_WITH_13}, "unknown"),
        ({LOCK: FRESH, "getprop": SOLD_WITH_13, USAGE.key: usage(SAME_DAY + 86400000 * 30)}, "unknown"),
        ({LOCK: FRESH, "getprop": SOLD_WITH_13, USAGE.key: usage()}, "unknown"),
        # the phone was used before
        ({LOCK: FRESH, "getprop": SOLD_WITH_14, USAGE.key: usage(MONTH_BEFORE, SAME_DAY)}, "unknown"),
        ({LOCK: FRESH, "getprop": SOLD_WITH_14, ACCOUNTS: OLD_ROW}, "unknown"),
        # two that agree need no lock_settings
        ({USAGE.key: usage(SAME_DAY), TRAFFIC.key: traffic(SAME_DAY)}, "2026-05-02T14:45:00Z"),
        ({LOCK: SET, USAGE.key: usage(SAME_DAY), TRAFFIC.key: traffic(SAME_DAY)}, "2026-05-02T14:45:00Z"),
        ({LOCK: FRESH, "getprop": SOLD_WITH_13, TRAFFIC.key: traffic(SAME_DAY)}, AT),
        ({USAGE.key: usage(MONTH_BEFORE), TRAFFIC.key: traffic(SAME_DAY)}, "unknown"),
        ({USAGE.key: usage(SAME_DAY), TRAFFIC.key: traffic(MONTH_BEFORE)}, "unknown"),
        (
            {
                USAGE.key: usage(SAME_DAY),
                TRAFFIC.key: traffic(SAME_DAY).replace("Complete history", "History since boot"),
            },
            "unknown",
        ),
        # the oldest that Android keeps, not the oldest that there was
        ({USAGE.key: usage(SAME_DAY - 86400000 * 90), TRAFFIC.key: traffic(SAME_DAY - 86400000 * 90)}, "unknown"),
        ({LOCK: FRESH, "getprop": SOLD_WITH_14, TRAFFIC.key: traffic(MONTH_BEFORE)}, "unknown"),
        # a lock hides it
        ({LOCK: FRESH.replace("(previous protector: 0", "(previous protector: 1"), "getprop": SOLD_WITH_14}, "unknown"),
        ({LOCK: saved("lock_settings/samsung-a16-password-and-keys.txt"), "getprop": SOLD_WITH_14}, "unknown"),
        ({LOCK: saved("lock_settings/moto-a10-set.txt"), "getprop": SOLD_WITH_14}, "unknown"),
        ({LOCK: "User 0\n SP Handle = 0\n SID = 0\n", "getprop": SOLD_WITH_14}, "unknown"),
        # a time that cannot be placed
        ({LOCK: FRESH}, "unknown"),
        ({LOCK: FRESH, "getprop": changed("persist.sys.timezone=Atlantis/Capital")}, "unknown"),
        ({LOCK: FRESH.replace("2026-05-02", "1970-01-01"), "getprop": SOLD_WITH_14}, "unknown"),
        ({LOCK: FRESH.replace("2026-05-02", "2031-05-02"), "getprop": SOLD_WITH_14}, "unknown"),
        ({LOCK: FRESH.replace("NONE", "PIN"), "getprop": SOLD_WITH_14}, "unknown"),
        ({"getprop": SOLD_WITH_14, USAGE.key: usage(SAME_DAY)}, "unknown"),
    ],
)
def test_the_reset_is_dated_where_it_is_proved(answers: dict[str, str], expected: Any) -> None:
    capture = phone({"date +%s": "1777908600 -0500\n", **answers})
    assert values_of(reset, capture) == {"handover.reset_at": expected, "handover.not_reset_since": expected}


ROWS = "".join(
    f"  {number},action_account_add,{day} 10:00:00,10123,accounts,{number}\n"
    for number, day in enumerate(["2024-01-05", "2024-02-06", "2024-02-06", "2024-03-07"])
)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({ACCOUNTS: ROWS}, "2024-03-07T15:00:00Z"),
        # the third day of both together
        ({ACCOUNTS: ROWS.partition("  3,")[0], TRAFFIC.key: traffic(MONTH_BEFORE)}, "2026-03-31T23:33:20Z"),
        ({ACCOUNTS: ROWS.partition("  3,")[0]}, "unknown"),
        ({TRAFFIC.key: traffic(MONTH_BEFORE)}, "unknown"),
        # statistics of use come back with a backup
        ({USAGE.key: usage(MONTH_BEFORE - 86400000 * 300, MONTH_BEFORE - 86400000 * 200, MONTH_BEFORE)}, "unknown"),
        # a clock that was ahead
        ({ACCOUNTS: ROWS.replace("2024", "2031")}, "unknown"),
        ({ACCOUNTS: "Permission Denial: can't dump account\n"}, "unknown"),
        # since when there was none is told by the reset too
        ({LOCK: FRESH, "getprop": SOLD_WITH_14, ACCOUNTS: NEW_ROW}, AT),
    ],
)
def test_long_use_proves_that_there_was_no_reset_of_late(answers: dict[str, str], expected: str) -> None:
    given = {"date +%s": "1777908600 -0500\n", "getprop": SOLD_WITH_13, **answers}
    assert values_of(reset, phone(given))["handover.not_reset_since"] == expected


def whatsapp(own: str, *rows: str, flags: str = "HAS_CODE") -> str:
    """WhatsApp's dump: up to Android 12 one time for all users, from 13 on one below each."""
    rows = rows or ("    User 0: ceDataInode=1 installed=true hidden=false",)
    first = f"    firstInstallTime={own}\n" if own else ""
    body = "\n".join(rows)
    return f"Packages:\n  Package [com.whatsapp] (1a2b3c):\n    pkgFlags=[ {flags} ]\n{first}{body}\n\nQueries:\n"


FROM_13 = (
    "    User 0: ceDataInode=1 installed=true hidden=false",
    "      firstInstallTime=٢٠٢٦-٠٣-٠١ ١٠:٠٠:٠٠",
    "    User 10: ceDataInode=0 installed=false hidden=false",
    "      firstInstallTime=2026-01-01 10:00:00",
    "    User 11: ceDataInode=2 installed=true hidden=false",
    "      firstInstallTime=2026-04-01 10:00:00",
)
TWO_DAYS = ROWS.partition("  3,")[0]


@pytest.mark.parametrize(
    ("dump", "since"),
    [
        (whatsapp("2026-04-02 10:00:00"), "2026-04-02T15:00:00Z"),
        (whatsapp("", *FROM_13), "2026-03-01T15:00:00Z"),
        (whatsapp("2026-04-02 10:00:00", flags="SYSTEM HAS_CODE UPDATED_SYSTEM_APP"), "unknown"),
        (whatsapp("2026-04-02 10:00:00").replace("pkgFlags", "flags2"), "unknown"),
        (whatsapp("2026-04-02"), "unknown"),
        (whatsapp("2026-06-02 10:00:00"), "unknown"),  # after the scan
        ("Unable to find package: com.whatsapp\n", "unknown"),
    ],
)
def test_an_installation_is_later_than_the_reset(dump: str, since: str, tmp_path: Path) -> None:
    given = {"date +%s": "1777908600 -0500\n", "getprop": SOLD_WITH_13, ACCOUNTS: TWO_DAYS}
    cut = run(reset.INSTALLED, tmp_path, {"dumpsys": f"cat <<'E'\n{dump}E", "pm": ":"})
    for answer in (dump, cut):
        found = facts_of(reset, phone({**given, reset.INSTALLED.key: answer}))["handover.not_reset_since"]
        assert (found.value or found.state) == since
    fresh = {"getprop": SOLD_WITH_14, LOCK: FRESH, reset.INSTALLED.key: dump}
    fact = facts_of(reset, phone({"date +%s": "1777908600 -0500\n", **fresh}))["handover.reset_at"]
    assert fact.value == (AT if since == "unknown" else None)


def test_shows_its_source_and_says_what_contradicts_it() -> None:
    clock = {"date +%s": "1777908600\n"}
    fact = facts_of(reset, phone({**clock, LOCK: FRESH, "getprop": SOLD_WITH_14}))["handover.reset_at"]
    assert [(e.source, e.line) for e in fact.evidence] == [
        (
            "dumpsys lock_settings",
            "User 0: LSKF last changed: 2026-05-02 09:41:27 (previous protector: 0000000000000000), "
            "CredentialType: NONE",
        ),
        ("getprop", "[ro.product.first_api_level]: [34]"),
    ]
    used = facts_of(reset, phone({**clock, LOCK: FRESH, "getprop": SOLD_WITH_14, ACCOUNTS: OLD_ROW}))[
        "handover.reset_at"
    ]
    assert "`dumpsys account` knows of the phone's use before" in reason_of(used)


def test_the_list_of_files_is_all_that_leaves_the_phone(tmp_path: Path) -> None:
    dumped = "Token 5: [com.whatsapp, 573001112233@s.whatsapp.net]\n" + usage(SAME_DAY)
    cut = run(USAGE, tmp_path, {"dumpsys": f"cat <<'E'\n{dumped}E"})
    assert "whatsapp" not in cut
    assert reset.first_use(phone({USAGE.key: cut})) == reset.first_use(phone({USAGE.key: usage(SAME_DAY)}))


def test_the_oldest_bucket_is_all_that_leaves_the_phone(tmp_path: Path) -> None:
    dumped = traffic(SAME_DAY).replace("{type=1}", '{type=1, networkId="Casa"}')
    cut = run(TRAFFIC, tmp_path, {"dumpsys": f"cat <<'E'\n{dumped}E"})
    assert (
        cut
        == f"  Complete history:\nst={SAME_DAY // 1000}\nst={SAME_DAY // 1000 + 7200}\nst={SAME_DAY // 1000 + 18000}\n"
    )
    clock = {"date +%s": "1777908600\n"}
    assert reset.first_traffic(phone({TRAFFIC.key: cut, **clock})) == reset.first_traffic(
        phone({TRAFFIC.key: dumped, **clock})
    )
