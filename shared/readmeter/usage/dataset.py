"""Reads of a site's dates, without their copies, as tables of DuckDB: what every figure is computed from.

A date's rows are in as many ledger objects as the stream had batches. Its day file holds the same rows once, and is
named after those objects: one more object, and the day file is no longer the date's.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory

import duckdb

from readmeter.usage.ledger import EVENT_KEY, EVENTS, READ_KEY, READS, EventRow, ReadRow, Row, partition
from readmeter.usage.objects import Objects

DAYS = "days/v1"
MEMORY = "1GB"  # of DuckDB; what does not fit is spilled to the disk
_KINDS: dict[str, tuple[str, type[Row], tuple[str, ...]]] = {
    READS: ("reads", ReadRow, READ_KEY),
    EVENTS: ("events", EventRow, EVENT_KEY),
}
_DOWNLOADS = 8  # at once
_HASH_DIGITS = 32


@contextmanager
def dataset(ledger: Objects, site: str, dates: Iterable[date]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the tables `reads` and `events`: `ReadRow`'s and `EventRow`'s columns, a row per natural key.

    Files of the ledger are downloaded to a folder that is gone afterwards; DuckDB spills to it too.
    """
    days = list(dates)
    with workspace() as (connection, folder):
        for kind, (table, _, _) in _KINDS.items():
            load(connection, table, ledger, listed(ledger, kind, site, days), folder / table, kind)
        yield connection


@contextmanager
def workspace(memory: str = MEMORY, threads: int | None = None) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A connection without tables and a folder to fill, both gone afterwards. `threads`: default as many as CPUs."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "memory_limit": memory,
    }
    if threads is not None:
        config["threads"] = str(threads)
    with TemporaryDirectory() as name, duckdb.connect(config=config) as connection:
        connection.execute("SET temp_directory = ?", [str(Path(name) / "spill")])
        yield connection, Path(name)


def listed(ledger: Objects, kind: str, site: str, dates: Iterable[date]) -> dict[str, list[str]]:
    """The keys of the ledger's objects by folder (`partition`), of the dates that have any; both in order."""
    wanted = {partition(kind, site, day.isoformat()) for day in dates}
    found: dict[str, list[str]] = {}
    for common in _months(wanted):
        for stored in ledger.stored(common):
            folder = stored.key[: stored.key.rindex("/") + 1]
            if folder in wanted:
                found.setdefault(folder, []).append(stored.key)
    return found


def load(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    ledger: Objects,
    objects: Mapping[str, Sequence[str]],
    folder: Path,
    kind: str = READS,
) -> None:
    """Makes `table` of the objects that `listed` found, from day files where they stand for the same objects."""
    _, row, key = _KINDS[kind]
    files = _day_files(ledger, kind, objects)
    raw = [keys for each, keys in objects.items() if each not in files]
    joined = [
        join_gzip(fetch(ledger, keys, folder / f"{number}"), folder / f"{number}.gz") for number, keys in enumerate(raw)
    ]
    _make(connection, table, joined, fetch(ledger, sorted(files.values()), folder / "days"), row, key)


def fetch(bucket: Objects, keys: Sequence[str], folder: Path) -> list[str]:
    """Downloads the objects into `folder`, which is made; their paths, in the keys' order."""
    folder.mkdir(parents=True)
    paths = [folder / str(number) for number in range(len(keys))]
    with ThreadPoolExecutor(_DOWNLOADS) as pool:
        list(pool.map(bucket.download, keys, paths))
    return [str(path) for path in paths]


def join_gzip(paths: Sequence[str], into: Path) -> str:
    """Gzip files one after another are a gzip file, and DuckDB reads one many times faster than hundreds."""
    with into.open("wb") as whole:
        for path in paths:
            with open(path, "rb") as part:
                copyfileobj(part, whole)
            Path(path).unlink()
    return str(into)


def write_day(ledger: Objects, site: str, day: date, keep_days: int) -> None:
    """Leaves the date's day files, unless they are there or the date has no rows."""
    for kind, (table, _, _) in _KINDS.items():
        objects = listed(ledger, kind, site, [day])
        if not objects or _day_files(ledger, kind, objects):
            continue
        with workspace() as (connection, folder):
            load(connection, table, ledger, objects, folder / table, kind)
            path = folder / "day.parquet"
            connection.execute(f"COPY (SELECT * FROM {table} ORDER BY ALL) TO '{path}' (FORMAT parquet, CODEC zstd)")  # noqa: S608
            [(name, keys)] = objects.items()
            ledger.create(_day_file(kind, name, keys), path, keep_days=keep_days)


def _day_files(ledger: Objects, kind: str, objects: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The day files that stand for all of a folder's objects, by that folder."""
    wanted = {_day_file(kind, folder, keys): folder for folder, keys in objects.items()}
    return {
        wanted[stored.key]: stored.key
        for common in _months(wanted)
        for stored in ledger.stored(common)
        if stored.key in wanted
    }


def _day_file(kind: str, folder: str, keys: Sequence[str]) -> str:
    names = "\n".join(key.removeprefix(folder) for key in keys)
    digest = hashlib.sha256(names.encode()).hexdigest()[:_HASH_DIGITS]
    return f"{DAYS}/{folder.removeprefix(f'{kind}/')}{digest}/{_KINDS[kind][0]}.parquet"


def _months(keys: Iterable[str]) -> list[str]:
    """The beginnings up to the month that the keys share, so that a month is one listing and not 31."""
    end = len("/date=2026-11")
    return sorted({key[: key.index("/date=") + end] for key in keys})


def _make(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    raw: list[str],
    deduplicated: list[str],
    row: type[Row],
    key: tuple[str, ...],
) -> None:
    columns = {field.name: "BIGINT" if field.type is int else "VARCHAR" for field in fields(row)}
    quoted = ", ".join(f'"{name}"' for name in columns)  # `at` is a keyword
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    connection.execute(f"CREATE TABLE {table} ({declared})")
    parts = {
        f"SELECT * FROM read_json($raw, format = 'newline_delimited', columns = {columns})": raw,  # noqa: S608
        f"SELECT {quoted} FROM read_parquet($deduplicated)": deduplicated,  # noqa: S608
    }
    given = {"raw": raw, "deduplicated": deduplicated}
    source = " UNION ALL ".join(sql for sql, files in parts.items() if files)
    if not source:
        return
    # Of the copies of a row, the stream's goes before reconciliation's, then the lowest sequence (of digits: the
    # shorter is the lower).
    connection.execute(
        f"""
        INSERT INTO {table} SELECT * FROM ({source})
        QUALIFY row_number() OVER (PARTITION BY {", ".join(key)} ORDER BY source DESC, length(sequence), sequence) = 1
        """,  # noqa: S608 - names of our own
        {name: files for name, files in given.items() if files},
    )
