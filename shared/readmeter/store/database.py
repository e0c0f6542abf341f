"""The port to DynamoDB: the few calls that Readmeter makes, with the errors that it tells apart."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Item = Mapping[str, Mapping[str, Any]]  # DynamoDB's own JSON: {"pk": {"S": "…"}}


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """The condition did not hold. `item` is what the table held then (None: nothing, or not asked for)."""

    def __init__(self, item: Item | None = None) -> None:
        super().__init__("condition refused")
        self.item = item


class Conflict(Exception):  # noqa: N818
    """Another transaction holds the item, or changed what this one was conditional on: read again and retry."""


class Unavailable(Exception):  # noqa: N818
    """DynamoDB did not answer in time, throttled us, or failed; a write may or may not have happened."""


class Database(Protocol):
    """Each method takes DynamoDB's request parameters and raises `Refused`, `Conflict` or `Unavailable`."""

    def update_item(self, **request: Any) -> Item:
        """The attributes that ReturnValues asked for, {} where there are none."""

    def put_item(self, **request: Any) -> None: ...

    def get_item(self, **request: Any) -> Item | None: ...

    def query(self, **request: Any) -> Sequence[Item]:
        """Every item, over all of DynamoDB's pages."""

    def transact_write_items(self, **request: Any) -> None: ...
