"""Reports in the forms that auditors and their tools already read. `inconclusive` is a pass in none of them."""

from collections.abc import Callable, Mapping, Sequence

from agent.messages import Language
from agent.report.export import junit, ocsf, oscal, sarif, table
from agent.report.model import Report

FORMATS: Mapping[str, Callable[[Sequence[Report], Language], str]] = {
    "oscal": oscal.export,
    "sarif": sarif.export,
    "ocsf": ocsf.export,
    "junit": junit.export,
    "csv": table.export,
}
"""Each turns reports, in the order given, into one text; ocsf into one event a line."""

__all__ = ["FORMATS"]
