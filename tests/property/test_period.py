"""I9: periods are independent, and an instant's bucket only ever moves forward (facts: reliability 5.2)."""

from zoneinfo import available_timezones

from hypothesis import given
from hypothesis import strategies as st

from readmeter.core.period import calendar_bucket, local_date

ZONES = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
UNITS = st.sampled_from(["month", "week", "day"])
INSTANTS = st.floats(1_767_225_600, 2_145_916_800)  # 2026 to 2037, as far as zone rules are written down


@given(UNITS, ZONES, INSTANTS)
def test_a_bucket_ends_exactly_when_the_next_one_begins(unit: str, zone: str, now: float) -> None:
    bucket = calendar_bucket(unit, zone, now)  # type: ignore[arg-type]
    end = bucket.ends_at.timestamp()
    assert end > now
    assert calendar_bucket(unit, zone, end).key != bucket.key  # type: ignore[arg-type]
    assert calendar_bucket(unit, zone, end - 1).key == bucket.key  # type: ignore[arg-type]


@given(UNITS, ZONES, INSTANTS, st.floats(0, 90 * 86_400))
def test_later_instants_are_in_the_same_bucket_or_a_later_one(unit: str, zone: str, now: float, later: float) -> None:
    first = calendar_bucket(unit, zone, now)  # type: ignore[arg-type]
    second = calendar_bucket(unit, zone, now + later)  # type: ignore[arg-type]
    assert first.key <= second.key
    assert first.ends_at <= second.ends_at


@given(ZONES, INSTANTS)
def test_the_next_period_starts_on_its_own_first_day(zone: str, now: float) -> None:
    ends_at = calendar_bucket("month", zone, now).ends_at
    assert local_date(zone, ends_at.timestamp()).day == 1
    assert local_date(zone, ends_at.timestamp() - 1) < ends_at.date()
