"""A site's rules month by month: its zone and name are constant within each."""

from collections.abc import Sequence
from datetime import UTC, datetime

from readmeter.core.rules import Rules
from readmeter.sites.history import rules_at
from readmeter.store.sites import Version
from readmeter.usage.period import ExportPeriod


class Months:
    """Of a site with these `versions` (at least one, in any order). `created_at` is in epoch seconds."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self._versions = versions
        self._rules: dict[str, Rules] = {}
        self.created_at = min(version.written_at for version in versions)

    def rules(self, month: ExportPeriod) -> Rules:
        """Those in force in the middle of the month: a zone changes at a month's first instant only."""
        if month.text not in self._rules:
            middle = datetime(month.first.year, month.first.month, 15, 12, tzinfo=UTC)
            self._rules[month.text] = rules_at(self._versions, middle.timestamp())
        return self._rules[month.text]

    def zone(self, month: ExportPeriod) -> str:
        return self.rules(month).timezone
