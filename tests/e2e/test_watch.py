"""`posture watch` in a real terminal: phones that appear, ask, vanish and come back."""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pypdf
import pytest

from agent.delivery import Outbox
from agent.simulator import Reply, SimulatedPhone, load
from agent.transport.keys import WorkstationKey
from tests.e2e.conftest import BIN, Workstation, free_port
from tests.e2e.terminal import Terminal, terminal
from tests.e2e.test_root import rooted

HEALTHY, BREACHED, LOCKED = "pixel-a14-healthy", "samsung-a16-breached", "vivo-a15-locked"


@pytest.fixture
def bench(workstation: Workstation, tmp_path: Path) -> Callable[..., object]:
    @contextmanager
    def watching(*arguments: str, program: Sequence[str | Path] = (BIN,), **environment: str) -> Iterator[Terminal]:
        settings = {"POSTURE_DATA": str(workstation.data), "LANG": "C.UTF-8", **environment}
        with terminal(tmp_path, *program, "watch", "--save-in", tmp_path, *arguments, environment=settings) as screen:
            yield screen
            screen.type("C-c")
            screen.wait_for("ended 0")

    return watching


def on(*ports: int) -> list[str]:
    return [word for port in ports for word in ("--tcp", f"127.0.0.1:{port}")]


def test_a_phone_is_read_when_it_comes_and_forgotten_when_it_goes(bench: Callable[..., object]) -> None:
    port = free_port()
    with bench(*on(port), POSTURE_LANG="es") as screen:  # type: ignore[attr-defined]
        screen.wait_for("Conecte un teléfono")
        with SimulatedPhone(load(BREACHED), port):
            shown = screen.wait_for("N O   C U M P L E", "SM-A546B", "[V] preguntas")
            assert "Bloqueo de pantalla: no hay PIN, patrón ni contraseña" in shown
            assert len(shown.splitlines()) <= 24
        shown = screen.wait_for("Conecte un teléfono")
        assert "SM-A546B" not in shown
        with SimulatedPhone(load(HEALTHY), port):
            screen.wait_for("N O   D E M O S T R A D O", "Pixel 7")


def test_a_terminal_that_cannot_draw_gets_each_verdict_in_lines(bench: Callable[..., object]) -> None:
    dumb = ("env", "TERM=dumb", BIN)
    with SimulatedPhone(load(BREACHED)) as phone, bench(*on(phone.port), program=dumb, POSTURE_LANG="es") as screen:  # type: ignore[attr-defined]
        screen.wait_for("No aplica: ")


def test_the_questions_make_a_well_kept_phone_compliant_and_the_certificate_is_saved(
    bench: Callable[..., object], workstation: Workstation, tmp_path: Path
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with SimulatedPhone(load(HEALTHY)) as phone, bench(*on(phone.port), "--collector", nobody) as screen:  # type: ignore[attr-defined]
        screen.wait_for("N O T   P R O V E D", "Pixel 7")
        screen.type("v")
        for number, answer, name in (
            ("1/4", "y", "Ana P."),
            ("2/4", "y", "R. Pardo"),
            ("3/4", "", ""),
            ("4/4", "", ""),
        ):
            screen.wait_for(number, "[Enter] no answer")
            screen.type(answer, "Enter")
            if name:
                screen.wait_for("Name of")
                screen.type(name, "Enter")
                screen.wait_for(name)
        screen.wait_for("M E E T S")
        screen.type("c")
        saved = screen.wait_for("Saved:")
    (paper,) = tmp_path.glob("posture-*.pdf")
    assert paper.name in re.sub(r"\s", "", saved)
    told = pypdf.PdfReader(paper).pages[0].extract_text()
    assert "Meets" in told
    before, after = Outbox(workstation.data / "outbox.sqlite3").waiting()
    assert before.report_id < after.report_id


def test_a_phone_that_vanishes_while_it_is_read_comes_back_and_finishes(bench: Callable[..., object]) -> None:
    port = free_port()
    with bench(*on(port)) as screen:  # type: ignore[attr-defined]
        with SimulatedPhone(load(HEALTHY), port, answers={"dumpsys wifi": Reply(hang="forever")}):
            shown = screen.wait_for(f"127.0.0.1:{port} · ", "is being read")
            assert re.search(r"127\.0\.0\.1:\d+ · \S+.* is being read +\[#*\.+\] \d+/\d\d", shown)
        screen.wait_for("went away before it had said all")
        with SimulatedPhone(load(HEALTHY), port):
            screen.wait_for("N O T   P R O V E D", "Pixel 7")


def test_a_phone_that_does_not_know_this_computer_says_what_to_do_step_by_step(
    bench: Callable[..., object], workstation: Workstation
) -> None:
    with SimulatedPhone(load(HEALTHY), authorise="never") as phone, bench(*on(phone.port)) as screen:  # type: ignore[attr-defined]
        shown = screen.wait_for("waits for its holder", "1. Unlock the phone", "tap “Allow”", "4. If no question shows")
        assert phone.address in shown
        shows = WorkstationKey(workstation.data).fingerprint
        assert f"Compare the fingerprint with{shows}" in re.sub(r"\s*\n\s*", "", shown)


def test_a_phone_that_is_locked_since_its_start_is_told_to_be_unlocked(bench: Callable[..., object]) -> None:
    with SimulatedPhone(load(LOCKED)) as phone, bench(*on(phone.port)) as screen:  # type: ignore[attr-defined]
        screen.wait_for("locked since it started")
        screen.type("r")
        screen.wait_for("locked since it started")


def test_two_phones_each_have_their_state_and_take_turns(bench: Callable[..., object]) -> None:
    with (
        SimulatedPhone(load(HEALTHY)) as first,
        SimulatedPhone(load(BREACHED)) as second,
        bench(*on(first.port, second.port), PYTHONIOENCODING="ascii", NO_COLOR="1") as screen,  # type: ignore[attr-defined]
    ):
        shown = screen.wait_for("[N] next phone", "Pixel 7", "SM-A546B")
        large = "F A I L S" if "F A I L S" in shown else "N O T   P R O V E D"
        screen.type("n")
        screen.wait_for("N O T   P R O V E D" if large == "F A I L S" else "F A I L S")
        assert screen.screen.isascii()


def test_phones_of_a_running_adb_server_come_and_go(
    bench: Callable[..., object], adb: Callable[..., str], workstation: Workstation
) -> None:
    port = adb.port  # type: ignore[attr-defined]
    with bench("--adb-server", ANDROID_ADB_SERVER_PORT=port) as screen:  # type: ignore[attr-defined]
        screen.wait_for("Connect a phone")
        with SimulatedPhone(load(BREACHED)) as phone:
            adb("connect", phone.address)
            screen.wait_for("F A I L S", "SM-A546B")
            adb("disconnect", phone.address)
            shown = screen.wait_for("Connect a phone")
            assert "SM-A546B" not in shown


def test_a_verdict_can_be_heard(bench: Callable[..., object], tmp_path: Path) -> None:
    """Once for a phone that meets, twice where it is not proved, three times where it fails."""
    port, told = free_port(), tmp_path / "told"
    with bench(*on(port), "--sound") as screen:  # type: ignore[attr-defined]
        screen.tmux("pipe-pane", f"cat >> '{told}'")

        def rings(number: int) -> None:
            screen.wait_until(lambda: told.exists() and told.read_bytes().count(b"\a") == number)

        with SimulatedPhone(load(BREACHED), port):
            screen.wait_for("F A I L S")
            rings(3)
        screen.wait_for("Connect a phone")
        with SimulatedPhone(load(HEALTHY), port):
            screen.wait_for("N O T   P R O V E D")
            rings(5)


def test_phones_on_cables_come_go_in_the_middle_and_finish_without_a_server(
    bench: Callable[..., object], tmp_path: Path
) -> None:
    """Virtual USB phones: see tests/transport/usb_phone.py for what of USB they show."""
    cables = tmp_path / "cables"
    cables.mkdir()
    first, second = (cables / str(free_port()) for _ in range(2))
    pulled = cables / f".{second.name}"
    first.write_text("R5CSIM00016")
    pulled.write_text("2A7SIM00000014")
    root = Path(__file__).parents[2]
    program = (sys.executable, "-m", "tests.transport.usb_phone", cables)
    with bench("--usb", program=program, PYTHONPATH=str(root)) as screen:  # type: ignore[attr-defined]
        with SimulatedPhone(load(BREACHED), int(first.name)):
            screen.wait_for("F A I L S", "SM-A546B")
            with SimulatedPhone(load(HEALTHY), int(second.name), answers={"dumpsys wifi": Reply(hang="forever")}):
                pulled.rename(second)
                screen.wait_for("2A7SIM00000014", "is being read")
                second.rename(pulled)
            screen.wait_for("went away before it had said all")
            with SimulatedPhone(load(HEALTHY), int(second.name)):
                pulled.rename(second)
                screen.wait_for("N O T   P R O V E D", "Pixel 7")
                second.rename(pulled)
                shown = screen.wait_for("F A I L S", "SM-A546B")
                assert "Pixel 7" not in shown
        first.unlink()
        screen.wait_for("Connect a phone")


def test_a_hub_with_more_phones_than_lines_keeps_verdict_and_keys(bench: Callable[..., object], tmp_path: Path) -> None:
    with ExitStack() as hub:
        shy = [hub.enter_context(SimulatedPhone(load(HEALTHY), authorise="never")) for _ in range(10)]
        failing = hub.enter_context(SimulatedPhone(load(BREACHED)))
        with bench(*on(failing.port, *(each.port for each in shy))) as screen:  # type: ignore[attr-defined]
            shown = screen.wait_for("F A I L S", "1. Unlock the phone", "… +", "[R] repeat").splitlines()
    assert len(shown) <= 24
    assert sum("1. Unlock the phone" in line for line in shown) == 1
    named = sum("waits for its holder" in line for line in shown)
    assert any(f"… +{10 - named}" in line for line in shown)


def test_root_is_used_at_the_bench_where_it_is_allowed(bench: Callable[..., object]) -> None:
    with SimulatedPhone(rooted("3d")) as phone, bench("--allow-root", *on(phone.port)) as screen:  # type: ignore[attr-defined]
        screen.wait_for("F A I L S", "Linked devices", "Windows")
