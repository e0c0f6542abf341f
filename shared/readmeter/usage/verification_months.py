"""The checks of an export against others of its site: a month's days, a day's month, the months around it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from readmeter.usage.corrections import counted_key
from readmeter.usage.dataset import fetch, workspace
from readmeter.usage.figures import reads_sha256
from readmeter.usage.files import COUNTED_FILE
from readmeter.usage.ledger import READ_KEY
from readmeter.usage.manifest import Manifest
from readmeter.usage.objects import Objects
from readmeter.usage.period import ExportPeriod
from readmeter.usage.readback import jsonl_rows, load_counted, sha256_of
from readmeter.usage.verification_case import Answer, Case, scalar, some, without_counted

# ruff: noqa: S608 - the SQL is put together of names of our own

_MOST_MONTHS = 13  # before and after a month that may hold corrections of, or share reads with, it


def check_days(case: Case) -> Answer:
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
        return False, f"The exports of these days do not say what the month says of them: {some(wrong)}."
    told = [f"The exports of {compared} days, added up, are the month's usage of these days."] if compared else []
    if other:
        told.append(f"These were made when the ledger held other reads: {some(other)}.")
    if absent:
        told.append(f"These days have no export: {some(absent)}.")
    return True, " ".join(told)


def check_month_of_day(case: Case) -> Answer:
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


def check_counted_once(case: Case) -> Answer:
    """No read is in two exports: as usage or as a correction, whichever month it is told in."""
    if not case.has_counted:
        return without_counted(case)
    with workspace() as (connection, folder):
        others = counted_of_neighbours(case)
        paths = fetch(case.exports, others, folder / "others")
        load_counted(connection, [case.file(COUNTED_FILE)])
        load_counted(connection, paths, "others")
        same = " AND ".join(f"o.{name} = c.{name}" for name in READ_KEY)
        twice = scalar(connection, f"SELECT count(*) FROM counted c JOIN others o ON {same}")
    if twice:
        return False, f"{twice} reads of this export are also in that of another month: they would be invoiced twice."
    return True, f"No read of this export is in that of another month ({len(others)} looked at)."


def counted_of_neighbours(case: Case) -> list[str]:
    """The keys of the months' counted reads around this one: of finals, and of later months also if provisional."""
    months = [case.period, case.period]
    found = []
    for _ in range(_MOST_MONTHS):
        months = [months[0].month_before, months[1].month_after]
        for month, needs_final in ((months[0], True), (months[1], False)):
            manifest = case.exporter.latest(case.site, month)
            if manifest is not None and (manifest.status == "final" or not needs_final):
                found.append(counted_key(manifest))
    return [key for key in found if any(case.exports.stored(key))]


def _digest_of(connection: duckdb.DuckDBPyConnection, day: str) -> str:
    """The hash of the month's reads on a date, as a day's manifest has it."""
    connection.execute(
        "CREATE OR REPLACE TABLE reads AS SELECT * FROM counted WHERE row_class = 'usage' AND local_date = ?", [day]
    )
    return reads_sha256(connection)


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
