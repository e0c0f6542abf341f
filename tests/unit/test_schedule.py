"""The local schedule: what is due by the service's clock is started once, however the clock is moved."""

from typing import Any

import pytest

from local.schedule import Scheduler
from local.template import Schedule

HOURLY = Schedule("ExportsFunction", 3600, '{"job": "schedule"}')


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def started() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def scheduler(clock: Clock, started: list[dict[str, Any]]) -> Scheduler:
    return Scheduler([HOURLY], {"ExportsFunction": started.append}, clock)


def test_the_first_run_is_due_after_one_interval(
    scheduler: Scheduler, clock: Clock, started: list[dict[str, Any]]
) -> None:
    scheduler.look()
    clock.now += 3599
    scheduler.look()
    assert started == []
    clock.now += 1
    scheduler.look()
    scheduler.look()
    assert started == [{"job": "schedule"}]


def test_a_clock_that_jumps_a_month_ahead_starts_one_run(
    scheduler: Scheduler, clock: Clock, started: list[dict[str, Any]]
) -> None:
    clock.now += 30 * 86_400
    scheduler.look()
    scheduler.look()
    assert len(started) == 1


def test_a_clock_that_is_set_back_starts_nothing_and_counts_anew(
    scheduler: Scheduler, clock: Clock, started: list[dict[str, Any]]
) -> None:
    clock.now -= 30 * 86_400
    scheduler.look()
    assert started == []
    clock.now += 3600
    scheduler.look()
    assert len(started) == 1
