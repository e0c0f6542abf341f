"""The meter table's stream and Lambda's event source mapping, with all that goes wrong on the way to the ledger.

What AWS promises is kept: every change is in the stream once, in the order of its item. What it does not is not:
batches come twice, in parts, again from further back, and a shard may wait for weeks while another runs ahead.
"""

import base64
import json
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from readmeter.usage.objects import Objects
from tests.support.fast_database import Change, Image

Record = dict[str, Any]
_SHARDS = 3
_FIRST = 10**23  # sequence numbers are long
_ATTEMPTS = 3


class Crash(BaseException):
    """The function's environment is gone in the middle of its work: nothing in it can catch that."""


class Stream:
    """Records of committed changes, by shard, until they are delivered. `noisy`: as moto emits them, no-ops and all."""

    def __init__(self, table: str, noisy: bool) -> None:
        self.shards: list[deque[Record]] = [deque() for _ in range(_SHARDS)]
        self._table = table
        self._noisy = noisy
        self._sequence = _FIRST

    def changed(self, change: Change) -> None:
        if change.table != self._table or (change.old == change.new and not self._noisy):
            return
        if self._noisy and change.old is None and change.new is not None:
            self._add("INSERT", None, {name: change.new[name] for name in ("pk", "sk")})
        kind = "REMOVE" if change.new is None else "MODIFY" if change.old else "INSERT"
        self._add(kind, change.old, change.new)

    def _add(self, kind: str, old: Image | None, new: Image | None) -> None:
        self._sequence += 1
        images = {"OldImage": old, "NewImage": new}
        keys = {name: (new or old or {})[name] for name in ("pk", "sk")}
        found = {name: _as_json(image) for name, image in images.items() if image is not None}
        change = {"Keys": keys, **found, "SequenceNumber": str(self._sequence), "StreamViewType": "NEW_AND_OLD_IMAGES"}
        shard = zlib.crc32((keys["pk"]["S"]).encode()) % _SHARDS
        self.shards[shard].append({"eventName": kind, "eventSource": "aws:dynamodb", "dynamodb": change})

    @property
    def waiting(self) -> int:
        return sum(map(len, self.shards))


class EventSource:
    """Lambda between the stream and the ledger function: `answer` is the function, `failures` its last resort.

    `poisoned` holds the sequence numbers that the function as deployed cannot take; `lost` the records that nobody
    will ever deliver. Those are never of `erased` partitions: what neither the stream nor an item tells of any more,
    nobody can find again.
    """

    def __init__(
        self, random: Random, stream: Stream, answer: Callable[[Sequence[Record]], dict[str, Any]], failures: Objects
    ) -> None:
        self._random = random
        self._stream = stream
        self._answer = answer
        self._failures = failures
        self._delivered: list[list[Record]] = [[] for _ in stream.shards]
        self._given_up = 0
        self.poisoned: set[str] = set()
        self.lost: list[Record] = []
        self.erased: set[str] = set()

    def deliver(self, shard: int, most: int) -> None:
        """The next batch of a shard, and now and then a part of its past once more."""
        queue, past = self._stream.shards[shard], self._delivered[shard]
        batch = [queue.popleft() for _ in range(min(most, len(queue)))]
        if batch:
            self._process(batch)
            past += batch
        if past and self._random.random() < 0.3:
            start = self._random.randrange(len(past))
            self._process(past[start : start + self._random.randint(1, 8)])

    def drain(self) -> None:
        while self._stream.waiting:
            self.deliver(self._random.randrange(len(self._stream.shards)), self._random.randint(1, 30))

    def lose(self, shard: int) -> None:
        """The oldest waiting record of the shard is gone: who was due to deliver it was broken for too long."""
        queue = self._stream.shards[shard]
        if queue and _owner(queue[0]) not in self.erased:
            self.lost.append(queue.popleft())

    def has_lost_of(self, partition: str) -> bool:
        return any(_owner(record) == partition for record in self.lost)

    def _process(self, batch: list[Record]) -> None:
        """As Lambda does with ReportBatchItemFailures and BisectBatchOnFunctionError."""
        for _ in range(_ATTEMPTS):
            try:
                failed = self._invoke(batch)
            except Crash:
                continue
            if failed is None:
                return
            numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
            batch = batch[numbers.index(failed) :]
        if len(batch) == 1:
            self._give_up(batch)
            return
        middle = len(batch) // 2
        self._process(batch[:middle])
        self._process(batch[middle:])

    def _invoke(self, batch: list[Record]) -> str | None:
        poisoned = (n for n, record in enumerate(batch) if record["dynamodb"]["SequenceNumber"] in self.poisoned)
        bad = next(poisoned, None)
        good = batch if bad is None else batch[:bad]
        if bad is not None and self._random.random() < 0.5:
            raise Crash  # it may break before the function has done anything, or ask to go on from the bad record
        if good:
            failures = self._answer(json.loads(json.dumps(good)))["batchItemFailures"]
            if failures:
                return str(failures[0]["itemIdentifier"])
        return None if bad is None else str(batch[bad]["dynamodb"]["SequenceNumber"])

    def _give_up(self, batch: list[Record]) -> None:
        """The whole invocation record, as an S3 destination keeps it."""
        self._given_up += 1
        record = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "payload": json.dumps({"Records": batch})}
        self._failures.create(f"aws/lambda/mapping/{self._given_up:06d}", json.dumps(record).encode())


def _owner(record: Record) -> str:
    return str(record["dynamodb"]["Keys"]["pk"]["S"])


def _as_json(image: Image) -> Image:
    return {name: _value(value) for name, value in image.items()}


def _value(value: dict[str, Any]) -> dict[str, Any]:
    [(kind, content)] = value.items()
    if kind == "BS":
        return {kind: [base64.b64encode(member).decode() for member in content]}
    return value
