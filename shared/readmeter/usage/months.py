"""A site's rules in the past: every version is kept, so what was in force when can be told."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from readmeter.core.period import DAY, local_date
from readmeter.core.rules import CompiledSite, Rules
from readmeter.sites.compile import compile_site
from readmeter.sites.document import SiteDocument
from readmeter.store.sites import Version
from readmeter.usage.period import ExportPeriod

FINAL_AFTER = 72 * 3600  # seconds from a month's end: late deliveries, redrives and reconciliation fit in
_LATEST_EVENT = 7 * DAY  # how late a page's report may be: so much older than the site itself


def rules_at(versions: Sequence[Version], at: float) -> Rules:
    """The rules that were in force at `at` (epoch seconds); before the first of `versions` (at least one), that one's.

    `versions` in any order; a change that waited for the site's next month is in force from then on.
    """
    compiled: CompiledSite | None = None
    for version in sorted(versions, key=lambda each: each.version):
        if compiled is not None and version.written_at > at:
            break
        document = SiteDocument.model_validate(json.loads(version.document))
        compiled = compile_site(document, version.version, compiled, version.written_at)
    if compiled is None:
        raise ValueError("a site has at least one version")
    return compiled.in_force(at)


class Months:
    """The calendar of a site with these `versions` (at least one, in any order). `created_at` is in epoch seconds."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self._versions = versions
        self._rules: dict[str, Rules] = {}
        self.created_at = min(version.written_at for version in versions)

    @property
    def first(self) -> ExportPeriod:
        """The first month that can have usage."""
        zone = rules_at(self._versions, self.created_at).timezone
        return ExportPeriod.parse(f"{local_date(zone, self.created_at - _LATEST_EVENT):%Y-%m}")

    def rules(self, month: ExportPeriod) -> Rules:
        """Those in force in the middle of the month: a zone changes at a month's first instant only."""
        if month.text not in self._rules:
            middle = datetime(month.first.year, month.first.month, 15, 12, tzinfo=UTC)
            self._rules[month.text] = rules_at(self._versions, middle.timestamp())
        return self._rules[month.text]

    def zone(self, month: ExportPeriod) -> str:
        return self.rules(month).timezone

    def final_at(self, month: ExportPeriod) -> float:
        """When it may be made final (epoch seconds)."""
        return month.end(self.zone(month)).timestamp() + FINAL_AFTER

    def kept_until(self, month: ExportPeriod) -> float:
        """Until when the whole month is in the ledger (epoch seconds): its first reads are the first to go."""
        return month.start(self.zone(month)).timestamp() + self.keep_days(month) * DAY

    def keep_days(self, month: ExportPeriod) -> int:
        return self.rules(month).retention.ledger_reader_days
