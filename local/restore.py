"""After a start with kept data: the rows that the ledger lacks, because the stream was gone before it was read."""

import gzip
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from readmeter.core.keys import Keyring
from readmeter.store.database import Item
from readmeter.usage.ledger import Row, natural_key, objects_of, partition_of, rows_of
from readmeter.usage.objects import Objects


def restore(
    items: Iterable[Item], ledger: Objects, keyring: Callable[[], Keyring], keep_days: Callable[[str], int]
) -> int:
    """Adds the rows of the meter items that are not in the ledger; says how many. `keep_days` knows each site's."""
    partitions: dict[str, list[Row]] = {}
    for item in items:
        for row in rows_of(item, keyring, "reconciliation"):
            partitions.setdefault(partition_of(row), []).append(row)
    missing = [row for folder, rows in partitions.items() for row in _missing(rows, _held(ledger, folder))]
    for each in objects_of(missing, "recon"):
        ledger.create(each.key, each.body, keep_days=keep_days(each.site))
    return len(missing)


def _missing(rows: Iterable[Row], held: set[tuple[Any, ...]]) -> list[Row]:
    return [row for row in rows if natural_key(asdict(row)) not in held]


def _held(ledger: Objects, folder: str) -> set[tuple[Any, ...]]:
    """The natural keys of the rows that a folder of the ledger holds."""
    bodies = (ledger.read(stored.key) or b"" for stored in ledger.stored(folder))
    return {natural_key(json.loads(line)) for body in bodies for line in gzip.decompress(body).splitlines()}
