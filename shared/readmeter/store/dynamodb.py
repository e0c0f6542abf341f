"""The port's real side: boto3's DynamoDB client, its errors translated."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from readmeter.store.database import Conflict, Item, Refused, Unavailable

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# A page waits 1.5 s for its answer. A write that was committed but whose reply was lost may be sent again: every write
# of the store is conditional or idempotent.
CLIENT_CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3, "mode": "standard"}, tcp_keepalive=True
)
_OVERLOADED = {
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
}
_LOST = {"ConditionalCheckFailed", "TransactionConflict"}  # reasons of a cancelled transaction


class DynamoDB:
    """`Database` over one boto3 client (thread-safe, as the client is)."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self._client = client

    def update_item(self, **request: Any) -> Item:
        attributes: Item = _call(self._client.update_item, request).get("Attributes", {})
        return attributes

    def put_item(self, **request: Any) -> None:
        _call(self._client.put_item, request)

    def get_item(self, **request: Any) -> Item | None:
        item: Item | None = _call(self._client.get_item, request).get("Item")
        return item

    def query(self, **request: Any) -> Sequence[Item]:
        items: list[Item] = []
        while True:
            page = _call(self._client.query, request)
            items.extend(page["Items"])
            if "LastEvaluatedKey" not in page:
                return items
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def transact_write_items(self, **request: Any) -> None:
        _call(self._client.transact_write_items, request)


def _call(operation: Callable[..., Any], request: dict[str, Any]) -> Any:
    try:
        return operation(**request)
    except ClientError as error:
        raise _translated(error) from error
    except (HTTPClientError, ConnectionError) as error:
        raise Unavailable(type(error).__name__) from error


def _translated(error: ClientError) -> Exception:
    response: Any = error.response  # the stubs know no Item and no CancellationReasons here
    code = response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return Refused(response.get("Item"))
    if code == "TransactionConflictException":
        return Conflict(code)
    if code == "TransactionCanceledException":
        reasons = {reason.get("Code") for reason in response.get("CancellationReasons", [])}
        return Conflict(code) if reasons & _LOST else Unavailable(code)
    return Unavailable(code) if code in _OVERLOADED or _is_fault(error) else error


def _is_fault(error: ClientError) -> bool:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500
