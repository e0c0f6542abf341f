"""The jobs that nobody waits for: what they start, write down and tell, and what they do when something breaks."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import pytest

from readmeter.sites.compile import compile_site
from readmeter.sites.parse import read_document
from readmeter.store.exports import ExportLine, ExportStore
from readmeter.store.sites import SiteStore, Version
from readmeter.usage.exports import Exporter
from readmeter.usage.jobs import Jobs
from readmeter.usage.manifest import Manifest
from readmeter.usage.objects import Objects
from readmeter.usage.period import ExportPeriod
from readmeter.usage.reconcile_job import ReconcileJob
from tests.support.admin_api import document
from tests.support.fast_database import FastDatabase, Image
from tests.support.objects import MemoryObjects


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@dataclass
class Proof:
    """A verification's result."""

    holds: bool = True

    def document(self) -> dict[str, Any]:
        return {"holds": self.holds}


@dataclass
class Desk:
    """The jobs over tables and buckets in memory; `started`, `told` and `faults` are what they did."""

    now: float = at("2026-11-10T12:00:00Z")
    started: list[dict[str, Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    reconciled: list[tuple[list[str], str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        database = FastDatabase()
        self.sites, self.index = SiteStore(database, "sites"), ExportStore(database, "sites")
        ledger: Objects = MemoryObjects(lambda: self.now)
        exports: Objects = MemoryObjects(lambda: self.now)
        runs = iter(range(1000))
        self.verify: Callable[[], Proof] = Proof
        self.start: Callable[[dict[str, Any]], None] = self.started.append
        self.announce: Callable[[Manifest], None] = lambda manifest: self.told.append(manifest.export_id)
        self.jobs = Jobs(
            self.sites,
            self.index,
            Exporter(ledger, exports, self.sites.versions),
            cast(ReconcileJob, self),
            lambda site, period, now: self.verify(),
            announce=lambda manifest: self.announce(manifest),
            start=lambda event: self.start(event),
            report=self.faults.append,
            clock=lambda: self.now,
            name=lambda: f"run-{next(runs)}",
        )

    def publish(self, site: str = "riotimes", **changes: Any) -> None:
        parsed = read_document(document(site=site, **changes))
        version = Version(site, 1, json.dumps(parsed.data()), self.now, "ana")
        self.sites.write(version, compile_site(parsed, 1, None, self.now))

    def is_due(self, sites: dict[str, Any], month: str) -> bool:
        """As of `ReconcileJob`: once for each set of sites."""
        return bool(sites) and (list(sites), month) not in self.reconciled

    def step(self, sites: dict[str, Any], month: str) -> str:
        self.reconciled.append((list(sites), month))
        return "done"

    def schedule(self) -> list[str]:
        """The schedule's hour: what it starts, as `exports 2026-11`, one for each period."""
        self.started.clear()
        self.jobs.run({"job": "schedule"})
        return [
            f"{event['job']} {period}"
            for event in self.started
            for period in event.get("periods", [event.get("month")])
        ]

    def run_all(self) -> None:
        for event in self.started:  # a job may start others
            self.jobs.run(event)

    def line(self, period: str, site: str = "riotimes") -> ExportLine:
        line = self.index.line(site, period)
        assert line is not None
        return line


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.publish()
    return desk


def test_the_schedule_starts_what_is_due_in_one_job_for_the_site(desk: Desk) -> None:
    desk.now = at("2026-11-11T04:00:00Z")
    found = desk.schedule()
    assert found == ["exports 2026-11", *(f"exports 2026-11-{day:02}" for day in range(1, 11))]
    assert len(desk.started) == 1
    desk.run_all()
    assert desk.schedule() == []
    assert desk.jobs.run({"job": "schedule"}) == {"exports": 0, "reconciles": None}


def test_the_schedule_asks_once_for_the_sites_and_for_the_versions_of_each(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    query = FastDatabase.query

    def counted(database: FastDatabase, **request: Any) -> Sequence[Image]:
        values = request["ExpressionAttributeValues"]
        asked.append(" ".join(value["S"] for _, value in sorted(values.items())))
        return query(database, **request)

    desk.publish("another")
    monkeypatch.setattr(FastDatabase, "query", counted)
    desk.schedule()
    assert sorted(asked) == ["S#another V#", "S#another X#", "S#riotimes V#", "S#riotimes X#", "SITES"]


def test_an_export_that_ran_is_in_the_index(desk: Desk) -> None:
    desk.now = at("2026-11-11T04:00:00Z")
    desk.schedule()
    desk.run_all()
    assert (desk.line("2026-11").state(desk.now), desk.line("2026-11").revision) == ("provisional", 1)


def test_what_the_time_does_not_suffice_for_goes_to_another_job(desk: Desk) -> None:
    def slow(site: str, period: str, run: str, now: float) -> None:
        desk.now += 300
        begin(site, period, run, now)

    begin, desk.index.begin = desk.index.begin, slow  # type: ignore[method-assign]
    periods = [f"2026-11-0{day}" for day in range(1, 6)]
    answer = desk.jobs.run({"job": "exports", "site": "riotimes", "periods": periods})
    assert answer == {"exports": 2, "left": 3}
    assert desk.started == [{"job": "exports", "site": "riotimes", "periods": periods[2:]}]
    desk.run_all()
    assert {desk.line(period).status for period in periods} == {"provisional"}


def test_one_periods_trouble_is_not_the_others(desk: Desk) -> None:
    with pytest.raises(ValueError, match="2027-01 has not begun"):
        desk.jobs.run({"job": "exports", "site": "riotimes", "periods": ["2027-01", "2026-11"]})
    assert desk.line("2026-11").status == "provisional"
    assert len(desk.faults) == 1


def test_an_export_that_nobody_began_begins_itself(desk: Desk) -> None:
    answer = desk.jobs.run({"job": "export", "site": "riotimes", "period": "2026-11"})
    assert answer == {"export_id": "riotimes_2026-11", "status": "provisional", "revision": 1}
    assert desk.line("2026-11").state(desk.now) == "provisional"


def test_an_export_that_broke_off_is_written_down_and_raised(desk: Desk) -> None:
    with pytest.raises(ValueError, match="has not begun"):
        desk.jobs.run({"job": "export", "site": "riotimes", "period": "2026-12", "run": None})
    assert desk.line("2026-12").state(desk.now) == "failed"


def test_what_cannot_be_started_has_failed(desk: Desk) -> None:
    def full(_: dict[str, Any]) -> None:
        raise RuntimeError("no more invocations")

    desk.start = full
    november = ExportPeriod.parse("2026-11")
    with pytest.raises(RuntimeError):
        desk.jobs.request_export("riotimes", november)
    assert desk.line("2026-11").state(desk.now) == "failed"
    with pytest.raises(RuntimeError):
        desk.jobs.request_verification("riotimes", november)
    line = desk.index.verification("riotimes", "2026-11")
    assert line is not None
    assert line.state(desk.now) == "failed"


def test_one_sites_trouble_is_not_the_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.publish("another")
    desk.publish("zebra")
    desk.now = at("2026-11-11T04:00:00Z")
    lines = ExportStore.lines

    def broken(store: ExportStore, site: str) -> list[ExportLine]:
        if site == "riotimes":
            raise RuntimeError("unreadable")
        return lines(store, site)

    monkeypatch.setattr(ExportStore, "lines", broken)
    with pytest.raises(RuntimeError):
        desk.schedule()
    assert {event["site"] for event in desk.started} == {"another", "zebra"}
    assert len(desk.faults) == 1


def test_finance_is_told_of_months_alone_and_once(desk: Desk) -> None:
    desk.now = at("2026-12-04T03:00:00Z")
    for _ in range(3):
        desk.schedule()
        desk.run_all()
    assert desk.told == ["riotimes_2026-11"]
    assert desk.line("2026-11").announced
    assert desk.line("2026-11-30").status == "final"


def test_a_final_month_has_its_days_follow_at_once_and_each_once(desk: Desk) -> None:
    desk.now = at("2026-12-05T12:00:00Z")
    month = {"job": "export", "site": "riotimes", "period": "2026-11"}
    desk.jobs.run(month)
    assert [event["periods"] for event in desk.started] == [[f"2026-11-{day:02}" for day in range(1, 31)]]
    desk.run_all()
    assert {desk.line(f"2026-11-{day:02}").status for day in range(1, 31)} == {"final"}
    desk.started.clear()
    desk.jobs.run(month)
    assert desk.started == []


def test_what_could_not_be_told_is_told_an_hour_later(desk: Desk) -> None:
    def unreachable(_: Manifest) -> None:
        raise RuntimeError("no topic")

    desk.now = at("2026-12-04T03:00:00Z")
    tell, desk.announce = desk.announce, unreachable
    with pytest.raises(RuntimeError):
        desk.jobs.run({"job": "export", "site": "riotimes", "period": "2026-11"})
    assert (desk.line("2026-11").status, desk.line("2026-11").announced) == ("final", False)
    desk.announce = tell
    assert "exports 2026-11" in desk.schedule()
    desk.run_all()
    assert desk.told == ["riotimes_2026-11"]


def test_a_month_is_reconciled_until_there_is_a_result_for_the_sites_that_it_concerns(desk: Desk) -> None:
    desk.now = at("2026-12-02T12:00:00Z")
    desk.publish("december")
    assert "reconcile 2026-11" in desk.schedule()
    desk.run_all()
    assert desk.reconciled == [(["riotimes"], "2026-11")]
    assert "reconcile 2026-11" not in desk.schedule()


def test_a_deleted_site_is_reconciled_as_long_as_it_can_have_reads(desk: Desk) -> None:
    desk.now = at("2026-12-01T12:00:00Z")
    desk.sites.delete("riotimes", 1, desk.now)
    desk.jobs.run({"job": "reconcile", "month": "2026-11"})
    desk.jobs.run({"job": "reconcile", "month": "2026-12"})
    desk.jobs.run({"job": "reconcile", "month": "2027-01"})
    assert desk.reconciled == [(["riotimes"], "2026-11"), (["riotimes"], "2026-12"), ([], "2027-01")]


def test_a_verification_is_kept_and_one_that_broke_off_has_failed(desk: Desk) -> None:
    november = ExportPeriod.parse("2026-11")
    desk.jobs.request_verification("riotimes", november)
    desk.run_all()
    line = desk.index.verification("riotimes", "2026-11")
    assert line is not None
    assert line.result == '{"holds": true}'
    desk.started.clear()
    desk.verify = lambda: 1 / 0  # type: ignore[assignment,return-value]
    desk.jobs.request_verification("riotimes", november)
    with pytest.raises(ZeroDivisionError):
        desk.run_all()
    line = desk.index.verification("riotimes", "2026-11")
    assert line is not None
    assert line.state(desk.now) == "failed"


@pytest.mark.parametrize(
    "event", [{}, {"job": "else"}, {"job": "export", "site": "riotimes"}, {"job": "verify", "site": "a", "period": "b"}]
)
def test_what_is_no_job_is_refused(desk: Desk, event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no job"):
        desk.jobs.run(event)
