"""Accounts on every engine: what staff entitle, what is told of subscriptions, what is given; none hurts another."""

import pytest

from readmeter.core.account import Account, Bonus, Entitlement, Subscription
from readmeter.store.accounts import AccountStore, account_key, subscription_name, subscription_value
from readmeter.store.database import Unavailable
from tests.support.engines import Tables
from tests.support.wire import Wire, broken, lost_reply

SITE, ANA, BIA = "riotimes", "ana", "bia"
NOW = 1_795_402_800.0


@pytest.fixture
def store(tables: Tables) -> AccountStore:
    return AccountStore(tables.database, tables.site_table)


def subscribe(tables: Tables, name: str, subscription: Subscription) -> None:
    tables.database.update_item(
        TableName=tables.site_table,
        Key=account_key(SITE, name),
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": subscription_name(subscription.id)},
        ExpressionAttributeValues={":s": subscription_value(subscription)},
    )


def test_an_absent_account_is_an_empty_one(store: AccountStore) -> None:
    assert store.account(SITE, ANA) == Account()


@pytest.mark.parametrize(
    "entitlement",
    [Entitlement(), Entitlement("yearly"), Entitlement("monthly", NOW, NOW + 0.25), Entitlement(ends=NOW)],
    ids=["for ever", "a plan", "a window", "an end"],
)
def test_an_entitlement_is_read_as_it_was_written(store: AccountStore, entitlement: Entitlement) -> None:
    store.write_entitlement(SITE, ANA, Entitlement("before", 1.0, 2.0))
    store.write_entitlement(SITE, ANA, entitlement)
    assert store.account(SITE, ANA) == Account(manual=entitlement)
    assert store.account(SITE, BIA) == store.account("another", ANA) == Account()


def test_an_entitlement_is_taken_back_once(store: AccountStore) -> None:
    assert not store.delete_entitlement(SITE, ANA)
    store.write_entitlement(SITE, ANA, Entitlement("yearly"))
    assert store.delete_entitlement(SITE, ANA)
    assert not store.delete_entitlement(SITE, ANA)
    assert store.account(SITE, ANA) == Account()


def test_many_entitlements_are_written_over_what_was_there(store: AccountStore) -> None:
    store.write_entitlement(SITE, "r7", Entitlement("before"))
    many = {f"r{n}": Entitlement(f"plan {n}", float(n)) for n in range(250)}
    store.write_entitlements(SITE, many)
    assert {name: store.account(SITE, name).manual for name in many} == many
    store.write_entitlements(SITE, {})


def test_a_subscription_is_read_as_it_was_written(store: AccountStore, tables: Tables) -> None:
    full = Subscription("sub_1", "past_due", NOW, "yearly", NOW + 60, NOW - 0.5)
    bare = Subscription("sub_2", "active", NOW)
    for each in (bare, full):
        subscribe(tables, ANA, each)
    assert store.account(SITE, ANA) == Account(subscriptions=(full, bare))


def test_a_bonus_is_of_one_meter_and_the_last_one_counts(store: AccountStore) -> None:
    store.write_bonus(SITE, ANA, "default", Bonus(3, NOW))
    store.write_bonus(SITE, ANA, "markets#1", Bonus(1, NOW + 0.5))
    store.write_bonus(SITE, ANA, "default", Bonus(5, NOW + 60))
    assert store.account(SITE, ANA).bonuses == {"default": Bonus(5, NOW + 60), "markets#1": Bonus(1, NOW + 0.5)}
    for _ in range(2):
        store.write_bonus(SITE, ANA, "default", None)
    assert store.account(SITE, ANA).bonuses == {"markets#1": Bonus(1, NOW + 0.5)}


def test_what_is_written_leaves_the_rest_of_the_account(store: AccountStore, tables: Tables) -> None:
    whole = Account(Entitlement("yearly"), (Subscription("sub_1", "active", NOW),), {"default": Bonus(3, NOW)})
    store.write_entitlement(SITE, ANA, Entitlement("yearly"))
    store.write_bonus(SITE, ANA, "default", Bonus(3, NOW))
    subscribe(tables, ANA, whole.subscriptions[0])
    assert store.account(SITE, ANA) == whole
    store.delete_entitlement(SITE, ANA)
    store.write_bonus(SITE, ANA, "default", None)
    assert store.account(SITE, ANA) == Account(subscriptions=whole.subscriptions)


def test_an_account_is_one_strongly_consistent_read(store: AccountStore, tables: Tables) -> None:
    wire = Wire(tables.client)
    store.account(SITE, ANA)
    assert wire.to(tables.site_table) == ["GetItem"]


def test_a_lost_reply_is_written_again_and_an_outage_is_said(store: AccountStore, tables: Tables) -> None:
    wire = Wire(tables.client)
    wire.inject("UpdateItem", lost_reply)
    store.write_entitlement(SITE, ANA, Entitlement("yearly"))
    assert store.account(SITE, ANA) == Account(Entitlement("yearly"))
    wire.inject("UpdateItem", *[broken] * 3)
    with pytest.raises(Unavailable):
        store.write_bonus(SITE, ANA, "default", Bonus(1, NOW))
