"""What was told of subscriptions, in the site table: an item for each customer, and one for each event that was heard.

A customer's item (`S#<site>#C#<customer>`) holds the facts of each subscription (`s#<id>`) and how often it was written
(`n`). What they come to is written into the readers' accounts by the same transaction, with the event's own item: no
event is seen and lost, and none has its effect twice.
"""

from collections.abc import Mapping
from typing import Any

from readmeter.core.account import Subscription
from readmeter.core.subscriptions import Customer, Fact, Rank
from readmeter.store.accounts import account_key, number_value, subscription_name, subscription_value
from readmeter.store.database import Conflict, Database, Item, Unavailable

_TRIES = 5
_FACTS = "s#"


class SubscriptionStore:
    """Hears events. Each may be told in any order and any number of times."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def hear(self, site: str, event: str, customer: str, subscription: str, fact: Fact, expires: int) -> None:
        """Takes `fact` in, once for each event; it is remembered until `expires` (epoch seconds) that it was heard.

        Raises `Unavailable` where it was not, or nobody knows: tell it again.
        """
        for _ in range(_TRIES):
            writes = self._writes(site, customer, subscription, fact)
            try:
                self._database.transact_write_items(TransactItems=[self._once(site, event, expires), *writes])
            except Conflict:
                if self._was_heard(site, event):
                    return
                continue  # another event of this customer was first
            return
        raise Unavailable("conflicting writes")

    def _once(self, site: str, event: str, expires: int) -> dict[str, Any]:
        item = {**_event_key(site, event), "x": {"N": str(expires)}}
        return {
            "Put": {"TableName": self._table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"},
        }

    def _was_heard(self, site: str, event: str) -> bool:
        key = _event_key(site, event)
        return self._database.get_item(TableName=self._table, Key=key, ConsistentRead=True) is not None

    def _writes(self, site: str, customer: str, subscription: str, fact: Fact) -> list[dict[str, Any]]:
        """The customer's item with the fact, if it is still as it was read, and every account that it concerns."""
        key = _customer_key(site, customer)
        item = self._database.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        before = Customer() if item is None else _customer(item)
        after = before.told(subscription, fact)
        number = 0 if item is None else int(item["n"]["N"])
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": {**key, "n": {"N": str(number + 1)}, **_facts_values(after)},
            "ConditionExpression": "attribute_not_exists(pk)" if item is None else "n = :n",
        }
        if item is not None:
            put["ExpressionAttributeValues"] = {":n": item["n"]}
        return [{"Put": put}, *({"Update": each} for each in self._updates(site, before.accounts(), after.accounts()))]

    def _updates(
        self, site: str, before: Mapping[str, list[Subscription]], after: Mapping[str, list[Subscription]]
    ) -> list[dict[str, Any]]:
        """What brings the accounts of readers from `before` to `after`; a subscription may have become another's."""
        updates = []
        for reader in sorted(before.keys() | after.keys()):
            kept = after.get(reader, [])
            gone = {each.id for each in before.get(reader, [])} - {each.id for each in kept}
            updates.append({"TableName": self._table, "Key": account_key(site, reader), **_update(kept, sorted(gone))})
        return updates


def _update(kept: list[Subscription], gone: list[str]) -> dict[str, Any]:
    sets = ", ".join(f"#k{n} = :k{n}" for n, _ in enumerate(kept))
    removes = ", ".join(f"#g{n}" for n, _ in enumerate(gone))
    update: dict[str, Any] = {
        "UpdateExpression": " ".join([f"SET {sets}"] * bool(kept) + [f"REMOVE {removes}"] * bool(gone)),
        "ExpressionAttributeNames": {
            **{f"#k{n}": subscription_name(each.id) for n, each in enumerate(kept)},
            **{f"#g{n}": subscription_name(each) for n, each in enumerate(gone)},
        },
    }
    if kept:
        update["ExpressionAttributeValues"] = {f":k{n}": subscription_value(each) for n, each in enumerate(kept)}
    return update


def _customer_key(site: str, customer: str) -> dict[str, Any]:
    return {"pk": {"S": f"S#{site}#C#{customer}"}, "sk": {"S": "CUSTOMER"}}


def _event_key(site: str, event: str) -> dict[str, Any]:
    return {"pk": {"S": f"S#{site}#W#{event}"}, "sk": {"S": "EVENT"}}


def _customer(item: Item) -> Customer:
    return Customer(
        {
            name.removeprefix(_FACTS): frozenset(_fact(each["M"]) for each in value["L"])
            for name, value in item.items()
            if name.startswith(_FACTS)
        }
    )


def _facts_values(customer: Customer) -> dict[str, Any]:
    return {f"{_FACTS}{name}": {"L": [_fact_value(each) for each in facts]} for name, facts in customer.facts.items()}


def _fact(value: Item) -> Fact:
    return Fact(
        at=float(value["at"]["N"]),
        rank=Rank(int(value["rank"]["N"])),
        status=value["status"]["S"] if "status" in value else None,
        plan=value["plan"]["S"] if "plan" in value else None,
        paid_until=float(value["until"]["N"]) if "until" in value else None,
        reader=value["reader"]["S"] if "reader" in value else None,
    )


def _fact_value(fact: Fact) -> dict[str, Any]:
    texts = {"status": fact.status, "plan": fact.plan, "reader": fact.reader}
    value: dict[str, Any] = {"at": number_value(fact.at), "rank": {"N": str(int(fact.rank))}}
    value |= {name: {"S": text} for name, text in texts.items() if text is not None}
    if fact.paid_until is not None:
        value["until"] = number_value(fact.paid_until)
    return {"M": value}
