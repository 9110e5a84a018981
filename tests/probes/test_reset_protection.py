from hypothesis import given
from hypothesis import strategies as st

from agent.facts import Evidence, State
from agent.probes import reset_protection
from agent.probes.reset_protection import COMMAND
from tests.probes.phone import cut_short, facts_of, phone

NAME = "handover.reset_protection"


def dump(size: int, *, handle: bool, active: bool = False) -> str:
    """As PersistentDataBlockService.dump writes it at API 35 and 36."""
    return (
        "mDataBlockFile: /dev/block/by-name/frp\nmIsRunningDSU: false\nmInitDoneSignal: "
        "java.util.concurrent.CountDownLatch@1[Count = 0]\nmAllowedUid: 10123\nmBlockDeviceSize: 524288\n"
        "mIsFileBacked: false\nmIsWritable: true\n\nFRP state\n=========\nEnforcement enabled: true\n"
        f"FRP state: {str(active).lower()}\nFRP secret present but omitted.\nVerified boot state: 0\n"
        f"Has FRP credential handle: {str(handle).lower()}\nFRP challenge block size: {size}\n"
    )


@given(size=st.integers(0, 4096), handle=st.booleans(), active=st.booleans())
def test_an_account_or_a_lock_that_is_kept_protects(*, size: int, handle: bool, active: bool) -> None:
    fact = facts_of(reset_protection, phone({COMMAND.key: dump(size, handle=handle, active=active)}))[NAME]
    assert (fact.state, fact.value) == (State.KNOWN, size > 0 or handle)
    assert fact.evidence == (
        Evidence(COMMAND.key, f"FRP challenge block size: {size}"),
        Evidence(COMMAND.key, f"Has FRP credential handle: {str(handle).lower()}"),
    )


def test_android_14_prints_other_fields_and_proves_nothing() -> None:
    old = dump(0, handle=False).partition("\nFRP state")[0]
    fact = facts_of(reset_protection, phone({COMMAND.key: old}))[NAME]
    assert fact.state is State.UNKNOWN
    assert "Android 14 and earlier" in str(fact.reason)


def test_a_dump_that_was_cut_proves_nothing() -> None:
    fact = facts_of(reset_protection, phone({COMMAND.key: cut_short(dump(0, handle=False))}))[NAME]
    assert fact.state is State.UNKNOWN
