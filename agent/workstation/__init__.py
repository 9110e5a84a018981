"""The workstation's own posture, for each report: is its clock to be believed, has it room, where does it stand.

Nothing of its user: no MAC address (nor an IPv6 address that holds one), no user name, no path.
"""

import platform
from dataclasses import dataclass
from pathlib import Path

from agent.workstation.clock import Clock, recall, remember
from agent.workstation.machine import booted_at, free_bytes
from agent.workstation.networks import Networks, Reach, networks, reach

__all__ = ["Clock", "Networks", "Reach", "Workstation", "look", "remember"]


@dataclass(frozen=True, slots=True)
class Workstation:
    """What is known of it; None where it could not be told.

    booted_at: RFC 3339 in UTC. disk_free_bytes: on the disk of the agent's data. phone_reach: where the phone's
    address is, seen from here; None when the phone is on a cable.
    """

    system: str
    booted_at: str | None
    disk_free_bytes: int | None
    networks: Networks
    clock: Clock | None
    phone_reach: Reach | None


def look(data: Path | None, phone: str | None) -> Workstation:
    """Look at this computer. `data`: the agent's data folder; `phone`: what adb calls the phone, HOST:PORT over TCP.

    Costs a few milliseconds and raises nothing: a report must not fail for what it tells of the workstation.
    """
    found = networks()
    return Workstation(
        system=f"{platform.system()} {platform.release()}".strip() or "unknown",
        booted_at=booted_at(),
        disk_free_bytes=None if data is None else free_bytes(data),
        networks=found,
        clock=None if data is None else recall(data),
        phone_reach=None if phone is None else reach(phone, found),
    )
