"""Tables in memory whose expressions moto evaluates, without botocore above it: for tests that live thousands of lives.

Nothing of DynamoDB's own is written again here but what moto does not have: a write that changes nothing is no change,
and a transaction is all or nothing.
"""

import copy
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.executors import UpdateExpressionExecutor
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.key_condition_expression import parse_expression
from moto.dynamodb.parsing.validators import UpdateExpressionValidator

from readmeter.store.database import Conflict, Refused

Image = dict[str, dict[str, Any]]
_SCHEMA = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
_ATTRIBUTES = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
_UNCHANGING = {"S", "N", "B", "BOOL", "NULL"}
_TABLE = Table("any", "123456789012", "us-east-1", schema=_SCHEMA, attr=_ATTRIBUTES)


@dataclass(frozen=True)
class Change:
    """One committed write of one item: `old` and `new` are its images (None: there is none), equal for a no-op."""

    table: str
    old: Image | None
    new: Image | None


class FastDatabase:
    """`Database`. `changed` is told of every write in the order of commits, no-ops included."""

    def __init__(self, changed: Callable[[Change], None] = lambda change: None) -> None:
        self._changed = changed
        self._tables: dict[str, dict[tuple[str, str], Image]] = {}

    def items(self, table: str) -> list[Image]:
        """Every item, in order of the keys."""
        return [item for _, item in sorted(self._tables.get(table, {}).items())]

    def update_item(self, **request: Any) -> Image:
        old = self._get(request["TableName"], request["Key"])
        if not _holds(request, old):
            raise Refused(old if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else None)
        new = _updated(request, old)
        self._put(request["TableName"], new)
        return {"ALL_OLD": old or {}, "ALL_NEW": new, "NONE": {}}[request.get("ReturnValues", "NONE")]

    def get_item(self, **request: Any) -> Image | None:
        return self._get(request["TableName"], request["Key"])

    def query(self, **request: Any) -> Sequence[Image]:
        names = request.get("ExpressionAttributeNames", {})
        values = request.get("ExpressionAttributeValues", {})
        [(_, partition)], ranges, _ = parse_expression(request["KeyConditionExpression"], values, names, _SCHEMA)
        found = [item for item in self.items(request["TableName"]) if item["pk"] == partition]
        for _, comparison, operands in ranges:
            wanted = [DynamoType(operand) for operand in operands]
            found = [item for item in found if DynamoType(item["sk"]).compare(comparison, wanted)]
        return found if request.get("ScanIndexForward", True) else found[::-1]

    def put_item(self, **request: Any) -> None:
        self._put_if(request)

    def transact_write_items(self, **request: Any) -> None:
        actions = [(kind, action) for each in request["TransactItems"] for kind, action in each.items()]
        if not all(_holds(action, self._get(action["TableName"], _key(action))) for _, action in actions):
            raise Conflict("TransactionCanceledException")
        for kind, action in actions:
            if kind == "Put":
                self._put(action["TableName"], action["Item"])
            elif kind == "Update":
                self._put(action["TableName"], _updated(action, self._get(action["TableName"], action["Key"])))
            elif kind == "Delete":
                self._delete(action["TableName"], action["Key"])

    def _put_if(self, request: dict[str, Any]) -> None:
        old = self._get(request["TableName"], _key(request))
        if not _holds(request, old):
            raise Refused(old if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else None)
        self._put(request["TableName"], request["Item"])

    def _get(self, table: str, key: Image) -> Image | None:
        return self._tables.get(table, {}).get((key["pk"]["S"], key["sk"]["S"]))

    def _put(self, table: str, new: Image) -> None:
        old = self._get(table, new)
        self._tables.setdefault(table, {})[new["pk"]["S"], new["sk"]["S"]] = new
        self._changed(Change(table, old, new))

    def _delete(self, table: str, key: Image) -> None:
        old = self._tables.get(table, {}).pop((key["pk"]["S"], key["sk"]["S"]), None)
        self._changed(Change(table, old, None))


def _key(action: dict[str, Any]) -> Image:
    key: Image = action["Key"] if "Key" in action else action["Item"]
    return key


def _holds(request: dict[str, Any], item: Image | None) -> bool:
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    condition = _Condition(request.get("ConditionExpression"), names, values).parse()
    return bool(condition.expr(None if item is None else _motos(item)))


def _updated(request: dict[str, Any], old: Image | None) -> Image:
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    item = _motos(old if old is not None else request["Key"])
    text = request["UpdateExpression"]
    expression = UpdateExpressionValidator(_parsed(text), names, values, item, _TABLE).validate()
    expression.normalize()
    UpdateExpressionExecutor(expression, item, names).execute()
    return dict(_images(item))


class _Condition(ConditionExpressionParser):
    """Reads the words of a condition once: the store has few of them."""

    def _lex_condition_expression(self) -> Any:
        return deque(_words(self.condition_expression or ""))


@cache
def _words(condition: str) -> tuple[Any, ...]:
    return tuple(ConditionExpressionParser(condition, {}, {})._lex_condition_expression())


@cache
def _parsed(update: str) -> Any:
    return UpdateExpressionParser.make(update)  # the validator works on a copy of it


def _motos(image: Image) -> Item:
    # moto adds to the sets that it is given
    own = {name: value if value.keys() <= _UNCHANGING else copy.deepcopy(value) for name, value in image.items()}
    return Item(DynamoType(own["pk"]), DynamoType(own["sk"]), own)


def _images(item: Item) -> Iterator[tuple[str, dict[str, Any]]]:
    """In order, so that a life is the same in every process."""
    for name, value in sorted(item.attrs.items()):
        yield name, {value.type: sorted(value.value) if value.is_set() else value.value}
