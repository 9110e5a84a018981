"""What leaves the phone: the commands' scripts under Android's shell and toybox, beside the whole dumps."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.capture import Command
from agent.probes import configured_networks, mobile_data, netstats, netstats_rows, networks, wifi_info
from tests.probes.network_forms import (
    Agent,
    Joined,
    Saved,
    Traffic,
    wifi_dump,
    wifi_ident,
)
from tests.probes.network_forms import connectivity as connectivity_dump
from tests.probes.network_forms import netstats as netstats_dump

CAPTURES = Path(__file__).parent.parent / "captures"
TOOLS = ("sed", "head", "grep", "cat")
DUMPSYS = """#!{shell}
file={folder}/dumpsys
for word; do case $word in --*) ;; *) file=$file-$word ;; esac; done
cat "$file"
"""
REFUSAL = "Permission Denial: can't dump {name} from from pid=4242, uid=2000 due to missing DUMP permission\n"

Run = Callable[..., str]


@pytest.fixture(params=["mksh and toybox", "sh and the workstation's tools"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Run a command's script; each keyword is a service and what `dumpsys` prints for it."""
    android = request.param.startswith("mksh")
    shell = str(shutil.which("mksh" if android else "sh"))
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(str(shutil.which("toybox" if android else tool)))
    (tools / "dumpsys").write_text(DUMPSYS.format(shell=shell, folder=tmp_path))
    (tools / "dumpsys").chmod(0o755)

    def script(command: Command, **dumps: str) -> str:
        for service, text in dumps.items():
            name = service.replace("__", "-").replace("_", ".")
            (tmp_path / f"dumpsys-{name}").write_text(text)
        environment = {"PATH": str(tools), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [shell, "-c", command.line], env=environment, capture_output=True, text=True, check=False, timeout=20
        )
        return done.stdout

    return script


@pytest.mark.parametrize("api", [26, 28, 30, 33, 36])
def test_wifi_sends_the_link_and_the_saved_networks_alone(run: Run, api: int) -> None:
    saved = [Saved(3, b"Taller", current=True), Saved(7, b"Plaza", "NONE", types=(0, 6), joins=False)]
    whole = wifi_dump(api, Joined(b"Taller", security=2), saved)
    private = 'Latest scan results:\n  a0:63:91:00:00:01 2412 "Kiosko"\n'
    cut = run(wifi_info.DUMP, wifi=whole.replace("mWifiInfo", f"{private}mWifiInfo", 1))
    assert wifi_info.parse_dump(cut) == wifi_info.parse_dump(whole)
    assert configured_networks.parse_dump(cut) == configured_networks.parse_dump(whole)
    assert [word for word in ("Kiosko", "PSK:", "PSK/SAE", "GroupCiphers", "cuid", "cname") if word in cut] == []


@pytest.mark.parametrize("file", ["nokia5-a9-dump.txt", "pixel6-a13-dump.txt"])
def test_wifi_s_captures_are_read_alike_when_cut(run: Run, file: str) -> None:
    whole = (CAPTURES / "saved_networks" / file).read_text()
    cut = run(wifi_info.DUMP, wifi=whole)
    assert configured_networks.parse_dump(cut) == configured_networks.parse_dump(whole)
    assert len(cut) < len(whole)


@pytest.mark.parametrize("file", sorted(path.name for path in (CAPTURES / "connectivity").iterdir()))
def test_connectivity_sends_the_networks_alone(run: Run, file: str) -> None:
    whole = (CAPTURES / "connectivity" / file).read_text()
    cut = run(networks.COMMAND, connectivity=whole)
    assert networks.parse(cut) == networks.parse(whole)
    assert "Requests: REQUEST" not in cut


def test_connectivity_sends_the_word_that_networks_are_not_tested(run: Run) -> None:
    whole = connectivity_dump(28, 100, [Agent(100)], log="  2026-05-04T07:55:37.897 - Validation disabled.")
    assert networks.parse(run(networks.COMMAND, connectivity=whole)) == networks.parse(whole)


OTHERS = [Traffic(10148, wifi_ident(34, b"Privada")), Traffic(101470, wifi_ident(34, b"Otra"))]
OURS = [Traffic(10147, wifi_ident(34, b"Taller", "wpa2-psk")), Traffic(1010200, wifi_ident(34, b"Plaza"))]


def test_netstats_sends_whatsapp_s_rows_alone_with_its_numbers(run: Run) -> None:
    whole = netstats_dump([OTHERS[0], OURS[0], OTHERS[1], OURS[1]])
    package = "Packages:\n  Package [a.b] (a0):\n    userId=10001\n  Package [{0}] (a1):\n    {1}={2}\n"
    cut = run(
        netstats.COMMAND,
        netstats=whole,
        package__com_whatsapp=package.format("com.whatsapp", "userId", 10147),
        package__com_whatsapp_w4b=package.format("com.whatsapp.w4b", "appId", 10200),
    )
    ids = frozenset({10147, 10200})
    assert list(netstats_rows.rows(cut, ids)) == list(netstats_rows.rows(whole, ids))
    assert [word for word in ("Privada", "Otra", "Active") if word in cut] == ["Active"]
    assert cut.endswith("app id of com.whatsapp: 10147\napp id of com.whatsapp.w4b: 10200\n")


@pytest.mark.parametrize("name", [b"x\ny", b'"}] uid=1 set=A tag=0x0\n'])
def test_netstats_sends_a_line_that_a_name_broke(run: Run, name: bytes) -> None:
    cut = run(
        netstats.COMMAND, netstats=netstats_dump([Traffic(10147, wifi_ident(34, name))]), package__com_whatsapp="x"
    )
    with pytest.raises(netstats_rows.ProbeError):
        list(netstats_rows.rows(cut, frozenset({10147})))


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("Dexopt state:\n  Unable to find package: com.whatsapp\n", "absent"),
        (REFUSAL.format(name="package"), "unknown"),
        ("\n*** SERVICE 'package' DUMP TIMEOUT (10000ms) EXPIRED ***\n\n", "unknown"),
        ("", "unknown"),
    ],
)
def test_netstats_says_whether_whatsapp_has_a_number(run: Run, package: str, said: str) -> None:
    cut = run(netstats.COMMAND, netstats=netstats_dump(OTHERS), package__com_whatsapp=package)
    assert f"app id of com.whatsapp: {said}\n" in cut


def test_mobile_data_sends_the_connection_s_state_alone(run: Run) -> None:
    whole = "last known state:\n  Phone Id=0\n    mCallIncomingNumber=5550100\n    mDataConnectionState=2\n"
    assert run(mobile_data.REGISTRY, telephony_registry=whole) == (
        "last known state:\n  Phone Id=0\n    mDataConnectionState=2\n"
    )


@pytest.mark.parametrize("command", [wifi_info.DUMP, networks.COMMAND, netstats.COMMAND, mobile_data.REGISTRY])
def test_a_refusal_passes_the_cut(run: Run, command: Command) -> None:
    service = command.key.split()[1]
    for text in (REFUSAL.format(name=service), f"\n*** SERVICE '{service}' DUMP TIMEOUT (10s) EXPIRED ***\n\n"):
        assert text.strip() in run(command, **{service.replace(".", "_"): text})
