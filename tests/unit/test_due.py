"""What the schedule does when: every day and month gets its export in time, once a local day, in every zone."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readmeter.core.period import local_date
from readmeter.store.exports import LONGEST_RUN, ExportLine
from readmeter.usage.due import DAY_AFTER, SiteSpan, due, to_reconcile
from readmeter.usage.months import FINAL_AFTER
from readmeter.usage.period import ExportPeriod

HOUR = 3600.0
SAO_PAULO = "America/Sao_Paulo"
ZONES = sorted(available_timezones() - {"Factory", "localtime"})
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def at(text: str) -> float:
    """Epoch seconds of an instant in ISO 8601."""
    return datetime.fromisoformat(text).timestamp()


class Index:
    """The index of exports of one site, run by the schedule: whatever is due is made at once, and well."""

    def __init__(self, zone: str, created_at: float, deleted_at: float | None = None) -> None:
        self.zone = zone
        self.span = SiteSpan(created_at, deleted_at)
        self.lines: dict[str, ExportLine] = {}
        self.made: list[tuple[float, str]] = []

    def due(self, now: float) -> list[str]:
        return [period.text for period in due(self.span, self.lines, lambda _: self.zone, lambda _: inf, now)]

    def run(self, now: float) -> list[str]:
        found = self.due(now)
        for text in found:
            self.made.append((now, text))
            self.lines[text] = self.ended(text, now)
        return found

    def ended(self, text: str, now: float) -> ExportLine:
        """The line that a run leaves: final as the exporter says."""
        period = ExportPeriod.parse(text)
        if period.is_month:
            final = now >= period.end(self.zone).timestamp() + FINAL_AFTER
        else:
            month = self.lines.get(period.month.text)
            final = month is not None and month.status == "final"
        return ExportLine("riotimes", text, now, True, False, "final" if final else "provisional", 1, final)


@given(st.sampled_from(ZONES), INSTANTS, st.floats(0, HOUR - 1))
@settings(max_examples=8, deadline=None)
def test_every_day_and_month_has_its_export_in_time_in_every_zone(zone: str, start: datetime, minute: float) -> None:
    created = start.timestamp()
    index = Index(zone, created)
    ticks = [created + minute + HOUR * number for number in range(24 * 64)]
    for now in ticks:
        for text in index.run(now):
            period = ExportPeriod.parse(text)
            first_day_over = ExportPeriod.parse(period.first.isoformat()).end(zone).timestamp() + DAY_AFTER
            assert now >= first_day_over, (text, "before anything in it was over")
    first: dict[str, float] = {}
    final: dict[str, float] = {}
    for now, text in index.made:
        first.setdefault(text, now)
        period = ExportPeriod.parse(text).month
        if now >= period.end(zone).timestamp() + FINAL_AFTER:
            assert text not in final, (text, "is final and was made again")
            final[text] = now
    born = local_date(zone, created)
    for day in (born + timedelta(days=number) for number in range(50)):
        period = ExportPeriod.parse(day.isoformat())
        over = max(period.end(zone).timestamp() + DAY_AFTER, ticks[0])
        assert over <= first[period.text] < over + HOUR
        closes = max(period.month.end(zone).timestamp() + FINAL_AFTER, ticks[0])
        if closes + 2 * HOUR < ticks[-1]:
            assert closes <= final[period.month.text] < closes + HOUR
            assert final[period.month.text] < final[period.text] <= final[period.month.text] + HOUR


@given(st.sampled_from(ZONES), INSTANTS)
@settings(max_examples=8, deadline=None)
def test_an_open_period_is_made_once_on_each_local_day(zone: str, start: datetime) -> None:
    index = Index(zone, start.timestamp())
    for number in range(24 * 8):
        index.run(start.timestamp() + HOUR * number)
    days = Counter(
        (text, local_date(zone, now - DAY_AFTER))
        for now, text in index.made
        if now < ExportPeriod.parse(text).month.end(zone).timestamp() + FINAL_AFTER
    )
    assert set(days.values()) == {1}


def test_nothing_is_due_in_the_first_hours() -> None:
    index = Index(SAO_PAULO, at("2026-11-01T00:00:00-03:00"))
    assert index.due(at("2026-11-01T12:00:00-03:00")) == []
    assert index.due(at("2026-11-02T00:59:59-03:00")) == []
    assert index.due(at("2026-11-02T01:00:00-03:00")) == ["2026-11", "2026-11-01"]


def test_a_month_is_final_after_72_hours_and_its_days_after_it() -> None:
    index = Index(SAO_PAULO, at("2026-11-01T12:00:00-03:00"))
    index.run(at("2026-12-03T23:00:00-03:00"))
    assert index.due(at("2026-12-03T23:59:59-03:00")) == []
    assert index.run(at("2026-12-04T00:00:00-03:00")) == ["2026-11"]
    assert index.run(at("2026-12-04T00:10:00-03:00")) == [f"2026-11-{day:02}" for day in range(1, 31)]
    assert index.run(at("2026-12-04T00:20:00-03:00")) == []


def test_after_a_long_outage_months_close_in_order() -> None:
    index = Index(SAO_PAULO, at("2026-09-10T12:00:00-03:00"))
    now = at("2026-12-10T00:30:00-03:00")
    assert [text for text in index.run(now) if len(text) == 7] == ["2026-09", "2026-12"]
    assert [text for text in index.run(now) if len(text) == 7] == ["2026-10"]
    assert [text for text in index.run(now) if len(text) == 7] == ["2026-11"]


def test_what_runs_is_left_alone_and_what_failed_is_tried_again() -> None:
    index = Index(SAO_PAULO, at("2026-11-01T00:00:00-03:00"))
    began = at("2026-11-02T01:00:00-03:00")
    index.run(began)
    day = index.lines["2026-11-01"]
    tomorrow = began + 24 * HOUR
    index.lines["2026-11-01"] = replace(day, began_at=tomorrow, ended=False)
    assert "2026-11-01" not in index.due(tomorrow + 60)
    assert "2026-11-01" in index.due(tomorrow + LONGEST_RUN + 1)
    index.lines["2026-11-01"] = replace(day, began_at=tomorrow, failed=True)
    assert "2026-11-01" in index.due(tomorrow + 60)


def test_a_final_that_finance_was_not_told_of_is_due_until_it_was() -> None:
    index = Index(SAO_PAULO, at("2026-11-01T12:00:00-03:00"))
    now = at("2026-12-04T00:00:00-03:00")
    index.run(now)
    index.run(now)
    index.lines["2026-11"] = replace(index.lines["2026-11"], announced=False)
    assert index.due(now) == ["2026-11"]
    index.lines["2026-11"] = replace(index.lines["2026-11"], ended=False)
    assert index.due(now) == []


def test_a_deleted_site_is_owed_its_last_month_and_one_more_for_what_came_late() -> None:
    index = Index(SAO_PAULO, at("2026-09-10T12:00:00-03:00"), at("2026-10-05T12:00:00-03:00"))
    now = at("2027-03-01T12:00:00-03:00")
    while index.run(now):
        pass
    assert [text for text in sorted(index.lines) if len(text) == 7] == ["2026-09", "2026-10", "2026-11"]
    assert {line.status for line in index.lines.values()} == {"final"}


@pytest.mark.parametrize(
    ("now", "month"),
    [
        ("2026-12-01T00:00:00Z", "2026-10"),
        ("2026-12-02T11:59:59Z", "2026-10"),
        ("2026-12-02T12:00:00Z", "2026-11"),
        ("2026-12-31T23:59:59Z", "2026-11"),
        ("2027-01-01T00:00:00Z", "2026-11"),
        ("2027-01-02T12:00:00Z", "2026-12"),
    ],
)
def test_a_month_is_reconciled_36_hours_after_its_end_in_utc(now: str, month: str) -> None:
    assert to_reconcile(at(now)).text == month


@given(st.sampled_from(ZONES), st.integers(1, 12))
def test_reconciliation_comes_a_day_after_every_zones_month_and_well_before_the_first_final(
    zone: str, number: int
) -> None:
    month = ExportPeriod.parse(f"2026-{number:02}")
    end = month.end(zone).timestamp()
    assert to_reconcile(end + 24 * HOUR - 1) != month
    assert to_reconcile(end + FINAL_AFTER - 20 * HOUR) == month


def test_a_month_whose_reads_are_no_longer_kept_holds_no_later_month_up() -> None:
    span = SiteSpan(at("2026-08-05T12:00:00-03:00"))
    ends = {"2026-08": at("2026-09-01T00:00:00-03:00")}
    found = due(
        span,
        {},
        lambda _: "America/Sao_Paulo",
        lambda month: ends.get(month.text, inf),
        at("2026-11-10T12:00:00-03:00"),
    )
    assert [period.text for period in found][:2] == ["2026-09", "2026-11"]
