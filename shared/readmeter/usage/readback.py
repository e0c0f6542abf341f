"""The files of an export, and objects of the ledger, read back: rows as they are in them, believing nothing."""

import csv
import gzip
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from readmeter.usage.columns import COUNTED, Column
from readmeter.usage.comparison import LedgerFile
from readmeter.usage.dataset import fetch, join_gzip, workspace
from readmeter.usage.figures import READ_COLUMNS
from readmeter.usage.ledger import ReadRow
from readmeter.usage.objects import Objects
from readmeter.usage.spreadsheet import safe_text

Record = dict[str, Any]


def csv_rows(path: Path, columns: Sequence[Column]) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    if header != [column.name for column in columns]:
        raise ValueError(f"{path.name} has other columns")
    return rows


def csv_cell(column: Column, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return safe_text(str(value)) if column.kind == "text" else str(value)


def jsonl_rows(path: Path) -> list[Record]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def parquet_rows(path: Path) -> list[Record]:
    with workspace() as (connection, _):
        found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def load_counted(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path | str], table: str = "counted") -> None:
    """The single reads of exports; a meter that is absent is "" here, as in the ledger."""
    connection.execute(f"CREATE TABLE {table} ({', '.join(f'{column.name} {column.sql_type}' for column in COUNTED)})")
    if paths:
        names = ", ".join("coalesce(meter, '')" if column.name == "meter" else column.name for column in COUNTED)
        connection.execute(f"INSERT INTO {table} SELECT {names} FROM read_parquet(?)", [[str(path) for path in paths]])  # noqa: S608


def load_rows(
    connection: duckdb.DuckDBPyConnection, table: str, ledger: Objects, files: Sequence[LedgerFile], folder: Path
) -> None:
    """Every copy of every row, from the ledger's own objects (a day file would be somebody's word for them)."""
    columns = {name: "BIGINT" if ReadRow.__annotations__[name] is int else "VARCHAR" for name in READ_COLUMNS}
    connection.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    paths = fetch(ledger, [file.key for file in files], folder / table)
    if paths:
        whole = folder / f"{table}.jsonl.gz"
        join_gzip(paths, whole)
        connection.execute(
            f"INSERT INTO {table} FROM read_json(?, format = 'newline_delimited', columns = {columns})",
            [str(whole)],
        )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
