"""What a phone answered, whether live, saved, or written in a bugreport: everything after it is pure."""

from agent.capture.model import Answer, Capture, Command, OptIn, Outcome, Unanswered
from agent.messages import quoted

__all__ = ["Answer", "Capture", "Command", "OptIn", "Outcome", "Unanswered", "quoted"]
