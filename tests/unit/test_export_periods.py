"""What an export covers: months and days of the site's calendar, also where a midnight is missing or comes twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmeter.usage.manifest import utc_text
from readmeter.usage.period import ExportPeriod, export_id, parse_export_id


def bounds(zone: str, period: str) -> tuple[str, str]:
    parsed = ExportPeriod.parse(period)
    return utc_text(parsed.start(zone)), utc_text(parsed.end(zone))


@pytest.mark.parametrize(
    ("zone", "period", "start", "end"),
    [
        ("UTC", "2026-11", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("America/Sao_Paulo", "2026-11", "2026-11-01T03:00:00Z", "2026-12-01T03:00:00Z"),
        ("Asia/Kathmandu", "2026-02", "2026-01-31T18:15:00Z", "2026-02-28T18:15:00Z"),
        ("Pacific/Kiritimati", "2026-12", "2026-11-30T10:00:00Z", "2026-12-31T10:00:00Z"),
        # The clock went from 23:59:59 on September 30 to 1:00 on October 1: that month has no midnight to begin at.
        ("America/Asuncion", "2023-10", "2023-10-01T04:00:00Z", "2023-11-01T03:00:00Z"),
        # At 1:00 on November 1 it is 0:00 again: the month begins at the first of the two.
        ("America/Havana", "2026-11", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
        # March 8 begins at 1:00, and has 23 hours.
        ("America/Havana", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
    ],
)
def test_a_period_runs_from_its_first_instant_to_the_first_after_it(
    zone: str, period: str, start: str, end: str
) -> None:
    assert bounds(zone, period) == (start, end)


@given(st.dates(min_value=ExportPeriod.parse("2016-01").first, max_value=ExportPeriod.parse("2037-01").first))
def test_days_fill_their_month_without_gap_or_overlap(day: object) -> None:
    month = ExportPeriod.parse(f"{day:%Y-%m}")
    for zone in ("America/Asuncion", "America/Havana", "Asia/Amman", "Africa/Cairo"):
        days = [ExportPeriod.parse(each.isoformat()) for each in month.dates]
        edges = [each.start(zone) for each in days] + [month.end(zone)]
        assert edges[0] == month.start(zone)
        assert [each.end(zone) for each in days] == edges[1:]
        assert edges == sorted(set(edges))


@pytest.mark.parametrize(
    "text", ["2026", "2026-13", "2026-00", "2026-02-30", "2026-1", "26-11", "2026-11-", "", "２０２６-11"]
)
def test_nothing_else_is_a_period(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - what it says is read by people
        ExportPeriod.parse(text)


@pytest.mark.parametrize(
    "text", ["riotimes", "riotimes_", "_2026-11", "rio_times_2026-11", "riotimes_2026-11/..", "R_2026-11"]
)
def test_nothing_else_is_an_export_id(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_export_id(text)


def test_an_export_id_reads_back() -> None:
    for period in ("2026-11", "2026-11-22"):
        assert parse_export_id(export_id("rio-times-", ExportPeriod.parse(period))) == (
            "rio-times-",
            ExportPeriod.parse(period),
        )
