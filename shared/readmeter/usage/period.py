"""What an export covers: a calendar month or day of its site, and the id that stands for site and period."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from readmeter.core.period import first_instant

_ID = re.compile(r"([a-z0-9-]{3,40})_(\d{4}-\d{2}(?:-\d{2})?)")


@dataclass(frozen=True, slots=True)
class ExportPeriod:
    """A month (`2026-11`) or a day (`2026-11-22`), as `text`; `first` is its first date, `last` its last."""

    text: str
    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for anything but `YYYY-MM` and `YYYY-MM-DD` of a year up to 9998."""
        if text.startswith("9999"):
            raise ValueError("a period has a month after it")
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text)
            return cls(text, day, day)
        if not re.fullmatch(r"\d{4}-\d{2}", text):
            raise ValueError("a period is a month (2026-11) or a day (2026-11-22)")
        first = date.fromisoformat(f"{text}-01")
        return cls(text, first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))

    @property
    def is_month(self) -> bool:
        return len(self.text) == len("2026-11")

    @property
    def month(self) -> Self:
        """The month that it is, or lies in."""
        return self.parse(self.text[:7])

    @property
    def month_before(self) -> Self:
        return self.parse((self.first.replace(day=1) - timedelta(days=1)).strftime("%Y-%m"))

    @property
    def month_after(self) -> Self:
        return self.parse((self.first.replace(day=1) + timedelta(days=32)).strftime("%Y-%m"))

    @property
    def dates(self) -> list[date]:
        return [self.first + timedelta(days=day) for day in range((self.last - self.first).days + 1)]

    def start(self, zone: str) -> datetime:
        """Its first instant on the calendar of `zone`."""
        return first_instant(zone, self.first)

    def end(self, zone: str) -> datetime:
        """The first instant after it."""
        return first_instant(zone, self.last + timedelta(days=1))


def export_id(site: str, period: ExportPeriod) -> str:
    """Fixed per site and period; no site id has an underscore, so that it reads back as one pair only."""
    return f"{site}_{period.text}"


def parse_export_id(text: str) -> tuple[str, ExportPeriod]:
    """The site and the period. Raises ValueError where `text` is no export's id."""
    match = _ID.fullmatch(text)
    if match is None:
        raise ValueError("no export has such an id")
    return match[1], ExportPeriod.parse(match[2])
