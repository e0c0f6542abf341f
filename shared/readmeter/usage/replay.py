"""What the reads that were made would have met under other rules, reader by reader. Pure.

A read names the article, not the page: which of the proposed rules it falls under is told by its section, where a label
names one, and else by the meter that counted it. Time is the site's calendar, by the day.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple

from readmeter.core.decision import limit_for
from readmeter.core.rules import Match, Meter, Page, ReaderClass, Rules
from readmeter.core.standing import NOBODY, Standing

_REGISTERED = Standing(registered=True)

LineKey = tuple[str | None, ReaderClass]


class Read(NamedTuple):
    """A read as the ledger has it. `meter` is "" where none counted it; `section` is None where no label names it.

    `article` tells the articles of one reader apart, also those that were read before an erasure.
    """

    reader: str
    reader_class: ReaderClass
    local_date: str
    rule_version: int
    meter: str
    period: str
    article: str
    section: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """The meter that decides a read; without one it is free, or `locked`."""

    meter: Meter | None
    locked: bool = False


@dataclass(slots=True)
class Line:
    """Reads of one reader class that fall under one meter (None: under no meter, `granted` or locked)."""

    meter: str | None
    reader_class: ReaderClass
    reads: int = 0
    readers: int = 0
    granted: int = 0
    walled: int = 0
    readers_walled: int = 0
    readers_at_limit_before: int = 0
    readers_at_limit_after: int = 0

    def document(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class _Reader:
    """One reader on the way through the month: what each proposed allowance holds, and what each meter then counted.

    The sets name the lines that the reader is in, and where the reader was refused or at the limit.
    """

    held: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)  # the period that last counted a read
    counted: dict[tuple[str, str], int] = field(default_factory=dict)
    lines: set[LineKey] = field(default_factory=set)
    walled: set[LineKey] = field(default_factory=set)
    at_limit_before: set[LineKey] = field(default_factory=set)
    at_limit_after: set[LineKey] = field(default_factory=set)


class Replay:
    """Adds up readers under `proposed`. `rules_of` gives the rules that a version was in the month."""

    def __init__(self, proposed: Rules, rules_of: Callable[[int], Rules]) -> None:
        self._proposed = proposed
        self._rules_of = lru_cache(maxsize=None)(rules_of)
        self._places: dict[tuple[str | None, str], Place] = {}
        self._limits: dict[tuple[int, str, str], int | None] = {}
        self._displays = count()
        self._by_section = any(match.sections for match in matches(proposed))
        self._lines: dict[LineKey, Line] = {}
        self.readers = 0
        self.readers_walled = 0
        self.readers_at_limit_before = 0
        self.readers_at_limit_after = 0
        self.without_section = 0  # reads that a rule by section may or may not be about

    @property
    def lines(self) -> list[Line]:
        """In the meters' order, what falls under none last."""
        order = {meter.name: number for number, meter in enumerate(self._proposed.meters)}
        return sorted(
            self._lines.values(), key=lambda line: (order.get(line.meter or "", len(order)), line.reader_class)
        )

    def add(self, reads: Iterable[Read]) -> None:
        """All reads of one reader, in the order in which they were made."""
        reader = _Reader()
        for read in reads:
            place = self._place(read)
            key = (place.meter.name if place.meter else None, read.reader_class)
            line = self._lines.get(key) or self._lines.setdefault(key, Line(*key))
            reader.lines.add(key)
            line.reads += 1
            if self._grants(reader, place, read, key):
                line.granted += 1
            else:
                line.walled += 1
                reader.walled.add(key)
            if self._reached_then(reader, read):
                reader.at_limit_before.add(key)
            self.without_section += self._by_section and read.section is None
        self._count(reader)

    def _count(self, reader: _Reader) -> None:
        self.readers += 1
        self.readers_walled += bool(reader.walled)
        self.readers_at_limit_before += bool(reader.at_limit_before)
        self.readers_at_limit_after += bool(reader.at_limit_after)
        for key in reader.lines:
            line = self._lines[key]
            line.readers += 1
            line.readers_walled += key in reader.walled
            line.readers_at_limit_before += key in reader.at_limit_before
            line.readers_at_limit_after += key in reader.at_limit_after

    def _place(self, read: Read) -> Place:
        known = (read.section, read.meter)
        found = self._places.get(known)
        if found is None:
            found = self._places[known] = place(self._proposed, *known)
        return found

    def _grants(self, reader: _Reader, place: Place, read: Read, key: LineKey) -> bool:
        meter = place.meter
        if meter is None:
            return not place.locked
        period = _period(meter, read.local_date, reader.opened)
        slot = (meter.pool, period)
        held = reader.held.get(slot)
        if held is None:
            held = reader.held[slot] = set()
        name = read.article if meter.count == "article" else f"{next(self._displays)}"
        limit = limit_of(meter, read.reader_class)
        granted = name in held or len(held) < limit
        if granted:
            held.add(name)
            reader.opened[meter.pool] = period
        if len(held) >= limit:
            reader.at_limit_after.add(key)
        return granted or self._proposed.mode == "observe"

    def _reached_then(self, reader: _Reader, read: Read) -> bool:
        """Whether the reader had now used all that the meter allowed that counted the read."""
        if not read.meter:
            return False
        slot = (read.meter, read.period)
        used = reader.counted[slot] = reader.counted.get(slot, 0) + 1
        known = (read.rule_version, read.meter, read.reader_class)
        if known not in self._limits:
            meter = next((each for each in self._rules_of(known[0]).meters if each.name == read.meter), None)
            self._limits[known] = None if meter is None else limit_of(meter, read.reader_class)
        limit = self._limits[known]
        return limit is not None and used >= limit


def place(rules: Rules, section: str | None, counted_by: str) -> Place:
    """Where a read falls that the meter `counted_by` counted. A page's tags and path are not known any more."""
    if rules.mode == "off":
        return Place(None)
    page = Page(frozenset(() if section is None else (section,)), frozenset(), "")
    if rules.locked.names(page):
        return Place(None, locked=rules.mode == "live")
    if rules.exempt.names(page):
        return Place(None)
    return Place(next((meter for meter in rules.meters if _covers(meter, page, counted_by)), None))


def limit_of(meter: Meter, reader_class: ReaderClass) -> int:
    """The limit of readers of that class. Who has a bonus, the ledger does not tell."""
    return limit_for(meter, _REGISTERED if reader_class == "registered" else NOBODY)


def matches(rules: Rules) -> list[Match]:
    """All that the rules tell pages apart by."""
    return [rules.locked, rules.exempt, *(meter.match for meter in rules.meters)]


def _covers(meter: Meter, page: Page, counted_by: str) -> bool:
    """What the meter of that name counted, it may have picked by a tag or a path, or by a section without a label."""
    picked = bool(meter.match.tags or meter.match.paths or not page.sections)
    return meter.covers(page) or (picked and meter.name == counted_by)


def _period(meter: Meter, local_date: str, opened: dict[str, str]) -> str:
    """The key of the period that a read falls in. A window's is the date of the read that opened it, or would now."""
    match meter.unit:
        case "month":
            return local_date[:7]
        case "day":
            return local_date
        case "week":
            return _week(local_date)
    start = opened.get(meter.pool, local_date)
    return start if _ordinal(local_date) < _ordinal(start) + meter.days else local_date


@lru_cache(maxsize=400)
def _week(local_date: str) -> str:
    year, week, _ = date.fromisoformat(local_date).isocalendar()
    return f"{year}-W{week:02d}"


@lru_cache(maxsize=400)
def _ordinal(local_date: str) -> int:
    return date.fromisoformat(local_date).toordinal()
