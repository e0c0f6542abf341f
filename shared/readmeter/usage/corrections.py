"""Reads that came after their month was final: rows of the ledger that no final has.

A final leaves the names of the ledger's objects that it was made of. Those hold nothing new ever after, so a month
without late objects costs a listing.
"""

import gzip
from collections.abc import Sequence
from pathlib import Path

import duckdb

from readmeter.usage.dataset import fetch, listed, load
from readmeter.usage.figures import READ_COLUMNS
from readmeter.usage.files import COUNTED_FILE
from readmeter.usage.ledger import READ_KEY, READS
from readmeter.usage.manifest import Manifest
from readmeter.usage.objects import Objects
from readmeter.usage.period import ExportPeriod

Listing = dict[str, list[str]]  # keys of the ledger's objects by folder, as `dataset.listed` gives them


def inputs_key(site: str, period: str, data: str) -> str:
    return f"{counted_folder(site, period, data)}ledger-objects.txt.gz"


def counted_folder(site: str, period: str, data: str) -> str:
    """Where what tells readers apart lies: under a prefix of its own, since it is kept for less long."""
    return f"counted/v1/site={site}/period={period}/data={data}/"


def counted_key(final: Manifest) -> str:
    return counted_folder(final.site, final.period, final.data) + COUNTED_FILE


def inputs_text(listings: Sequence[Listing]) -> bytes:
    """The names of the objects that a final was made of, as its bytes."""
    keys = sorted(key for listing in listings for keys in listing.values() for key in keys)
    return gzip.compress("".join(f"{key}\n" for key in keys).encode(), mtime=0)


def late_objects(ledger: Objects, exports: Objects, site: str, finals: Sequence[Manifest]) -> Listing:
    """The objects of the months of `finals` that none of these was made of."""
    known: set[str] = set()
    for final in finals:
        text = exports.read(inputs_key(site, final.period, final.data))
        known.update(gzip.decompress(text or gzip.compress(b"")).decode().splitlines())
    dates = [day for final in finals for day in ExportPeriod.parse(final.period).dates]
    late = {
        folder: [key for key in keys if key not in known] for folder, keys in listed(ledger, READS, site, dates).items()
    }
    return {folder: keys for folder, keys in late.items() if keys}


def load_late(
    connection: duckdb.DuckDBPyConnection,
    ledger: Objects,
    exports: Objects,
    finals: Sequence[Manifest],
    objects: Listing,
    folder: Path,
) -> None:
    """Makes the table `late`: the rows of `objects` that are in none of `finals`."""
    load(connection, "arrived", ledger, objects, folder / "arrived")
    columns = ", ".join(READ_COLUMNS)
    connection.execute(f"CREATE TABLE late AS SELECT {columns} FROM arrived")  # noqa: S608 - names of our own
    if not objects:
        return
    counted = [counted_key(final) for final in finals]
    connection.execute(
        f"""
        DELETE FROM late USING (SELECT * REPLACE (coalesce(meter, '') AS meter) FROM read_parquet($files)) AS final
        WHERE {" AND ".join(f"late.{name} = final.{name}" for name in READ_KEY)}
        """,  # noqa: S608 - names of our own
        {"files": fetch(exports, counted, folder / "finals")},
    )


def load_day(
    connection: duckdb.DuckDBPyConnection, exports: Objects, final: Manifest, day: ExportPeriod, folder: Path
) -> None:
    """Makes the tables `reads`, of what a month's final counted on `day`, and `late`: empty, as it is for any day."""
    columns = ", ".join(READ_COLUMNS)
    connection.execute(
        f"""
        CREATE TABLE reads AS
        SELECT {columns} FROM (SELECT * REPLACE (coalesce(meter, '') AS meter) FROM read_parquet($files))
        WHERE row_class = 'usage' AND local_date = $day
        """,  # noqa: S608 - names of our own
        {"files": fetch(exports, [counted_key(final)], folder / "final"), "day": day.text},
    )
    connection.execute("CREATE TABLE late AS FROM reads LIMIT 0")
