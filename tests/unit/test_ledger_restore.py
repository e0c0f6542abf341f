"""After a start with kept data, the ledger has every read of the meter items exactly once."""

import pytest

from local.restore import restore
from readmeter.store.database import Item
from tests.support.endpoint import KEYRING
from tests.support.objects import MemoryObjects
from tests.support.stream import distinct, records, rows
from tests.unit.test_ledger_stream import ledger_of

BATCH = records("batch")
ITEMS: list[Item] = [BATCH[number]["dynamodb"]["NewImage"] for number in (1, 2, 3, 4, 5)]  # 2 is 0's item, later


def restored(ledger: MemoryObjects) -> int:
    return restore(ITEMS, ledger, lambda: KEYRING, lambda site: 365)


@pytest.mark.parametrize("written", range(len(BATCH) + 1))
def test_what_the_stream_had_not_brought_is_added_once(written: int) -> None:
    ledger = ledger_of(BATCH[:written])
    before = len(rows(ledger))
    assert restored(ledger) == 7 - before
    assert len(rows(ledger)) == len(distinct(ledger)) == 7
    assert restored(ledger) == 0


def test_a_row_that_was_added_says_where_it_came_from() -> None:
    ledger = MemoryObjects()
    restored(ledger)
    assert {(row["source"], row["sequence"]) for row in rows(ledger)} == {("reconciliation", "")}
    assert set(ledger.keep.values()) == {365}
