"""A phone that does not know this computer yet: its person is guided, and the scan goes on once they agreed."""

from pathlib import Path

from agent.simulator import SimulatedPhone, load
from agent.transport.keys import WorkstationKey
from tests.e2e.conftest import BIN, Workstation
from tests.e2e.terminal import terminal


def test_the_steps_are_said_while_the_phone_asks(workstation: Workstation, tmp_path: Path) -> None:
    settings = {"POSTURE_DATA": str(workstation.data), "POSTURE_LANG": "en", "LANG": "C.UTF-8"}
    with (
        SimulatedPhone(load("pixel-a14-healthy"), authorise="after 2 s") as phone,
        terminal(tmp_path, BIN, "scan", "--tcp", phone.address, "--no-post", environment=settings) as screen,
    ):
        shown = screen.wait_for("ended 3", "Pixel 7")
    said = " ".join(shown.split())
    steps = [
        f"{phone.address} asks whether it may trust this computer:",
        "1. Unlock the phone, and leave its screen on.",
        "2. Wait for the question “Allow USB debugging?” on its screen.",
        f"3. Compare the fingerprint with {WorkstationKey(workstation.data).fingerprint}, tick “Always allow",
        "4. If no question shows: Settings › System › Developer options › Revoke USB debugging authorisations;",
        "NOT PROVED",
    ]
    assert [step for step in steps if step not in said] == []
    assert [said.index(step) for step in steps] == sorted(said.index(step) for step in steps)
