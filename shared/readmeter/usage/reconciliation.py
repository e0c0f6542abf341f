"""The ledger of a month against the meter items, row for row: what is missing is inserted, what is too much is named."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from readmeter.usage.ledger import ReadRow, objects_of
from readmeter.usage.objects import Objects

_ROWS_AT_ONCE = 50_000  # that are held in memory, and that one object of the ledger gets


def insert_missing(ledger: Objects, rows: Iterable[ReadRow], keep_days: int | None) -> int:
    """Adds rows that the stream never brought; says how many. Doing it again, or the stream coming late, adds nothing.

    The same rows in the same order make the same objects. `keep_days` is how long the site's ledger is kept.
    """
    inserted = 0
    for batch in _batches(replace(row, source="reconciliation", sequence="") for row in rows):
        for made in objects_of(batch, "recon"):
            ledger.create(made.key, made.body, keep_days=keep_days)
        inserted += len(batch)
    return inserted


def _batches(rows: Iterator[ReadRow]) -> Iterator[list[ReadRow]]:
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        yield batch
