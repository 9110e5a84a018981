"""The bench as a page in this computer's browser: the same board as in the terminal, pushed as it changes."""

from agent.bench.web.server import Pages

__all__ = ["Pages"]
