"""Reads of a site's dates, without their copies, as tables of DuckDB: what every figure is computed from."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from readmeter.usage.ledger import EVENT_KEY, EVENTS, READ_KEY, READS, EventRow, ReadRow, Row, partition
from readmeter.usage.objects import Objects

_TABLES: dict[str, tuple[str, type[Row], tuple[str, ...]]] = {
    "reads": (READS, ReadRow, READ_KEY),
    "events": (EVENTS, EventRow, EVENT_KEY),
}


@contextmanager
def dataset(ledger: Objects, site: str, dates: Iterable[date]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the tables `reads` and `events`: `ReadRow`'s and `EventRow`'s columns, a row per natural key.

    Files of the ledger are downloaded to a folder that is gone afterwards; DuckDB spills to it too.
    """
    days = sorted({day.isoformat() for day in dates})
    with TemporaryDirectory() as name, duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        folder = Path(name)
        connection.execute("SET temp_directory = ?", [str(folder / "spill")])
        for table, (kind, row, key) in _TABLES.items():
            files = _download(ledger, [partition(kind, site, day) for day in days], folder / table)
            _load(connection, table, files, row, key)
        yield connection


def _download(ledger: Objects, partitions: Iterable[str], folder: Path) -> list[str]:
    folder.mkdir()
    files: list[str] = []
    for prefix in partitions:
        for stored in ledger.stored(prefix):
            path = folder / f"{len(files)}.jsonl.gz"
            ledger.download(stored.key, path)
            files.append(str(path))
    return files


def _load(
    connection: duckdb.DuckDBPyConnection, table: str, files: list[str], row: type[Row], key: tuple[str, ...]
) -> None:
    columns = {field.name: "BIGINT" if field.type is int else "VARCHAR" for field in fields(row)}
    if not files:
        connection.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
        return
    # Of the copies of a row, the stream's goes before reconciliation's, then the lowest sequence (of digits: the
    # shorter is the lower).
    connection.execute(
        f"""
        CREATE TABLE {table} AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {columns})
        QUALIFY row_number() OVER (PARTITION BY {", ".join(key)} ORDER BY source DESC, length(sequence), sequence) = 1
        """,  # noqa: S608 - names of our own
        [files],
    )
