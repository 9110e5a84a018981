"""The plan: what it may say, and how a mistake in it is told."""

from pathlib import Path

import pytest

from agent.policy.document import Duration
from agent.policy.source import PolicyError
from agent.schedule import example, load_plan
from agent.schedule.plan import Phone, Retry

PLAN = """\
phones:
  - {serial: A1, name: Reception}
  - {serial: B2, address: "192.0.2.20:5555"}
windows:
  - name: night
    from: 22:00
    to: 05:30
    zone: America/Bogota
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "schedule.yaml"


def test_a_small_plan_and_what_holds_without_a_word(path: Path) -> None:
    path.write_text(PLAN)
    plan = load_plan(path)
    (window,) = plan.windows
    assert plan.phones == (Phone(serial="A1", name="Reception"), Phone(serial="B2", address="192.0.2.20:5555"))
    assert (plan.collector, plan.profile, plan.side_by_side, plan.connected, plan.unlisted, plan.retry) == (
        None, "in-use", 8, True, "ignore", Retry(first=Duration(minutes=2), longest=Duration(minutes=30)),
    )  # fmt: skip
    assert window.days == {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
    assert plan.phones_of(window) == plan.phones


def test_a_window_of_some_phones(path: Path) -> None:
    path.write_text(PLAN + "    phones: [B2]\n")
    plan = load_plan(path)
    assert [phone.key for phone in plan.phones_of(plan.windows[0])] == ["B2"]


def test_the_example_is_a_plan(path: Path) -> None:
    path.write_text(example())
    assert [phone.key for phone in load_plan(path).phones] == ["R58N0EXAMPLE", "0A1B2CEXAMPLE"]


def test_the_examples_comments_are_right_too(path: Path) -> None:
    words = (
        "collector", "language", "profile", "policy", "side_by_side", "connected", "addresses", "unlisted", "jitter",
        "retry", "  first", "  longest", "not_on", "phones: [",
    )  # fmt: skip
    lines = example().splitlines()
    for number, line in enumerate(lines):
        bare = line.lstrip(" ")
        if bare.startswith("# ") and bare[2:].startswith(words) and ":" in bare:
            lines[number] = line.replace("# ", "", 1)
    path.write_text("\n".join(lines))
    plan = load_plan(path)
    assert (plan.language, plan.side_by_side, plan.addresses) == ("es", 8, ("192.0.2.20:5555", "192.0.2.21:5555"))
    assert (plan.retry, plan.windows[0].jitter) == (Retry(), Duration(minutes=10))
    assert plan.windows[0].phones == ("R58N0EXAMPLE",)


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("windows:", "window:", "4:1", "there is no key “window”; did you mean “windows”?"),
        ("    zone:", "    zones:", "8:5", "there is no key “zones”; did you mean “zone”?"),
        ("America/Bogota", "America/Bogotá", "8:11", "expected a time zone such as America/Bogota"),
        ("22:00", "10pm", "6:11", "expected a time of day such as 22:30"),
        ("22:00", "24:00", "6:11", "expected a time of day such as 22:30"),
        ("22:00", "2200", "6:11", "expected a time of day such as 22:30"),
        ("22:00", "05:30", "5:5", "`from` and `to` are the same time"),
        ("22:00", "22:00\n    days: [mon, thurs]", "7:17", "there is no value “thurs”; did you mean “thu”?"),
        ("22:00", "22:00\n    not_on: [christmas]", "7:14", "a date is needed here, such as 2026-03-01"),
        ("22:00", "22:00\n    holidays: COL", "7:15", "there is no country “COL”; did you mean “CO”?"),
        ("22:00", "22:00\n    holidays: ES-MDD", "7:15", "there is no region “MDD”; did you mean “MD”?"),
        ("22:00", "22:00\n    jitter: {hours: 4}", "5:5", "`jitter` leaves less than half of the window for scans"),
        ("22:00", "22:00\n    phones: [B3]", "7:14", "there is no phone “B3”"),
        ("{serial: A1, name", "{name", "2:5", "a phone needs its serial number, or its address"),
        ("serial: B2", "serial: A1", "3:5", "“A1” is listed twice"),
        ("windows:", "side_by_side: 0\nwindows:", "4:15", "this is less than 1"),
        (
            "windows:",
            "retry: {first: {hours: 1}}\nwindows:",
            "4:8",
            "`first` must be longer than nothing, and no longer",
        ),
        (
            "windows:",
            "retry: {first: {hours: 0}}\nwindows:",
            "4:8",
            "`first` must be longer than nothing, and no longer",
        ),
        ("windows:", "profile: lost\nwindows:", "4:10", "one of these is needed here: 'in-use', 'handover'"),
        ("windows:", "connected: no\nwindows:", "4:12", "true or false is needed here"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_nearest_name(
    path: Path, old: str, new: str, where: str, what: str
) -> None:
    assert PLAN.count(old) == 1
    path.write_text(PLAN.replace(old, new))
    with pytest.raises(PolicyError) as caught:
        load_plan(path)
    place, _, sentence = str(caught.value.message).partition(": ")
    assert place == f"{path}:{where}"
    assert sentence.startswith(what)


def test_nobody_to_scan(path: Path) -> None:
    path.write_text(PLAN[PLAN.index("windows:") :])
    with pytest.raises(PolicyError, match="there is no phone to scan; list some, or say `unlisted: scan`"):
        load_plan(path)
    path.write_text("unlisted: scan\nconnected: false\n" + PLAN)
    with pytest.raises(PolicyError, match="unlisted phones are those that are connected, and `connected` is false"):
        load_plan(path)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"- a\n", b"phones: [", b"phones: {a: *b}\n", b"a: 1\na: 2\n"])
def test_what_is_no_plan(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(PolicyError, match=r"schedule\.yaml:\d+:\d+: "):
        load_plan(path)


def test_no_plan_at_all(path: Path) -> None:
    with pytest.raises(PolicyError, match="`posture schedule init` writes one to fill in"):
        load_plan(path)
