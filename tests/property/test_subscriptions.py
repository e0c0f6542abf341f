"""A subscription's life comes to the same account in any order, however often any of it is told."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmeter.core.account import Subscription
from readmeter.core.subscriptions import Customer, Fact, Rank

T = 1_795_348_800.0
MONTH = 30 * 86_400.0
STATUSES = ["active", "trialing", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired", "paused"]

# Few instants and values, so that they meet
FACTS = st.builds(
    Fact,
    at=st.integers(0, 5).map(float),
    rank=st.sampled_from(Rank),
    status=st.none() | st.sampled_from(STATUSES),
    plan=st.none() | st.sampled_from(["monthly", "yearly"]),
    paid_until=st.none() | st.integers(5, 7).map(float),
    reader=st.none() | st.sampled_from(["ana", "bia"]),
)
EVENTS = st.lists(st.tuples(st.sampled_from(["sub_1", "sub_2"]), FACTS), max_size=12)


def customer_of(events: list[tuple[str, Fact]]) -> Customer:
    customer = Customer()
    for subscription, fact in events:
        customer = customer.told(subscription, fact)
    return customer


@given(EVENTS.flatmap(lambda events: st.tuples(st.just(events), st.permutations(events), st.permutations(events))))
def test_order_and_repetition_change_nothing(drawn: tuple[list[tuple[str, Fact]], ...]) -> None:
    events, first, second = drawn
    whole = Customer({name: [fact for told, fact in events if told == name] for name, _ in events})
    assert customer_of(first).accounts() == customer_of([*first, *second]).accounts() == whole.accounts()


@given(EVENTS)
def test_what_is_kept_is_little_and_enough(events: list[tuple[str, Fact]]) -> None:
    for facts in customer_of(events).facts.values():
        assert sum(not fact.is_past_due for fact in facts) <= 6


LIFE = [
    Fact(T, Rank.CREATED, "incomplete", "yearly", T + MONTH),
    Fact(T + 2, Rank.INVOICE, "active", None, T + MONTH),
    Fact(T + 2, Rank.UPDATED, "active", "yearly", T + MONTH),
    Fact(T + 3, Rank.CHECKOUT, "active", reader="ana"),
    Fact(T + MONTH, Rank.UPDATED, "active", "yearly", T + 2 * MONTH),
    Fact(T + MONTH + 3600, Rank.INVOICE, "past_due"),
    Fact(T + MONTH + 3600, Rank.UPDATED, "past_due", "yearly", T + 2 * MONTH),
]


def after(*facts: Fact) -> Subscription:
    """Ana's subscription, whichever way it is told."""
    found = {tuple(customer_of([("sub_1", fact) for fact in told]).accounts()["ana"]) for told in permutations(facts)}
    [[subscription]] = found
    return subscription


@pytest.mark.parametrize(
    ("facts", "subscription"),
    [
        (LIFE[3:4], Subscription("sub_1", "active", T + 3)),
        (LIFE[:4], Subscription("sub_1", "active", T + 3, "yearly", T + MONTH)),
        (LIFE[2:5], Subscription("sub_1", "active", T + MONTH, "yearly", T + 2 * MONTH)),
        (
            LIFE[2:],
            Subscription("sub_1", "past_due", T + MONTH + 3600, "yearly", T + 2 * MONTH, T + MONTH + 3600),
        ),
        (
            [*LIFE[3:], Fact(T + MONTH + 9000, Rank.UPDATED, "past_due", "yearly", T + 2 * MONTH)],
            Subscription("sub_1", "past_due", T + MONTH + 9000, "yearly", T + 2 * MONTH, T + MONTH + 3600),
        ),
        (
            [*LIFE[3:], Fact(T + MONTH + 9000, Rank.INVOICE, "active", None, T + 2 * MONTH)],
            Subscription("sub_1", "active", T + MONTH + 9000, "yearly", T + 2 * MONTH),
        ),
        (
            [*LIFE[3:6], Fact(T + MONTH, Rank.DELETED, "canceled", "yearly", T + MONTH)],
            Subscription("sub_1", "canceled", T + MONTH, "yearly", T + MONTH),
        ),
    ],
    ids=["checked out", "begun", "renewed", "not paid", "still not paid", "paid late", "ended, and told of before"],
)
def test_a_life_is_understood(facts: list[Fact], subscription: Subscription) -> None:
    assert after(*facts) == subscription


def test_past_due_anew_is_counted_from_the_new_failure() -> None:
    failed = [Fact(T + second, Rank.INVOICE, "past_due") for second in (11, 12, 21, 22)]
    paid = Fact(T + 20, Rank.INVOICE, "active", None, T + MONTH)
    assert after(LIFE[3], *failed).past_due_since == T + 11
    assert after(LIFE[3], *failed, paid).past_due_since == T + 21


def test_of_two_of_one_second_the_one_that_is_paid_longer_is_the_later_one() -> None:
    short, long = (Fact(T + 9, Rank.UPDATED, "active", plan, T + end) for plan, end in (("a", 10), ("b", 20)))
    assert (after(LIFE[3], short, long).plan, after(LIFE[3], short, long).paid_until) == ("b", T + 20)


class TestWhoseItIs:
    def test_nobody_is_entitled_until_it_is_known_whom(self) -> None:
        assert customer_of([("sub_1", fact) for fact in LIFE[:3]]).accounts() == {}

    def test_a_checkout_gives_all_that_came_before_it_to_its_reader(self) -> None:
        other = Fact(T, Rank.CREATED, "active", "monthly", T + MONTH)
        accounts = customer_of([("sub_0", other), *(("sub_1", fact) for fact in LIFE[:4])]).accounts()
        assert {reader: [each.id for each in held] for reader, held in accounts.items()} == {"ana": ["sub_0", "sub_1"]}

    def test_two_checkouts_of_one_customer_keep_each_its_own(self) -> None:
        second = Fact(T + 9, Rank.CHECKOUT, "active", reader="bia")
        accounts = customer_of([("sub_1", LIFE[3]), ("sub_2", second), ("sub_3", LIFE[2])]).accounts()
        assert {reader: [each.id for each in held] for reader, held in accounts.items()} == {
            "ana": ["sub_1"],
            "bia": ["sub_2", "sub_3"],
        }

    def test_what_the_subscription_itself_says_goes_before_its_checkout(self) -> None:
        named = Fact(T, Rank.CREATED, "active", "yearly", T + MONTH, reader="bia")
        assert list(customer_of([("sub_1", LIFE[3]), ("sub_1", named)]).accounts()) == ["bia"]
