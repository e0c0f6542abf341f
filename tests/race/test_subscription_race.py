"""Deliveries at one moment: events of one subscription, each twice, by as many threads."""

from functools import partial
from random import Random

import pytest

from readmeter.core.subscriptions import Customer, Fact
from readmeter.store.accounts import AccountStore
from readmeter.store.database import Unavailable
from readmeter.store.subscriptions import SubscriptionStore
from tests.contract.test_subscriptions import EXPIRES, LIFE, SITE
from tests.support.engines import Tables
from tests.support.threads import at_once


def deliver(store: SubscriptionStore, fact: Fact) -> None:
    """As Stripe does: until it is taken."""
    for _ in range(100):
        try:
            store.hear(SITE, f"evt_{fact.at}_{fact.rank}", "cus_1", "sub_1", fact, EXPIRES)
        except Unavailable:
            continue
        return
    raise AssertionError("the event was never taken")


@pytest.mark.parametrize("seed", range(5))
def test_deliveries_at_once_come_to_the_same_account(tables: Tables, seed: int) -> None:
    store = SubscriptionStore(tables.database, tables.site_table)
    facts = LIFE * 2
    Random(seed).shuffle(facts)
    at_once([partial(deliver, store, fact) for fact in facts])
    account = AccountStore(tables.database, tables.site_table).account(SITE, "ana")
    assert account.subscriptions == tuple(Customer({"sub_1": LIFE}).accounts()["ana"])
    key = {"pk": {"S": f"S#{SITE}#C#cus_1"}, "sk": {"S": "CUSTOMER"}}
    item = tables.database.get_item(TableName=tables.site_table, Key=key, ConsistentRead=True)
    assert int(item["n"]["N"]) == len(LIFE)  # each had its effect once
