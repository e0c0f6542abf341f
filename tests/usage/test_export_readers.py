"""Whoever opens the files reads the same: DuckDB, pyarrow, Python and a spreadsheet, in which no formula runs."""

import csv
import gzip
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest

from readmeter.usage.columns import COUNTED, INVOICE, USAGE, Column
from readmeter.usage.manifest import Manifest
from tests.support.exports import Bench, read, version

SITE = "-1-site"
NAME = "=1+2"
METERS = ["-4", "--cmd", "7", "2026-11-01"]


@pytest.fixture(scope="module")
def export() -> tuple[Bench, Manifest]:
    """A final of a site whose names a spreadsheet would rather compute than show."""
    bench = Bench(
        [version(site=SITE, name=NAME, meters=[{"name": name, "limits": {"anonymous": 5}} for name in METERS])]
    )
    late, own = [
        [read(f"r{n}", f"{meter} {n}", date, site=SITE, meter=meter) for n, meter in enumerate(METERS * 2)]
        for date in ("2026-10-20", "2026-11-22")
    ]
    bench.run("2026-10", "2026-11-10")
    bench.arrive(*late, name="late")
    bench.arrive(*own, read("ann", "x", site=SITE, meter="", decision="gift"), name="own")
    return bench, bench.run("2026-11", "2026-12-10")


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
    assert {row["meter"] for row in rows} == {*METERS, None}


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


@pytest.mark.parametrize("name", ["usage.csv", "invoice.csv"])
def test_a_spreadsheet_shows_every_cell_as_it_is_and_runs_none(folder: Path, tmp_path: Path, name: str) -> None:
    before = list(csv.reader(io.StringIO((folder / name).read_text("utf-8-sig"), newline="")))
    # A double click opens it with the defaults; the way back through the workbook shows what the cells hold.
    convert(tmp_path, folder / name, "ods")
    formulas = subprocess.run(
        ["unzip", "-p", tmp_path / "out" / f"{Path(name).stem}.ods", "content.xml"], capture_output=True, check=True
    )
    assert b"table:formula" not in formulas.stdout
    convert(tmp_path, tmp_path / "out" / f"{Path(name).stem}.ods", "csv:Text - txt - csv (StarCalc):44,34,76")
    after = list(csv.reader(io.StringIO((tmp_path / "out" / name).read_text("utf-8-sig"), newline="")))
    assert [[{"TRUE": "true", "FALSE": "false"}.get(cell, cell) for cell in row] for row in after] == before


def convert(tmp_path: Path, file: Path, to: str) -> None:
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    utf_8 = "--infilter=CSV:44,34,76"  # comma, quote; what the BOM tells the window, the command has to be told
    reads = [utf_8] if file.suffix == ".csv" else []
    subprocess.run(
        ["soffice", profile, "--headless", *reads, "--convert-to", to, "--outdir", tmp_path / "out", file],
        capture_output=True,
        check=True,
        timeout=120,
    )
