"""What a report tells of the workstation, and what it keeps to itself."""

import getpass
import json
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

import netifaces
import psutil
import pytest

from agent.workstation import Clock, Networks, look, remember
from agent.workstation.networks import networks, reach

HERE = Networks(
    networks=("192.0.2.0/24", "2001:db8:1::/64"), addresses=("192.0.2.9",), gateways=("192.0.2.1", "2001:db8:1::1")
)


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("127.0.0.1:5555", "this-computer"),
        ("[::1]:5555", "this-computer"),
        ("192.0.2.9:5555", "this-computer"),
        ("192.0.2.77:5555", "same-network"),
        ("[2001:db8:1::77]:5555", "same-network"),
        ("198.51.100.7:5555", "routed"),
        ("[2001:db8:2::77]:5555", "routed"),
        ("R58N0TEST", None),
        ("phone.example:5555", None),
        ("usb:1-2", None),
        ("", None),
        (":", None),
        ("999.0.0.1:5555", None),
    ],
)
def test_where_a_phones_address_is(phone: str, expected: str | None) -> None:
    assert reach(phone, HERE) == expected


def test_the_networks_are_those_that_another_library_sees() -> None:
    addresses = {
        each.address
        for interface in psutil.net_if_addrs().values()
        for each in interface
        if each.family == socket.AF_INET
        and not (ip_address(each.address).is_loopback or ip_address(each.address).is_link_local)
    }
    seen = networks()
    assert set(seen.addresses) == addresses
    for address in addresses:
        assert any(ip_address(address) in ip_network(each) for each in seen.networks)
    assert not any(ip_network(each).is_link_local or ip_network(each).is_loopback for each in seen.networks)


def test_the_clock_of_the_last_start_and_the_room_on_the_disk(tmp_path: Path) -> None:
    seen = look(tmp_path / "not" / "made" / "yet", None)
    assert seen.booted_at is not None
    assert datetime.fromisoformat(seen.booted_at) == datetime.fromtimestamp(int(psutil.boot_time()), UTC)
    assert isinstance(seen.disk_free_bytes, int)
    assert 0 < seen.disk_free_bytes < psutil.disk_usage(str(tmp_path)).total
    assert not (tmp_path / "not").exists()
    assert seen.phone_reach is None


def test_a_disk_that_nobody_names_is_not_told() -> None:
    assert look(None, "127.0.0.1:5555").disk_free_bytes is None


def test_nothing_of_the_user_and_no_hardware_address_is_told(tmp_path: Path) -> None:
    told = json.dumps(repr(look(tmp_path, None)))
    cards = {
        each.address.replace("-", ":").lower()
        for interface in psutil.net_if_addrs().values()
        for each in interface
        if each.family == psutil.AF_LINK
    }
    assert not any(card in told.lower() for card in cards)
    assert re.search(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}", told) is None
    assert str(tmp_path) not in told
    assert getpass.getuser() not in told


@pytest.mark.parametrize("fault", [ValueError("no such interface"), OSError("denied"), KeyError("2"), SystemError()])
def test_a_system_that_tells_nothing_costs_no_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: Exception
) -> None:
    def fails(*_: object) -> None:
        raise fault

    for library, name in ((netifaces, "interfaces"), (psutil, "boot_time")):
        monkeypatch.setattr(library, name, fails)
    seen = look(tmp_path, "192.0.2.7:5555")
    assert (seen.booted_at, seen.networks, seen.phone_reach) == (None, Networks(), "routed")


@pytest.fixture
def gateways(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], tuple[str, ...]]:
    """What is told of gateways when the system answers so."""

    def told(answer: object) -> tuple[str, ...]:
        monkeypatch.setattr("netifaces.gateways", lambda: answer)
        return networks().gateways

    return told


def test_a_gateway_whose_address_holds_its_hardware_address_is_not_told(
    gateways: Callable[[object], tuple[str, ...]],
) -> None:
    assert gateways({
        "default": {2: ("192.0.2.1", "eth0")},
        2: [("192.0.2.1", "eth0", True), ("192.0.2.1", "wlan0", False)],
        10: [("fe80::1", "eth0", True), ("2001:db8::52:ff:fe00:1", "eth0", True), ("2001:db8::1%eth0", "eth0", False)],
    }) == ("192.0.2.1", "2001:db8::1")  # fmt: skip


@pytest.mark.parametrize("ahead_s", [0, 7, -86_400])
def test_the_collectors_clock_is_kept_for_the_next_report(tmp_path: Path, ahead_s: int) -> None:
    assert look(tmp_path, None).clock is None
    remember(tmp_path, 12345)
    remember(tmp_path, ahead_s, datetime(2026, 11, 24, 22, tzinfo=UTC))
    assert look(tmp_path, None).clock == Clock(ahead_s, "2026-11-24T22:00:00Z")


@pytest.mark.parametrize(
    "kept",
    [b"", b"\xff", b"null", b"[]", b"{}", b'{"ahead_s": null, "told_at": "2026-11-24T22:00:00Z"}',
     b'{"ahead_s": 1, "told_at": "2026-11-24T22:00:00"}', b'{"ahead_s": 1, "told_at": 5}', b'{"ahead_s": 1}'],
)  # fmt: skip
def test_a_damaged_note_of_the_clock_is_none(tmp_path: Path, kept: bytes) -> None:
    (tmp_path / "collector-clock.json").write_bytes(kept)
    assert look(tmp_path, None).clock is None


def test_a_clock_that_cannot_be_kept_is_no_trouble(tmp_path: Path) -> None:
    remember(tmp_path / "absent", 7)
    assert look(tmp_path / "absent", None).clock is None
