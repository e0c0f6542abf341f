"""Lambda's part between the meter table's stream and the ledger function: batches, retries, the failure bucket.

The stream is gone when the engine stops: what is in it is written before that (`drain`), or found on the next start.
"""

import base64
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import inf
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from local.functions import Context, Handler, report
from readmeter.usage.objects import Objects
from readmeter.usage.stream import Record

if TYPE_CHECKING:
    from types_boto3_dynamodbstreams import DynamoDBStreamsClient

SECONDS = 1.0  # between two looks at the stream
_TRIES = 3  # for the same records, until the first of them is given up
_MOST_RECORDS = 1000


class Pump:
    """Feeds one stream to the ledger function. `clock` gives epoch seconds."""

    def __init__(
        self,
        streams: "DynamoDBStreamsClient",
        stream_arn: str,
        ledger: Handler,
        failures: Objects,
        clock: Callable[[], float],
    ) -> None:
        self._streams = streams
        self._stream_arn = stream_arn
        self._ledger = ledger
        self._failures = failures
        self._clock = clock
        self._iterators: list[str] = []  # one for each shard that is open
        self._pending: list[Record] = []
        self._complete_until = -inf
        self._broken = False
        self._lock = Lock()
        self._stop = Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Pumps every second, and a last time when the block is left."""
        self.drain()
        thread = Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            self.drain()

    def drain(self) -> None:
        """Writes everything that is in the stream now. Tells of a fault and goes on: what is left is still there."""
        with self._lock:
            try:
                self._drain()
                self._broken = False
            except Exception as fault:
                if not self._broken:  # once, not every second
                    report("pump", fault)
                self._broken = True

    def complete_until(self, now: float) -> float:
        """Everything that was counted before this instant (epoch seconds) is in the ledger."""
        return min(now, self._complete_until)

    def _run(self) -> None:
        while not self._stop.wait(SECONDS):
            self.drain()

    def _drain(self) -> None:
        began = self._clock()
        while self._pending or self._read():
            self._deliver()
        if not list(self._failures.stored("")):
            self._complete_until = began

    def _first_iterators(self) -> list[str]:
        stream = self._streams.describe_stream(StreamArn=self._stream_arn)["StreamDescription"]
        return [
            self._streams.get_shard_iterator(
                StreamArn=self._stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            for shard in stream["Shards"]
        ]

    def _read(self) -> bool:
        """Takes the next records of every shard; whether there were any."""
        iterators = self._iterators or self._first_iterators()
        self._iterators = []  # where one has expired, all are asked for again: what comes twice is written once
        pages = [self._streams.get_records(ShardIterator=each, Limit=_MOST_RECORDS) for each in iterators]
        self._iterators = [page["NextShardIterator"] for page in pages if "NextShardIterator" in page]
        self._pending = [event_record(record, self._stream_arn) for page in pages for record in page["Records"]]
        return bool(self._pending)

    def _deliver(self) -> None:
        """Gives the records to the ledger function until each is written, or after some tries in the failure bucket."""
        tries = 0
        while self._pending:
            failed = self._invoke(self._pending)
            done = len(self._pending) if failed is None else _index(self._pending, failed)
            tries = tries + 1 if done == 0 else 1
            self._pending = self._pending[done:]
            if self._pending and tries == _TRIES:
                self._give_up(self._pending[0])
                self._pending = self._pending[1:]
                tries = 0

    def _invoke(self, records: Sequence[Record]) -> str | None:
        """The sequence number of the record to go on from; None where all went well."""
        answer = self._ledger({"Records": list(records)}, Context(f"stream-{uuid.uuid4()}"))
        failures = answer["batchItemFailures"]
        return failures[0]["itemIdentifier"] if failures else None

    def _give_up(self, record: Record) -> None:
        body = invocation_record([record], self._stream_arn, self._clock())
        moment = datetime.fromtimestamp(self._clock(), UTC)
        key = f"aws/lambda/local/shard/{moment:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        self._failures.create(key, body)


def event_record(record: Mapping[str, Any], stream_arn: str) -> dict[str, Any]:
    """A record as boto3 gives it, in the shape of Lambda's event: bytes are base64 text, times are in seconds."""
    event: dict[str, Any] = _plain({**record, "eventSourceARN": stream_arn})
    return event


def invocation_record(records: Sequence[Record], stream_arn: str, now: float) -> bytes:
    """What Lambda writes to an S3 on-failure destination; `now` is in epoch seconds."""
    changes = [record["dynamodb"] for record in records]
    document = {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:local",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": _TRIES,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None},
        "version": "1.0",
        "timestamp": _instant(now),
        "DDBStreamBatchInfo": {
            "shardId": "shard",
            "startSequenceNumber": changes[0]["SequenceNumber"],
            "endSequenceNumber": changes[-1]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _instant(changes[0]["ApproximateCreationDateTime"]),
            "approximateArrivalOfLastRecord": _instant(changes[-1]["ApproximateCreationDateTime"]),
            "batchSize": len(records),
            "streamArn": stream_arn,
        },
        "payload": json.dumps({"Records": records}),
    }
    return json.dumps(document).encode()


def _plain(value: object) -> Any:
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return value.timestamp()
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case _:
            return value


def _index(records: Sequence[Record], sequence: str) -> int:
    return [record["dynamodb"]["SequenceNumber"] for record in records].index(sequence)


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
