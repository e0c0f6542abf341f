"""Proof of an export: what its manifest says, its files, the ledger and the meter items agree, each step by a check.

Nothing of what is checked is believed: files are read back, sums are added again, reads are counted again. Every check
says in a sentence what it found, for people who do not program.
"""

import csv
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from readmeter.core.keys import Keyring
from readmeter.core.rules import Retention
from readmeter.usage.exports import Exporter
from readmeter.usage.meter_items import BrokenExport, MeterItems
from readmeter.usage.objects import Objects
from readmeter.usage.period import ExportPeriod
from readmeter.usage.verification_case import Answer, Case
from readmeter.usage.verification_files import (
    check_control_totals,
    check_counted_reads,
    check_files,
    check_invoice,
    check_manifest,
    check_row_counts,
    check_same_rows,
)
from readmeter.usage.verification_ledger import check_ledger, check_meter_items
from readmeter.usage.verification_months import check_counted_once, check_days, check_month_of_day

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
        case = Case(exports, ledger, exporter, site, period, manifest, now, retention or Retention(), Path(name))
        return Verification(manifest.export_id, manifest.revision, list(_checks(case, items, keyring)))


def _checks(case: Case, items: MeterItems | None, keyring: Callable[[], Keyring]) -> Iterator[Check]:
    yield _check("manifest", lambda: check_manifest(case))
    yield _check("files", lambda: check_files(case))
    yield _check("row_counts", lambda: check_row_counts(case))
    yield _check("same_rows", lambda: check_same_rows(case))
    yield _check("invoice", lambda: check_invoice(case))
    yield _check("control_totals", lambda: check_control_totals(case))
    yield _check("counted_reads", lambda: check_counted_reads(case))
    yield _check("days", lambda: check_days(case) if case.period.is_month else check_month_of_day(case))
    if not case.is_part_of_a_final:
        yield _check("ledger", lambda: check_ledger(case))
    if case.period.is_month:
        yield _check("counted_once", lambda: check_counted_once(case))
        yield _check("meter_items", lambda: check_meter_items(case, items, keyring))


def _check(name: str, look: Callable[[], Answer]) -> Check:
    try:
        holds, detail = look()
    except _DAMAGE as damage:
        return Check(name, False, f"This could not be checked, since something is damaged or missing: {damage}")
    return Check(name, holds, detail)
