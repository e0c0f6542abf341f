"""The manifest of an export: what makes its files one revision. It is written last, so what it names is there."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self

from readmeter.usage.figures import UniqueReaders

SCHEMA_VERSION = "1"
Status = Literal["provisional", "final"]


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A data file of an export: `path` is its key in the bucket, `rows` counts records (a CSV's header is none)."""

    name: str
    path: str
    sha256: str
    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """Rows of usage.csv and sums of their `quantity`; `to_invoice` is what invoice.csv adds up to."""

    usage_rows: int
    correction_rows: int
    quantity: int
    billable_quantity: int
    correction_quantity: int
    billable_correction_quantity: int
    to_invoice: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One revision. Instants are UTC in ISO 8601; `supersedes` is the revision before, `data` the hash in the paths.

    `unique_readers`, `unstored`, `suspected_bot` and `ledger_sha256` are of the period's own reads, not of corrections.
    """

    generator: str
    export_id: str
    site: str
    site_name: str
    site_timezone: str
    period: str
    period_start: str
    period_end: str
    revision: int
    status: Status
    supersedes: int | None
    cut_off: str
    data: str
    files: list[ExportFile]
    control_totals: ControlTotals
    unique_readers: list[UniqueReaders]
    unstored: int
    suspected_bot: int
    ledger_sha256: str
    reconciliation: dict[str, Any]
    schema_version: str = SCHEMA_VERSION

    @property
    def path(self) -> str:
        return manifest_key(self.site, self.period, self.revision)

    def document(self) -> dict[str, Any]:
        """As JSON data; an absent meter is null."""
        document = asdict(self)
        for line in document["unique_readers"]:
            line["meter"] = line["meter"] or None
        return document

    def text(self) -> bytes:
        """The bytes of manifest.json."""
        return (json.dumps(self.document(), ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()

    @classmethod
    def parse(cls, text: bytes) -> Self:
        data = json.loads(text)
        return cls(
            **{
                **data,
                "files": [ExportFile(**file) for file in data["files"]],
                "control_totals": ControlTotals(**data["control_totals"]),
                "unique_readers": [
                    UniqueReaders(**{**line, "meter": line["meter"] or ""}) for line in data["unique_readers"]
                ],
            }
        )


def revisions_prefix(site: str, period: str) -> str:
    return f"exports/v1/site={site}/period={period}/revision="


def manifest_key(site: str, period: str, revision: int) -> str:
    return f"{revisions_prefix(site, period)}{revision:06d}/manifest.json"  # fixed width: the newest sorts last


def utc_text(instant: datetime) -> str:
    """`2026-11-01T03:00:00Z`, with a fraction only where there is one. Raises ValueError without a time zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant has a time zone")
    return datetime.fromtimestamp(instant.timestamp(), UTC).isoformat().replace("+00:00", "Z")
