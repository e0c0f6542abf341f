"""The signed state that a page keeps: it spares requests, and never grants what the table would not."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readmeter.core.rules import Match
from readmeter.store.dynamodb import DynamoDB
from tests.support.endpoint import Desk
from tests.support.engines import moto_tables, tables
from tests.support.site import compiled, meter
from tests.support.wire import Wire

DAY = 86_400
TEN_MINUTES = 600


@pytest.fixture
def table(desk: Desk) -> str:
    return desk.tables.meter_table


@pytest.fixture
def state(desk: Desk, wire: Wire, table: str) -> str:
    """Of a reader who has read `a` and `b`, which is all there is, just now."""
    desk.publish(compiled(meter(anonymous=2)))
    state = [desk.view(article)["state"] for article in "ab"][-1]
    wire.to(table)
    return str(state)


def test_it_answers_repeats_and_walls_alone(desk: Desk, wire: Wire, table: str, state: str) -> None:
    answers = [desk.view(article, state=state) for article in "abc"]
    assert [answer["reason"] for answer in answers] == ["repeat", "repeat", "limit_reached"]
    assert {answer["used"] for answer in answers} == {2}
    assert {answer["resets_at"] for answer in answers} == {"2026-12-01T00:00:00-03:00"}
    assert wire.to(table) == []


def test_what_it_answers_is_what_the_table_would(desk: Desk, state: str) -> None:
    signed = {"state", "grant", "reader"}
    for article in "abc":
        alone, asked = desk.view(article, state=state), desk.view(article)
        assert {name: alone[name] for name in alone.keys() - signed} == {
            name: asked[name] for name in asked.keys() - signed
        }


def test_an_article_that_it_does_not_hold_goes_to_the_table(desk: Desk, wire: Wire, table: str, state: str) -> None:
    desk.publish(compiled(meter(anonymous=3)))
    state = desk.view("a")["state"]
    wire.to(table)
    assert desk.view("c", state=state)["reason"] == "metered"
    assert wire.to(table) == ["UpdateItem"]


def test_it_denies_for_ten_minutes_and_no_longer(desk: Desk, wire: Wire, table: str, state: str) -> None:
    desk.now += TEN_MINUTES - 1
    assert desk.view("c", state=state)["reason"] == "limit_reached"
    assert wire.to(table) == []
    desk.now += 1
    assert desk.view("c", state=state)["reason"] == "limit_reached"
    assert wire.to(table) == ["UpdateItem"]


def test_answering_a_wall_does_not_prolong_it(desk: Desk, wire: Wire, table: str, state: str) -> None:
    desk.now += TEN_MINUTES - 1
    state = desk.view("c", state=state)["state"]
    desk.now += 1
    desk.view("c", state=state)
    assert wire.to(table) == ["UpdateItem"]


def test_it_repeats_to_the_end_of_the_period(desk: Desk, wire: Wire, table: str, state: str) -> None:
    desk.now += 5 * DAY
    assert desk.view("a", state=state)["reason"] == "repeat"
    assert wire.to(table) == []


def test_a_page_that_no_meter_decides_leaves_it_as_it_is(desk: Desk, wire: Wire, table: str, state: str) -> None:
    kept = desk.view("x", url="https://www.riotimesonline.com/subscribe", state=state)["state"]
    assert desk.view("a", state=kept)["reason"] == "repeat"
    assert wire.to(table) == []


class TestRefusedStates:
    """Each of these is as if it were absent: the table is asked, and its word stands."""

    def asked(self, desk: Desk, wire: Wire, state: str | None, **fields: object) -> list[str]:
        assert desk.view("a", state=state, **fields)["access"] == "granted"
        return wire.to(desk.tables.meter_table)

    def test_one_that_was_changed_anywhere(self, desk: Desk, wire: Wire, state: str) -> None:
        for at in range(0, len(state), 5):
            forged = state[:at] + ("A" if state[at] != "A" else "B") + state[at + 1 :]
            assert self.asked(desk, wire, forged) == ["UpdateItem"]

    @pytest.mark.parametrize("garbage", ["", ".", "..", "0..", "0.é.\ud800", "x" * 4000, "0.AAAA.AAAA", None])
    def test_garbage(self, desk: Desk, wire: Wire, state: str, garbage: str | None) -> None:
        assert self.asked(desk, wire, garbage) == ["UpdateItem"]

    def test_a_reader_token_in_its_place(self, desk: Desk, wire: Wire, state: str) -> None:
        token = desk.view("a", state=state)["reader"]
        assert self.asked(desk, wire, token) == ["UpdateItem"]

    def test_another_readers(self, desk: Desk, wire: Wire, state: str) -> None:
        assert self.asked(desk, wire, state, seed="B" * 22) == ["UpdateItem"]

    def test_another_sites(self, desk: Desk, wire: Wire, state: str) -> None:
        """I14"""
        desk.publish(compiled(meter(anonymous=2), site="paulista"))
        assert self.asked(desk, wire, state, site="paulista") == ["UpdateItem"]

    def test_another_meters(self, desk: Desk, wire: Wire, state: str) -> None:
        markets = meter("markets", anonymous=2, match=Match(sections=("markets",)))
        desk.publish(compiled(markets, meter(anonymous=2)))
        assert self.asked(desk, wire, state, sections=["markets"]) == ["UpdateItem"]

    def test_the_last_periods(self, desk: Desk, wire: Wire, state: str) -> None:
        """I9"""
        desk.now += 30 * DAY
        assert desk.view("a", state=state)["reason"] == "metered"

    def test_the_last_windows(self, desk: Desk, wire: Wire) -> None:
        """I9"""
        desk.publish(compiled(meter(anonymous=1, unit="days", days=7)))
        state = desk.view("a")["state"]
        desk.now += 7 * DAY - 1
        wire.sent.clear()
        assert self.asked(desk, wire, state) == []
        desk.now += 1
        assert desk.view("a", state=state)["reason"] == "metered"

    @pytest.mark.parametrize(
        "changed",
        [{"anonymous": 3}, {"limits": {"anonymous": 2, "registered": 9}}, {"unit": "week"}, {"count": "view"}],
    )
    def test_one_of_other_rules(self, desk: Desk, wire: Wire, state: str, changed: dict[str, object]) -> None:
        desk.publish(compiled(meter(**{"anonymous": 2, **changed})))
        desk.view("a", state=state)
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"]

    def test_one_of_a_raised_limit(self, desk: Desk, state: str) -> None:
        """I1: no reader waits ten minutes for what the publisher gives now."""
        assert desk.view("c", state=state)["access"] == "denied"
        desk.publish(compiled(meter(anonymous=3)))
        assert desk.view("c", state=state)["access"] == "granted"

    def test_one_of_a_later_hour(self, desk: Desk, wire: Wire, state: str) -> None:
        """A server whose clock is behind denies nothing on the word of one that is ahead."""
        desk.now -= 60
        desk.view("c", state=state)
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"]


class TestMoreArticlesThanAStateHolds:
    """A state keeps 64 digests. What it does not hold may still be counted: only the table can tell."""

    @pytest.fixture
    def state(self, desk: Desk, wire: Wire) -> str:
        """Of a reader who has read 66 articles, `65` last, and no more are free."""
        desk.publish(compiled(meter(anonymous=66)))
        states = [desk.view(str(number))["state"] for number in range(66)]
        assert len({len(state) for state in states[63:]}) == 1
        wire.sent.clear()
        return str(states[-1])

    def test_all_but_two_repeats_are_answered_alone(self, desk: Desk, wire: Wire, state: str) -> None:
        """I2"""
        reasons = [desk.view(str(number), state=state)["reason"] for number in range(66)]
        assert reasons == ["repeat"] * 66
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"] * 2

    def test_the_article_that_the_page_shows_is_held(self, desk: Desk, wire: Wire, state: str) -> None:
        assert desk.view("65", state=state)["reason"] == "repeat"
        assert wire.to(desk.tables.meter_table) == []

    def test_a_wall_is_left_to_the_table(self, desk: Desk, wire: Wire, state: str) -> None:
        assert desk.view("66", state=state)["reason"] == "limit_reached"
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Moto's: all examples share it, and have tables of their own."""
    with moto_tables() as made:
        yield made.client


ARTICLES = st.sampled_from("abcd")
STEPS = st.one_of(
    st.tuples(st.just("view"), ARTICLES, st.none() | st.integers(0, 30)),
    st.tuples(st.just("limit"), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.sampled_from([1, 599, 600, 3600, DAY, 8 * DAY])),
)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(unit=st.sampled_from(["day", "week", "days"]), steps=st.lists(STEPS, min_size=4, max_size=14))
def test_no_state_of_any_earlier_time_grants_what_the_table_would_not(
    client: Any, unit: str, steps: list[tuple[Any, ...]]
) -> None:
    """I1, I2, I3: and it denies what the table would grant for ten minutes at the most."""
    desk = Desk(tables(client, DynamoDB(client)))
    desk.publish(compiled(meter(unit=unit, days=2, anonymous=2)))
    states: list[tuple[float, str]] = []
    for step in steps:
        if step[0] == "limit":
            desk.publish(compiled(meter(unit=unit, days=2, anonymous=step[1])))
        elif step[0] == "wait":
            desk.now += step[1]
        else:
            _, article, number = step
            made, state = states[number % len(states)] if states and number is not None else (desk.now, None)
            table_says = desk.access(article)["access"]
            answer = desk.view(article, state=state)
            states.append((made if answer["state"] == state else desk.now, answer["state"]))
            if answer["access"] == "granted":
                assert table_says == "granted"
            else:
                assert table_says == "denied" or desk.now - made < TEN_MINUTES
