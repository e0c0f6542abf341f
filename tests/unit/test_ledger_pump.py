"""The local stream pump: in order, with retries, giving up like Lambda, and never losing what it has read."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from local.engine import ROOT
from local.pump import Pump
from readmeter.usage.stream import records_of
from tests.support.endpoint import NOW
from tests.support.objects import MemoryObjects
from tests.support.stream import records, sequence

ARN = records("batch")[0]["eventSourceARN"]
BATCH = records("batch")
NUMBERS = [sequence(record) for record in BATCH]
Answer = Callable[[list[str]], str | None]


class Streams:
    """A stream of one shard whose pages hold two records, as boto3's client gives it."""

    def __init__(self, *given: dict[str, Any]) -> None:
        self.records = list(given)
        self.expired = False

    def describe_stream(self, **_: Any) -> dict[str, Any]:
        return {"StreamDescription": {"Shards": [{"ShardId": "shard"}]}}

    def get_shard_iterator(self, **_: Any) -> dict[str, Any]:
        self.expired = False
        return {"ShardIterator": "0"}

    def get_records(self, ShardIterator: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        if self.expired:
            raise TimeoutError("expired")
        page = self.records[int(ShardIterator) :][:2]
        return {"Records": deepcopy(page), "NextShardIterator": str(int(ShardIterator) + len(page))}


class Ledger:
    """A ledger function that remembers what it was given, and answers by sequence numbers."""

    def __init__(self, answer: Answer = lambda numbers: None) -> None:
        self.given: list[list[str]] = []
        self._answer = answer

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        assert context.aws_request_id
        self.given.append([sequence(record) for record in event["Records"]])
        failed = self._answer(self.given[-1])
        return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}


class NoBucket(MemoryObjects):
    def create(self, *_: Any, **__: Any) -> bool:
        raise TimeoutError("no bucket")


def pump_of(ledger: Ledger, streams: Streams, failures: MemoryObjects | None = None) -> Pump:
    return Pump(streams, ARN, ledger, failures or MemoryObjects(), lambda: NOW)


def test_a_drain_gives_every_record_once_and_in_order() -> None:
    ledger = Ledger()
    pump = pump_of(ledger, Streams(*BATCH))
    pump.drain()
    pump.drain()
    assert ledger.given == [NUMBERS[0:2], NUMBERS[2:4], NUMBERS[4:6]]


def test_records_that_come_later_are_given_later() -> None:
    ledger, streams = Ledger(), Streams(BATCH[0])
    pump = pump_of(ledger, streams)
    pump.drain()
    streams.records.append(BATCH[1])
    pump.drain()
    assert ledger.given == [NUMBERS[:1], NUMBERS[1:2]]


def test_records_have_the_shape_of_lambdas_event() -> None:
    given: list[dict[str, Any]] = []
    streams = Streams(deepcopy(BATCH[0]))
    change = streams.records[0]["dynamodb"]
    change["ApproximateCreationDateTime"] = datetime.fromtimestamp(1_795_348_801, UTC)
    change["NewImage"]["a"] = {"BS": [b"\x00" * 16]}
    del streams.records[0]["eventSourceARN"]

    def keep(event: dict[str, Any], _: Any) -> dict[str, Any]:
        given.extend(event["Records"])
        return {"batchItemFailures": []}

    Pump(streams, ARN, keep, MemoryObjects(), lambda: NOW).drain()
    expected = deepcopy(BATCH[0])
    expected["dynamodb"]["NewImage"]["a"] = {"BS": ["AAAAAAAAAAAAAAAAAAAAAA=="]}
    assert json.loads(json.dumps(given)) == [expected]


def test_a_record_that_failed_is_tried_again_with_what_follows() -> None:
    answers = iter([NUMBERS[1], None])
    ledger = Ledger(lambda numbers: next(answers))
    pump_of(ledger, Streams(*BATCH[:2])).drain()
    assert ledger.given == [NUMBERS[0:2], NUMBERS[1:2]]


def test_a_poison_record_is_given_up_after_three_tries_and_alone() -> None:
    ledger = Ledger(lambda numbers: NUMBERS[1] if NUMBERS[1] in numbers else None)
    failures = MemoryObjects()
    pump = pump_of(ledger, Streams(*BATCH[:4]), failures)
    pump.drain()
    assert ledger.given == [NUMBERS[0:2], NUMBERS[1:2], NUMBERS[1:2], NUMBERS[2:4]]
    [(key, body)] = failures.bodies.items()
    assert key.startswith("aws/lambda/local/shard/2026/11/22/2026-11-22T12.00.00-")
    assert records_of(body) == [BATCH[1]]


def test_what_is_given_up_has_the_shape_of_lambdas_invocation_record() -> None:
    failures = MemoryObjects()
    pump_of(Ledger(lambda numbers: numbers[0]), Streams(BATCH[0]), failures).drain()
    [ours] = [json.loads(body) for body in failures.bodies.values()]
    lambdas = json.loads((ROOT / "tests" / "events" / "stream-invocation-record.json").read_text())
    assert shape(ours) == shape(lambdas)


def shape(document: object) -> object:
    return {name: shape(value) for name, value in document.items()} if isinstance(document, dict) else None


def test_what_cannot_even_be_given_up_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    answers: Iterator[bool] = iter([False] * 3 + [True] * 9)
    ledger = Ledger(lambda numbers: None if next(answers) else numbers[0])
    pump = pump_of(ledger, Streams(*BATCH[:2]), NoBucket())
    pump.drain()
    pump.drain()
    assert ledger.given == [NUMBERS[0:2]] * 4
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "fault"


def test_an_iterator_that_has_expired_is_asked_for_again() -> None:
    """What was read before comes twice then; the ledger does not care."""
    ledger, streams = Ledger(), Streams(*BATCH[:2])
    pump = pump_of(ledger, streams)
    pump.drain()
    streams.expired = True
    streams.records.append(BATCH[2])
    pump.drain()
    pump.drain()
    assert {number for batch in ledger.given for number in batch} == set(NUMBERS[:3])


def test_it_is_complete_until_the_last_look_at_which_all_was_written() -> None:
    streams, failures = Streams(BATCH[0]), MemoryObjects()
    instants = iter([NOW, NOW + 1, NOW + 2, NOW + 3])
    pump = Pump(streams, ARN, Ledger(), failures, lambda: next(instants))
    assert pump.complete_until(NOW) < 0
    pump.drain()
    assert pump.complete_until(NOW + 9) == NOW
    assert pump.complete_until(NOW - 9) == NOW - 9  # the clock was set back
    pump.drain()
    assert pump.complete_until(NOW + 9) == NOW + 1
    failures.create("aws/lambda/a", b"")
    pump.drain()
    assert pump.complete_until(NOW + 9) == NOW + 1
    failures.delete("aws/lambda/a")
    streams.expired = True
    pump.drain()
    assert pump.complete_until(NOW + 9) == NOW + 1


def test_while_it_runs_it_pumps_and_a_last_time_when_it_ends() -> None:
    ledger, streams = Ledger(), Streams(BATCH[0])
    with pump_of(ledger, streams).running():
        assert ledger.given == [NUMBERS[:1]]
        streams.records.append(BATCH[1])
    assert ledger.given == [NUMBERS[:1], NUMBERS[1:2]]
