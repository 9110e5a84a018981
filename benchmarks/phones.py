"""A simulated phone whose commands take about as long as a real one's (public measurements of mid-range phones)."""

from agent import probes
from agent.simulator import Reply, SimulatedPhone, load

SCENARIO = "pixel-a14-healthy"
DELAYS_MS = {  # the rest takes EVERY_MS, about what `cmd` and a small `dumpsys` cost
    "dumpsys usagestats": 1500,
    "dumpsys netstats": 900,
    "dumpsys package": 700,
    "dumpsys wifi": 500,
    "dumpsys alarm": 350,
    "dumpsys notification": 300,
    "dumpsys connectivity": 250,
    "dumpsys account": 120,
}
EVERY_MS = 60


def phone() -> SimulatedPhone:
    answers = {name: Reply(delay_ms=delay) for name, delay in DELAYS_MS.items()}
    return SimulatedPhone(load(SCENARIO), delay_ms=EVERY_MS, answers=answers)


def slowest_command() -> str:
    """The key of the scan's command that takes longest on this phone."""
    worst = max(DELAYS_MS, key=lambda name: DELAYS_MS[name])
    return next(command.key for command in probes.commands() if worst in command.line)
