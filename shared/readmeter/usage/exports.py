"""Exports: what was used in a month or on a day, as files that finance can invoice from.

Files first, under a name that says what they were made of; the manifest last, under the next revision's name. Every
write creates and none overwrites, so that a run that stops, comes twice or races another leaves the same bytes.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

import readmeter
from readmeter.core.period import DAY
from readmeter.store.sites import Version
from readmeter.usage.corrections import (
    Listing,
    counted_folder,
    counted_key,
    inputs_key,
    inputs_text,
    late_objects,
    load_day,
    load_late,
)
from readmeter.usage.dataset import MEMORY, listed, load, workspace, write_day
from readmeter.usage.figures import Quantity, count, quantities, reads_sha256, unique_readers
from readmeter.usage.files import COUNTED_FILE, Subject, Written, write_files
from readmeter.usage.ledger import READS
from readmeter.usage.manifest import (
    SCHEMA_VERSION,
    ControlTotals,
    ExportFile,
    Manifest,
    Status,
    manifest_key,
    revisions_prefix,
    utc_text,
)
from readmeter.usage.months import Months
from readmeter.usage.objects import Objects
from readmeter.usage.period import ExportPeriod, export_id
from readmeter.usage.reconciliation import latest_result

LOCKED_DAYS = 400  # that nobody can delete a final's totals
_LATE_RUN = DAY  # seconds that a final may be made after it could be
_DATA_DIGITS = 16


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a run makes: of `finals`, newest first, late reads are corrected; a day's `source` is its final month."""

    subject: Subject
    status: Status
    cut_off: str
    finals: list[Manifest]
    source: Manifest | None


class Exporter:
    """Makes revisions of exports in the bucket `exports` from the bucket `ledger`; `versions` gives a site's."""

    def __init__(
        self,
        ledger: Objects,
        exports: Objects,
        versions: Callable[[str], Sequence[Version]],
        *,
        memory: str = MEMORY,
        threads: int | None = None,
    ) -> None:
        self._ledger = ledger
        self._exports = exports
        self._versions = versions
        self._memory = memory
        self._threads = threads

    def run(self, site: str, period: ExportPeriod, now: float) -> Manifest:
        """The newest revision, made if the ledger or the status changed since the one before (`now`: epoch seconds).

        Raises ValueError for an unknown site, for a period that has not begun, and for one whose reads are no longer
        all kept: of them no final, and of a final no day, can be made.
        """
        versions = self._versions(site)
        if not versions:
            raise ValueError(f"no site has the id {site}")
        months = Months(versions)
        if now < period.start(months.zone(period.month)).timestamp():
            raise ValueError(f"{period.text} has not begun on the calendar of {site}")
        while True:
            latest = self.latest(site, period)
            if latest is not None and latest.status == "final":
                return latest
            if now >= months.kept_until(period.month) and self._final(site, period.month) is None:
                raise ValueError(f"{period.month.text} was never made final, and its reads are no longer all kept")
            made = self._revise(self._plan(months, site, period, now), latest)
            if made is not None:
                return made

    def latest(self, site: str, period: ExportPeriod) -> Manifest | None:
        keys = [stored.key for stored in self._exports.stored(revisions_prefix(site, period.text))]
        return self._manifest(keys[-1]) if keys else None

    def revision(self, site: str, period: ExportPeriod, number: int) -> Manifest | None:
        return self._manifest(manifest_key(site, period.text, number))

    def _manifest(self, key: str) -> Manifest | None:
        text = self._exports.read(key)
        return None if text is None else Manifest.parse(text)

    def _plan(self, months: Months, site: str, period: ExportPeriod, now: float) -> _Plan:
        subject = Subject(site, period, months.rules)
        if not period.is_month:
            if now >= period.end(months.zone(period.month)).timestamp():
                write_day(self._ledger, site, period.first, months.keep_days(period.month))
            final = self._final(site, period.month)
            if final is None:
                return _provisional(subject, now)
            if not self._is_stored(counted_key(final)):
                raise ValueError(f"the reads of {period.month.text} are no longer kept")
            return _Plan(subject, "final", final.cut_off, [], final)
        closes = months.final_at(period)
        if now >= closes:
            self._close_before(months, site, period, now)
        finals = self._finals_before(months, site, period)
        if now < closes:
            return replace(_provisional(subject, now), finals=finals)
        return _Plan(subject, "final", _utc(closes), finals, None)

    def _close_before(self, months: Months, site: str, period: ExportPeriod, now: float) -> None:
        """Months close in order, so that a late read has one month to be corrected in."""
        before = period.month_before
        if before.first >= months.first.first and now < months.kept_until(before):
            self.run(site, before, now)

    def _finals_before(self, months: Months, site: str, period: ExportPeriod) -> list[Manifest]:
        """The finals of the months before, newest first, back to the first that can be corrected no more.

        That is one whose reads will be gone when `period` is made final: what a provisional export corrects, its final
        corrects too.
        """
        finals: list[Manifest] = []
        month = period.month_before
        while month.first >= months.first.first:
            final = self._final(site, month)
            gone_at = months.final_at(month) + months.keep_days(month) * DAY
            if (
                final is None
                or gone_at <= months.final_at(period) + _LATE_RUN
                or not self._is_stored(counted_key(final))
            ):
                break
            finals.append(final)
            month = month.month_before
        return finals

    def _final(self, site: str, month: ExportPeriod) -> Manifest | None:
        latest = self.latest(site, month)
        return latest if latest is not None and latest.status == "final" else None

    def _is_stored(self, key: str) -> bool:
        return any(stored.key == key for stored in self._exports.stored(key))

    def _revise(self, plan: _Plan, latest: Manifest | None) -> Manifest | None:
        """The latest revision where nothing changed, else the next one; None when another run made that first."""
        subject = plan.subject
        site, period = subject.site, subject.period
        with workspace(self._memory, self._threads) as (connection, folder):
            inputs = self._load(connection, plan, folder)
            count(connection, period.text)
            rows = quantities(connection)
            ledger_sha256 = reads_sha256(connection)
            data = _data(plan, rows, ledger_sha256, reads_sha256(connection, "late"))
            if latest is not None and latest.data == data:
                return latest
            written = write_files(connection, subject, rows, folder)
            lock = datetime.fromisoformat(plan.cut_off) + timedelta(days=LOCKED_DAYS)
            locked_until = lock.timestamp() if plan.status == "final" else None
            keep_days = subject.rules_of(period.month).retention.ledger_reader_days
            files = [self._create(subject, data, file, keep_days, locked_until) for file in written]
            if plan.status == "final" and period.is_month:
                self._exports.create(inputs_key(site, period.text, data), inputs_text(inputs), keep_days=keep_days)
            manifest = Manifest(
                generator=f"readmeter {readmeter.__version__}, duckdb {duckdb.__version__}",
                export_id=export_id(site, period),
                site=site,
                site_name=subject.rules_of(period.month).name,
                site_timezone=subject.rules_of(period.month).timezone,
                period=period.text,
                period_start=utc_text(period.start(subject.rules_of(period.month).timezone)),
                period_end=utc_text(period.end(subject.rules_of(period.month).timezone)),
                revision=1 if latest is None else latest.revision + 1,
                status=plan.status,
                supersedes=None if latest is None else latest.revision,
                cut_off=plan.cut_off,
                data=data,
                files=files,
                control_totals=_control_totals(rows),
                unique_readers=unique_readers(connection),
                unstored=_of_traffic(rows, "unstored"),
                suspected_bot=_of_traffic(rows, "suspected_bot"),
                ledger_sha256=ledger_sha256,
                reconciliation=latest_result(self._exports, site, period.month.text) or {"status": "not_run"},
            )
        return manifest if self._exports.create(manifest.path, manifest.text(), locked_until=locked_until) else None

    def _load(self, connection: duckdb.DuckDBPyConnection, plan: _Plan, folder: Path) -> list[Listing]:
        """Makes the tables `reads` and `late`; answers which objects of the ledger they are made of."""
        site, period = plan.subject.site, plan.subject.period
        if plan.source is not None:
            load_day(connection, self._exports, plan.source, period, folder)
            return []
        own = listed(self._ledger, READS, site, period.dates)
        load(connection, "reads", self._ledger, own, folder / "reads")
        late = late_objects(self._ledger, self._exports, site, plan.finals)
        load_late(connection, self._ledger, self._exports, plan.finals, late, folder)
        return [own, late]

    def _create(
        self, subject: Subject, data: str, file: Written, keep_days: int, locked_until: float | None
    ) -> ExportFile:
        """Creates the data file, and tells of what is stored then: a run of another release may have been first."""
        site, period, name = subject.site, subject.period.text, file.path.name
        path = file.path
        if name == COUNTED_FILE:
            key = f"{counted_folder(site, period, data)}{name}"
            created = self._exports.create(key, path, keep_days=keep_days)
        else:
            key = f"exports/v1/site={site}/period={period}/data={data}/{name}"
            created = self._exports.create(key, path, locked_until=locked_until)
        if not created:
            self._exports.download(key, path)
        with path.open("rb") as stored:
            digest = hashlib.file_digest(stored, "sha256").hexdigest()
        return ExportFile(name, key, digest, path.stat().st_size, file.rows)


def _provisional(subject: Subject, now: float) -> _Plan:
    return _Plan(subject, "provisional", _utc(now), [], None)


def _data(plan: _Plan, rows: Sequence[Quantity], reads: str, late: str) -> str:
    """The hash of all that decides the files' bytes. A final has files of its own: they are locked."""
    subject = plan.subject
    months = {subject.period.month.text, *(row.local_date[:7] for row in rows)}
    rules = {month: subject.rules_of(ExportPeriod.parse(month)) for month in sorted(months)}
    said = [
        [month, each.name, each.timezone, [asdict(meter) for meter in each.meters]] for month, each in rules.items()
    ]
    given = [SCHEMA_VERSION, subject.site, subject.period.text, plan.status, reads, late, said]
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:_DATA_DIGITS]


def _control_totals(rows: Sequence[Quantity]) -> ControlTotals:
    usage = [row for row in rows if row.row_class == "usage"]
    corrections = [row for row in rows if row.row_class == "correction"]
    billable = sum(row.quantity for row in usage if row.billable)
    billable_corrections = sum(row.quantity for row in corrections if row.billable)
    return ControlTotals(
        usage_rows=len(usage),
        correction_rows=len(corrections),
        quantity=sum(row.quantity for row in usage),
        billable_quantity=billable,
        correction_quantity=sum(row.quantity for row in corrections),
        billable_correction_quantity=billable_corrections,
        to_invoice=billable + billable_corrections,
    )


def _of_traffic(rows: Sequence[Quantity], traffic: str) -> int:
    return sum(row.quantity for row in rows if row.row_class == "usage" and row.traffic == traffic)


def _utc(at: float) -> str:
    """To the second."""
    return utc_text(datetime.fromtimestamp(int(at), UTC))
