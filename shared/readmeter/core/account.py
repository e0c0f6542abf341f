"""What a site knows of a reader by name: whether they pay, since when and until when, and the reads they were given."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from readmeter.core.period import DAY

PAID = {"active", "trialing"}  # statuses, as Stripe names them
PAST_DUE = "past_due"
_LATE_NEWS = DAY  # how much later than the paid period's end a renewal may be told


@dataclass(frozen=True, slots=True)
class Entitlement:
    """The right to read without limit, given by staff; instants are epoch seconds, None where there is no bound."""

    plan: str | None = None
    starts: float | None = None
    ends: float | None = None

    def holds(self, now: float) -> bool:
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as the payment service told of it at `at`; `status` is one of Stripe's.

    `paid_until` is None until it is told. All instants are epoch seconds.
    """

    id: str
    status: str
    at: float
    plan: str | None = None
    paid_until: float | None = None
    past_due_since: float | None = None

    def entitles(self, now: float, grace_days: int) -> bool:
        """Whether it gives the right to read; a payment that is missing is waited for `grace_days`."""
        if self.status in PAID:
            return now < (self.at if self.paid_until is None else self.paid_until) + _LATE_NEWS
        if self.status == PAST_DUE:
            return self.past_due_since is not None and now < self.past_due_since + grace_days * DAY
        return False


@dataclass(frozen=True, slots=True)
class Bonus:
    """Reads above the limit of a meter, until an instant (epoch seconds)."""

    reads: int
    until: float


@dataclass(frozen=True, slots=True)
class Account:
    """All of it; `bonuses` by the name of their meter. An account of which nothing was ever told is an empty one."""

    manual: Entitlement | None = None
    subscriptions: tuple[Subscription, ...] = ()
    bonuses: Mapping[str, Bonus] = field(default_factory=dict)

    def subscriber(self, now: float, grace_days: int) -> bool:
        """Whether the reader may read without limit."""
        by_staff = self.manual is not None and self.manual.holds(now)
        return by_staff or any(each.entitles(now, grace_days) for each in self.subscriptions)

    def bonus(self, meter: str, now: float) -> int:
        """The reads of that meter that the reader has above its limit."""
        bonus = self.bonuses.get(meter)
        return bonus.reads if bonus is not None and now < bonus.until else 0
