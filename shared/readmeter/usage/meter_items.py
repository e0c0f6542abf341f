"""Where the meter items come from that the ledger is compared with: a scan, or a point-in-time export to S3."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from readmeter.store.database import Item

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class MeterItems(Protocol):
    """Every item of the meter table, each time that it is called."""

    @property
    def at(self) -> float:
        """The instant (epoch seconds) up to which the items hold every read, asked for before they are read."""

    def __call__(self) -> Iterator[Item]: ...


class ScannedItems:
    """The items by a consistent scan of the table: for local work and tests, never for a deployed table."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    @property
    def at(self) -> float:
        return self._clock()

    def __call__(self) -> Iterator[Item]:
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        for page in pages:
            yield from page["Items"]
