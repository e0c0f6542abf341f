"""The checks of an export's own files: that they are as they were written, and say what the manifest says."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from readmeter.usage.columns import COUNTED, INVOICE, USAGE
from readmeter.usage.corrections import counted_folder
from readmeter.usage.dataset import workspace
from readmeter.usage.figures import reads_sha256, row_id, unique_readers
from readmeter.usage.files import COUNTED_FILE
from readmeter.usage.ledger import READ_KEY
from readmeter.usage.manifest import ControlTotals, revisions_prefix
from readmeter.usage.period import export_id
from readmeter.usage.readback import Record, csv_cell, csv_rows, jsonl_rows, load_counted, parquet_rows, sha256_of
from readmeter.usage.spreadsheet import safe_text
from readmeter.usage.verification_case import Answer, Case, day_of, scalar, some, without_counted

# ruff: noqa: S608 - the SQL is put together of names of our own

_FILES = ("invoice.csv", "usage.csv", "usage.parquet", "usage.jsonl.gz", COUNTED_FILE)


def check_manifest(case: Case) -> Answer:
    """Says the right thing about itself, and the revisions before it are a chain."""
    manifest = case.manifest
    folder = f"exports/v1/site={case.site}/period={case.period.text}/data={manifest.data}/"
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
        return False, f"The manifest is not right: {some(wrong)}."
    said = f"revision {manifest.revision} ({manifest.status}) of {manifest.export_id}"
    return True, f"The manifest is {said}, and no revision before it is missing."


def check_files(case: Case) -> Answer:
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
        return False, f"Files are not as they were written: {some(wrong)}."
    rest = f" {COUNTED_FILE} was kept until {day_of(case.counted_until)} and is gone by now." if gone else ""
    return True, f"Every file is there, byte for byte as it was written (SHA-256).{rest}"


def check_row_counts(case: Case) -> Answer:
    found = {
        "invoice.csv": len(csv_rows(case.file("invoice.csv"), INVOICE)),
        "usage.csv": len(csv_rows(case.file("usage.csv"), USAGE)),
        "usage.parquet": len(parquet_rows(case.file("usage.parquet"))),
        "usage.jsonl.gz": len(jsonl_rows(case.file("usage.jsonl.gz"))),
    }
    if case.has_counted:
        with workspace() as (connection, _):
            found[COUNTED_FILE] = scalar(
                connection, "SELECT count(*) FROM read_parquet(?)", [str(case.file(COUNTED_FILE))]
            )
    wrong = [
        f"{file.name} has {found[file.name]} rows, not {file.rows}"
        for file in case.manifest.files
        if file.name in found and found[file.name] != file.rows
    ]
    if wrong:
        return False, f"Files have another number of rows than the manifest says: {some(wrong)}."
    return True, f"Every file was read back and has as many rows as the manifest says ({len(found)} files)."


def check_same_rows(case: Case) -> Answer:
    rows = jsonl_rows(case.file("usage.jsonl.gz"))
    wrong = []
    if [[csv_cell(column, row[column.name]) for column in USAGE] for row in rows] != csv_rows(
        case.file("usage.csv"), USAGE
    ):
        wrong.append("usage.csv")
    if rows != parquet_rows(case.file("usage.parquet")):
        wrong.append("usage.parquet")
    if wrong:
        return False, f"These files do not say what usage.jsonl.gz says: {some(wrong)}."
    return True, f"usage.csv, usage.parquet and usage.jsonl.gz say the same, row for row ({len(rows)} rows)."


def check_invoice(case: Case) -> Answer:
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


def check_control_totals(case: Case) -> Answer:
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
        return False, f"Adding up usage.csv gives other totals than the manifest: {some(wrong)}."
    return True, f"Adding up usage.csv again gives the manifest's totals: {totals.to_invoice} to invoice."


def check_counted_reads(case: Case) -> Answer:
    if not case.has_counted:
        return without_counted(case)
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
        twice = scalar(connection, f"SELECT count(*) - count(DISTINCT ({', '.join(READ_KEY)})) FROM counted")
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
        return False, f"The counted reads do not bear the export out: {some(wrong)}."
    return True, f"Counting the reads one by one gives the rows of usage.csv ({sum(row[-2] for row in found)} reads)."


def _of_traffic(rows: Sequence[Record], traffic: str) -> int:
    return sum(row["quantity"] for row in rows if row["traffic"] == traffic)
