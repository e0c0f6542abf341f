"""The job: waits for the items, compares every site, inserts, keeps the results, tells of drift."""

import json

import pytest

from readmeter.core.rules import Retention
from readmeter.usage.meter_items import ItemSource, MeterItems
from readmeter.usage.reconcile_job import ReconcileJob, drift_metric
from readmeter.usage.reconciliation import Reconciliation, latest_result
from tests.support.items import Items, item, keyring, rows, write
from tests.support.objects import MemoryObjects

MONTH = "2026-11"
STAMP = "2026-11-22|1|anonymous|reader"
ITEMS = [item("P#default#2026-11", {"a": STAMP, "b": STAMP}, site=site) for site in ("one", "two")]
SITES = {"one": Retention(), "two": Retention()}


class Bench:
    def __init__(self) -> None:
        self.ledger, self.exports = MemoryObjects(), MemoryObjects()
        self.items: MeterItems | None = Items(ITEMS, 1_796_342_400.0)
        self.told: list[Reconciliation] = []
        source: ItemSource = lambda month: self.items  # noqa: E731
        self.job = ReconcileJob(self.ledger, self.exports, source, keyring, self.told.append)


def test_without_items_nothing_is_compared_yet() -> None:
    bench = Bench()
    bench.items = None
    assert bench.job.step(SITES, MONTH) == "running"
    assert bench.job.is_due(SITES, MONTH)
    assert not bench.told


def test_every_site_gets_its_missing_rows_and_a_result() -> None:
    bench = Bench()
    write(bench.ledger, rows(ITEMS[0]))
    assert bench.job.step(SITES, MONTH) == "done"
    assert not bench.job.is_due(SITES, MONTH)
    assert [(each.site, each.status, each.inserted) for each in bench.told] == [
        ("one", "matched", 0),
        ("two", "matched", 2),
    ]
    for site in SITES:
        result = latest_result(bench.exports, site, MONTH)
        assert result is not None
        assert result["status"] == "matched"
    assert bench.job.step(SITES, MONTH) == "done"
    assert [each.drifting for each in bench.told[2:]] == [0, 0]


def test_a_step_that_stopped_goes_on_with_the_sites_it_had_not_come_to() -> None:
    bench = Bench()
    bench.job.step({"one": Retention()}, MONTH)
    assert bench.job.is_due(SITES, MONTH)
    bench.told.clear()
    bench.job.step(SITES, MONTH)
    assert [each.site for each in bench.told] == ["two", "one"]


def test_the_metric_counts_rows_that_were_mended_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "readmeter")
    bench = Bench()
    bench.job.step(SITES, MONTH)
    drift_metric("Readmeter/one-stack", bench.told[0])
    line = json.loads(capsys.readouterr().out)
    [metrics] = line["_aws"]["CloudWatchMetrics"]
    assert (metrics["Namespace"], metrics["Dimensions"]) == ("Readmeter/one-stack", [["service"]])
    assert (line["ReconciliationDrift"], line["service"], line["site"]) == ([2.0], "readmeter", "one")
