"""Proof of an export: what its manifest says, its files, the ledger and the meter items agree, each step by a check.

Nothing of what is checked is believed: files are read back, sums are added again, reads are counted again. Every check
says in a sentence what it found, for people who do not program.
"""

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from readmeter.core.keys import Keyring
from readmeter.core.rules import Retention
from readmeter.usage.columns import COUNTED, INVOICE, USAGE
from readmeter.usage.comparison import Comparison, LedgerFile, ledger_files, spool
from readmeter.usage.corrections import counted_folder, counted_key, inputs_key
from readmeter.usage.dataset import fetch, workspace
from readmeter.usage.exports import Exporter
from readmeter.usage.figures import READ_COLUMNS, reads_sha256, row_id, unique_readers
from readmeter.usage.files import COUNTED_FILE, safe_text
from readmeter.usage.ledger import READ_KEY
from readmeter.usage.manifest import ControlTotals, Manifest, revisions_prefix
from readmeter.usage.meter_items import BrokenExport, MeterItems
from readmeter.usage.objects import Objects
from readmeter.usage.period import ExportPeriod, export_id
from readmeter.usage.readback import (
    Record,
    csv_cell,
    csv_rows,
    jsonl_rows,
    load_counted,
    load_rows,
    parquet_rows,
    sha256_of,
)
from readmeter.usage.reconciliation import latest_result

# ruff: noqa: S608 - the SQL is put together of names of our own

_FILES = ("invoice.csv", "usage.csv", "usage.parquet", "usage.jsonl.gz", COUNTED_FILE)
_MOST_MONTHS = 13  # before and after a month that may hold corrections of, or share reads with, it
_MOST_NAMED = 5
_UPLOAD = 300  # seconds that no object of the ledger takes to be stored
_DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error, csv.Error, duckdb.Error, BrokenExport)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, whether it is as it should be, and a sentence about it."""

    check: str
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    export_id: str
    revision: int
    checks: Sequence[Check]

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)

    def document(self) -> dict[str, Any]:
        return {
            "export_id": self.export_id,
            "revision": self.revision,
            "holds": self.holds,
            "checks": [asdict(check) for check in self.checks],
        }


def verify(
    exports: Objects,
    ledger: Objects,
    exporter: Exporter,
    items: MeterItems | None,
    keyring: Callable[[], Keyring],
    site: str,
    period: ExportPeriod,
    now: float,
    retention: Retention | None = None,
) -> Verification:
    """Checks the newest revision at `now` (epoch seconds). `items` None: they are not at hand, the last result is told.

    Raises ValueError where there is no export of that site and period.
    """
    manifest = exporter.latest(site, period)
    if manifest is None:
        raise ValueError(f"there is no export of {period.text} of {site}")
    with TemporaryDirectory() as name:
        case = _Case(exports, ledger, exporter, site, period, manifest, now, retention or Retention(), Path(name))
        return Verification(manifest.export_id, manifest.revision, list(_checks(case, items, keyring)))


@dataclass(frozen=True)
class _Case:
    """What is verified, and where: `folder` gets the export's files."""

    exports: Objects
    ledger: Objects
    exporter: Exporter
    site: str
    period: ExportPeriod
    manifest: Manifest
    now: float
    retention: Retention
    folder: Path

    def file(self, name: str) -> Path:
        return self.folder / name

    @property
    def counted_until(self) -> float:
        """Until when `counted.parquet` is there for certain."""
        return _seconds(self.manifest.cut_off) + self.retention.ledger_reader_days * 86_400

    @property
    def has_counted(self) -> bool:
        return self.file(COUNTED_FILE).exists()

    @property
    def is_part_of_a_final(self) -> bool:
        return not self.period.is_month and self.manifest.status == "final"


_Answer = tuple[bool, str]


def _checks(case: _Case, items: MeterItems | None, keyring: Callable[[], Keyring]) -> Iterator[Check]:
    yield _check("manifest", lambda: _manifest(case))
    yield _check("files", lambda: _files(case))
    yield _check("row_counts", lambda: _row_counts(case))
    yield _check("same_rows", lambda: _same_rows(case))
    yield _check("invoice", lambda: _invoice(case))
    yield _check("control_totals", lambda: _control_totals(case))
    yield _check("counted_reads", lambda: _counted_reads(case))
    yield _check("days", lambda: _days(case) if case.period.is_month else _month_of_day(case))
    if not case.is_part_of_a_final:
        yield _check("ledger", lambda: _ledger(case))
    if case.period.is_month:
        yield _check("counted_once", lambda: _counted_once(case))
        yield _check("meter_items", lambda: _meter_items(case, items, keyring))


def _check(name: str, look: Callable[[], _Answer]) -> Check:
    try:
        holds, detail = look()
    except _DAMAGE as damage:
        return Check(name, False, f"This could not be checked, since something is damaged or missing: {damage}")
    return Check(name, holds, detail)


# ---------------------------------------------------------------------------------------------- manifest and files


def _manifest(case: _Case) -> _Answer:
    """Says the right thing about itself, and the revisions before it are a chain."""
    manifest, folder = (
        case.manifest,
        f"exports/v1/site={case.site}/period={case.period.text}/data={case.manifest.data}/",
    )
    wrong = []
    expected = (case.site, case.period.text, export_id(case.site, case.period))
    if (manifest.site, manifest.period, manifest.export_id) != expected:
        wrong.append(f"it is the manifest of {manifest.export_id}")
    if tuple(file.name for file in manifest.files) != _FILES:
        wrong.append("it does not list the five files of an export")
    for file in manifest.files:
        home = counted_folder(case.site, case.period.text, manifest.data) if file.name == COUNTED_FILE else folder
        if file.path != home + file.name:
            wrong.append(f"{file.name} is not where this export's files are")
    stored = list(case.exports.stored(revisions_prefix(case.site, case.period.text)))
    for number in range(1, len(stored) + 1):
        each = case.exporter.revision(case.site, case.period, number)
        if each is None:
            wrong.append(f"revision {number} is missing")
        elif (each.revision, each.supersedes) != (number, number - 1 or None):
            wrong.append(f"revision {number} says that it is {each.revision} and supersedes {each.supersedes}")
        elif each.status == "final" and number != len(stored):
            wrong.append(f"revision {number} was final, and yet there is another")
    if wrong:
        return False, f"The manifest is not right: {_some(wrong)}."
    said = f"revision {manifest.revision} ({manifest.status}) of {manifest.export_id}"
    return True, f"The manifest is {said}, and no revision before it is missing."


def _files(case: _Case) -> _Answer:
    wrong = []
    gone = False
    for file in case.manifest.files:
        path = case.file(file.name)
        if not any(stored.key == file.path for stored in case.exports.stored(file.path)):
            if file.name == COUNTED_FILE and case.now >= case.counted_until:
                gone = True
            else:
                wrong.append(f"{file.name} is missing")
            continue
        case.exports.download(file.path, path)
        if path.stat().st_size != file.bytes:
            wrong.append(f"{file.name} has {path.stat().st_size} bytes, not {file.bytes}")
        elif sha256_of(path) != file.sha256:
            wrong.append(f"{file.name} was changed")
    if wrong:
        return False, f"Files are not as they were written: {_some(wrong)}."
    rest = f" {COUNTED_FILE} was kept until {_day(case.counted_until)} and is gone by now." if gone else ""
    return True, f"Every file is there, byte for byte as it was written (SHA-256).{rest}"


def _row_counts(case: _Case) -> _Answer:
    found = {
        "invoice.csv": len(csv_rows(case.file("invoice.csv"), INVOICE)),
        "usage.csv": len(csv_rows(case.file("usage.csv"), USAGE)),
        "usage.parquet": len(parquet_rows(case.file("usage.parquet"))),
        "usage.jsonl.gz": len(jsonl_rows(case.file("usage.jsonl.gz"))),
    }
    if case.has_counted:
        with workspace() as (connection, _):
            found[COUNTED_FILE] = _number(
                connection, "SELECT count(*) FROM read_parquet(?)", [str(case.file(COUNTED_FILE))]
            )
    wrong = [
        f"{file.name} has {found[file.name]} rows, not {file.rows}"
        for file in case.manifest.files
        if file.name in found and found[file.name] != file.rows
    ]
    if wrong:
        return False, f"Files have another number of rows than the manifest says: {_some(wrong)}."
    return True, f"Every file was read back and has as many rows as the manifest says ({len(found)} files)."


def _same_rows(case: _Case) -> _Answer:
    rows = jsonl_rows(case.file("usage.jsonl.gz"))
    wrong = []
    if [[csv_cell(column, row[column.name]) for column in USAGE] for row in rows] != csv_rows(
        case.file("usage.csv"), USAGE
    ):
        wrong.append("usage.csv")
    if rows != parquet_rows(case.file("usage.parquet")):
        wrong.append("usage.parquet")
    if wrong:
        return False, f"These files do not say what usage.jsonl.gz says: {_some(wrong)}."
    return True, f"usage.csv, usage.parquet and usage.jsonl.gz say the same, row for row ({len(rows)} rows)."


def _invoice(case: _Case) -> _Answer:
    sums: Counter[tuple[str, ...]] = Counter()
    names = ("row_class", "billing_period", "meter", "unit")
    for row in jsonl_rows(case.file("usage.jsonl.gz")):
        if row["billable"]:
            sums[tuple(row[name] or "" for name in names)] += row["quantity"]
    lines = [
        dict(zip((column.name for column in INVOICE), line, strict=True))
        for line in csv_rows(case.file("invoice.csv"), INVOICE)
    ]
    said = {tuple(line[name] for name in names): int(line["quantity"]) for line in lines}
    expected = {tuple(safe_text(part) for part in line): quantity for line, quantity in sums.items()}
    if len(said) != len(lines) or {line: n for line, n in said.items() if n} != {
        line: n for line, n in expected.items() if n
    }:
        return False, "The lines of invoice.csv are not what the billable rows of usage.csv add up to."
    return (
        True,
        f"The lines of invoice.csv are the billable rows of usage.csv, added up: {sum(said.values())} to invoice.",
    )


def _control_totals(case: _Case) -> _Answer:
    rows = jsonl_rows(case.file("usage.jsonl.gz"))
    usage = [row for row in rows if row["row_class"] == "usage"]
    corrections = [row for row in rows if row["row_class"] == "correction"]
    billable = sum(row["quantity"] for row in usage if row["billable"])
    billable_corrections = sum(row["quantity"] for row in corrections if row["billable"])
    totals = ControlTotals(
        usage_rows=len(usage),
        correction_rows=len(corrections),
        quantity=sum(row["quantity"] for row in usage),
        billable_quantity=billable,
        correction_quantity=sum(row["quantity"] for row in corrections),
        billable_correction_quantity=billable_corrections,
        to_invoice=billable + billable_corrections,
    )
    found = {**asdict(totals), **{name: _of_traffic(usage, name) for name in ("unstored", "suspected_bot")}}
    manifest = case.manifest
    said = {**asdict(manifest.control_totals), "unstored": manifest.unstored, "suspected_bot": manifest.suspected_bot}
    wrong = [f"{name} is {found[name]}, not {said[name]}" for name in said if said[name] != found[name]]
    unmarked = [row for row in rows if row["billable"] != (row["decision"] == "metered" and row["traffic"] == "reader")]
    if unmarked:
        wrong.append(f"{len(unmarked)} rows are wrongly billable or not")
    if wrong:
        return False, f"Adding up usage.csv gives other totals than the manifest: {_some(wrong)}."
    return True, f"Adding up usage.csv again gives the manifest's totals: {totals.to_invoice} to invoice."


def _counted_reads(case: _Case) -> _Answer:
    if not case.has_counted:
        return _without_counted(case)
    names = [column.name for column in USAGE if column.name in {each.name for each in COUNTED}]
    grouped = [name for name in names if name not in ("row_id", "row_class")]
    row = f"row_class, {', '.join(grouped)}, row_id, made, corrects"
    with workspace() as (connection, _):
        load_counted(connection, [case.file(COUNTED_FILE)])
        # The ids are made again from what a row says, not taken from the file
        found = connection.execute(
            f"""
            SELECT {row}, count(*),
                CASE row_class WHEN 'usage' THEN count(DISTINCT reader) END
            FROM (
                SELECT *, CASE row_class WHEN 'usage' THEN {row_id()} ELSE {row_id(case.period.text)} END AS made,
                    CASE row_class WHEN 'correction' THEN {row_id()} END AS corrects
                FROM counted
            ) GROUP BY {row}
            """
        ).fetchall()
        connection.execute("CREATE TABLE reads AS SELECT * FROM counted WHERE row_class = 'usage'")
        digest, unique = reads_sha256(connection), unique_readers(connection)
        twice = _number(connection, f"SELECT count(*) - count(DISTINCT ({', '.join(READ_KEY)})) FROM counted")
    again = Counter(found)
    said = Counter(
        (
            row["row_class"],
            *((row[name] or "") if name == "meter" else row[name] for name in grouped),
            row["row_id"],
            row["row_id"],
            row["corrects_row_id"],
            row["quantity"],
            row["unique_readers"],
        )
        for row in jsonl_rows(case.file("usage.jsonl.gz"))
    )
    wrong = []
    if again != said:
        wrong.append("counting them again does not give the rows of usage.csv")
    if twice:
        wrong.append(f"{twice} are in it twice")
    if digest != case.manifest.ledger_sha256:
        wrong.append("they are not those whose hash the manifest has")
    if unique != case.manifest.unique_readers:
        wrong.append("they have another number of different readers than the manifest says")
    if wrong:
        return False, f"The counted reads do not bear the export out: {_some(wrong)}."
    return True, f"Counting the reads one by one gives the rows of usage.csv ({sum(row[-2] for row in found)} reads)."


def _without_counted(case: _Case) -> _Answer:
    if case.now < case.counted_until:
        return False, f"{COUNTED_FILE} is missing, though it is kept until {_day(case.counted_until)}."
    return True, f"Single reads were kept until {_day(case.counted_until)}; what does not need them is proven."


# ---------------------------------------------------------------------------------------------- other exports


def _days(case: _Case) -> _Answer:
    month = _by_row_id(jsonl_rows(case.file("usage.jsonl.gz")))
    absent, other, wrong, compared = [], [], [], 0
    with workspace() as (connection, _):
        load_counted(connection, [case.file(COUNTED_FILE)] if case.has_counted else [])
        for day in (ExportPeriod.parse(each.isoformat()) for each in case.period.dates):
            manifest = case.exporter.latest(case.site, day)
            if manifest is None:
                absent.append(day.text)
            elif manifest.status != "final" and manifest.ledger_sha256 != _digest_of(connection, day.text):
                other.append(day.text)
            else:
                compared += 1
                path = case.folder / f"{day.text}.jsonl.gz"
                _download(case.exports, manifest, "usage.jsonl.gz", path)
                if _by_row_id(jsonl_rows(path)) != {row: said for row, said in month.items() if said[0] == day.text}:
                    wrong.append(day.text)
    if wrong:
        return False, f"The exports of these days do not say what the month says of them: {_some(wrong)}."
    told = [f"The exports of {compared} days, added up, are the month's usage of these days."] if compared else []
    if other:
        told.append(f"These were made when the ledger held other reads: {_some(other)}.")
    if absent:
        told.append(f"These days have no export: {_some(absent)}.")
    return True, " ".join(told)


def _month_of_day(case: _Case) -> _Answer:
    manifest = case.exporter.latest(case.site, case.period.month)
    if manifest is None or (manifest.status, case.manifest.status) != ("final", "final"):
        if case.is_part_of_a_final:
            return False, f"The day is final, but {case.period.month.text} is not."
        return True, "The day is compared with its month when both are final."
    path = case.folder / "month.jsonl.gz"
    _download(case.exports, manifest, "usage.jsonl.gz", path)
    month = {row: said for row, said in _by_row_id(jsonl_rows(path)).items() if said[0] == case.period.text}
    if month != _by_row_id(jsonl_rows(case.file("usage.jsonl.gz"))):
        return False, "The day does not say what the final of its month says of it."
    return True, "The day says what the final of its month says of it."


def _digest_of(connection: duckdb.DuckDBPyConnection, day: str) -> str:
    """The hash of the month's reads on a date, as a day's manifest has it."""
    connection.execute(
        "CREATE OR REPLACE TABLE reads AS SELECT * FROM counted WHERE row_class = 'usage' AND local_date = ?", [day]
    )
    return reads_sha256(connection)


def _counted_once(case: _Case) -> _Answer:
    """No read is in two exports: as usage or as a correction, whichever month it is told in."""
    if not case.has_counted:
        return _without_counted(case)
    with workspace() as (connection, folder):
        others = [counted_key(manifest) for manifest in _neighbours(case, counted=True)]
        paths = fetch(case.exports, others, folder / "others")
        load_counted(connection, [case.file(COUNTED_FILE)])
        load_counted(connection, paths, "others")
        same = " AND ".join(f"o.{name} = c.{name}" for name in READ_KEY)
        twice = _number(connection, f"SELECT count(*) FROM counted c JOIN others o ON {same}")
    if twice:
        return False, f"{twice} reads of this export are also in that of another month: they would be invoiced twice."
    return True, f"No read of this export is in that of another month ({len(others)} looked at)."


def _neighbours(case: _Case, *, counted: bool) -> list[Manifest]:
    """The months around this one, as far as they have a final export, and later ones also if it is provisional."""
    months = [case.period, case.period]
    found = []
    for _ in range(_MOST_MONTHS):
        months = [months[0].month_before, months[1].month_after]
        for month, needs_final in ((months[0], True), (months[1], False)):
            manifest = case.exporter.latest(case.site, month)
            if manifest is not None and (manifest.status == "final" or not needs_final):
                found.append(manifest)
    if not counted:
        return found
    return [each for each in found if any(case.exports.stored(counted_key(each)))]


# ---------------------------------------------------------------------------------------------- ledger and items


def _ledger(case: _Case) -> _Answer:
    """What the export was made of says the same, and whatever came later is, or will be, a correction."""
    if not case.has_counted:
        return _without_counted(case)
    # Objects end so long after their creation, which is no earlier than their date
    kept_from = _utc_date(case.now - case.retention.ledger_reader_days * 86_400) + timedelta(days=1)
    dates = [day.isoformat() for day in case.period.dates if day >= kept_from]
    if not dates:
        return True, f"The ledger was kept until {kept_from - timedelta(days=1)}; what does not need it is proven."
    made_of, since = _ledger_files(case, dates)
    with workspace() as (connection, folder):
        load_counted(connection, [case.file(COUNTED_FILE)])
        load_rows(connection, "made_of", case.ledger, made_of, folder)
        load_rows(connection, "since", case.ledger, since, folder)
        corrections = [counted_key(manifest) for manifest in _neighbours(case, counted=True)]
        load_counted(
            connection,
            fetch(case.exports, corrections, folder / "others"),
            "others",
        )
        mine = f"(SELECT * FROM counted WHERE row_class = 'usage' AND local_date >= '{dates[0]}')"
        unknown = _number(
            connection,
            f"SELECT count(*) FROM {mine} c"
            f" WHERE {_not_in('made_of', READ_COLUMNS)} AND {_not_in('since', READ_COLUMNS)}",
        )
        lacking = _number(
            connection, f"SELECT count(*) FROM (SELECT DISTINCT {_KEY} FROM made_of) c WHERE {_not_in('counted')}"
        )
        late = f"(SELECT DISTINCT {_KEY} FROM since c WHERE {_not_in('counted')})"
        pending = _number(connection, f"SELECT count(*) FROM {late} c WHERE {_not_in('others')}")
        corrected = _number(connection, f"SELECT count(*) FROM {late} c") - pending
    wrong = []
    if unknown:
        wrong.append(f"{unknown} reads of the export are not in the ledger as it tells them")
    if lacking:
        wrong.append(f"{lacking} reads of the ledger are not in the export, though they were there when it was made")
    if wrong:
        return False, f"The export is not the ledger: {_some(wrong)}."
    told = [
        "The export is the ledger, read for read"
        + (
            "."
            if len(dates) == len(case.period.dates)
            else f", from {dates[0]} on (the ledger of earlier days is gone)."
        )
    ]
    if corrected:
        told.append(f"{corrected} reads came later and are corrections in the file of a later month.")
    if pending:
        then = (
            "corrections in the file of the open month" if case.manifest.status == "final" else "in the next revision"
        )
        told.append(f"{pending} reads came since and will be {then}.")
    return True, " ".join(told)


_KEY = ", ".join(READ_KEY)


def _not_in(table: str, names: Sequence[str] = READ_KEY) -> str:
    return f"NOT EXISTS (FROM {table} t WHERE {' AND '.join(f't.{name} = c.{name}' for name in names)})"


def _ledger_files(case: _Case, dates: Sequence[str]) -> tuple[list[LedgerFile], list[LedgerFile]]:
    """The ledger's objects of these dates that the export was certainly made of, and the others."""
    files = [file for file in ledger_files(case.ledger, case.site, case.period.text) if file.day in dates]
    if case.manifest.status == "final":
        text = case.exports.read(inputs_key(case.site, case.period.text, case.manifest.data))
        known = set(gzip.decompress(text or b"").decode().splitlines())
        made_of = [file for file in files if file.key in known]
    else:
        # The cut-off is when the run began. An upload that began shortly before may have ended after the listing.
        made_of = [file for file in files if file.created < _seconds(case.manifest.cut_off) - _UPLOAD]
    return made_of, [file for file in files if file not in set(made_of)]


def _meter_items(case: _Case, items: MeterItems | None, keyring: Callable[[], Keyring]) -> _Answer:
    until = _seconds(case.manifest.period_end) + case.retention.reader_days * 86_400
    if case.now >= until or not case.has_counted:
        return True, f"Meter items are retained until {_day(until)}; the rest is proven."
    if items is None:
        return _last_result(case)
    _, since = _ledger_files(case, [day.isoformat() for day in case.period.dates])
    at = items.at
    with TemporaryDirectory() as name, workspace() as (connection, folder):
        said = spool(items(), at, keyring, {case.site}, case.period.text, Path(name))
        comparison = Comparison(connection, case.ledger, keyring, case.site, said, folder)
        comparison.load(since, case.retention.reader_days, case.file(COUNTED_FILE))
        missing, surplus, differing = comparison.missing(), comparison.surplus().count, comparison.differing().count
        _, off = comparison.miscounted()
        compared, explained = comparison.compared(), comparison.explained()
    wrong = {
        f"{missing} reads of the items are in neither export nor ledger": missing,
        f"{surplus} reads of the export are in no item": surplus,
        f"{differing} reads are told otherwise by their item": differing,
        f"{off} reads were erased that the export does not have, or has and were not": off,
    }
    if any(wrong.values()):
        return False, f"Export and meter items differ: {_some([text for text, count in wrong.items() if count])}."
    told = [f"Every read of the meter items is in the export, and no other ({compared} reads)."]
    if explained.get("erased"):
        told.append(f"{explained['erased']} reads were erased on their readers' request: their number is right.")
    if explained.get("expired"):
        told.append(f"{explained['expired']} reads' items have ended.")
    return True, " ".join(told)


def _last_result(case: _Case) -> _Answer:
    result = latest_result(case.exports, case.site, case.period.text)
    if result is None:
        return True, "Not compared yet: the meter items are compared with the ledger when the month has closed."
    if result["status"] != "matched":
        return False, f"The ledger and the meter items of {result['items_at']} differ: see the reconciliation's result."
    return True, f"The ledger and the meter items of {result['items_at']} were compared read for read and matched."


def _by_row_id(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, int, int | None, bool]]:
    """Of the usage: date, quantity, different readers and whether it is billable."""
    return {
        row["row_id"]: (row["local_date"], row["quantity"], row["unique_readers"], row["billable"])
        for row in rows
        if row["row_class"] == "usage"
    }


def _download(exports: Objects, manifest: Manifest, name: str, path: Path) -> None:
    [file] = [each for each in manifest.files if each.name == name]
    exports.download(file.path, path)
    if sha256_of(path) != file.sha256:
        raise ValueError(f"{name} of {manifest.export_id} was changed")


def _of_traffic(rows: Sequence[Record], traffic: str) -> int:
    return sum(row["quantity"] for row in rows if row["traffic"] == traffic)


def _number(connection: duckdb.DuckDBPyConnection, sql: str, given: Sequence[Any] = ()) -> int:
    [(number,)] = connection.execute(sql, list(given)).fetchall()
    return int(number)


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def _utc_date(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def _day(at: float) -> str:
    return _utc_date(at).isoformat()


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_NAMED
    return ", ".join(texts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
