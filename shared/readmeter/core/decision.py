"""The answer to one view: who may read what, and why. Pure: what the store found comes in as an argument."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from readmeter.core.rules import Meter

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
