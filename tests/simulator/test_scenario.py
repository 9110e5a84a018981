"""Reading scenarios: what is understood, and how a mistake is pointed at."""

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.messages import PostureError
from agent.simulator import Reply, Scenario, SimulatedPhone, load, shipped
from agent.simulator.moments import Clock, Misplaced, fill
from tests.simulator.host import OPEN, Host

_SHARED = Path(os.environ.get("POSTURE_SHARED") or Path(__file__).parents[3] / "shared")
SAMPLES = sorted({path.parent for path in (_SHARED / "corpus").glob("*/*.txt")})

BOGOTA = Clock(datetime(2026, 3, 10, 5, 30, 15, tzinfo=UTC), ZoneInfo("America/Bogota"))  # 00:30:15 there


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_scenario_can_be_run(name: str) -> None:
    scenario = load(name)
    assert scenario.title is not None
    with SimulatedPhone(scenario) as phone:
        assert phone.serial == scenario.serial


def test_a_captured_phone_says_who_it_is(tmp_path: Path) -> None:
    (tmp_path / "getprop.txt").write_bytes(
        b"[ro.build.version.release]: [11]\r\n[ro.product.model]: [LM-V600]\r\n[ro.product.manufacturer]: [LGE]\r\n"
        b"[ro.product.name]: [timelm]\r\n[ro.product.device]: [timelm]\r\n[ro.serialno]: [LMV600SIM]\r\n"
        b"[persist.sys.timezone]: [Europe/Madrid]\r\n"
    )
    assert load(tmp_path) == Scenario(
        folder=tmp_path.resolve(),
        android=11,
        maker="LGE",
        model="LM-V600",
        product="timelm",
        device="timelm",
        serial="LMV600SIM",
        timezone="Europe/Madrid",
    )


@pytest.mark.parametrize("sample", SAMPLES or [pytest.param(None, marks=pytest.mark.skip("shared is absent"))])
def test_every_folder_of_real_dumps_is_a_phone(sample: Path) -> None:
    with SimulatedPhone(load(sample)) as phone, Host(phone) as host:
        host.log_in()
        for number, dump in enumerate(sorted(sample.glob("dumpsys-*.txt")), 1):
            service = dump.stem.removeprefix("dumpsys-").replace("-", " ")
            host.send(OPEN, number, 0, f"exec:dumpsys {service}\0".encode())
            assert b"".join(host.collect(number)) == dump.read_bytes()


def test_what_is_written_by_hand_goes_before_the_capture(tmp_path: Path) -> None:
    (tmp_path / "getprop.txt").write_bytes(b"[ro.build.version.release]: [4.4.2]\n[ro.product.model]: [Old]\n")
    (tmp_path / "scenario.yaml").write_text("model: New\nanswers:\n  dumpsys wifi: {delay_ms: 70}\n")
    scenario = load(tmp_path)
    assert (scenario.android, scenario.model) == (4, "New")
    assert dict(scenario.answers) == {"dumpsys wifi": Reply(delay_ms=70)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("andriod: 14", "scenario.yaml:1: unknown name `andriod`; did you mean `android`?"),
        (
            "android: 14\nfiles:\n  - path: sdcard/x\n    sise: 3\n",
            ":4: unknown name `files.0.sise`; did you mean `size`?",
        ),
        (
            "answers:\n  dumpsys a:\n    hangs: true\n",
            ":3: unknown name `answers.dumpsys a.hangs`; did you mean `hang`?",
        ),
        ("users:\n  - {id: 0, nmae: x}\n", ":2: unknown name `users.0.nmae`; did you mean `name`?"),
        ("shell: v2\nqqq: 1\n", ":2: unknown name `qqq`; known are "),
        ("android: fourteen", ":1: android: "),
        ("\nauthorise: sometimes", ":2: authorise: "),
        ("timezone: Nowhere/Town", ":1: timezone: "),
        ("files:\n- path: sdcard/../../etc/x", ":2: files.0.path: "),
        ("files:\n- path: /etc/x", ":2: files.0.path: "),
        ("files:\n- path: sdcard/x\n  size: 3 parsecs", ":3: files.0.size: "),
        ("files:\n- path: sdcard/x\n  at: yesterday", ":3: files.0.at: "),
        ("android: 14\nandroid: 15", ":2: `android` is said twice"),
        ("android: [", ":1: "),
        ("- a\n- b", ":1: expected names and values"),
        ("", ":1: expected names and values"),
    ],
)
def test_a_mistake_is_pointed_at(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "scenario.yaml").write_text(text)
    with pytest.raises(PostureError) as caught:
        load(tmp_path)
    assert said in str(caught.value)
    assert str(tmp_path / "scenario.yaml") in str(caught.value)


def test_no_such_scenario_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(PostureError, match=r"no scenario `nope`: expected a folder, or one of .*pixel-a14-healthy"):
        load("nope")
    with pytest.raises(PostureError, match=r"holds neither scenario\.yaml nor a file such as getprop\.txt"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        (b"{{now:%Y-%m-%d %H:%M:%S}}", b"2026-03-10 00:30:15"),
        (b"{{now-34d:%d}} {{now+1d-2h+3m-4s:%d %H:%M:%S}}", b"04 10 22:33:11"),
        (b"{{today:%F %T}}", b"2026-03-10 00:00:00"),
        (b"{{last 02:00:%F %T}}", b"2026-03-09 02:00:00"),
        (b"{{last 00:10-1d:%F %T}}", b"2026-03-09 00:10:00"),
        (b"{{now:s}} {{now:ms}} {{now:hexms}}", b"1773120615 1773120615000 %x" % 1773120615000),
        (b"{{now:utc %H:%M}}", b"05:30"),
        (b"a {{b}} {{c: d}} Enabled services:{{x/y}} \xff", b"a {{b}} {{c: d}} Enabled services:{{x/y}} \xff"),
    ],
)
def test_moments_are_filled_in(text: bytes, filled: bytes) -> None:
    assert fill(text, BOGOTA) == filled


@pytest.mark.parametrize("text", [b"x\n{{now-3x:%Y}}", b"x\n{{now}}", b"x\n{{today+1d", b"x\n{{last 25:00:%H}}"])
def test_a_moment_that_is_not_understood_is_pointed_at(text: bytes) -> None:
    with pytest.raises(Misplaced) as caught:
        fill(text, BOGOTA)
    assert caught.value.line == 2


def test_a_wrong_moment_in_a_file_stops_the_phone(tmp_path: Path) -> None:
    (tmp_path / "dumpsys-alarm.txt").write_text("one\n{{now-3 weeks:ms}}\n")
    with pytest.raises(PostureError, match=r"dumpsys-alarm\.txt:2: "), SimulatedPhone(load(tmp_path)):
        pass


@given(st.binary(max_size=300))
def test_bytes_without_moments_stay_as_they_are(data: bytes) -> None:
    if b"{{" not in data:
        assert fill(data, BOGOTA) == data


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with (
        SimulatedPhone(Scenario()) as first,
        pytest.raises(PostureError, match=r"cannot listen on 127\.0\.0\.1:\d+: Address already in use"),
        SimulatedPhone(Scenario(), first.port),
    ):
        pass


def test_its_shell_is_not_open_to_the_network() -> None:
    with pytest.raises(PostureError, match=r"off loopback it must know who may"):
        SimulatedPhone(Scenario(), host="0.0.0.0")
    with SimulatedPhone(Scenario(), host="0.0.0.0", authorise="never") as phone:
        assert phone.port > 0


def test_a_wrong_change_is_one_sentence() -> None:
    with pytest.raises(PostureError, match=r"^authorise: .*expected always, never or `after N s`"):
        SimulatedPhone(Scenario(), authorise="perhaps")
