"""Accounts in the site table, one item a reader: `m` what staff entitled, `s#<id>` a subscription, `b#<meter>` a bonus.

The three are written one without the other, each as a whole.
"""

from collections.abc import Mapping
from typing import Any

from readmeter.core.account import Account, Bonus, Entitlement, Subscription
from readmeter.store.database import Database, Item, Refused

_MOST_AT_ONCE = 100  # writes that DynamoDB takes in one transaction
_SUBSCRIPTION = "s#"
_BONUS = "b#"


class AccountStore:
    """Accounts by site and the reader's name in keys. Every write may be repeated.

    A write raises `Conflict` where a transaction holds the account right now.
    """

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def account(self, site: str, name: str) -> Account:
        """The account as it stands (strongly consistent), an empty one where there is none."""
        item = self._database.get_item(TableName=self._table, Key=account_key(site, name), ConsistentRead=True)
        return Account() if item is None else _account(item)

    def write_entitlement(self, site: str, name: str, entitlement: Entitlement) -> None:
        """Entitles the reader, over what was there."""
        self._database.update_item(**self._entitling(site, name, entitlement))

    def write_entitlements(self, site: str, entitlements: Mapping[str, Entitlement]) -> None:
        """As `write_entitlement`, of many by the readers' names. After `Conflict` some may be written."""
        writes = [{"Update": self._entitling(site, *each)} for each in entitlements.items()]
        for start in range(0, len(writes), _MOST_AT_ONCE):
            self._database.transact_write_items(TransactItems=writes[start : start + _MOST_AT_ONCE])

    def delete_entitlement(self, site: str, name: str) -> bool:
        """Takes back what staff entitled; whether there was anything."""
        try:
            self._update(site, name, "REMOVE m", ConditionExpression="attribute_exists(m)")
        except Refused:
            return False
        return True

    def write_bonus(self, site: str, name: str, meter: str, bonus: Bonus | None) -> None:
        """Gives the reader a bonus on that meter in place of any before; None takes it back."""
        names = {"#bonus": f"{_BONUS}{meter}"}
        if bonus is None:
            self._update(site, name, "REMOVE #bonus", ExpressionAttributeNames=names)
            return
        value = {"M": {"n": {"N": str(bonus.reads)}, "until": number_value(bonus.until)}}
        self._update(
            site,
            name,
            "SET #bonus = :bonus",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":bonus": value},
        )

    def _entitling(self, site: str, name: str, entitlement: Entitlement) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Key": account_key(site, name),
            "UpdateExpression": "SET m = :m",
            "ExpressionAttributeValues": {":m": _entitlement_value(entitlement)},
        }

    def _update(self, site: str, name: str, expression: str, **request: Any) -> None:
        self._database.update_item(
            TableName=self._table, Key=account_key(site, name), UpdateExpression=expression, **request
        )


def account_key(site: str, name: str) -> dict[str, Any]:
    return {"pk": {"S": f"S#{site}#U#{name}"}, "sk": {"S": "ACCOUNT"}}


def _account(item: Item) -> Account:
    manual = item.get("m")
    return Account(
        manual=None if manual is None else _entitlement(manual["M"]),
        subscriptions=tuple(_subscription(*each) for each in _parts(item, _SUBSCRIPTION)),
        bonuses={
            meter: Bonus(int(value["n"]["N"]), float(value["until"]["N"])) for meter, value in _parts(item, _BONUS)
        },
    )


def _parts(item: Item, prefix: str) -> list[tuple[str, Item]]:
    """The maps under names with that prefix, in the order of what follows it."""
    return sorted((name.removeprefix(prefix), value["M"]) for name, value in item.items() if name.startswith(prefix))


def _entitlement(value: Item) -> Entitlement:
    return Entitlement(_text_of(value, "plan"), _instant_of(value, "from"), _instant_of(value, "until"))


def _entitlement_value(entitlement: Entitlement) -> dict[str, Any]:
    instants = {"from": entitlement.starts, "until": entitlement.ends}
    return {"M": {**_text("plan", entitlement.plan), **_instants(instants)}}


def _subscription(subscription_id: str, value: Item) -> Subscription:
    return Subscription(
        id=subscription_id,
        status=value["status"]["S"],
        at=float(value["at"]["N"]),
        plan=_text_of(value, "plan"),
        paid_until=_instant_of(value, "until"),
        past_due_since=_instant_of(value, "due"),
    )


def subscription_name(subscription_id: str) -> str:
    """The attribute of that subscription in its account's item."""
    return f"{_SUBSCRIPTION}{subscription_id}"


def subscription_value(subscription: Subscription) -> dict[str, Any]:
    """What that attribute holds."""
    instants = {"at": subscription.at, "until": subscription.paid_until, "due": subscription.past_due_since}
    return {"M": {"status": {"S": subscription.status}, **_text("plan", subscription.plan), **_instants(instants)}}


def _text(name: str, text: str | None) -> dict[str, Any]:
    return {} if text is None else {name: {"S": text}}


def _text_of(value: Item, name: str) -> str | None:
    return value[name]["S"] if name in value else None


def _instants(instants: Mapping[str, float | None]) -> dict[str, Any]:
    return {name: number_value(instant) for name, instant in instants.items() if instant is not None}


def _instant_of(value: Item, name: str) -> float | None:
    return float(value[name]["N"]) if name in value else None


def number_value(number: float) -> dict[str, str]:
    """The number as DynamoDB gives it back: without a fraction that is none."""
    return {"N": str(int(number)) if float(number).is_integer() else repr(number)}
