"""What runs when nobody waits for the answer: the hourly schedule, and the jobs that it and staff start."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from readmeter.core.rules import Retention
from readmeter.store.exports import ExportStore
from readmeter.store.sites import ListedSite, SiteStore
from readmeter.usage.due import SiteSpan, concerns, days_to_follow, due, to_reconcile
from readmeter.usage.exports import Exporter
from readmeter.usage.manifest import Manifest
from readmeter.usage.months import Months
from readmeter.usage.period import ExportPeriod
from readmeter.usage.reconcile_job import ReconcileJob

Start = Callable[[dict[str, Any]], None]

_WORKS_FOR = 420.0  # seconds in which a job begins exports: less than half of the function's time


class Verified(Protocol):
    def document(self) -> dict[str, Any]: ...


Verify = Callable[[str, ExportPeriod, float], Verified]


class Jobs:
    """Jobs by the name in their event. Each can be run again, or twice at once, and leaves the same.

    `start` runs a job's event elsewhere, soon. `announce` tells finance of a month's final. `report` hears of a site
    that the schedule failed for; `name` makes a name for a run.
    """

    def __init__(
        self,
        sites: SiteStore,
        index: ExportStore,
        exporter: Exporter,
        reconciliation: ReconcileJob,
        verify: Verify,
        *,
        announce: Callable[[Manifest], None],
        start: Start,
        report: Callable[[Exception], None],
        clock: Callable[[], float],
        name: Callable[[], str],
    ) -> None:
        self._sites = sites
        self._index = index
        self._exporter = exporter
        self._reconciliation = reconciliation
        self._verify = verify
        self._announce = announce
        self._start = start
        self._report = report
        self._clock = clock
        self._name = name

    def run(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Runs `{"job": "schedule" | "exports" | "export" | "reconcile" | "verify", …}`; the answer is for the log.

        Raises what went wrong, after it is written down, so that Lambda tries again and then tells.
        """
        match event:
            case {"job": "schedule"}:
                return self._schedule()
            case {"job": "exports", "site": str(site), "periods": [*periods]}:
                return self._exports(site, [ExportPeriod.parse(text) for text in periods])
            case {"job": "export", "site": str(site), "period": str(period)}:
                return self._export(site, ExportPeriod.parse(period), event.get("run"))
            case {"job": "reconcile", "month": str(month)}:
                return {"status": self._reconciliation.step(self._retentions(ExportPeriod.parse(month)), month)}
            case {"job": "verify", "site": str(site), "period": str(period), "run": str(run)}:
                return self._verification(site, ExportPeriod.parse(period), run)
        raise ValueError("no job is called so")

    def request_export(self, site: str, period: ExportPeriod) -> None:
        """Starts the export; from now on the index says that it runs."""
        run = self._name()
        self._index.begin(site, period.text, run, self._clock())
        try:
            self._start({"job": "export", "site": site, "period": period.text, "run": run})
        except Exception:
            self._index.fail(site, period.text, run)
            raise

    def request_verification(self, site: str, period: ExportPeriod) -> None:
        """Starts the verification of an export; from now on the index says that it runs."""
        run = self._name()
        self._index.begin_verification(site, period.text, run, self._clock())
        try:
            self._start({"job": "verify", "site": site, "period": period.text, "run": run})
        except Exception:
            self._index.fail_verification(site, period.text, run)
            raise

    def _schedule(self) -> dict[str, Any]:
        now = self._clock()
        month = to_reconcile(now)
        faults: list[Exception] = []
        exports = 0
        retentions: dict[str, Retention] = {}
        for listed in self._sites.sites_ever():
            try:
                months = self._months(listed)
                retentions |= _retention(listed, months, month)
                found = self._due(listed, months, now)
                self._start_exports(listed.site, found)
                exports += len(found)
            except Exception as fault:  # one site's trouble is not the others'
                self._report(fault)
                faults.append(fault)
        reconciles = self._reconciliation.is_due(retentions, month.text)
        if reconciles:
            self._start({"job": "reconcile", "month": month.text})
        if faults:
            raise faults[0]
        return {"exports": exports, "reconciles": month.text if reconciles else None}

    def _due(self, listed: ListedSite, months: Months, now: float) -> list[ExportPeriod]:
        lines = {line.period: line for line in self._index.lines(listed.site)}
        return due(SiteSpan(months.created_at, listed.deleted_at), lines, months.zone, months.kept_until, now)

    def _retentions(self, month: ExportPeriod) -> dict[str, Retention]:
        """How long each site that can have reads in `month` keeps them."""
        found: dict[str, Retention] = {}
        for listed in self._sites.sites_ever():
            found |= _retention(listed, self._months(listed), month)
        return found

    def _months(self, listed: ListedSite) -> Months:
        return Months(self._sites.versions(listed.site))

    def _start_exports(self, site: str, periods: Sequence[ExportPeriod]) -> None:
        """One job for all: each site takes one function at a time, and leaves the others to readers."""
        if periods:
            self._start({"job": "exports", "site": site, "periods": [period.text for period in periods]})

    def _exports(self, site: str, periods: Sequence[ExportPeriod]) -> dict[str, Any]:
        """One after the other; what the time does not suffice for goes to another job."""
        until = self._clock() + _WORKS_FOR
        faults: list[Exception] = []
        left: Sequence[ExportPeriod] = []
        for number, period in enumerate(periods):
            if number and self._clock() >= until:
                left = periods[number:]
                self._start_exports(site, left)
                break
            try:
                self._export(site, period, None)
            except Exception as fault:  # one period's trouble is not the others'
                self._report(fault)
                faults.append(fault)
        if faults:
            raise faults[0]
        return {"exports": len(periods) - len(left), "left": len(left)}

    def _export(self, site: str, period: ExportPeriod, run: str | None) -> dict[str, Any]:
        now = self._clock()
        if run is None:
            run = self._name()
            self._index.begin(site, period.text, run, now)
        try:
            manifest = self._exporter.run(site, period, now)
        except Exception:
            self._index.fail(site, period.text, run)
            raise
        self._index.finish(site, period.text, run, manifest.status, manifest.revision)
        if manifest.status == "final" and period.is_month:
            self._tell(manifest)
            lines = {line.period: line for line in self._index.lines(site)}
            self._start_exports(site, days_to_follow(period, lines, now))
        return {"export_id": manifest.export_id, "status": manifest.status, "revision": manifest.revision}

    def _tell(self, manifest: Manifest) -> None:
        """At least once: told and not written down is told again."""
        line = self._index.line(manifest.site, manifest.period)
        if line is None or not line.announced:
            self._announce(manifest)
            self._index.announced(manifest.site, manifest.period)

    def _verification(self, site: str, period: ExportPeriod, run: str) -> dict[str, Any]:
        try:
            document = self._verify(site, period, self._clock()).document()
        except Exception:
            self._index.fail_verification(site, period.text, run)
            raise
        self._index.finish_verification(site, period.text, run, json.dumps(document))
        return {"holds": document["holds"]}


def _retention(listed: ListedSite, months: Months, month: ExportPeriod) -> dict[str, Retention]:
    """How long the site keeps its reads of `month`, under its id; nothing where it can have none."""
    if concerns(SiteSpan(months.created_at, listed.deleted_at), month, months.zone):
        return {listed.site: months.rules(month).retention}
    return {}
