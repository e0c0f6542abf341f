"""Who may read without limit, to the second, and which bonus a reader has."""

import pytest

from readmeter.core.account import Account, Bonus, Entitlement, Subscription

DAY = 86_400
NOW = 1_795_402_800.0
GRACE = 3


def entitles(status: str, now: float, grace_days: int = GRACE, **told: float) -> bool:
    account = Account(subscriptions=(Subscription("sub_1", status, NOW, **told),))
    return account.subscriber(now, grace_days)


def test_nothing_is_no_right() -> None:
    assert not Account().subscriber(NOW, GRACE)


@pytest.mark.parametrize(
    ("entitlement", "holds"),
    [
        (Entitlement(), True),
        (Entitlement(starts=NOW), True),
        (Entitlement(starts=NOW + 0.1), False),
        (Entitlement(ends=NOW), False),
        (Entitlement(ends=NOW + 0.1), True),
        (Entitlement(starts=NOW - 60, ends=NOW + 60), True),
        (Entitlement(starts=NOW + 60, ends=NOW + 90), False),
    ],
)
def test_an_entitlement_holds_from_its_start_to_before_its_end(entitlement: Entitlement, holds: bool) -> None:
    assert Account(entitlement).subscriber(NOW, GRACE) is holds


@pytest.mark.parametrize("status", ["active", "trialing"])
def test_what_is_paid_entitles_until_a_day_after_it_ends(status: str) -> None:
    paid_until = NOW + 30 * DAY
    assert entitles(status, paid_until + DAY - 1, paid_until=paid_until)
    assert not entitles(status, paid_until + DAY, paid_until=paid_until)


def test_until_it_is_told_how_far_it_is_paid_it_entitles_for_a_day() -> None:
    assert entitles("active", NOW + DAY - 1)
    assert not entitles("active", NOW + DAY)


def test_a_missing_payment_is_waited_for() -> None:
    since = NOW - 60
    assert entitles("past_due", since + 3 * DAY - 1, past_due_since=since)
    assert not entitles("past_due", since + 3 * DAY, past_due_since=since)
    assert not entitles("past_due", since, grace_days=0, past_due_since=since)


@pytest.mark.parametrize("status", ["canceled", "incomplete", "incomplete_expired", "paused", "unpaid", "new one"])
def test_no_other_status_entitles(status: str) -> None:
    assert not entitles(status, NOW, paid_until=NOW + DAY, past_due_since=NOW)


def test_one_subscription_of_several_is_enough() -> None:
    ended, current = Subscription("sub_1", "canceled", NOW), Subscription("sub_2", "active", NOW)
    assert Account(Entitlement(ends=NOW), (ended, current)).subscriber(NOW, GRACE)


def test_a_bonus_is_of_its_meter_until_it_ends() -> None:
    account = Account(bonuses={"default": Bonus(3, NOW)})
    assert account.bonus("default", NOW - 0.1) == 3
    assert account.bonus("default", NOW) == 0
    assert account.bonus("markets", NOW - 1) == 0
