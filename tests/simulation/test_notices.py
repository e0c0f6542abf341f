"""The simulator itself: a bug of every kind that it is there for does not live long under it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from readmeter.core.encoding import base64url
from readmeter.store import meters, reads
from readmeter.store.readers import ReaderStore
from readmeter.usage import dataset, exports, ledger, stream
from readmeter.usage.exports import Exporter
from readmeter.usage.figures import READ_COLUMNS
from readmeter.usage.ledger import READ_KEY, READS, ReadRow
from readmeter.usage.stream import LedgerStream, Redrive
from tests.simulation.life import Drift, live_all

_LIVES = range(150)


def _notices(lives: range = _LIVES) -> None:
    with pytest.raises(Drift, match=r"make soak SEED=\d+") as drift:
        live_all(lives)
    assert isinstance(drift.value.__cause__, AssertionError), "it broke, and nothing was compared"


def test_a_counter_that_counts_every_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    """I11"""
    monkeypatch.setitem(dataset._KINDS, READS, ("reads", ReadRow, (*READ_KEY, "sequence", "source")))
    monkeypatch.setattr(dataset, "write_day", lambda *_: None)
    _notices(range(80, 230))  # copies in different objects of a month: some lives in a hundred


def test_a_key_without_the_erasures(monkeypatch: pytest.MonkeyPatch) -> None:
    key = tuple(name for name in READ_KEY if name != "generation")
    monkeypatch.setitem(dataset._KINDS, READS, ("reads", ReadRow, key))
    _notices(range(40, 190))  # who erases and reads the same again: some lives in a hundred


def test_rows_of_a_window_without_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_start(item: Any) -> Any:
        current = item["sk"]["S"].endswith("#D")
        return (replace(read, period="D") if current else read for read in reads.reads_of(item))

    monkeypatch.setattr(ledger, "reads_of", without_start)
    _notices(range(80, 230))  # the same article in two windows of a month: some lives in a hundred


def test_a_date_by_the_clock_of_who_writes_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """I12"""
    dated = LedgerStream._rows

    def rows(self: LedgerStream, records: Sequence[Any]) -> Any:
        today = datetime.fromtimestamp(self._clock(), UTC).date().isoformat()
        found, failed = dated(self, records)
        return [replace(row, local_date=today) for row in found], failed

    monkeypatch.setattr(LedgerStream, "_rows", rows)
    _notices()


def test_a_stamp_that_every_repeat_writes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """I10"""
    monkeypatch.setattr(meters, "_COUNT", "SET #d = :stamp, x = :x ADD a :digests")
    _notices()


def test_an_erasure_that_counts_as_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    """I10"""
    erased = ReaderStore._without_a_trace

    def with_stamps(self: ReaderStore, item: Any) -> dict[str, Any]:
        left = erased(self, item)
        stamp = next(value for name, value in item.items() if len(name) == reads.STAMP_NAME)
        return {**left, **{base64url(filler): stamp for filler in left["a"]["BS"]}}

    monkeypatch.setattr(ReaderStore, "_without_a_trace", with_stamps)
    _notices()


def test_a_batch_of_which_one_object_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "objects_of", lambda rows: ledger.objects_of(rows)[:1])
    _notices()


def test_a_failed_record_that_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """I11"""
    monkeypatch.setattr(Redrive, "_goes_through", lambda *_: True)
    _notices()


def test_a_late_read_that_is_corrected_in_every_month_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """I13. As if a final knew its own month's reads only."""
    load_late, load = exports.load_late, Exporter._load

    def of_the_last(connection: Any, store: Any, bucket: Any, finals: Any, objects: Any, folder: Any) -> None:
        load_late(connection, store, bucket, finals[-1:], objects, folder)

    monkeypatch.setattr(exports, "load_late", of_the_last)
    monkeypatch.setattr(Exporter, "_load", lambda *given: load(*given)[:1])
    _notices(range(90, 240))  # three finals and a late read: a few lives in a hundred


def test_a_copy_that_is_corrected_though_its_month_counted_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def every_row(connection: Any, store: Any, bucket: Any, finals: Any, objects: Any, folder: Any) -> None:
        dataset.load(connection, "arrived", store, objects, folder / "arrived")
        connection.execute(f"CREATE TABLE late AS SELECT {', '.join(READ_COLUMNS)} FROM arrived")

    monkeypatch.setattr(exports, "load_late", every_row)
    _notices(range(430, 580))  # a late object with a copy in it: some lives in a hundred


def test_a_final_that_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """I13. As if a month were final on its last day, and then became whole."""
    latest = Exporter.latest

    def only_provisional(self: Exporter, *of: Any) -> Any:
        found = latest(self, *of)
        return replace(found, status="provisional") if found else None

    monkeypatch.setattr(Exporter, "latest", only_provisional)
    _notices()
