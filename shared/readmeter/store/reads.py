"""What an item of the meter table says was read. Usage is derived from this and from nothing else.

One function for a stream record's images, a scan's item and a line of a point-in-time export: it reads the stamps,
which are strings in all three, never the set (whose bytes each of the three spells in its own way).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from readmeter.store.database import Item

CARRIED = "carried"  # the stamp of a read that a merge brought along: it was usage where it came from
UNRECORDED = "unrecorded"  # the stamp of a read that had to be counted, of a kind that its site does not record
NO_USAGE = frozenset({CARRIED, UNRECORDED})
_EVENT = "event"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
STAMP_NAME = 22  # characters of a digest in base64url; no other attribute's name is so long


@dataclass(frozen=True, slots=True)
class RecordedRead:
    """One stamped read. `reader` is the name in the table's key: it leaves Readmeter only as a keyed digest.

    `meter` is the one whose allowance was counted; "" for a recorded unmetered read, whose `decision` says why it was
    free. `period` is the item's period key (a `days` window's: its start in epoch seconds; a campaign's: its month and
    its name, `2026-11/newsletter`, so that each of two campaigns has its own). `generation` counts the reader's
    erasures. `article` is the counted digest in base64url: the article's, or that of one display of it where
    `unit` is `view`.
    """

    site: str
    reader: str
    meter: str
    period: str
    generation: int
    article: str
    local_date: str
    rule_version: int
    reader_class: str
    decision: str
    traffic: str
    unit: str


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One stamped event of a page: `at` in epoch seconds, `local_date` on the site's calendar, `event` its digest."""

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


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an item forgot at its reader's erasures: `erased` stamps in all, each of a generation below `generation`.

    `meter`, `decision` and `period` are those of the item's reads; of an item of events, `decision` is `event` and
    `period` the local date. `expires` is the item's end in epoch seconds.
    """

    site: str
    reader: str
    meter: str
    decision: str
    period: str
    generation: int
    erased: int
    expires: int


def reads_of(item: Item) -> Iterator[RecordedRead]:
    """Every counted or recorded read that the item holds. Raises ValueError where a stamp is none of ours."""
    place = _place(item)
    if place is None or place.decision == _EVENT:
        return
    site, reader = _owner(item)
    for article, stamp in _stamps(item):
        parts = stamp.split("|")
        local_date, version, reader_class, traffic, unit = parts if len(parts) > 4 else [*parts, "article"]
        yield RecordedRead(
            site=site,
            reader=reader,
            meter=place.meter,
            period=_period(item, place),
            generation=_generation(item),
            article=article,
            local_date=_date(local_date),
            rule_version=int(version),
            reader_class=reader_class,
            decision=place.decision,
            traffic=traffic,
            unit=unit,
        )


def events_of(item: Item) -> Iterator[RecordedEvent]:
    """Every event that the item holds. Raises ValueError where a stamp is none of ours."""
    place = _place(item)
    if place is None or place.decision != _EVENT:
        return
    site, reader = _owner(item)
    for event, stamp in _stamps(item):
        kind, article, at, version, reader_class = stamp.split("|")
        yield RecordedEvent(
            site=site,
            reader=reader,
            generation=_generation(item),
            event=event,
            kind=kind,
            article=article,
            at=int(at),
            local_date=_date(place.key),
            rule_version=int(version),
            reader_class=reader_class,
        )


def erasure_of(item: Item) -> Erasure | None:
    """What the item forgot; None where nothing of it was ever erased, or where it holds nothing that was stamped."""
    place = _place(item)
    if place is None or not _generation(item):
        return None
    site, reader = _owner(item)
    return Erasure(
        site=site,
        reader=reader,
        meter=place.meter,
        decision=place.decision,
        period=_period(item, place),
        generation=_generation(item),
        erased=int(item["e"]["N"]),
        expires=int(item["x"]["N"]),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """What an item's sort key says of all that the item holds."""

    meter: str
    decision: str
    key: str  # of the period


def _place(item: Item) -> _Place | None:
    """None where the item holds neither reads nor events."""
    family, _, rest = item["sk"]["S"].partition("#")
    name, _, period = rest.rpartition("#")
    match family:
        case "P":
            return _Place(name, "metered", period)
        case "N":
            decision, _, campaign = name.partition(":")
            return _Place("", decision, f"{period}/{campaign}" if campaign else period)
        case "E":
            return _Place("", _EVENT, period)
    return None


def _period(item: Item, place: _Place) -> str:
    return item["ws"]["N"] if place.key == "D" else place.key


def _owner(item: Item) -> tuple[str, str]:
    site, separator, reader = item["pk"]["S"].removeprefix("S#").partition("#R#")
    if not separator:
        raise ValueError("the partition key names no reader")
    return site, reader


def _date(text: str) -> str:
    """The text where it is a date: it names a folder of the ledger."""
    if not _DATE.fullmatch(text):
        raise ValueError("a stamp without a date")
    return text


def _generation(item: Item) -> int:
    return int(item["g"]["N"]) if "g" in item else 0


def _stamps(item: Item) -> Iterator[tuple[str, str]]:
    for name, value in item.items():
        if len(name) == STAMP_NAME and value["S"] not in NO_USAGE:
            yield name, value["S"]
