"""The query for more rows than one function exports gives the rows that the function exports."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from readmeter.store.sites import Version
from readmeter.usage.exports import Exporter
from readmeter.usage.ledger import ReadRow, objects_of
from readmeter.usage.period import ExportPeriod
from tests.deploy.conftest import Stack
from tests.support.objects import MemoryObjects

DOCUMENT = {
    "site": "riotimes",
    "origins": ["https://www.riotimesonline.com"],
    "timezone": "America/Sao_Paulo",
    "prompt": {"subscribe_url": "https://www.riotimesonline.com/subscribe"},
}
IN_DECEMBER = 1_796_600_000.0
READ = ReadRow(
    site="riotimes",
    meter="default",
    decision="metered",
    period="2026-11",
    reader="reader-1",
    generation=0,
    article="article-1",
    local_date="2026-11-22",
    rule_version=1,
    reader_class="anonymous",
    traffic="reader",
    unit="article",
    source="stream",
    sequence="9",
)


def reads() -> Iterator[list[ReadRow]]:
    """Batches as they reach the ledger: with copies, of other months and sites, erased readers, everything unbilled."""
    month = [
        replace(READ, reader=f"reader-{n % 7}", article=f"article-{n}", local_date=f"2026-11-{n % 28 + 1:02d}")
        for n in range(200)
    ]
    yield month
    yield [replace(row, sequence="10") for row in month[50:90]]
    yield [replace(row, source="reconciliation", sequence="") for row in month[10:20]]
    yield [replace(READ, generation=1), replace(READ, traffic="unstored", article="article-x")]
    yield [replace(READ, meter="", decision="exempt", period="2026-11-22", rule_version=2)]
    yield [replace(READ, meter="markets", unit="view", article=f"display-{n}") for n in range(3)]
    yield [replace(READ, local_date="2026-10-31", period="2026-10"), replace(READ, local_date="2026-12-01")]
    yield [replace(READ, site="lisboatimes")]


@pytest.fixture
def ledger() -> MemoryObjects:
    bucket = MemoryObjects()
    for batch in reads():
        for each in objects_of(batch):
            bucket.create(each.key, each.body)
    return bucket


@pytest.fixture(scope="session")
def stack(translate: Any) -> Stack:
    stack: Stack = translate()
    return stack


def test_its_rows_are_the_exports(ledger: MemoryObjects, stack: Stack, tmp_path: Path) -> None:
    query = stack.properties("UsageOfAMonth")["QueryString"]
    with _as_table(ledger, stack, tmp_path) as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    exported = [{name: row[name] for name in names} for row in _exported(ledger)]
    assert len(rows) > 30
    assert rows == [{**row, "meter": row["meter"] or ""} for row in exported]


def test_the_table_has_the_ledgers_columns(stack: Stack) -> None:
    table = stack.properties("LedgerTable")["TableInput"]
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    partitions = {key["Name"] for key in table["PartitionKeys"]}
    expected = {field.name: "bigint" if field.type is int else "string" for field in fields(ReadRow)}
    assert partitions == {"site", "date"}
    assert columns == {name: kind for name, kind in expected.items() if name not in partitions}


def test_a_query_cannot_cost_more_than_half_a_dollar(stack: Stack) -> None:
    settings = stack.properties("LedgerWorkGroup")["WorkGroupConfiguration"]
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["BytesScannedCutoffPerQuery"] / 2**40 * 5 < 0.5


def _as_table(ledger: MemoryObjects, stack: Stack, folder: Path) -> duckdb.DuckDBPyConnection:
    """The ledger's files as the table `reads`, with the columns that the template declares."""
    table = stack.properties("LedgerTable")["TableInput"]
    for key, body in ledger.bodies.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    types = {name: {"string": "VARCHAR", "bigint": "BIGINT"}[kind] for name, kind in columns.items()}
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    files = f"{folder}/ledger/v1/**/*.jsonl.gz"
    connection.execute(
        f"CREATE VIEW reads AS FROM read_json('{files}', format = 'newline_delimited', columns = {types}, "
        "hive_partitioning = true, hive_types_autocast = false)"
    )
    return connection


def _exported(ledger: MemoryObjects) -> list[dict[str, Any]]:
    version = Version("riotimes", 1, json.dumps(DOCUMENT), 1_793_500_000.0, "tests")
    exports = MemoryObjects()
    made = Exporter(ledger, exports, lambda _: [version]).run("riotimes", ExportPeriod.parse("2026-11"), IN_DECEMBER)
    [file] = [file for file in made.files if file.name == "usage.jsonl.gz"]
    rows = [json.loads(line) for line in gzip.decompress(exports.bodies[file.path]).splitlines()]
    return [row for row in rows if row["row_class"] == "usage"]
