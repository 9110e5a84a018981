from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.facts import Evidence, known
from agent.probes import ProbeError, accounts
from tests.probes.phone import cut_short, facts_of, phone, reason_of, run, saved, values_of

NAME = "handover.accounts"
TWO = saved("account/samsung-a14-two-users.txt")
OWN = saved("account/moto-a8-phones-own.txt")
OWNER = "Users:\n\tUserInfo{0:Ana:c13} running\n"
BOTH = OWNER + "\tUserInfo{150:Carpeta:10061030}\n"


def dump(*types: str, count: int | None = None) -> str:
    rows = "".join(f"    Account {{name=x, type={kind}}}\n" for kind in types)
    return f"User UserInfo{{0:Ana:c13}}:\n  Accounts: {len(types) if count is None else count}\n{rows}"


def test_counts_a_person_s_accounts_of_every_user() -> None:
    fact = facts_of(accounts, phone({"dumpsys account": TWO, "pm list users": BOTH}))[NAME]
    assert fact.value == 3
    assert [line.line for line in fact.evidence] == [
        "user 0: 1 x type=com.google, 1 x type=com.osp.app.signin, 1 x type=vnd.sec.contact.phone, "
        "1 x type=vnd.sec.contact.sim",
        "user 150: 1 x type=com.google",
    ]


def test_the_phone_s_own_are_nobody_s() -> None:
    capture = phone({"dumpsys account": OWN, "pm list users": OWNER})
    line = Evidence("dumpsys account", "user 0: 1 x type=USIM Account, 1 x type=com.android.localphone")
    assert facts_of(accounts, capture)[NAME] == known(NAME, 0, line)


@pytest.mark.parametrize("text", [TWO, OWN])
def test_no_name_leaves_the_phone(text: str, tmp_path: Path) -> None:
    cut = run(accounts.COMMAND, tmp_path, {"dumpsys": f"cat <<'END'\n{text}END"})
    assert accounts.parse(cut) == accounts.parse(text)
    assert [
        word for word in ("Ana", "ejemplo", "example", "jefa", "Carpeta", "Tel", "sim.account") if word in cut
    ] == []
    assert cut.count(",action_account_add,") == text.count(",action_account_add,")


def test_accounts_that_no_person_made_leave_the_number_unknown() -> None:
    text = dump("com.google", "net.taller.despierta", "vnd.sec.contact.phone")
    fact = facts_of(accounts, phone({"dumpsys account": text, "pm list users": OWNER}))[NAME]
    assert "between 1 and 2 accounts" in reason_of(fact)
    assert "net.taller.despierta" in reason_of(fact)


@pytest.mark.parametrize(
    "text",
    [
        dump("com.google", count=2),
        dump("com.google", count=0),
        dump("com.google").replace("name=x", "name=a\nb"),  # a name with a line break
        dump("com.google").replace("name=x", "name=a\n    Account {name=b, type=com.android.sim}\nc"),
        dump().replace("  Accounts: 0\n", ""),
        dump() + dump("com.google"),
        "Accounts: 0\n",
    ],
)
def test_what_does_not_add_up_is_no_answer(text: str) -> None:
    with pytest.raises(ProbeError):
        accounts.parse(text)


def test_a_user_who_is_not_in_the_dump_makes_it_unknown() -> None:
    assert values_of(accounts, phone({"dumpsys account": OWN, "pm list users": BOTH})) == {NAME: "unknown"}


def test_a_part_of_the_dump_proves_nothing() -> None:
    capture = phone({"dumpsys account": cut_short(TWO), "pm list users": OWNER})
    assert values_of(accounts, capture) == {NAME: "unknown"}


NAMES = st.text(st.characters(exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", exclude_categories=["Cs"]))
TYPES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9._ ]{0,30}[a-zA-Z]", fullmatch=True)


@given(st.dictionaries(st.integers(0, 999), st.lists(st.tuples(NAMES, TYPES), max_size=5), min_size=1, max_size=3))
def test_reads_back_what_android_writes(users: dict[int, list[tuple[str, str]]]) -> None:
    text = ""
    for user, listed in users.items():
        rows = "".join(f"    Account {{name={name}, type={kind}}}\n" for name, kind in listed)
        text += f"User UserInfo{{{user}:x:c13}}:\n  Accounts: {len(listed)}\n{rows}\n  Active Sessions: 0\n"
    assert accounts.parse(text) == {user: Counter(kind for _, kind in listed) for user, listed in users.items()}
