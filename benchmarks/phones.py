"""A simulated phone whose commands take about as long as a real one's (public measurements of mid-range phones)."""

from agent import probes
from agent.simulator import Reply, SimulatedPhone, load

SCENARIO = "pixel-a14-healthy"
SLOWEST = "dumpsys usagestats file 0 daily"
DELAYS_MS = {
    SLOWEST: 1500,
    "dumpsys usagestats -c com.whatsapp": 700,
    "dumpsys usagestats mappings 0": 600,
    "dumpsys netstats": 900,
    "dumpsys wifi": 500,
    "dumpsys alarm": 350,
    "dumpsys notification": 300,
    "dumpsys connectivity": 250,
    "dumpsys package": 150,
    "dumpsys account": 120,
}
OTHERS_MS = 60  # what `cmd` and a small `dumpsys` cost


def phone() -> SimulatedPhone:
    answers = {name: Reply(delay_ms=delay) for name, delay in DELAYS_MS.items()}
    return SimulatedPhone(load(SCENARIO), delay_ms=OTHERS_MS, answers=answers)


def slowest_command() -> str:
    """The key of the scan's command that takes longest on this phone."""
    return next(command.key for command in probes.commands() if command.key == SLOWEST)
