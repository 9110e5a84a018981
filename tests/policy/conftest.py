"""The shipped policy, compiled once."""

import pytest

from agent.policy import Policy, load
from agent.policy.loading import shipped


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load()


@pytest.fixture(scope="session")
def overlaid() -> Policy:
    """The shipped policy under the example overlay, which trusts a network."""
    return load(shipped() / "examples" / "overlay.yaml")
