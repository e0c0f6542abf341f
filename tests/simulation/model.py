"""What the simulated readers were shown: the whole of what usage may say, in a few lines and without the database."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo


class Shown(NamedTuple):
    """One read as finance will see it. `article` is the id; where views are counted, the id and that of the display."""

    reader: str
    article: tuple[str, str | None]
    decision: str
    meter: str
    local_date: str
    rule_version: int
    reader_class: str
    traffic: str
    unit: str


@dataclass(frozen=True)
class Asked:
    """A view, and what the rules said then: the zone, the meter whose allowance counts, what it counts, over how long.

    `days` is the length of a window, 0 where the meter counts by the calendar.
    """

    reader: str
    article: str
    display: str
    now: float
    zone: str
    meter: str
    unit: str
    days: int
    reader_class: str
    traffic: str


class Model:
    """`shown` is everything that was ever counted or recorded; `erased` how much of it its readers had erased."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.erased = 0
        self._known: set[tuple[Any, ...]] = set()
        self._erasures: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()

    def answered(self, asked: Asked, answer: dict[str, Any], unsure: bool, recorded: Collection[str]) -> None:
        """`unsure`: an earlier request for the same may have been done, though nobody heard of it."""
        date = _date(asked.now, asked.zone)
        article = asked.article, asked.display if asked.unit == "view" else None
        read = Shown(
            asked.reader,
            article,
            "metered",
            asked.meter,
            date,
            answer["rule"]["version"],
            asked.reader_class,
            asked.traffic,
            asked.unit,
        )
        counted = (asked.meter, _period(answer["resets_at"], asked.days), article)
        if answer["reason"] in recorded:
            self._add(read._replace(decision=answer["reason"], meter=""), (answer["reason"], date, article))
        elif answer["reason"] == "metered":
            assert self._add(read, counted), "counted twice"
        elif answer["reason"] == "repeat" and unsure:
            self._add(read, counted)  # by the request whose answer nobody heard

    def missed(self, reader: str, article: str, at: float, zone: str, version: int) -> None:
        """A page that never got an answer reported that it stayed as it was."""
        read = Shown(
            reader, (article, None), "fail_open", "", _date(at, zone), version, "anonymous", "reader", "article"
        )
        self._add(read, ("fail_open", article, at))

    def erase(self, reader: str) -> None:
        self._erasures[reader] += 1
        self.erased += self._kept.pop(reader, 0)

    def _add(self, read: Shown, what: tuple[Any, ...]) -> bool:
        """Whether it was new since the reader's last erasure."""
        once = (read.reader, self._erasures[read.reader], *what)
        if once in self._known:
            return False
        self._known.add(once)
        self._kept[read.reader] += 1
        self.shown.append(read)
        return True


def _period(resets_at: str | None, days: int) -> object:
    """What tells a period from others whatever the rules become: a window's first instant, the date of a reset."""
    if resets_at is None or not days:
        return resets_at and resets_at[:10]
    return datetime.fromisoformat(resets_at).timestamp() - days * 86_400


def _date(at: float, zone: str) -> str:
    return datetime.fromtimestamp(at, ZoneInfo(zone)).date().isoformat()
