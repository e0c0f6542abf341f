"""Reconciliation as a job: gets a month's items, compares every site, inserts what is missing, keeps the results."""

from collections.abc import Callable, Mapping
from typing import Literal

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

from readmeter.core.keys import Keyring
from readmeter.core.rules import Retention
from readmeter.usage.meter_items import ItemSource
from readmeter.usage.objects import Objects
from readmeter.usage.reconciliation import Reconciliation, latest_result, reconcile_sites, store_result


class ReconcileJob:
    """A step at a time, since on AWS the items take minutes to hours to come; `tell` hears of every result."""

    def __init__(
        self,
        ledger: Objects,
        exports: Objects,
        source: ItemSource,
        keyring: Callable[[], Keyring],
        tell: Callable[[Reconciliation], None],
    ) -> None:
        self._ledger = ledger
        self._exports = exports
        self._source = source
        self._keyring = keyring
        self._tell = tell

    def is_due(self, sites: Mapping[str, Retention], month: str) -> bool:
        """Whether a site of `sites` has no result for `month` (`2026-11`) yet."""
        return bool(self._without_result(sites, month))

    def step(self, sites: Mapping[str, Retention], month: str) -> Literal["running", "done"]:
        """Compares `sites` when the items are there, those without a result first: a step that stops goes on there.

        `running`: they are not; take the step again later. May be taken again when it is done, too.
        """
        items = self._source(month)
        if items is None:
            return "running"
        first = self._without_result(sites, month)
        ordered = {**first, **sites}
        for result in reconcile_sites(self._ledger, items, self._keyring, ordered, month, insert=True):
            store_result(self._exports, result)
            self._tell(result)
        return "done"

    def _without_result(self, sites: Mapping[str, Retention], month: str) -> dict[str, Retention]:
        return {
            site: retention for site, retention in sites.items() if latest_result(self._exports, site, month) is None
        }


def drift_metric(namespace: str, result: Reconciliation) -> None:
    """The metric that an alarm watches: how many rows disagreed, also where inserting has mended it."""
    with single_metric(
        name="ReconciliationDrift", unit=MetricUnit.Count, value=result.drifting, namespace=namespace
    ) as metric:
        metric.add_metadata(key="site", value=result.site)
        metric.add_metadata(key="month", value=result.month)
