"""What is wrong on this workstation, and what mends it. A check is one small function, named in `CHECKS`."""

from agent.doctor import cables, delivering, phones, servers, state, wireless
from agent.doctor.finding import Check, Finding, Workstation
from agent.messages import Message

CHECKS: tuple[Check, ...] = (
    Check("configuration", Message("Configuration and policy"), state.configuration),
    Check("disk", Message("Disk"), state.disk),
    Check("keys", Message("Keys"), state.keys),
    Check("indicators", Message("Lists of known spyware"), state.indicators),
    Check("cable", Message("Phones on USB"), cables.cable),
    Check("usb-permission", Message("Permission for USB"), cables.access),
    Check("adb-server", Message("adb"), servers.server),
    Check("phones", Message("What phones say"), phones.states),
    Check("wireless", Message("Wireless debugging"), wireless.wireless),
    Check("collector", Message("Collector"), delivering.collector),
    Check("clock", Message("Clock"), delivering.clock),
    Check("outbox", Message("Outbox"), delivering.outbox),
)

__all__ = ["CHECKS", "Check", "Finding", "Workstation"]
