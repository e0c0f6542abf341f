"""Whoever reads the files by a program reads the same: DuckDB, pyarrow and Python."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest

from readmeter.usage.columns import COUNTED, INVOICE, USAGE, Column
from readmeter.usage.manifest import Manifest
from tests.support.exports import FORMULA_LIKE_METERS, Bench, formula_like


@pytest.fixture(scope="module")
def export() -> tuple[Bench, Manifest]:
    return formula_like()


@pytest.fixture
def folder(export: tuple[Bench, Manifest], tmp_path: Path) -> Path:
    bench, made = export
    for file in made.files:
        (tmp_path / file.name).write_bytes(bench.file(made, file.name))
    return tmp_path


@pytest.fixture
def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress((folder / "usage.jsonl.gz").read_bytes()).splitlines()]


def as_cells(rows: list[dict[str, Any]], columns: tuple[Column, ...] = USAGE) -> list[dict[str, str]]:
    """The rows as a CSV shows them: an apostrophe before what could be a formula, absent empty, truth a word."""

    def cell(value: Any) -> str:
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return f"'{text}" if isinstance(value, str) and text.startswith("-") else text

    return [{column.name: cell(row[column.name]) for column in columns} for row in rows]


def test_the_rows_are_there(rows: list[dict[str, Any]]) -> None:
    assert {row["row_class"] for row in rows} == {"usage", "correction"}
    assert {row["meter"] for row in rows} == {*FORMULA_LIKE_METERS, None}


def test_csv_is_rfc_4180_in_utf_8_with_a_bom(folder: Path, rows: list[dict[str, Any]]) -> None:
    for name, columns in (("usage.csv", USAGE), ("invoice.csv", INVOICE)):
        text = (folder / name).read_bytes()
        assert text.startswith(b"\xef\xbb\xbf" + columns[0].name.encode())
        assert text.count(b"\n") == text.count(b"\r\n") == len(text.split(b"\r\n")) - 1
        read_back = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""), strict=True))
        assert list(read_back[0]) == [column.name for column in columns]
        if name == "usage.csv":
            assert read_back == as_cells(rows)


def test_pyarrow_reads_the_same_rows_with_their_types(folder: Path, rows: list[dict[str, Any]]) -> None:
    table = pyarrow.parquet.read_table(folder / "usage.parquet")
    assert table.to_pylist() == rows
    kinds = {"text": "string", "integer": "int64", "boolean": "bool"}
    assert [(field.name, str(field.type)) for field in table.schema] == [
        (each.name, kinds[each.kind]) for each in USAGE
    ]
    counted = pyarrow.parquet.read_table(folder / "counted.parquet")
    assert [(field.name, str(field.type)) for field in counted.schema] == [
        (each.name, kinds[each.kind]) for each in COUNTED
    ]


def test_duckdb_reads_the_same_rows_from_each_file(folder: Path, rows: list[dict[str, Any]]) -> None:
    with duckdb.connect() as connection:
        for file in ("usage.parquet", "usage.jsonl.gz"):
            found = connection.execute(f"SELECT sum(quantity), count(*) FROM '{folder / file}'").fetchone()
            assert found == (sum(row["quantity"] for row in rows), len(rows))
        sql = f"SELECT * FROM read_csv('{folder / 'usage.csv'}', all_varchar = true)"
        columns = [column.name for column in USAGE]
        found = [dict(zip(columns, row, strict=True)) for row in connection.execute(sql).fetchall()]
        assert [{name: value or "" for name, value in row.items()} for row in found] == as_cells(rows)


def test_the_reads_behind_a_row_are_as_many_as_it_says(folder: Path, rows: list[dict[str, Any]]) -> None:
    counted = pyarrow.parquet.read_table(folder / "counted.parquet").to_pylist()
    for row in rows:
        behind = [each for each in counted if each["row_id"] == row["row_id"]]
        assert len(behind) == row["quantity"]
        same = (
            "row_class",
            "site",
            "local_date",
            "meter",
            "decision",
            "reader_class",
            "traffic",
            "rule_version",
            "unit",
        )
        assert {tuple(each[name] for name in same) for each in behind} == {tuple(row[name] for name in same)}
        if row["row_class"] == "usage":
            assert len({each["reader"] for each in behind}) == row["unique_readers"]
