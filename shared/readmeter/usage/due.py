"""What the schedule has to do at an instant: which exports of a site are to be made, and which month to reconcile."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from readmeter.core.period import local_date
from readmeter.store.exports import ExportLine
from readmeter.usage.months import final_at
from readmeter.usage.period import ExportPeriod

DAY_AFTER = 3600.0  # seconds from a day's end to its first export
# Seconds from a month's end in UTC. The last zone's month ends 12 hours after it; by then every site's reads have had
# 24 hours to arrive. The first zone's final is made 22 hours later.
RECONCILE_AFTER = 36 * 3600.0

_EARLIEST = "Pacific/Kiritimati"  # where every date begins

Zone = Callable[[ExportPeriod], str]  # the IANA zone of a month
KeptUntil = Callable[[ExportPeriod], float]  # until when all reads of a month are kept, in epoch seconds


@dataclass(frozen=True, slots=True)
class SiteSpan:
    """When a site was first written, and when it was deleted, if it was (epoch seconds)."""

    created_at: float
    deleted_at: float | None = None


def due(
    span: SiteSpan, lines: Mapping[str, ExportLine], zone: Zone, kept_until: KeptUntil, now: float
) -> list[ExportPeriod]:
    """The exports to make now, months first. `lines` are what the index says, by period.

    A day is exported when it has been over for an hour, a month that is open once on every local day, final 72 hours
    after its end; then its days follow. What runs is left alone, what failed is tried again.
    """
    found: list[ExportPeriod] = []
    closing = False
    for month in _months(span, zone, now):
        line = lines.get(month.text)
        if line is not None and line.status == "final":
            found += [month] if not line.announced and not line.running(now) else []
            found += days_to_follow(month, lines, now) if now < kept_until(month) else []
            continue
        name = zone(month)
        if now < final_at(month, name):
            found += [period for period in _open(month, name, now) if _of_today(lines.get(period.text), name, now)]
        elif not closing and now < kept_until(month):  # months close in order, so that one corrects the other
            closing = True
            found += [month] if line is None or not line.running(now) else []
    return sorted(found, key=lambda period: (not period.is_month, period.text))


def days_to_follow(month: ExportPeriod, lines: Mapping[str, ExportLine], now: float) -> list[ExportPeriod]:
    """The days of a final month that do not yet say what it says."""
    return [day for day in _days(month) if _follows_its_month(lines.get(day.text), now)]


def to_reconcile(now: float) -> ExportPeriod:
    """The newest month whose reads have all had the time to arrive, wherever its sites are."""
    month = ExportPeriod.parse(f"{datetime.fromtimestamp(now, UTC):%Y-%m}").month_before
    over = datetime(month.last.year, month.last.month, month.last.day, tzinfo=UTC).timestamp() + 86_400
    return month if now >= over + RECONCILE_AFTER else month.month_before


def concerns(span: SiteSpan, month: ExportPeriod, zone: Zone) -> bool:
    """Whether the site can have reads in `month`."""
    ended = None if span.deleted_at is None else _month_of(_EARLIEST, span.deleted_at)
    return first_month(span, zone).first <= month.first and (ended is None or month.first <= ended.first)


def first_month(span: SiteSpan, zone: Zone) -> ExportPeriod:
    """The month in which the site began, on its own calendar."""
    near = ExportPeriod.parse(f"{datetime.fromtimestamp(span.created_at, UTC):%Y-%m}")
    return _month_of(zone(near), span.created_at)


def _months(span: SiteSpan, zone: Zone, now: float) -> Iterator[ExportPeriod]:
    """From the first one on to the one of `now`; of a deleted site, to the one after its end, for what came late."""
    month = first_month(span, zone)
    last = _month_of(_EARLIEST, now)
    if span.deleted_at is not None:
        last = min(last, _month_of(_EARLIEST, span.deleted_at).month_after, key=lambda each: each.first)
    while month.first <= last.first:
        yield month
        month = month.month_after


def _month_of(zone: str, at: float) -> ExportPeriod:
    return ExportPeriod.parse(f"{local_date(zone, at):%Y-%m}")


def _open(month: ExportPeriod, zone: str, now: float) -> Iterator[ExportPeriod]:
    """Of a month that is not yet final: its days that are over, and the month itself once it has such a day."""
    over = [day for day in _days(month) if day.end(zone).timestamp() + DAY_AFTER <= now]
    if over:
        yield month
        yield from over


def _days(month: ExportPeriod) -> list[ExportPeriod]:
    return [ExportPeriod.parse(day.isoformat()) for day in month.dates]


def _of_today(line: ExportLine | None, zone: str, now: float) -> bool:
    """Whether an open period's run of this local day is still to come. A day begins an hour late, as exports do."""
    if line is None:
        return True
    if line.running(now):
        return False
    return line.state(now) == "failed" or local_date(zone, line.began_at - DAY_AFTER) < local_date(
        zone, now - DAY_AFTER
    )


def _follows_its_month(line: ExportLine | None, now: float) -> bool:
    return line is None or (line.status != "final" and not line.running(now))
