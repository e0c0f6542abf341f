"""The tables that lives are lived on answer as moto's, request by request, and tell of every write."""

from itertools import count
from random import Random

import pytest

from readmeter.core.period import DAY
from readmeter.store.meters import CalendarSlot, MeterStore, Read, Slot, WindowSlot
from readmeter.store.readers import ReaderStore
from tests.support.engines import Tables
from tests.support.fast_database import Change, FastDatabase, Image
from tests.support.meters import snapshot


@pytest.mark.parametrize("seed", range(4))
def test_the_store_sees_no_difference(moto: Tables, seed: int) -> None:
    fast = Tables(None, FastDatabase(), "meters", "sites")
    told = [_lived(tables, Random(seed)) for tables in (moto, fast)]
    assert told[0] == told[1]
    assert snapshot(moto) == [dict(item) for item in fast.database.items("meters")]


def test_it_tells_of_every_write_in_order_with_both_images() -> None:
    changes: list[Change] = []
    store = MeterStore(FastDatabase(changes.append), "meters")
    for article in (1, 2, 1):
        store.count(_slot(0, "month"), _read(article), limit=5)
    assert [(_held(each.old), _held(each.new)) for each in changes] == [(0, 1), (1, 2), (2, 2)]


def _held(image: Image | None) -> int:
    return len(image["a"]["BS"]) if image else 0


def _lived(tables: Tables, random: Random) -> list[object]:
    fillers = count()
    readers = ReaderStore(tables.database, tables.meter_table, lambda size: next(fillers).to_bytes(size, "big"))
    now, told = 1_795_348_800, []
    for _ in range(80):
        now += random.choice([0, 60, DAY, 2 * DAY])
        slot, limit = _slot(now, random.choice(["month", "days"])), random.randint(0, 4)
        if random.random() < 0.1:
            readers.erase("riotimes", "reader")
        told.append(tables.meters.look(slot, _read(1).digest, limit))
        told.append(tables.meters.count(slot, _read(random.randrange(6)), limit))
        told.append(readers.holdings("riotimes", "reader", [slot]))
    return told


def _slot(now: int, unit: str) -> Slot:
    if unit == "days":
        return WindowSlot("riotimes", "reader", "windows", 3, now)
    return CalendarSlot("riotimes", "reader", "default", "2026-11", 1e9)


def _read(article: int) -> Read:
    return Read(article.to_bytes(16, "big"), "2026-11-22", 1, "anonymous", "reader")
