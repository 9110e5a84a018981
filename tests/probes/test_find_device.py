from agent.facts import Evidence, State, known
from agent.probes import find_device
from agent.probes.device_policy import COMMAND
from tests.probes.phone import facts_of, phone, reason_of, saved

NAME = "handover.find_my_device"
DUMP = saved("device_policy/samsung-a14-admins.txt")
GOOGLE = "com.google.android.gms/.mdm.receivers.MdmDeviceAdminReceiver"


def test_an_administrator_of_play_services_proves_that_it_is_on() -> None:
    line = Evidence(COMMAND.key, f"User 0: {GOOGLE}")
    assert facts_of(find_device, phone({COMMAND.key: DUMP}))[NAME] == known(NAME, True, line)


def test_its_absence_proves_nothing() -> None:
    for name in ("org.ejemplo/.Admin", "com.google.android.gms.x/.MdmDeviceAdminReceiver"):
        fact = facts_of(find_device, phone({COMMAND.key: DUMP.replace(GOOGLE, name)}))[NAME]
        assert fact.state is State.UNKNOWN
        assert "Find Hub" in reason_of(fact)
