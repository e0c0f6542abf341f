"""Which period an instant falls in, and when the next one begins, on the site's own calendar.

A bucket comes from the local date of the instant, never from a local midnight that is constructed: midnight may not
exist (Africa/Cairo 2026-04-24) or exist twice (America/Havana 2026-11-01).
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

DAY = 86_400  # seconds; a `days` window is so many times 24 hours


@dataclass(frozen=True, slots=True)
class Bucket:
    """A calendar period: its key in the meter table, and the first instant of the next one, in the site's zone."""

    key: str
    ends_at: datetime


def calendar_bucket(unit: Literal["month", "week", "day"], zone: str, now: float) -> Bucket:
    """The month (`2026-11`), ISO week (`2026-W47`, from Monday) or day (`2026-11-22`) of `now` (epoch seconds)."""
    today = local_date(zone, now)
    if unit == "month":
        return Bucket(f"{today:%Y-%m}", next_month(zone, now))
    if unit == "week":
        year, week, weekday = today.isocalendar()
        return Bucket(f"{year}-W{week:02d}", first_instant(zone, today + timedelta(days=8 - weekday)))
    return Bucket(today.isoformat(), first_instant(zone, today + timedelta(days=1)))


def next_month(zone: str, now: float) -> datetime:
    """The first instant of the month after the one of `now`."""
    today = local_date(zone, now)
    return first_instant(zone, date(today.year + today.month // 12, today.month % 12 + 1, 1))


def window_end(start: int, days: int, zone: str) -> datetime:
    """When a `days` window that a read opened at `start` (epoch seconds) is over."""
    return datetime.fromtimestamp(start + days * DAY, ZoneInfo(zone))


def local_date(zone: str, now: float) -> date:
    return datetime.fromtimestamp(now, ZoneInfo(zone)).date()


@lru_cache(maxsize=1024)
def first_instant(zone: str, day: date) -> datetime:
    """The first instant, to the second, whose local date is `day` or later."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
    seconds = range(noon - 2 * DAY, noon + 2 * DAY)
    return datetime.fromtimestamp(
        seconds[bisect_left(seconds, day, key=lambda second: local_date(zone, second))], ZoneInfo(zone)
    )
