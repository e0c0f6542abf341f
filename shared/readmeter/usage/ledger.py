"""The ledger: one row per counted read, per recorded unmetered read and per event, in objects that never change.

A row is a pure function of what the meter table committed. Its natural key is in it, so a row that comes twice, late or
in another order is the same row: who reads the ledger drops the copies.
"""

import gzip
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, Literal

from readmeter.core.encoding import base64url
from readmeter.core.keys import Keyring
from readmeter.store.database import Item
from readmeter.store.reads import RecordedEvent, RecordedRead, events_of, reads_of

Source = Literal["stream", "reconciliation"]
FAIL_OPEN = "fail_open"  # the kind of event that is usage too: an article that a page showed without an answer of ours
READS = "ledger/v1"
EVENTS = "events/v1"
_READER_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One read as finance counts it; the columns of the ledger. See `store.reads.RecordedRead`.

    `reader` is a digest under a key of the site and the month of `local_date`. `sequence` is where in the stream it
    came from ("" where it did not): of the copies of one row, the lowest sequence of the stream stands.
    """

    site: str
    meter: str
    decision: str
    period: str
    reader: str
    generation: int
    article: str
    local_date: str
    rule_version: int
    reader_class: str
    traffic: str
    unit: str
    source: Source
    sequence: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of a page, never billable. `at` is in epoch seconds; `reader` and `sequence` as in `ReadRow`."""

    site: str
    reader: str
    generation: int
    event: str
    kind: str
    article: str
    at: int
    local_date: str
    rule_version: int
    reader_class: str
    source: Source
    sequence: str


Row = ReadRow | EventRow
READ_KEY = ("site", "meter", "decision", "period", "reader", "generation", "article")  # the natural key
EVENT_KEY = ("site", "reader", "generation", "local_date", "event")


@dataclass(frozen=True, slots=True)
class LedgerObject:
    """An object to create: the site whose rows it holds, its key, and its bytes, which its key is a hash of."""

    site: str
    key: str
    body: bytes


def rows_of(item: Item, keyring: Callable[[], Keyring], source: Source, sequence: str = "") -> Iterator[Row]:
    """Every row that an item of the meter table stands for. Raises ValueError where the item is none of ours."""
    return _rows(_recorded(item), keyring, source, sequence)


def new_rows(new: Item | None, old: Item | None, keyring: Callable[[], Keyring], sequence: str) -> list[Row]:
    """What a stream record added: the rows of its NEW image that its OLD image lacks. Removals are no usage."""
    before = set(_recorded(old)) if old else set()
    added = [each for each in _recorded(new) if each not in before] if new else []
    return list(_rows(added, keyring, "stream", sequence))


def objects_of(rows: Iterable[Row], name: str = "") -> list[LedgerObject]:
    """The rows as ledger objects, one per kind, site and date.

    `name` begins their names; without one it is `<first seq>-<last seq>` of the rows in the object, which are given in
    the order of the stream then.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(partition_of(row), []).append(row)
    return [
        _object(folder, group, name or f"{group[0].sequence}-{group[-1].sequence}")
        for folder, group in sorted(groups.items())
    ]


def partition(kind: str, site: str, local_date: str) -> str:
    """The folder of the ledger that holds one date of one site; `kind` is `READS` or `EVENTS`."""
    return f"{kind}/site={site}/date={local_date}/"


def partition_of(row: Row) -> str:
    """The folder of the ledger that the row lies in."""
    return partition(READS if isinstance(row, ReadRow) else EVENTS, row.site, row.local_date)


def natural_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells two rows apart: of equal ones only one counts. A row as the ledger's JSON gives it."""
    return tuple(row[name] for name in (EVENT_KEY if "kind" in row else READ_KEY))


def reader_digest(keyring: Keyring, site: str, month: str, reader: str) -> str:
    """What stands for a reader in the ledger of one month (`2026-11`): no two months or sites can be joined on it."""
    key = keyring.permanent_key("reader-digest", f"{site}\0{month}")
    return base64url(hmac.digest(key, reader.encode(), hashlib.sha256)[:_READER_DIGEST_BYTES])


def _object(folder: str, rows: Sequence[Row], name: str) -> LedgerObject:
    lines = sorted(json.dumps(asdict(row), separators=(",", ":")) for row in rows)
    body = gzip.compress("".join(f"{line}\n" for line in lines).encode(), compresslevel=6, mtime=0)
    return LedgerObject(rows[0].site, f"{folder}{name}-{hashlib.sha256(body).hexdigest()[:12]}.jsonl.gz", body)


def _recorded(item: Item) -> Iterator[RecordedRead | RecordedEvent]:
    return chain(reads_of(item), events_of(item))


def _rows(
    recorded: Iterable[RecordedRead | RecordedEvent], keyring: Callable[[], Keyring], source: Source, sequence: str
) -> Iterator[Row]:
    for each in recorded:
        if isinstance(each, RecordedRead):
            yield _read_row(each, keyring(), source, sequence)
            continue
        yield _event_row(each, keyring(), source, sequence)
        if each.kind == FAIL_OPEN:
            yield _fail_open_row(each, keyring(), source, sequence)


def _read_row(read: RecordedRead, keyring: Keyring, source: Source, sequence: str) -> ReadRow:
    return ReadRow(
        site=read.site,
        meter=read.meter,
        decision=read.decision,
        period=read.period,
        reader=reader_digest(keyring, read.site, read.local_date[:7], read.reader),
        generation=read.generation,
        article=read.article,
        local_date=read.local_date,
        rule_version=read.rule_version,
        reader_class=read.reader_class,
        traffic=read.traffic,
        unit=read.unit,
        source=source,
        sequence=sequence,
    )


def _event_row(event: RecordedEvent, keyring: Keyring, source: Source, sequence: str) -> EventRow:
    return EventRow(
        site=event.site,
        reader=reader_digest(keyring, event.site, event.local_date[:7], event.reader),
        generation=event.generation,
        event=event.event,
        kind=event.kind,
        article=event.article,
        at=event.at,
        local_date=event.local_date,
        rule_version=event.rule_version,
        reader_class=event.reader_class,
        source=source,
        sequence=sequence,
    )


def _fail_open_row(event: RecordedEvent, keyring: Keyring, source: Source, sequence: str) -> ReadRow:
    """A missed view as a usage row. Its period is the event on its date, so that each miss is one row.

    With the date, since a time that is too old is moved to the nearest that is not: sent again, to another date.
    """
    return ReadRow(
        site=event.site,
        meter="",
        decision=FAIL_OPEN,
        period=f"{event.local_date}/{event.event}",
        reader=reader_digest(keyring, event.site, event.local_date[:7], event.reader),
        generation=event.generation,
        article=event.article,
        local_date=event.local_date,
        rule_version=event.rule_version,
        reader_class=event.reader_class,
        traffic="reader",
        unit="article",
        source=source,
        sequence=sequence,
    )
