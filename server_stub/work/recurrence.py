"""When a recurring job is due again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Every:
    """So long after it was last due; what was missed meanwhile is made good by one run."""

    period: timedelta

    def after(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The next instant."""
        return now + self.period


@dataclass(frozen=True, slots=True)
class Daily:
    """Each day at this hour of the organisation's clock."""

    hour: int

    def after(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The next instant; an hour that the clock skips in spring comes when the clock has passed it."""
        local = now.astimezone(zone)
        today = local.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        following = today if today > local else today + timedelta(days=1)
        return following.astimezone(now.tzinfo)
