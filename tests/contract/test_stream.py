"""What the engines really put into their streams gives the ledger that the meter items stand for, exactly."""

from typing import Any

import pytest

from local.pump import Pump
from readmeter.core.encoding import base64url
from readmeter.usage.ledger import natural_key, rows_of
from readmeter.usage.stream import LedgerStream
from tests.support.endpoint import KEYRING, Desk
from tests.support.meters import digest_of
from tests.support.objects import MemoryObjects
from tests.support.site import compiled, meter
from tests.support.stream import Sites, committed, distinct, rows, stream_arn, streams_of

DAY = 86_400


def stream_to(ledger: MemoryObjects, faults: list[Exception]) -> LedgerStream:
    return LedgerStream(ledger, Sites(), lambda: KEYRING, lambda: 0.0, faults.append)


def ledger_of(desk: Desk) -> MemoryObjects:
    """The ledger that the whole stream gives, in one batch."""
    ledger, faults = MemoryObjects(), []
    answer = stream_to(ledger, faults).answer(committed(desk.tables))
    assert (answer, faults) == ({"batchItemFailures": []}, [])
    return ledger


def stands_for(desk: Desk) -> set[tuple[Any, ...]]:
    """The natural keys of the rows that the meter items stand for."""
    items = desk.tables.meter_items()
    return {natural_key(vars_of(row)) for item in items for row in rows_of(item, lambda: KEYRING, "reconciliation")}


def vars_of(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def read_much(desk: Desk) -> None:
    """Two readers, two days, repeats, walls, a browser that stores nothing."""
    for article in "abcab":
        desk.view(article)
    desk.view("a", seed="BAAAAAAAAAAAAAAAAAAAAA", storage="none")
    desk.now += DAY
    for article in "adefgh":
        desk.view(article)


def test_the_stream_gives_each_counted_read_once(desk: Desk) -> None:
    """I6: repeats and walls are none, whatever the engine writes to its stream for them."""
    read_much(desk)
    found = rows(ledger_of(desk))
    assert {natural_key(row) for row in found} == stands_for(desk)
    assert len(found) == 6
    assert sorted((row["local_date"], row["traffic"]) for row in found) == [
        ("2026-11-22", "reader"),
        ("2026-11-22", "reader"),
        ("2026-11-22", "reader"),
        ("2026-11-22", "unstored"),
        ("2026-11-23", "reader"),
        ("2026-11-23", "reader"),
    ]


def test_a_window_that_closes_makes_no_read_count_twice(desk: Desk) -> None:
    """I6: its copy, and the window that follows, hold rows under keys of their own."""
    desk.publish(compiled(meter(unit="days", days=7)))
    for article in "abc":
        desk.view(article)
    desk.now += 8 * DAY
    for article in "ab":
        desk.view(article)
    ledger = ledger_of(desk)
    assert len(distinct(ledger)) == 5
    assert distinct(ledger) == stands_for(desk)


def test_an_erasure_takes_nothing_out_of_the_ledger_and_adds_nothing(desk: Desk) -> None:
    """I6"""
    desk.view("a")
    desk.view("b")
    before = ledger_of(desk).bodies
    [item] = desk.tables.meter_items()
    stamps = {base64url(digest_of(article)) for article in "ab"}
    kept = {name: value for name, value in item.items() if name not in stamps}
    erased = {**kept, "a": {"BS": [b"\x01" * 16, b"\x02" * 16]}, "e": {"N": "2"}, "g": {"N": "1"}}
    desk.tables.client.put_item(TableName=desk.tables.meter_table, Item=erased)
    assert ledger_of(desk).bodies == before
    desk.view("a")
    assert len(distinct(ledger_of(desk))) == 3


def test_an_item_that_is_deleted_is_no_usage_and_takes_none_back(desk: Desk) -> None:
    """As TTL does it."""
    desk.view("a")
    before = ledger_of(desk).bodies
    [item] = desk.tables.meter_items()
    key = {name: item[name] for name in ("pk", "sk")}
    desk.tables.client.delete_item(TableName=desk.tables.meter_table, Key=key)
    assert ledger_of(desk).bodies == before


@pytest.mark.parametrize("size", [1, 2, 5])
def test_batches_of_any_size_give_the_same_rows(desk: Desk, size: int) -> None:
    read_much(desk)
    batch = committed(desk.tables)
    ledger, faults = MemoryObjects(), []
    for start in range(0, len(batch), size):
        stream_to(ledger, faults).answer(batch[start : start + size])
    assert len(rows(ledger)) == 6
    assert distinct(ledger) == stands_for(desk)


def test_the_pump_brings_all_that_was_committed_and_what_comes_later(desk: Desk) -> None:
    ledger, faults = MemoryObjects(), []
    stream = stream_to(ledger, faults)
    streams, arn = streams_of(desk.tables), stream_arn(desk.tables)
    pump = Pump(streams, arn, lambda event, _: stream.answer(event["Records"]), MemoryObjects(), lambda: desk.now)
    read_much(desk)
    pump.drain()
    assert distinct(ledger) == stands_for(desk)
    assert pump.complete_until(desk.now + 1) == desk.now
    desk.now += 30 * DAY
    desk.view("a")
    pump.drain()
    assert len(rows(ledger)) == 7
    assert distinct(ledger) == stands_for(desk)
    assert faults == []
