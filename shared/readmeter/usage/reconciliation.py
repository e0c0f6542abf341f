"""The ledger of a month against the meter items, row for row: what is missing is inserted, the rest is named."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from readmeter.core.keys import Keyring
from readmeter.core.rules import Retention
from readmeter.usage.comparison import Comparison, Named, ledger_files, spool
from readmeter.usage.dataset import workspace
from readmeter.usage.ledger import ReadRow, objects_of
from readmeter.usage.meter_items import MeterItems
from readmeter.usage.objects import Objects

_ROWS_AT_ONCE = 50_000  # that are held in memory


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a comparison found: a function of the ledger and of the items, which are of `items_at` (epoch seconds).

    `compared` rows are what the items hold; `missing` of them were not in the ledger, `inserted` are now. `surplus`:
    rows of the ledger that no item holds. `differing`: copies in the ledger with other content than the item's.
    `erasures`: items that forgot another number of reads than the ledger holds of them, by `erasures_off` rows in all.

    No drift: `erased` rows, which their items forgot; `expired` rows, whose items were due to be deleted (nothing
    proves or disproves them any more); `later` rows of pages' events, which came when the items had been read.
    """

    site: str
    month: str
    items_at: float
    compared: int
    missing: int
    inserted: int
    surplus: Named
    differing: Named
    erasures: Named
    erasures_off: int
    erased: int
    expired: int
    later: int

    @property
    def drifting(self) -> int:
        """Rows on which ledger and items disagreed, those that were inserted among them."""
        return self.missing + self.surplus.count + self.differing.count + self.erasures_off

    @property
    def status(self) -> Literal["matched", "drift"]:
        """Whether they agree now: what was inserted is no drift any more."""
        return "matched" if self.drifting == self.inserted else "drift"

    def document(self) -> dict[str, Any]:
        """What is stored, and what a manifest tells of."""
        return {
            "status": self.status,
            "site": self.site,
            "month": self.month,
            "items_at": f"{datetime.fromtimestamp(int(self.items_at), UTC):%Y-%m-%dT%H:%M:%SZ}",
            "compared": self.compared,
            "missing": self.missing,
            "inserted": self.inserted,
            "surplus_rows": self.surplus.count,
            "surplus": list(self.surplus.rows),
            "differing_rows": self.differing.count,
            "differing": list(self.differing.rows),
            "erasures_off": self.erasures_off,
            "erasures": list(self.erasures.rows),
            "erased": self.erased,
            "expired": self.expired,
            "later": self.later,
        }


def reconcile(
    ledger: Objects,
    items: MeterItems,
    keyring: Callable[[], Keyring],
    site: str,
    month: str,
    retention: Retention | None = None,
    *,
    insert: bool = False,
) -> Reconciliation:
    """Compares a site's `month` (`2026-11`, of local dates); with `insert`, adds to the ledger what is missing."""
    [result] = reconcile_sites(ledger, items, keyring, {site: retention or Retention()}, month, insert=insert)
    return result


def reconcile_sites(
    ledger: Objects,
    items: MeterItems,
    keyring: Callable[[], Keyring],
    sites: Mapping[str, Retention],
    month: str,
    *,
    insert: bool = False,
) -> Iterator[Reconciliation]:
    """As `reconcile`, of each of `sites` in their order; the items are read once."""
    # The ledger is listed before the items are read, so that they hold whatever it holds
    files = {site: ledger_files(ledger, site, month) for site in sites}
    at = items.at
    with TemporaryDirectory() as name:
        said = spool(items(), at, keyring, sites.keys(), month, Path(name))
        for site, retention in sites.items():
            with workspace() as (connection, folder):
                comparison = Comparison(connection, ledger, keyring, site, said, folder)
                comparison.load(files[site], retention.reader_days)
                missing = comparison.missing()
                rows = comparison.missing_rows() if insert else ()
                erasures, erasures_off = comparison.miscounted()
                explained = comparison.explained()
                yield Reconciliation(
                    site=site,
                    month=month,
                    items_at=at,
                    compared=comparison.compared(),
                    missing=missing,
                    inserted=insert_missing(ledger, rows, retention.ledger_reader_days),
                    surplus=comparison.surplus(),
                    differing=comparison.differing(),
                    erasures=erasures,
                    erasures_off=erasures_off,
                    erased=explained.get("erased", 0),
                    expired=explained.get("expired", 0),
                    later=explained.get("later", 0),
                )


def insert_missing(ledger: Objects, rows: Iterable[ReadRow], keep_days: int | None) -> int:
    """Adds rows that the stream never brought; says how many. Doing it again, or the stream coming late, adds nothing.

    The same rows in the same order make the same objects. `keep_days` is how long the site's ledger is kept.
    """
    inserted = 0
    for batch in _batches(replace(row, source="reconciliation", sequence="") for row in rows):
        for made in objects_of(batch, "recon"):
            ledger.create(made.key, made.body, keep_days=keep_days)
        inserted += len(batch)
    return inserted


def store_result(exports: Objects, result: Reconciliation) -> None:
    """Keeps the result; storing it again changes nothing."""
    body = json.dumps(result.document(), indent=1).encode()
    exports.create(f"{_folder(result.site, result.month)}{hashlib.sha256(body).hexdigest()[:12]}.json", body)


def latest_result(exports: Objects, site: str, month: str) -> dict[str, Any] | None:
    """The document of the result whose items are the newest; of two with the same items, the one stored last."""
    found: list[tuple[str, float, dict[str, Any]]] = []
    for stored in exports.stored(_folder(site, month)):
        if (body := exports.read(stored.key)) is not None:
            document = json.loads(body)
            found.append((document["items_at"], stored.modified, document))
    return max(found, key=lambda each: each[:2])[2] if found else None


def _folder(site: str, month: str) -> str:
    return f"reconciliation/v1/site={site}/month={month}/"


def _batches(rows: Iterator[ReadRow]) -> Iterator[list[ReadRow]]:
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        yield batch
