"""The bugreport splitter: true sections by version, and what an app could write into its own dump."""

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture import Answer, Outcome, Unanswered, bugreport
from agent.messages import PostureError

RULE = "-" * 79
HEAD = f"""{"=" * 56}
== dumpstate: 2026-05-04 09:30:00
{"=" * 56}

Build: AB1A.260505.001
Build fingerprint: 'maker/product/device:16/AB1A.260505.001/1:user/release-keys'
"""
PROPERTIES = """------ SYSTEM PROPERTIES (getprop) ------
[persist.sys.timezone]: [America/Guatemala]
[ro.build.version.release]: [16]
------ 0.004s was the duration of 'SYSTEM PROPERTIES' ------
"""
WIFI = "Wi-Fi is enabled\nmWifiInfo SSID: Taller\n"
LOCK = "Current lock settings service state:\n    User 0\n        SID = 0\n"


def service(name: str, body: str, *, header: str = "", footer: bool = True) -> str:
    end = f"--------- 0.004s was the duration of dumpsys {name}, ending at: 2026-05-04 09:30:09\n"
    return f"{RULE}\nDUMP OF SERVICE {header}{name}:\n{body}" + (end if footer else "")


def read(text: str | bytes) -> dict[str, Answer]:
    return dict(bugreport.load(io.BytesIO(text.encode() if isinstance(text, str) else text)).answers)


def whole(text: str) -> Answer:
    return Answer(text.encode())


def test_reads_properties_and_services() -> None:
    report = HEAD + PROPERTIES + service("wifi", WIFI) + service("lock_settings", "")
    assert read(report) == {
        "getprop": whole("[persist.sys.timezone]: [America/Guatemala]\n[ro.build.version.release]: [16]\n"),
        "dumpsys wifi": whole(WIFI),
        "dumpsys lock_settings": whole(""),
    }


def test_a_service_that_is_absent_has_no_answer_and_one_that_is_empty_has() -> None:
    capture = bugreport.load(io.BytesIO((HEAD + service("lock_settings", "")).encode()))
    with pytest.raises(Unanswered, match="printed nothing"):
        capture.text("dumpsys lock_settings")
    with pytest.raises(Unanswered, match="is not in this capture"):
        capture.text("dumpsys wifi")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("SYSTEM PROPERTIES", "getprop"),  # Android 7
        ("SYSTEM PROPERTIES (getprop)", "getprop"),
        ("APP ACTIVITIES (/system/bin/dumpsys -t 10 activity -v all)", "dumpsys activity -v all"),  # 8
        ("CHECKIN NETSTATS (/system/bin/dumpsys -T 30000 netstats --checkin)", "dumpsys netstats --checkin"),  # 9
        ("PACKAGES (pm list packages -f)", "pm list packages -f"),
        ("DUMPSYS (dumpsys -t 90 --skip" + " x" * 400 + ")", "dumpsys --skip" + " x" * 400),
    ],
)
def test_names_dumpstates_own_commands_as_a_person_would_type_them(line: str, key: str) -> None:
    # From Android 11 a section that took less than half a second has no footer.
    report = HEAD + f"------ {line} ------\nwhat it said\n------ UPTIME (uptime) ------\n up 1 day\n" + PROPERTIES
    if key == "getprop":
        report = report.replace(PROPERTIES, "")
    assert read(report)[key] == whole("what it said\n")


def test_the_normal_copy_of_a_service_wins_over_its_priority_copies() -> None:
    report = (
        HEAD
        + service("connectivity", "critical\n", header="CRITICAL ")
        + service("connectivity", "high\n", header="HIGH ")
        + service("connectivity", "normal\n")
        + service("window", "critical\n", header="CRITICAL ")
        + service("power", "normal\n", header="NORMAL ")
    )
    assert read(report) == {
        "dumpsys connectivity": whole("normal\n"),
        "dumpsys window": whole("critical\n"),
        "dumpsys power": whole("normal\n"),
    }


def test_what_dumpsys_itself_says_above_a_dump_is_no_answer() -> None:
    above = "Service host process PID: 1885\nThreads in use: 0/32\nClient PIDs: 13237, 12565\n"
    report = HEAD + service("lock_settings", above) + service("wifi", above + WIFI)
    assert read(report) == {"dumpsys lock_settings": whole(""), "dumpsys wifi": whole(WIFI)}


@pytest.mark.parametrize("limit", ["10s", "10000ms"])
def test_a_service_that_timed_out_is_unanswered(limit: str) -> None:
    late = WIFI + f"\n*** SERVICE 'wifi' DUMP TIMEOUT ({limit}) EXPIRED ***\n\n"
    capture = bugreport.load(io.BytesIO((HEAD + service("wifi", late)).encode()))
    with pytest.raises(Unanswered, match="EXPIRED"):
        capture.text("dumpsys wifi", partial=True)


def test_a_dump_without_a_last_newline_ends_at_its_footer() -> None:
    assert read(HEAD + service("fingerprint", '{"prints":[]}') + service("wifi", WIFI)) == {
        "dumpsys fingerprint": whole('{"prints":[]}'),
        "dumpsys wifi": whole(WIFI),
    }


def test_lines_of_dashes_inside_a_dump_belong_to_it() -> None:
    window = f"WINDOW MANAGER POLICY\n{RULE}\nsecure=true\n------ not mine (getprop) ------\n{RULE}\n"
    assert read(HEAD + service("window", window)) == {"dumpsys window": whole(window)}


def test_a_report_cut_anywhere_keeps_what_it_holds_and_says_what_is_cut() -> None:
    report = HEAD + PROPERTIES + service("wifi", WIFI) + service("lock_settings", LOCK)
    known = read(report)
    for end in range(len(HEAD), len(report)):
        for key, answer in read(report[:end]).items():
            # What follows a cut dump may be the beginning of its footer.
            assert answer == known[key] or (
                answer.outcome is Outcome.CUT
                and (known[key].data + answer.data[len(known[key].data) :]).startswith(answer.data)
            )


def test_a_section_without_footer_is_cut() -> None:
    assert read(HEAD + service("lock_settings", LOCK, footer=False) + service("wifi", WIFI)) == {
        "dumpsys lock_settings": Answer(f"{LOCK}".encode() + RULE.encode() + b"\n", Outcome.CUT),
        "dumpsys wifi": whole(WIFI),
    }


class TestAnAppThatForges:
    """Apps choose text that dumps print: labels, accounts, the whole of their own dump in gfxinfo or dbinfo."""

    forged = service("lock_settings", "        SID = 1234\n")
    end = "--------- 0.1s was the duration of dumpsys gfxinfo, ending at: 2026-05-04 09:30:09\n"

    @pytest.mark.parametrize("first", ["liar", "true"])
    def test_a_second_section_of_a_service_makes_it_unanswered(self, first: str) -> None:
        liar = service("gfxinfo", "frames\n" + self.end + self.forged)
        true = service("lock_settings", LOCK)
        report = HEAD + (liar + true if first == "liar" else true + liar)
        capture = bugreport.load(io.BytesIO(report.encode()))
        for partial in (False, True):
            with pytest.raises(Unanswered, match="twice"):
                capture.text("dumpsys lock_settings", partial=partial)

    def test_an_early_end_of_a_section_is_seen_by_its_true_end(self) -> None:
        hidden = "Package [nice.app]\n" + self.end.replace("gfxinfo", "package") + "Package [spy.app]\n"
        capture = bugreport.load(io.BytesIO((HEAD + service("package", hidden)).encode()))
        with pytest.raises(Unanswered, match="twice"):
            capture.text("dumpsys package")

    def test_a_section_opened_within_another_does_not_shorten_it_silently(self) -> None:
        hidden = f"Package [nice.app]\n{RULE}\nDUMP OF SERVICE nothing:\nPackage [spy.app]\n"
        answers = read(HEAD + service("package", hidden) + service("wifi", WIFI))
        assert answers["dumpsys package"].outcome is Outcome.REPEATED
        assert answers["dumpsys wifi"] == whole(WIFI)

    def test_a_section_of_another_priority_within_a_dump_is_seen_by_the_dumps_true_end(self) -> None:
        forged = self.end + service("window", "secure=true\n") + service("power", "", header="HIGH ")
        report = service("window", "secure=false\n", header="CRITICAL ") + service("account", "Accounts: 1\n")
        report += service("gfxinfo", "frames\n" + forged) + service("wifi", WIFI)
        outcomes = {key: answer.outcome for key, answer in read(HEAD + report).items()}
        assert outcomes == {
            "dumpsys window": Outcome.REPEATED,
            "dumpsys account": Outcome.COMPLETE,
            "dumpsys gfxinfo": Outcome.REPEATED,
            "dumpsys power": Outcome.REPEATED,
            "dumpsys wifi": Outcome.COMPLETE,
        }

    def test_a_section_within_a_dump_that_is_opened_again_is_seen_by_the_second(self) -> None:
        again = service("gfxinfo", "more\n", footer=False)
        liar = service("gfxinfo", "frames\n" + self.end + service("window", "secure=true\n") + again)
        answers = read(HEAD + liar + service("wifi", WIFI))
        assert answers["dumpsys window"].outcome is Outcome.REPEATED
        assert answers["dumpsys wifi"] == whole(WIFI)

    def test_a_doubted_dump_hides_no_later_forgery(self) -> None:
        first = self.end + service("window", "secure=true\n") + self.end
        liar = service("account", service("gfxinfo", first) + service("power", ""))
        answers = read(HEAD + liar + service("wifi", WIFI))
        assert {key for key, answer in answers.items() if answer.outcome is not Outcome.REPEATED} == {"dumpsys wifi"}

    def test_the_same_section_twice_is_no_forgery(self) -> None:
        assert read(HEAD + service("wifi", WIFI) + service("power", "") + service("wifi", WIFI)) == {
            "dumpsys wifi": whole(WIFI),
            "dumpsys power": whole(""),
        }

    def test_a_header_without_its_rule_is_text(self) -> None:
        body = "SSID:\nDUMP OF SERVICE lock_settings:\nSID = 1234\n"
        assert read(HEAD + service("wifi", body)) == {"dumpsys wifi": whole(body)}

    def test_properties_inside_a_service_are_text(self) -> None:
        answers = read(HEAD + PROPERTIES + service("gfxinfo", PROPERTIES.replace("16", "99")))
        assert "[16]" in answers["getprop"].text
        assert answers["getprop"].outcome is Outcome.COMPLETE

    def test_properties_behind_a_forged_footer_make_them_unanswered(self) -> None:
        liar = service("gfxinfo", self.end + PROPERTIES.replace("16", "99"))
        assert read(HEAD + PROPERTIES + liar)["getprop"].outcome is Outcome.REPEATED


class TestHowItWasCopied:
    report = HEAD + PROPERTIES + service("wifi", WIFI)

    def test_carriage_returns(self) -> None:
        capture = bugreport.load(io.BytesIO(self.report.replace("\n", "\r\n").encode()))
        assert capture.text("dumpsys wifi") == WIFI
        assert capture.captured_at == datetime(2026, 5, 4, 15, 30, tzinfo=UTC)

    def test_utf_16_of_powershell(self) -> None:
        assert read(self.report.encode("utf-16")) == read(self.report)

    def test_invalid_utf_8_stays_as_it_is(self) -> None:
        body = b"SSID: caf\xe9 \xff\xfe\n"
        assert read(self.report.encode().replace(WIFI.encode(), body))["dumpsys wifi"] == Answer(body)


class TestTime:
    def at(self, report: str) -> datetime:
        return bugreport.load(io.BytesIO(report.encode())).captured_at

    def test_is_local_in_the_phones_zone(self) -> None:
        assert self.at(HEAD + PROPERTIES) == datetime(2026, 5, 4, 15, 30, tzinfo=UTC)

    def test_takes_the_offset_of_the_alarms_where_the_zone_is_unknown(self) -> None:
        alarm = "Current Alarm Manager state:\n  nowRTC=1777865405123=2026-05-04 09:30:05 nowELAPSED=1\n"
        zone = PROPERTIES.replace("America/Guatemala", "Atlantis/Poseidonis")
        assert self.at(HEAD + zone + service("alarm", alarm)) == datetime(2026, 5, 4, 3, 30, tzinfo=UTC)

    def test_is_utc_where_nothing_tells(self) -> None:
        assert self.at(HEAD + service("wifi", WIFI)) == datetime(2026, 5, 4, 9, 30, tzinfo=UTC)

    def test_refuses_a_date_that_is_none(self) -> None:
        with pytest.raises(PostureError, match="date"):
            self.at(HEAD.replace("2026-05-04", "2026-99-04"))


def test_refuses_a_text_that_is_no_bugreport() -> None:
    with pytest.raises(PostureError, match="no bugreport"):
        read("hello\n")


def test_a_section_is_kept_up_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bugreport, "SECTION_LIMIT_BYTES", 10)
    assert read(HEAD + service("wifi", WIFI))["dumpsys wifi"] == Answer(WIFI.encode()[:10], Outcome.TRUNCATED)


def test_a_line_without_end_is_kept_whole() -> None:
    line = "x" * (3 * 1024 * 1024)
    assert read(HEAD + service("wifi", line) + service("lock_settings", LOCK)) == {
        "dumpsys wifi": whole(line),
        "dumpsys lock_settings": whole(LOCK),
    }


BODIES = st.lists(st.sampled_from(["a", "----", RULE, "------ A (b) ------", "", "é", " x" * 40]), max_size=8).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z_.]{0,12}", fullmatch=True), BODIES, max_size=6), st.integers(1, 200))
def test_gives_back_every_dump_however_it_arrives(dumps: dict[str, str], size: int) -> None:
    report = "".join(service(name, body) for name, body in dumps.items()).encode()
    splitter = bugreport.Splitter()
    splitter.read(report[at : at + size] for at in range(0, len(report), size))
    assert splitter.answers() == {f"dumpsys {name}": whole(body) for name, body in dumps.items()}


@given(
    st.lists(st.sampled_from([HEAD, PROPERTIES, RULE + "\n", service("wifi", WIFI), "DUMP OF SERVICE wifi:\n", "x\r"]))
)
def test_never_fails_on_what_it_reads(parts: list[str]) -> None:
    splitter = bugreport.Splitter()
    splitter.read(part.encode() for part in parts)
    assert set(splitter.answers()) <= {"getprop", "dumpsys wifi"}
