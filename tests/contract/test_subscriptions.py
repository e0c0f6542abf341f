"""Events of subscriptions on every engine: each is taken in once and whole, in any order, whatever breaks."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readmeter.core.account import Account, Bonus, Entitlement, Subscription
from readmeter.core.subscriptions import Customer, Fact, Rank
from readmeter.store.accounts import AccountStore
from readmeter.store.database import Unavailable
from readmeter.store.subscriptions import SubscriptionStore
from tests.support.engines import Tables
from tests.support.wire import (
    Wire,
    broken,
    cancelled,
    conflict,
    connection_refused,
    lost_reply,
    lost_request,
    overloaded,
    sent_twice,
    throttled,
)

SITE = "riotimes"
T = 1_795_348_800.0
MONTH = 30 * 86_400.0
EXPIRES = int(T) + 60 * 86_400
CHECKOUT = Fact(T + 3, Rank.CHECKOUT, "active", reader="ana")
LIFE = [
    Fact(T, Rank.CREATED, "incomplete", "yearly", T + MONTH),
    Fact(T + 2, Rank.UPDATED, "active", "yearly", T + MONTH),
    CHECKOUT,
    Fact(T + MONTH, Rank.UPDATED, "active", "yearly", T + 2 * MONTH),
    Fact(T + MONTH + 3600, Rank.INVOICE, "past_due"),
    Fact(T + MONTH + 3600, Rank.UPDATED, "past_due", "yearly", T + 2 * MONTH),
    Fact(T + MONTH + 7200, Rank.INVOICE, "active", None, T + 2 * MONTH),
    Fact(T + 2 * MONTH, Rank.DELETED, "canceled", "yearly", T + 2 * MONTH),
]
TRIES = 5  # of the store
ATTEMPTS = 3  # of the client


@pytest.fixture
def store(tables: Tables) -> SubscriptionStore:
    return SubscriptionStore(tables.database, tables.site_table)


@pytest.fixture
def accounts(tables: Tables) -> AccountStore:
    return AccountStore(tables.database, tables.site_table)


def hear(store: SubscriptionStore, fact: Fact, event: str = "", customer: str = "cus_1", name: str = "sub_1") -> None:
    store.hear(SITE, event or f"evt_{customer}_{name}_{fact.at}_{fact.rank}", customer, name, fact, EXPIRES)


def held(accounts: AccountStore, reader: str = "ana") -> tuple[Subscription, ...]:
    return accounts.account(SITE, reader).subscriptions


def site_items(tables: Tables) -> dict[str, Any]:
    pages = tables.client.get_paginator("scan").paginate(TableName=tables.site_table, ConsistentRead=True)
    return {item["pk"]["S"]: item for page in pages for item in page["Items"]}


def test_before_anybody_checked_out_the_facts_wait(
    store: SubscriptionStore, accounts: AccountStore, tables: Tables
) -> None:
    hear(store, LIFE[1])
    assert site_items(tables).keys() == {f"S#{SITE}#C#cus_1", f"S#{SITE}#W#evt_cus_1_sub_1_{LIFE[1].at}_3"}
    hear(store, CHECKOUT)
    assert held(accounts) == (Subscription("sub_1", "active", T + 3, "yearly", T + MONTH),)


def test_an_event_is_remembered_until_it_expires(store: SubscriptionStore, tables: Tables) -> None:
    hear(store, CHECKOUT, "evt_1")
    assert site_items(tables)[f"S#{SITE}#W#evt_1"] == {
        "pk": {"S": f"S#{SITE}#W#evt_1"},
        "sk": {"S": "EVENT"},
        "x": {"N": str(EXPIRES)},
    }


def test_an_event_that_comes_again_writes_nothing(store: SubscriptionStore, tables: Tables) -> None:
    for fact in LIFE[:4]:
        hear(store, fact)
    before = site_items(tables)
    for fact in LIFE[:4]:
        hear(store, fact)
    assert site_items(tables) == before


def test_facts_are_read_as_they_were_written(store: SubscriptionStore, accounts: AccountStore) -> None:
    for fact in LIFE:
        hear(store, fact)
        hear(store, fact, f"again, by another event, {fact}")
    assert held(accounts) == tuple(Customer({"sub_1": LIFE}).accounts()["ana"])


def test_what_staff_gave_stays(store: SubscriptionStore, accounts: AccountStore) -> None:
    accounts.write_entitlement(SITE, "ana", Entitlement("press"))
    accounts.write_bonus(SITE, "ana", "default", Bonus(3, T))
    for fact in LIFE:
        hear(store, fact)
    account = accounts.account(SITE, "ana")
    assert (account.manual, account.bonuses) == (Entitlement("press"), {"default": Bonus(3, T)})


def test_a_subscription_that_becomes_anothers_is_no_longer_the_firsts(
    store: SubscriptionStore, accounts: AccountStore
) -> None:
    hear(store, CHECKOUT)
    hear(store, Fact(T + 5, Rank.UPDATED, "active", "yearly", T + MONTH), name="sub_2")
    hear(store, Fact(T + 9, Rank.UPDATED, "active", "yearly", T + MONTH, reader="bia"))
    assert [each.id for each in held(accounts)] == ["sub_2"]
    assert [each.id for each in held(accounts, "bia")] == ["sub_1"]


def test_customers_and_sites_are_apart(store: SubscriptionStore, accounts: AccountStore) -> None:
    hear(store, CHECKOUT)
    hear(store, LIFE[1], customer="cus_2")
    assert held(accounts) == (Subscription("sub_1", "active", T + 3),)
    assert accounts.account("another", "ana") == Account()


def test_an_event_costs_one_read_and_one_transaction(store: SubscriptionStore, tables: Tables) -> None:
    wire = Wire(tables.client)
    hear(store, CHECKOUT)
    assert wire.to(tables.site_table) == ["GetItem", "TransactWriteItems"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_order_comes_to_the_same_account(
    store: SubscriptionStore, accounts: AccountStore, data: st.DataObject
) -> None:
    customer = data.draw(st.uuids(), label="a customer of this example alone").hex
    reader = f"reader of {customer}"
    life = [Fact(CHECKOUT.at, CHECKOUT.rank, "active", reader=reader) if fact is CHECKOUT else fact for fact in LIFE]
    told = data.draw(st.permutations(life)) + data.draw(st.lists(st.sampled_from(life), max_size=4))
    for fact in told:
        hear(store, fact, customer=customer)
    assert held(accounts, reader) == tuple(Customer({"sub_1": life}).accounts()[reader])


PASSING = {
    "lost request": [lost_request] * (ATTEMPTS - 1),
    "lost reply": [lost_reply],
    "lost replies": [lost_reply] * ATTEMPTS,
    "sent twice": [sent_twice],
    "throttled": [throttled] * (ATTEMPTS - 1),
    "broken": [broken] * (ATTEMPTS - 1),
    "conflict": [conflict] * (TRIES - 1),
    "cancelled": [cancelled] * (TRIES - 1),
}


@pytest.mark.parametrize("faults", PASSING.values(), ids=PASSING)
def test_a_fault_that_passes_leaves_the_event_taken_in_once(
    store: SubscriptionStore, accounts: AccountStore, tables: Tables, faults: list[Any]
) -> None:
    hear(store, LIFE[1])
    wire = Wire(tables.client)
    wire.inject("TransactWriteItems", *faults)
    for _ in range(2):  # as Stripe does where it heard no 200
        try:
            hear(store, CHECKOUT)
        except Unavailable:
            continue
    assert held(accounts) == (Subscription("sub_1", "active", T + 3, "yearly", T + MONTH),)
    assert site_items(tables)[f"S#{SITE}#C#cus_1"]["n"] == {"N": "2"}


@pytest.mark.parametrize("fault", [lost_request, connection_refused, overloaded, conflict, cancelled])
def test_a_fault_that_stays_is_told_and_nothing_is_half_there(
    store: SubscriptionStore, tables: Tables, fault: Any
) -> None:
    hear(store, LIFE[1])
    before = site_items(tables)
    wire = Wire(tables.client)
    wire.inject("TransactWriteItems", *[fault] * TRIES)
    with pytest.raises(Unavailable):
        hear(store, CHECKOUT)
    assert site_items(tables) == before


def test_another_event_in_between_is_followed(
    store: SubscriptionStore, accounts: AccountStore, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the read and the transaction: what was read is old, and is read again."""
    write = tables.database.transact_write_items
    waiting = [LIFE[1], LIFE[3]]

    def overtaken(**request: Any) -> None:
        if waiting:
            hear(store, waiting.pop())
        write(**request)

    monkeypatch.setattr(tables.database, "transact_write_items", overtaken, raising=False)
    hear(store, CHECKOUT)
    assert held(accounts) == (Subscription("sub_1", "active", T + MONTH, "yearly", T + 2 * MONTH),)
