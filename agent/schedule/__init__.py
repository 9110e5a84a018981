"""The night: phones scanned by a plan, in windows, once each, and what is to be said of it in the morning."""

from agent.schedule.alone import NotAloneError, alone, is_held
from agent.schedule.journal import Journal
from agent.schedule.plan import Plan, Window, example, load_plan
from agent.schedule.service import Service
from agent.schedule.shift import Shift
from agent.schedule.summary import Line, Summary, summarise
from agent.schedule.windows import Night, coming, latest, open_now

__all__ = [
    "Journal",
    "Line",
    "Night",
    "NotAloneError",
    "Plan",
    "Service",
    "Shift",
    "Summary",
    "Window",
    "alone",
    "coming",
    "example",
    "is_held",
    "latest",
    "load_plan",
    "open_now",
    "summarise",
]
