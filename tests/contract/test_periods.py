"""Periods: calendar months, weeks and days of the site, and windows of days that a reader's own first read opens."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from readmeter.core.encoding import base64url
from readmeter.core.period import DAY
from readmeter.core.rules import CompiledSite
from readmeter.store.dynamodb import DynamoDB
from readmeter.store.meters import Read, WindowSlot
from tests.support.endpoint import NOW, Desk
from tests.support.engines import Tables
from tests.support.meters import digest_of, periods, snapshot
from tests.support.site import compiled, meter
from tests.support.threads import at_once
from tests.support.wire import Wire

A, B, C = digest_of("a"), digest_of("b"), digest_of("c")


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class TestCalendars:
    @pytest.mark.parametrize(
        ("unit", "zone", "last_second", "key", "next_key"),
        [
            ("month", "America/Sao_Paulo", "2026-11-30T23:59:59-03:00", "2026-11", "2026-12"),
            ("month", "America/Sao_Paulo", "2026-12-31T23:59:59-03:00", "2026-12", "2027-01"),
            ("week", "America/Sao_Paulo", "2026-11-22T23:59:59-03:00", "2026-W47", "2026-W48"),
            ("week", "UTC", "2027-01-03T23:59:59+00:00", "2026-W53", "2027-W01"),
            ("day", "Asia/Kathmandu", "2026-11-22T23:59:59+05:45", "2026-11-22", "2026-11-23"),
            ("day", "Africa/Cairo", "2026-04-23T23:59:59+02:00", "2026-04-23", "2026-04-24"),
            ("month", "America/Asuncion", "2023-09-30T23:59:59-04:00", "2023-09", "2023-10"),
        ],
    )
    def test_the_next_period_begins_with_its_first_second(
        self, desk: Desk, unit: Any, zone: str, last_second: str, key: str, next_key: str
    ) -> None:
        """I9: a full allowance again, the old period's item as it was."""
        desk.publish(compiled(meter(unit=unit, anonymous=1), timezone=zone))
        desk.now = at(last_second)
        assert desk.view("a")["reason"] == "metered"
        denied = desk.view("b")
        assert denied["reason"] == "limit_reached"
        assert at(denied["resets_at"]) == desk.now + 1
        before = snapshot(desk.tables)
        desk.now += 1
        assert desk.view("b")["used"] == 1
        assert desk.view("a")["reason"] == "limit_reached"
        assert periods(desk.tables) == {f"P#default#{key}": {A}, f"P#default#{next_key}": {B}}
        assert before[0] in snapshot(desk.tables)

    def test_the_hour_that_comes_twice_is_one_day_and_one_month(self, desk: Desk) -> None:
        """I9: Havana sets its clocks back at 01:00 on 2026-11-01, so that midnight comes twice."""
        desk.publish(compiled(meter(anonymous=1), timezone="America/Havana"))
        for instant in ("2026-11-01T00:30:00-04:00", "2026-11-01T00:30:00-05:00"):
            desk.now = at(instant)
            desk.view("a")
        assert desk.view("b")["reason"] == "limit_reached"
        assert periods(desk.tables) == {"P#default#2026-11": {A}}

    def test_resets_at_bears_the_sites_own_offset(self, desk: Desk) -> None:
        assert desk.view("a")["resets_at"] == "2026-12-01T00:00:00-03:00"


@pytest.fixture
def window(desk: Desk) -> Desk:
    """The desk with a window of 30 days and 2 articles."""
    desk.publish(days())
    return desk


def days(anonymous: int = 2, days: int = 30) -> CompiledSite:
    return compiled(meter(unit="days", days=days, anonymous=anonymous))


class TestWindows:
    END = NOW + 30 * DAY

    def test_the_first_read_opens_the_window(self, window: Desk) -> None:
        assert window.view("a")["resets_at"] == "2026-12-22T09:00:00-03:00"

    def test_later_reads_do_not_move_it(self, window: Desk) -> None:
        first = window.view("a")
        window.now += 10 * DAY
        answers = [window.view("b"), window.view("a"), window.view("c")]
        assert [answer["reason"] for answer in answers] == ["metered", "repeat", "limit_reached"]
        assert {answer["resets_at"] for answer in answers} == {first["resets_at"]}

    def test_nothing_opens_a_window_that_nobody_reads_in(self, window: Desk) -> None:
        window.publish(days(anonymous=0))
        denied = window.view("a")
        assert (denied["reason"], denied["resets_at"]) == ("limit_reached", None)
        assert window.tables.meter_items() == []

    def test_it_holds_to_its_last_second(self, window: Desk) -> None:
        """I9"""
        window.view("a")
        window.view("b")
        window.now = self.END - 1
        assert window.view("c")["reason"] == "limit_reached"
        assert window.view("a")["reason"] == "repeat"

    def test_it_is_over_exactly_then(self, window: Desk) -> None:
        """I9"""
        window.view("a")
        window.view("b")
        window.now = self.END
        answer = window.view("c")
        assert (answer["reason"], answer["used"], answer["remaining"]) == ("metered", 1, 1)
        assert at(answer["resets_at"]) == self.END + 30 * DAY

    def test_what_was_counted_before_counts_again(self, window: Desk) -> None:
        """I9"""
        window.view("a")
        window.now = self.END
        assert window.view("a")["reason"] == "metered"

    def test_the_closed_copy_holds_everything_that_was_counted(self, window: Desk) -> None:
        window.view("a")
        window.now += DAY
        window.view("b")
        [old] = snapshot(window.tables)
        window.now = self.END
        window.view("c")
        closed, current = snapshot(window.tables)
        assert closed == {**old, "sk": {"S": f"P#default#{int(NOW)}"}}
        assert current == {
            "pk": old["pk"],
            "sk": {"S": "P#default#D"},
            "a": {"BS": [C]},
            base64url(C): {"S": "2026-12-22|1|anonymous|reader"},
            "ws": {"N": str(int(self.END))},
            "x": {"N": str(int(self.END) + 30 * DAY + 45 * DAY)},
        }

    def test_a_repeated_roll_over_changes_nothing(self, window: Desk) -> None:
        window.view("a")
        window.now = self.END
        window.view("c")
        before = snapshot(window.tables)
        assert window.view("c")["reason"] == "repeat"
        assert snapshot(window.tables) == before

    def test_windows_follow_each_other(self, window: Desk) -> None:
        for _ in range(4):
            assert [window.view(article)["used"] for article in "ab"] == [1, 2]
            window.now += 45 * DAY
        starts = [int(NOW) + number * 45 * DAY for number in range(3)]
        assert periods(window.tables) == {key: {A, B} for key in ("P#default#D", *(f"P#default#{s}" for s in starts))}

    def test_a_limit_of_zero_when_the_window_is_over_grants_and_writes_nothing(self, window: Desk) -> None:
        """I3, I4"""
        window.view("a")
        before = snapshot(window.tables)
        window.publish(days(anonymous=0))
        window.now = self.END
        for article in "ab":
            denied = window.view(article)
            assert (denied["reason"], denied["used"], denied["resets_at"]) == ("limit_reached", 0, None)
        assert snapshot(window.tables) == before

    def test_a_shorter_window_is_over_sooner(self, window: Desk) -> None:
        window.view("a")
        window.publish(days(days=10))
        window.now += 10 * DAY
        assert window.view("b")["used"] == 1

    def test_a_request_whose_clock_is_behind_counts_in_the_window_that_is_open(self, window: Desk) -> None:
        window.view("a")
        window.now = self.END
        window.view("b")
        window.now = self.END - 1
        assert window.view("c")["used"] == 2
        assert set(periods(window.tables)) == {"P#default#D", f"P#default#{int(NOW)}"}


class TestRollingOver:
    """When several find the window over: one closes it, the others count in the new one."""

    def test_the_loser_counts_in_the_winners_window(self, window: Desk, wire: Wire) -> None:
        """I1: another request rolls over between our refusal and our transaction."""
        window.view("a")
        window.now = TestWindows.END
        rival = Desk(inside(window.tables), now=window.now)
        wire.choose = _once_before("TransactWriteItems", lambda: rival.view("b"))
        assert window.view("c")["used"] == 2
        assert periods(window.tables) == {"P#default#D": {B, C}, f"P#default#{int(NOW)}": {A}}

    def test_a_read_that_slips_in_by_a_clock_behind_is_not_lost(self, window: Desk, wire: Wire) -> None:
        """I5: the closed copy holds it too."""
        window.view("a")
        window.now = TestWindows.END
        late = Desk(inside(window.tables), now=window.now - 1)
        wire.choose = _once_before("TransactWriteItems", lambda: late.view("b"))
        assert window.view("c")["used"] == 1
        assert periods(window.tables) == {"P#default#D": {C}, f"P#default#{int(NOW)}": {A, B}}

    def test_many_at_once_roll_over_once(self, tables: Tables) -> None:
        """I1, I5"""
        opened = WindowSlot("riotimes", "somebody", "default", 30, int(NOW))
        over = WindowSlot("riotimes", "somebody", "default", 30, int(TestWindows.END))
        articles = [digest_of(str(number)) for number in range(8)]
        tables.meters.count(opened, _read(A), 2)
        tallies = at_once(
            [lambda article=article: tables.meters.count(over, _read(article), 3) for article in articles]
        )
        granted = {article for article, tally in zip(articles, tallies, strict=True) if tally.new}
        assert len(granted) == 3
        assert periods(tables) == {"P#default#D": granted, f"P#default#{int(NOW)}": {A}}


def inside(tables: Tables) -> Tables:
    """The tables for a request that comes while another is on its way: on moto that one holds the lock."""
    return replace(tables, database=DynamoDB(tables.client))


def _read(digest: bytes) -> Read:
    return Read(digest, "2026-12-22", 1, "anonymous", "reader")


def _once_before(operation: str, act: Any) -> Any:
    """Calls `act` just before the first attempt of `operation`; every attempt passes."""
    acted: list[str] = []

    def choose(sent: str) -> None:
        if sent == operation and not acted:
            acted.append(sent)
            act()

    return choose
