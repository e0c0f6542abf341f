"""Usage by day or month: from the ledger while it holds who read, from the finals and their corrections after that."""

import gzip
import json
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Literal

from readmeter.usage.dataset import dataset
from readmeter.usage.exports import Exporter
from readmeter.usage.figures import LineKey, UsageLine, usage_by
from readmeter.usage.manifest import Manifest
from readmeter.usage.objects import Objects
from readmeter.usage.period import ExportPeriod

By = Literal["day", "month"]
MARGIN_DAYS = 7  # before the ledger's lifecycle may have begun with a date
_ROWS_FILE = "usage.jsonl.gz"


class UsageQuery:
    """Adds up a site's usage. `ledger` and `exports` are the buckets."""

    def __init__(self, ledger: Objects, exports: Objects, exporter: Exporter) -> None:
        self._ledger = ledger
        self._exports = exports
        self._exporter = exporter

    def lines(self, site: str, dates: Sequence[date], by: By, kept_from: date) -> list[UsageLine]:
        """Of `dates`, in order of period, meter, class, decision. The ledger is whole from `kept_from` on.

        Periods without a read have no line.
        """
        finals = self._finals(site, [day for day in dates if day < kept_from])
        old = {day for day in dates if day < kept_from and f"{day:%Y-%m}" in finals}
        with dataset(self._ledger, site, [day for day in dates if day not in old]) as connection:
            counted = usage_by(connection, by)
        rows = list(self._told(site, finals, old)) if old else []
        merged = _merged([*counted, *(_line(row, by) for row in rows)])
        corrected = {_line(row, by).key for row in rows if row["row_class"] == "correction"}
        return sorted(_with_readers(merged, finals, old, by, corrected), key=lambda line: line.key)

    def _finals(self, site: str, dates: Iterable[date]) -> dict[str, Manifest]:
        """The finals of the months that `dates` lie in, by month."""
        months = sorted({f"{day:%Y-%m}" for day in dates})
        found = {month: self._exporter.latest(site, ExportPeriod.parse(month)) for month in months}
        return {month: made for month, made in found.items() if made is not None and made.status == "final"}

    def _told(self, site: str, finals: dict[str, Manifest], dates: set[date]) -> Iterator[dict[str, Any]]:
        """What exports say of `dates`: their own finals, and corrections in the exports since."""
        wanted = {day.isoformat() for day in dates}
        month: ExportPeriod | None = ExportPeriod.parse(min(finals))
        while month is not None:
            export = finals.get(month.text) or self._exporter.latest(site, month)
            if export is not None and (month.text in finals or export.control_totals.correction_rows):
                yield from (row for row in self._rows(export) if row["local_date"] in wanted)
            month = month.month_after if export is not None else None

    def _rows(self, export: Manifest) -> list[dict[str, Any]]:
        path = next(file.path for file in export.files if file.name == _ROWS_FILE)
        body = self._exports.read(path)
        if body is None:
            raise LookupError(f"{export.export_id} has lost {_ROWS_FILE}")
        return [json.loads(line) for line in gzip.decompress(body).splitlines()]


def _line(row: dict[str, Any], by: By) -> UsageLine:
    return UsageLine(
        period=row["local_date"] if by == "day" else row["billing_period"],
        meter=row["meter"] or "",
        reader_class=row["reader_class"],
        decision=row["decision"],
        billable=row["billable"],
        quantity=row["quantity"],
        unique_readers=row["unique_readers"],
    )


def _merged(lines: Iterable[UsageLine]) -> list[UsageLine]:
    """One line per key. Readers cannot be added up: of several lines they are not known."""
    merged: dict[LineKey, UsageLine] = {}
    for line in lines:
        before = merged.get(line.key)
        quantity = line.quantity + (before.quantity if before else 0)
        readers = line.unique_readers if before is None else None
        merged[line.key] = UsageLine(*line.key, quantity, readers)
    return [line for line in merged.values() if line.quantity]


def _with_readers(
    lines: Iterable[UsageLine], finals: dict[str, Manifest], old: set[date], by: By, corrected: Container[LineKey]
) -> Iterator[UsageLine]:
    """Whole months get the readers that their finals tell of, where these tell them by what the line is of.

    A final knows nothing of who was late: a line in `corrected` has none.
    """
    lines = list(lines)
    whole = {month for month in finals if by == "month" and old.issuperset(ExportPeriod.parse(month).dates)}
    told = {
        (month, each.meter, each.reader_class, each.decision): each.unique_readers
        for month in whole
        for each in finals[month].unique_readers
    }
    keys = [line.key[:4] for line in lines]
    for line in lines:
        if line.period in whole and keys.count(line.key[:4]) == 1 and line.key not in corrected:
            yield UsageLine(*line.key, line.quantity, told.get(line.key[:4]))
        else:
            yield line


def kept_from(dates: Sequence[date], today: date, keep_days: Callable[[date], int]) -> date:
    """The first of `dates` from which on no date's ledger can have begun to expire."""
    lost = [day for day in dates if (today - day).days > keep_days(day) - MARGIN_DAYS]
    return lost[-1] + timedelta(days=1) if lost else dates[0]
