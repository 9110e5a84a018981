"""Files that name known spyware, which an organisation brings itself: read, reduced to what a phone shows, kept.

The agent ships none. A file of STIX 2 (Amnesty's, MVT's) or of Echap's YAML goes through `read_file` once and is
kept by `Store` in the agent's own form; every scan then matches against what is kept.
"""

from agent.indicators.model import IndicatorError, IndicatorFile
from agent.indicators.reading import read_file
from agent.indicators.store import Store

__all__ = ["IndicatorError", "IndicatorFile", "Store", "read_file"]
