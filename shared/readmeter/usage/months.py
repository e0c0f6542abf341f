"""A site's rules in the past: every version is kept, so what was in force when can be told."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from readmeter.core.period import DAY, local_date
from readmeter.core.rules import CompiledSite, Rules
from readmeter.sites.compile import compile_site
from readmeter.sites.document import SiteDocument
from readmeter.store.sites import Version
from readmeter.usage.period import ExportPeriod

FINAL_AFTER = 72 * 3600  # seconds from a month's end: late deliveries, redrives and reconciliation fit in
_LATEST_EVENT = 7 * DAY  # how late a page's report may be: so much older than the site itself


def final_at(month: ExportPeriod, zone: str) -> float:
    """When a month on the calendar of `zone` may be made final (epoch seconds)."""
    return month.end(zone).timestamp() + FINAL_AFTER


class Months:
    """The calendar of a site with these `versions` (at least one, in any order). `created_at` is in epoch seconds."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self._compiled = list(_compiled(versions))
        self._by_number = {compiled.current.version: compiled for _, compiled in self._compiled}
        self.created_at = min(version.written_at for version in versions)

    @property
    def first(self) -> ExportPeriod:
        """The first month that can have usage."""
        zone = self.rules_at(self.created_at).timezone
        return ExportPeriod.parse(f"{local_date(zone, self.created_at - _LATEST_EVENT):%Y-%m}")

    def rules_at(self, at: float) -> Rules:
        """The rules that were in force at `at` (epoch seconds); before the first version, that one's.

        A change that waited for the site's next month is in force from then on.
        """
        (_, compiled), *later = self._compiled
        for written_at, version in later:
            if written_at > at:
                break
            compiled = version
        return compiled.in_force(at)

    def rules(self, month: ExportPeriod) -> Rules:
        """Those in force in the middle of the month: a zone changes at a month's first instant only."""
        return self.rules_at(_middle(month))

    def rules_of(self, version: int, month: ExportPeriod) -> Rules:
        """What the version was in the month: a change that waited was in force in all of it, or in none."""
        return self._by_number[version].in_force(_middle(month))

    def zone(self, month: ExportPeriod) -> str:
        return self.rules(month).timezone

    def final_at(self, month: ExportPeriod) -> float:
        return final_at(month, self.zone(month))

    def kept_until(self, month: ExportPeriod) -> float:
        """Until when the whole month is in the ledger (epoch seconds): its first reads are the first to go."""
        return month.start(self.zone(month)).timestamp() + self.keep_days(month) * DAY

    def keep_days(self, month: ExportPeriod) -> int:
        return self.rules(month).retention.ledger_reader_days


def _middle(month: ExportPeriod) -> float:
    return datetime(month.first.year, month.first.month, 15, 12, tzinfo=UTC).timestamp()


def _compiled(versions: Sequence[Version]) -> Iterator[tuple[float, CompiledSite]]:
    """Each version and when it was written, oldest first: what it means depends on what was in force before."""
    compiled: CompiledSite | None = None
    for version in sorted(versions, key=lambda each: each.version):
        document = SiteDocument.model_validate(json.loads(version.document))
        compiled = compile_site(document, version.version, compiled, version.written_at)
        yield version.written_at, compiled
