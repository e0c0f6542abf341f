"""What a verification looks at, and what its checks share: how a check answers, and how it words its sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from readmeter.core.rules import Retention
from readmeter.usage.exports import Exporter
from readmeter.usage.files import COUNTED_FILE
from readmeter.usage.manifest import Manifest
from readmeter.usage.objects import Objects
from readmeter.usage.period import ExportPeriod

Answer = tuple[bool, str]  # whether it is as it should be, and a sentence about it

_MOST_NAMED = 5


@dataclass(frozen=True)
class Case:
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
        return seconds(self.manifest.cut_off) + self.retention.ledger_reader_days * 86_400

    @property
    def has_counted(self) -> bool:
        return self.file(COUNTED_FILE).exists()

    @property
    def is_part_of_a_final(self) -> bool:
        return not self.period.is_month and self.manifest.status == "final"


def without_counted(case: Case) -> Answer:
    if case.now < case.counted_until:
        return False, f"{COUNTED_FILE} is missing, though it is kept until {day_of(case.counted_until)}."
    return True, f"Single reads were kept until {day_of(case.counted_until)}; what does not need them is proven."


def scalar(connection: duckdb.DuckDBPyConnection, sql: str, given: Sequence[Any] = ()) -> int:
    [(number,)] = connection.execute(sql, list(given)).fetchall()
    return int(number)


def seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def utc_date(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def day_of(at: float) -> str:
    return utc_date(at).isoformat()


def some(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_NAMED
    return ", ".join(texts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
