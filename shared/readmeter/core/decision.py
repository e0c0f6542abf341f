"""The answer to one view: who may read what, and why. Pure: what the store found comes in as an argument."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from readmeter.core.rules import Meter, Page, ReaderClass, Rules

Access = Literal["granted", "denied"]
Reason = Literal["metered", "repeat", "exempt", "open", "limit_reached", "locked", "registration_required"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one meter leaves a reader: `limit` and `used` count articles (or views, where the meter counts those)."""

    limit: int
    used: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class Decision:
    """`meter` and `allowance` are None where no meter applies.

    `resets_at` is the first instant of the next period, in the site's zone (None too for a `days` window that no read
    has opened yet). `extra` is how many more reads a free account would give now, 0 where it would give none.
    """

    access: Access
    reason: Reason
    meter: Meter | None = None
    allowance: Allowance | None = None
    resets_at: datetime | None = None
    extra: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What the meter said of one article: how many reads it holds now, and whether this one is among them.

    `new`: counted just now. `known`: counted before. Neither: refused, nothing changed. `digests` are the counted ones
    that the store returned; `window_start` is when a `days` window was opened (epoch seconds), None where none is open
    and for calendar periods.
    """

    used: int
    new: bool = False
    known: bool = False
    digests: frozenset[bytes] = frozenset()
    window_start: int | None = None


def by_rules(rules: Rules, page: Page) -> Decision | Meter:
    """The decision that the rules alone take, or the meter that has to be asked."""
    if rules.mode == "off" or page.path in rules.own_paths:
        return Decision("granted", "exempt")
    if rules.locked.names(page):
        return Decision("granted", "open") if rules.mode == "observe" else Decision("denied", "locked")
    if rules.exempt.names(page):
        return Decision("granted", "exempt")
    return rules.meter_for(page) or Decision("granted", "exempt")


def by_meter(
    rules: Rules, meter: Meter, reader_class: ReaderClass, tally: Tally, resets_at: datetime | None
) -> Decision:
    """The decision of `meter`, given what the store found."""
    allowance = Allowance(limit_for(meter, reader_class), tally.used)
    if tally.new or tally.known:
        return Decision("granted", "metered" if tally.new else "repeat", meter, allowance, resets_at)
    if rules.mode == "observe":
        return Decision("granted", "open", meter, allowance, resets_at)
    extra = max(0, meter.limits.get("registered", 0) - tally.used) if reader_class == "anonymous" else 0
    reason: Reason = "registration_required" if extra else "limit_reached"
    return Decision("denied", reason, meter, allowance, resets_at, extra)


def limit_for(meter: Meter, reader_class: ReaderClass) -> int:
    """A registered reader's limit is the anonymous one where the meter has no registration tier."""
    return meter.limits.get(reader_class, meter.limits["anonymous"])
