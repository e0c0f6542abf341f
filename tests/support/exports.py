"""A site's ledger and exports in memory: rows in one line, and what an export holds."""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from readmeter.store.sites import Version
from readmeter.usage.exports import Exporter
from readmeter.usage.ledger import ReadRow, objects_of
from readmeter.usage.manifest import Manifest
from readmeter.usage.period import ExportPeriod
from tests.support.objects import MemoryObjects

SITE = "riotimes"
FORMULA_LIKE_METERS = ("-4", "--cmd", "7", "2026-11-01")


def at(text: str) -> float:
    """Epoch seconds of a UTC time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def version(number: int = 1, written: str = "2026-10-15", site: str = SITE, **given: Any) -> Version:
    document = {
        "site": site,
        "name": "The Rio Times",
        "timezone": "America/Sao_Paulo",
        "origins": ["https://www.riotimesonline.com"],
        "prompt": {"subscribe_url": "https://www.riotimesonline.com/subscribe"},
        **given,
    }
    return Version(site, number, json.dumps(document), at(written), "tests")


def read(reader: str, article: str, local_date: str = "2026-11-22", **given: Any) -> ReadRow:
    """A counted read: who, what, when; the rest as it mostly is."""
    fields: dict[str, Any] = {
        "site": SITE,
        "meter": "default",
        "decision": "metered",
        "period": local_date[:7],
        "generation": 0,
        "rule_version": 1,
        "reader_class": "anonymous",
        "traffic": "reader",
        "unit": "article",
        "source": "stream",
        "sequence": "100",
    }
    return ReadRow(reader=reader, article=article, local_date=local_date, **{**fields, **given})


class Bench:
    """One site with its buckets. `run` exports at a time in UTC; `arrive` appends to the ledger."""

    def __init__(
        self,
        versions: Sequence[Version] = (version(),),
        exports: Any = None,
        clock: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.ledger = MemoryObjects(clock)
        self.exports = MemoryObjects() if exports is None else exports
        self.site = versions[0].site
        self.exporter = Exporter(
            self.ledger, self.exports, lambda site: [each for each in versions if each.site == site]
        )

    def arrive(self, *rows: ReadRow, name: str = "1-1") -> None:
        for made in objects_of(rows, name):
            self.ledger.create(made.key, made.body, keep_days=90)

    def run(self, period: str, now: str) -> Manifest:
        return self.exporter.run(self.site, ExportPeriod.parse(period), at(now))

    def file(self, manifest: Manifest, name: str) -> bytes:
        [path] = [file.path for file in manifest.files if file.name == name]
        body = self.exports.read(path)
        assert body is not None
        return bytes(body)

    def csv(self, manifest: Manifest, name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.file(manifest, name).decode("utf-8-sig"), newline="")))

    def usage(self, manifest: Manifest) -> list[dict[str, Any]]:
        return [json.loads(line) for line in gzip.decompress(self.file(manifest, "usage.jsonl.gz")).splitlines()]


def formula_like() -> tuple[Bench, Manifest]:
    """A final with corrections of a site whose names a spreadsheet would rather compute than show."""
    site = "-1-site"
    meters = [{"name": name, "limits": {"anonymous": 5}} for name in FORMULA_LIKE_METERS]
    bench = Bench([version(site=site, name="=1+2", meters=meters)])
    bench.run("2026-10", "2026-11-10")
    for date in ("2026-10-20", "2026-11-22"):
        reads = [
            read(f"r{n}", f"a{n}", date, site=site, meter=meter) for n, meter in enumerate(FORMULA_LIKE_METERS * 2)
        ]
        bench.arrive(*reads, read("ann", "x", date, site=site, meter="", decision="gift"))
    return bench, bench.run("2026-11", "2026-12-10")


def summed(rows: Iterable[dict[str, Any]], *by: str) -> dict[tuple[Any, ...], int]:
    """Quantities added up by the columns."""
    sums: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        sums[tuple(row[name] for name in by)] += row["quantity"]
    return dict(sums)
