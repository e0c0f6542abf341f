"""Ledgers of whole months in memory, with the exporter over them: reads and events in one line each."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from readmeter.store.sites import Version
from readmeter.usage.exports import Exporter
from readmeter.usage.ledger import EventRow, ReadRow, Row, objects_of
from readmeter.usage.manifest import Manifest
from readmeter.usage.months import Months as Calendar
from readmeter.usage.period import ExportPeriod
from tests.support.admin_api import document
from tests.support.objects import MemoryObjects

SITE = "riotimes"
OCTOBER, NOVEMBER, DECEMBER = map(ExportPeriod.parse, ("2026-10", "2026-11", "2026-12"))


def read(reader: str, article: str, day: str, **given: Any) -> ReadRow:
    """A billable read, unless `given` differs."""
    said: dict[str, Any] = {
        "site": SITE,
        "meter": "default",
        "decision": "metered",
        "period": day[:7],
        "reader": f"{reader}-{day[:7]}",
        "generation": 0,
        "article": article,
        "local_date": day,
        "rule_version": 1,
        "reader_class": "anonymous",
        "traffic": "reader",
        "unit": "article",
        "source": "stream",
        "sequence": "1",
    }
    return ReadRow(**{**said, **given})


def free(reader: str, article: str, day: str, decision: str) -> ReadRow:
    """A recorded read that no meter counted."""
    return read(reader, article, day, meter="", decision=decision, period=day, reader_class="subscriber")


def event(reader: str, kind: str, article: str, day: str, **given: Any) -> EventRow:
    said: dict[str, Any] = {
        "site": SITE,
        "reader": f"{reader}-{day[:7]}",
        "generation": 0,
        "event": f"{reader}{kind}{article}{day}",
        "kind": kind,
        "article": article,
        "at": 0,
        "local_date": day,
        "rule_version": 1,
        "reader_class": "anonymous",
        "source": "stream",
        "sequence": "1",
    }
    return EventRow(**{**said, **given})


def at(text: str) -> float:
    """Epoch seconds of an instant in UTC, as `2026-12-05T00:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@dataclass
class Months:
    """One site's buckets. It exists since October 2026."""

    document: dict[str, Any] = field(default_factory=lambda: document(name="The Rio Times"))
    ledger: MemoryObjects = field(default_factory=MemoryObjects)
    exports: MemoryObjects = field(default_factory=MemoryObjects)

    @property
    def versions(self) -> list[Version]:
        return [Version(SITE, 1, json.dumps(self.document), at("2026-10-08T00:00"), "ana")]

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.versions)

    @property
    def exporter(self) -> Exporter:
        return Exporter(self.ledger, self.exports, lambda _: self.versions)

    def add(self, rows: Iterable[Row], name: str = "1-1") -> None:
        for made in objects_of(rows, name):
            assert self.ledger.create(made.key, made.body)

    def close(self, month: ExportPeriod) -> Manifest:
        """Runs the month's export when it is final."""
        return self.exporter.run(SITE, month, month.end("UTC").timestamp() + 4 * 86_400)
