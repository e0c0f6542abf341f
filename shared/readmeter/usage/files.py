"""The data files of an export: their bytes are a pure function of the reads, the corrections and the site's rules.

No run's clock, no place in the stream and no count of copies gets in. CSV is RFC 4180 in UTF-8 with a BOM, so that a
double click opens it; a text cell cannot be taken for a formula.
"""

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from readmeter.core.rules import Rules
from readmeter.usage.columns import COUNTED, INVOICE, USAGE, Column
from readmeter.usage.figures import Quantity
from readmeter.usage.manifest import SCHEMA_VERSION, utc_text
from readmeter.usage.period import ExportPeriod, export_id
from readmeter.usage.spreadsheet import safe_text

Cell = str | int | bool | None
Record = dict[str, Cell]

COUNTED_FILE = "counted.parquet"
_ROW_GROUP = 122_880  # rows; written down, since the bytes depend on it


@dataclass(frozen=True, slots=True)
class Subject:
    """What is exported: `rules_of` tells a month's rules (the site's name, zone and meters then)."""

    site: str
    period: ExportPeriod
    rules_of: Callable[[ExportPeriod], Rules]


@dataclass(frozen=True, slots=True)
class Written:
    """A data file on the disk and how many records it has."""

    path: Path
    rows: int


def write_files(
    connection: duckdb.DuckDBPyConnection, subject: Subject, quantities: Sequence[Quantity], folder: Path
) -> list[Written]:
    """Writes every data file into `folder`; `quantities` are those of the connection's view `counted`."""
    usage = [_usage(subject, row) for row in quantities]
    invoice = _invoice(subject, usage)
    _write_csv(folder / "invoice.csv", INVOICE, invoice)
    _write_csv(folder / "usage.csv", USAGE, usage)
    _write_json(folder / "usage.jsonl.gz", usage)
    _write_parquet(connection, folder / "usage.parquet", _json_table(folder / "usage.jsonl.gz"))
    _write_parquet(connection, folder / COUNTED_FILE, _COUNTED_READS)
    counted = sum(row.quantity for row in quantities)
    rows = {"invoice.csv": len(invoice), COUNTED_FILE: counted}
    names = ("invoice.csv", "usage.csv", "usage.parquet", "usage.jsonl.gz", COUNTED_FILE)
    return [Written(folder / name, rows.get(name, len(usage))) for name in names]


def _usage(subject: Subject, row: Quantity) -> Record:
    day = ExportPeriod.parse(row.local_date)
    zone = subject.rules_of(day.month).timezone
    cells: Record = {
        **_header(subject, day.month),
        "row_id": row.row_id,
        "row_class": row.row_class,
        "corrects_row_id": row.corrects_row_id,
        "meter": row.meter or None,
        "reader_class": row.reader_class,
        "decision": row.decision,
        "traffic": row.traffic,
        "rule_version": row.rule_version,
        "charge_period_start": utc_text(day.start(zone)),
        "charge_period_end": utc_text(day.end(zone)),
        "local_date": row.local_date,
        "unit": row.unit,
        "quantity": row.quantity,
        "unique_readers": row.unique_readers,
        "billable": row.billable,
    }
    return {column.name: cells[column.name] for column in USAGE}


def _invoice(subject: Subject, usage: Iterable[Record]) -> list[Record]:
    """One line per row class, month, meter and unit of what is billable; a period without any says 0 per meter."""
    sums: dict[tuple[str, str, str, str], int] = {}
    for row in usage:
        if row["billable"]:
            line = (str(row["row_class"]), str(row["billing_period"]), str(row["meter"]), str(row["unit"]))
            sums[line] = sums.get(line, 0) + int(row["quantity"] or 0)
    if not any(row_class == "usage" for row_class, *_ in sums):
        month = subject.period.month
        for meter in subject.rules_of(month).meters:
            if meter.pool == meter.name:  # else its reads are counted as the pool's
                sums["usage", month.text, meter.name, meter.count] = 0
    return [
        _invoice_line(subject, *line, quantity)
        for line, quantity in sorted(sums.items(), key=lambda each: (each[0][0] != "usage", each[0]))
    ]


def _invoice_line(subject: Subject, row_class: str, month: str, meter: str, unit: str, quantity: int) -> Record:
    period = ExportPeriod.parse(month)
    cells: Record = {
        **_header(subject, period),
        "site_name": subject.rules_of(period).name,
        "row_class": row_class,
        "meter": meter,
        "unit": unit,
        "quantity": quantity,
    }
    return {column.name: cells[column.name] for column in INVOICE}


def _header(subject: Subject, month: ExportPeriod) -> Record:
    zone = subject.rules_of(month).timezone
    return {
        "export_id": export_id(subject.site, subject.period),
        "schema_version": SCHEMA_VERSION,
        "site": subject.site,
        "site_timezone": zone,
        "billing_period": month.text,
        "billing_period_start": utc_text(month.start(zone)),
        "billing_period_end": utc_text(month.end(zone)),
    }


def _write_csv(path: Path, columns: Sequence[Column], rows: Iterable[Mapping[str, Cell]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(column.name for column in columns)
        writer.writerows([csv_cell(column, row[column.name]) for column in columns] for row in rows)


def csv_cell(column: Column, value: Cell) -> str:
    """Absent is empty. A number stays one: an apostrophe would turn a correction of -3 into text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return safe_text(str(value)) if column.kind == "text" else str(value)


def _write_json(path: Path, rows: Iterable[Record]) -> None:
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    path.write_bytes(gzip.compress("".join(lines).encode(), compresslevel=9, mtime=0))


def _json_table(path: Path) -> str:
    columns = {column.name: column.sql_type for column in USAGE}
    return f"SELECT * FROM read_json('{path}', format = 'newline_delimited', columns = {columns})"  # noqa: S608


_COUNTED_READS = f"""
    SELECT {", ".join("nullif(meter, '') AS meter" if column.name == "meter" else column.name for column in COUNTED)}
    FROM counted ORDER BY row_class DESC, {", ".join(column.name for column in COUNTED[3:])}, row_id
"""  # noqa: S608 - names of our own


def _write_parquet(connection: duckdb.DuckDBPyConnection, path: Path, rows: str) -> None:
    connection.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet, CODEC zstd, ROW_GROUP_SIZE {_ROW_GROUP})")
