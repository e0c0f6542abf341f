"""Calendar periods where calendars are hard: gaps, overlaps, week and year ends, odd offsets."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from readmeter.core.period import calendar_bucket, first_instant, local_date, next_month, window_end


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("America/Sao_Paulo", date(2026, 12, 1), "2026-12-01T00:00:00-03:00"),
        ("America/Havana", date(2026, 11, 1), "2026-11-01T00:00:00-04:00"),  # midnight comes twice: the first one
        ("America/Asuncion", date(2023, 10, 1), "2023-10-01T01:00:00-03:00"),  # no midnight: the clock jumps to 1:00
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-24T01:00:00+03:00"),
        ("Asia/Kathmandu", date(2026, 12, 1), "2026-12-01T00:00:00+05:45"),
        ("Pacific/Kiritimati", date(2027, 1, 1), "2027-01-01T00:00:00+14:00"),
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-31T00:00:00+14:00"),  # the day that Samoa left out
        ("UTC", date(2028, 2, 29), "2028-02-29T00:00:00+00:00"),
    ],
)
def test_a_day_begins_at_its_first_instant(zone: str, day: date, instant: str) -> None:
    assert first_instant(zone, day).isoformat() == instant


@pytest.mark.parametrize(
    ("unit", "zone", "now", "key", "ends_at"),
    [
        ("month", "America/Sao_Paulo", "2026-11-22T12:00:00-03:00", "2026-11", "2026-12-01T00:00:00-03:00"),
        ("month", "America/Sao_Paulo", "2026-12-01T02:59:59+00:00", "2026-11", "2026-12-01T00:00:00-03:00"),
        ("month", "America/Sao_Paulo", "2026-12-01T03:00:00+00:00", "2026-12", "2027-01-01T00:00:00-03:00"),
        ("month", "America/Havana", "2026-10-31T23:59:59-04:00", "2026-10", "2026-11-01T00:00:00-04:00"),
        ("week", "UTC", "2026-11-22T23:59:59+00:00", "2026-W47", "2026-11-23T00:00:00+00:00"),
        ("week", "UTC", "2026-11-23T00:00:00+00:00", "2026-W48", "2026-11-30T00:00:00+00:00"),
        ("week", "UTC", "2027-01-01T12:00:00+00:00", "2026-W53", "2027-01-04T00:00:00+00:00"),
        ("day", "Africa/Cairo", "2026-04-23T23:59:59+02:00", "2026-04-23", "2026-04-24T01:00:00+03:00"),
        ("day", "Africa/Cairo", "2026-04-24T01:00:00+03:00", "2026-04-24", "2026-04-25T00:00:00+03:00"),
    ],
)
def test_an_instant_falls_in_the_bucket_of_its_local_date(
    unit: str, zone: str, now: str, key: str, ends_at: str
) -> None:
    bucket = calendar_bucket(unit, zone, at(now))  # type: ignore[arg-type]
    assert (bucket.key, bucket.ends_at.isoformat()) == (key, ends_at)


def test_the_month_after_december_is_january_of_the_next_year() -> None:
    assert next_month("UTC", at("2026-12-31T23:59:59+00:00")) == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_window_ends_so_many_times_24_hours_after_it_was_opened() -> None:
    end = window_end(int(at("2026-11-01T00:30:00-04:00")), 1, "America/Havana")
    assert end.isoformat() == "2026-11-01T23:30:00-05:00", "the day that the clock goes back has 25 hours"


def test_a_local_date_is_the_zones_own() -> None:
    assert local_date("Pacific/Kiritimati", at("2026-11-30T10:00:00+00:00")) == date(2026, 12, 1)
    assert datetime.fromtimestamp(at("2026-11-30T10:00:00+00:00"), ZoneInfo("UTC")).day == 30
