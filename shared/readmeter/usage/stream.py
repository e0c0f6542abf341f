"""From the meter table's stream to the ledger: what the ledger function does with a batch, and with one that failed."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from readmeter.core.keys import Keyring
from readmeter.core.rules import Retention
from readmeter.store.sites import SiteCache
from readmeter.usage.ledger import Row, new_rows, objects_of
from readmeter.usage.objects import Objects

Record = Mapping[str, Any]  # as Lambda gives it: {"dynamodb": {"SequenceNumber", "NewImage"?, "OldImage"?}}
Report = Callable[[Exception], None]


class LedgerStream:
    """Writes what stream records added as ledger objects.

    A batch may come twice, in parts or late: the objects are named by what they hold, and their rows have natural keys.
    """

    def __init__(
        self,
        ledger: Objects,
        sites: SiteCache,
        keyring: Callable[[], Keyring],
        clock: Callable[[], float],
        report: Report,
    ) -> None:
        self._ledger = ledger
        self._sites = sites
        self._keyring = keyring
        self._clock = clock
        self._report = report

    def answer(self, records: Sequence[Record]) -> dict[str, Any]:
        """What Lambda is told of a batch (ReportBatchItemFailures): the record to go on from, where there is one.

        That is the first one that cannot be read, or the first of the batch where nothing could be written.
        """
        try:
            failed = self._write(records)
        except Exception as fault:
            self._report(fault)
            failed = _sequence(records[0])
        return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}

    def write_all(self, records: Sequence[Record]) -> bool:
        """Writes every record that can be read; whether that were all. Raises where nothing can be written."""
        whole = True
        while failed := self._write(records):
            whole = False
            records = after(records, failed)
        return whole

    def _write(self, records: Sequence[Record]) -> str | None:
        """Writes the records up to the first that cannot be read, whose sequence number is the answer (else None)."""
        rows, failed = self._rows(records)
        for each in objects_of(rows):
            keep_days = ledger_days(self._sites, each.site, self._clock())
            self._ledger.create(each.key, each.body, keep_days=keep_days)
        return failed

    def _rows(self, records: Sequence[Record]) -> tuple[list[Row], str | None]:
        rows: list[Row] = []
        for record in records:
            change, sequence = record["dynamodb"], _sequence(record)
            try:
                rows += new_rows(change.get("NewImage"), change.get("OldImage"), self._keyring, sequence)
            except (KeyError, ValueError) as fault:
                self._report(fault)
                return rows, sequence
        return rows, None


class Redrive:
    """Processes again what Lambda gave up on: whole invocation records (its S3 on-failure destination's JSON)."""

    def __init__(self, failures: Objects, stream: LedgerStream, clock: Callable[[], float], report: Report) -> None:
        self._failures = failures
        self._stream = stream
        self._clock = clock
        self._report = report

    def run(self, until: float) -> dict[str, int]:
        """Deletes each object that went through whole, and begins none after `until` (epoch seconds).

        How many it deleted (`redriven`) and how many are `left`. Raises where nothing can be written.
        """
        counts = {"redriven": 0, "left": 0}
        for stored in list(self._failures.stored("")):
            if self._clock() < until and self._goes_through(stored.key):
                self._failures.delete(stored.key)
                counts["redriven"] += 1
            else:
                counts["left"] += 1
        return counts

    def _goes_through(self, key: str) -> bool:
        try:
            records = records_of(self._failures.read(key) or b"")
        except (KeyError, TypeError, ValueError) as fault:
            self._report(fault)
            return False
        return self._stream.write_all(records)


def records_of(invocation: bytes) -> Sequence[Record]:
    """The records of an invocation record, whose `payload` is the event as JSON text.

    Raises ValueError, KeyError or TypeError where it is none.
    """
    event = json.loads(json.loads(invocation)["payload"])
    records: Sequence[Record] = event["Records"]
    return records


def ledger_days(sites: SiteCache, site: str, now: float) -> int:
    """How long the site's ledger is kept (days); the default where there is no such site any more."""
    compiled = sites.compiled(site)
    retention = compiled.in_force(now).retention if compiled else Retention()
    return retention.ledger_reader_days


def after(records: Sequence[Record], sequence: str) -> Sequence[Record]:
    """What follows the record of that sequence number."""
    numbers = [_sequence(record) for record in records]
    return records[numbers.index(sequence) + 1 :]


def _sequence(record: Record) -> str:
    sequence: str = record["dynamodb"]["SequenceNumber"]
    return sequence
