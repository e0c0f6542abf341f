"""The answer to one view: who may read what, and why. Pure: what the store found comes in as an argument."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from readmeter.core.rules import Campaign, Meter, Page, Rules
from readmeter.core.standing import Standing

Access = Literal["granted", "denied"]
Granted = Literal["metered", "repeat", "subscriber", "exempt", "gift", "institution", "crawler", "campaign", "open"]
Reason = Granted | Literal["limit_reached", "locked", "registration_required"]


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
    has opened yet). `extra` is how many more reads a free account would give now, 0 where it would give none. `name` is
    that of the campaign or institution.
    """

    access: Access
    reason: Reason
    meter: Meter | None = None
    allowance: Allowance | None = None
    resets_at: datetime | None = None
    extra: int = 0
    name: str | None = None

    @property
    def rule(self) -> str:
        """The name of what decided, as the site calls it."""
        return self.meter.name if self.meter else self.name or self.reason


@dataclass(frozen=True, slots=True)
class Tally:
    """What the meter said of one article: how many reads it holds now, and whether this one is among them.

    `new`: counted just now. `known`: counted before. Neither: refused, nothing changed. `digests` are the counted ones
    that the store returned; `window_start` is when a `days` window was opened (epoch seconds), None where none is open
    and for calendar periods. `merged_into` is the id of the reader whose meter counts instead: ask for that one.
    """

    used: int
    new: bool = False
    known: bool = False
    digests: frozenset[bytes] = frozenset()
    window_start: int | None = None
    merged_into: bytes | None = None


Outcome = Decision | Campaign | Meter


def by_rules(rules: Rules, page: Page, standing: Standing, now: float) -> Outcome:
    """What the first rule that applies says: a decision, or the campaign or meter that has to be asked.

    A campaign that has given a reader all that it gives is asked again without it.
    """
    return next(outcome for _, outcome in steps(rules, page, standing, now) if outcome is not None)


def steps(rules: Rules, page: Page, standing: Standing, now: float) -> Iterator[tuple[str, Outcome | None]]:
    """Every rule in its order (CONTRACT: POST /v1/views), with what it says of this page and reader; None: nothing.

    The last one, `unmetered`, always decides.
    """
    exempt = Decision("granted", "exempt")
    yield "off", exempt if rules.mode == "off" else None
    yield "own_path", exempt if page.path in rules.own_paths else None
    yield "locked", _locked(rules, standing) if rules.locked.names(page) else None
    yield "lift", Decision("granted", "open") if rules.lifted(page, now) else None
    yield "exempt", exempt if rules.exempt.names(page) else None
    yield "subscriber", Decision("granted", "subscriber") if standing.subscriber else None
    yield "institution", _institution(standing) if standing.institution is not None else None
    yield "crawler", Decision("granted", "crawler") if standing.crawler else None
    yield "gift", Decision("granted", "gift") if standing.gift else None
    yield "campaign", standing.campaign
    yield "referrer", Decision("granted", "campaign") if standing.referred else None
    for meter in rules.meters:
        yield f"meter {meter.name}", meter if meter.covers(page) else None
    yield "unmetered", exempt


def _locked(rules: Rules, standing: Standing) -> Decision:
    """Nobody passes whom anybody could claim to be; a gift of what only subscribers read is only theirs to give."""
    if standing.subscriber:
        return Decision("granted", "subscriber")
    if standing.institution is not None:
        return _institution(standing)
    if standing.crawler:
        return Decision("granted", "crawler")
    if standing.gift == "subscriber":
        return Decision("granted", "gift")
    return Decision("granted", "open") if rules.mode == "observe" else Decision("denied", "locked")


def _institution(standing: Standing) -> Decision:
    return Decision("granted", "institution", name=standing.institution)


def by_meter(rules: Rules, meter: Meter, standing: Standing, tally: Tally, resets_at: datetime | None) -> Decision:
    """The decision of `meter`, given what the store found."""
    allowance = Allowance(limit_for(meter, standing), tally.used)
    if tally.new or tally.known:
        return Decision("granted", "metered" if tally.new else "repeat", meter, allowance, resets_at)
    if rules.mode == "observe":
        return Decision("granted", "open", meter, allowance, resets_at)
    extra = 0 if standing.registered else max(0, meter.limits.get("registered", 0) - tally.used)
    reason: Reason = "registration_required" if extra else "limit_reached"
    return Decision("denied", reason, meter, allowance, resets_at, extra)


def limit_for(meter: Meter, standing: Standing) -> int:
    """A registered reader's limit is the anonymous one where the meter has no registration tier. A bonus adds to it."""
    anonymous = meter.limits["anonymous"]
    limit = meter.limits.get("registered", anonymous) if standing.registered else anonymous
    return limit + standing.bonus.get(meter.name, 0)
