"""The real adb client, and simulated phones, as the simulator's own tests have them."""

import pytest
from adb_shell.auth.sign_cryptography import CryptographySigner

from agent.transport.keys import workstation_key
from tests.simulator.conftest import adb, adb_server, make_phone

__all__ = ["adb", "adb_server", "make_phone"]


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> CryptographySigner:
    """One key for the whole session: making one takes a while."""
    return workstation_key(tmp_path_factory.mktemp("data"))
