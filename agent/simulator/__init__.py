"""A simulated phone: the ADB protocol on a TCP port, in front of a real shell with stand-ins for Android.

`SimulatedPhone(scenario)` is a phone that listens; `load(folder)` and `shipped()` find scenarios. How to
write one stands in `scenarios/README.md`.
"""

from agent.simulator.log import Ran
from agent.simulator.phone import SimulatedPhone
from agent.simulator.scenario import Reply, Scenario, load, shipped

__all__ = ["Ran", "Reply", "Scenario", "SimulatedPhone", "load", "shipped"]
