"""Which languages a reader prefers, and what CLDR says of each: its plural categories, direction and dates."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, cast

Category = Literal["zero", "one", "two", "few", "many", "other"]
Direction = Literal["ltr", "rtl"]

DATA = Path(__file__).parent.parent / "locales"
FALLBACK = "en"

_CATEGORIES: dict[str, Category] = {"z": "zero", "1": "one", "2": "two", "f": "few", "m": "many", "o": "other"}
_LONGEST = 35  # characters of a tag: BCP 47 advises no less; longer ones are no language's
_RANGE = re.compile(r"\s*([A-Za-z0-9_-]+)\s*(?:;\s*[Qq]\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?")
_MOST_RANGES = 20


@dataclass(frozen=True, slots=True)
class Language:
    """`categories` holds a letter for 0, 1, 2, …; those from index `cycle` on repeat. `dates` are "December {day}".

    `first` is how a date writes its day 1: "1", "1er".
    """

    tag: str
    dir: Direction
    cycle: int
    categories: str
    dates: tuple[str, ...]
    first: str

    def category(self, number: int) -> Category:
        """The CLDR plural category of a whole number, 0 to 1000."""
        if number >= len(self.categories):
            number = self.cycle + (number - self.cycle) % (len(self.categories) - self.cycle)
        return _CATEGORIES[self.categories[number]]

    def month_day(self, day: date) -> str:
        """A Gregorian date without its year as the language writes it, in Latin digits."""
        return self.dates[day.month - 1].replace("{day}", self.first if day.day == 1 else str(day.day))


def find(tag: str) -> Language | None:
    """What is known of `tag`, or of the language that it is a variety of. None for no language that CLDR knows."""
    facts = _cldr()
    for known in broader(tag):
        if known in facts["languages"]:
            direction, plural, calendar = facts["languages"][known]
            cycle, categories = facts["plurals"][plural]
            first = facts["first"].get(known.partition("-")[0], "1")
            return Language(
                tag.strip().replace("_", "-"), direction, cycle, categories, tuple(facts["dates"][calendar]), first
            )
    return None


def shipped() -> list[str]:
    """The languages that Readmeter itself has sentences for."""
    return cast(list[str], _cldr()["shipped"])


def negotiate(locale: str | None, accept_language: str | None, site_locale: str) -> list[str]:
    """Language tags in CLDR's form and lower case, best first: the page's, the reader's, the site's, English.

    Any text is taken; what is no language tag counts as absent.
    """
    wanted = [locale or "", *_accepted(accept_language or ""), site_locale, FALLBACK]
    return list(dict.fromkeys(tag for text in wanted if (tag := canonical(text))))


def broader(tag: str) -> Iterator[str]:
    """`zh_TW` → zh-hant-tw, zh-hant, zh; `iw` → he; `nb` → nb, no. Nothing for what is no language tag."""
    tag = canonical(tag)
    while tag:
        yield tag
        tag = tag.rpartition("-")[0] or _cldr()["parents"].get(tag, "")


def canonical(tag: str) -> str:
    """A language tag in CLDR's form and lower case: `iw_IL` → he-il, `zh-TW` → zh-hant-tw. "" for what is no tag."""
    return _canonical(tag) if len(tag) <= _LONGEST else ""


@lru_cache(maxsize=512)
def _canonical(tag: str) -> str:
    """A code that was withdrawn becomes its successor; a region that writes another script than most names it."""
    tag = tag.strip().replace("_", "-").lower()
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", tag):
        return ""
    for subtags in (1, 2):
        known = "-".join(tag.split("-")[:subtags])
        tag = _cldr()["aliases"].get(known, known) + tag[len(known) :]
    return tag


def _accepted(header: str) -> list[str]:
    """The tags of an Accept-Language header by falling weight. `q=0` says no."""
    ranges = [match for part in header.split(",", _MOST_RANGES)[:_MOST_RANGES] if (match := _RANGE.fullmatch(part))]
    weighed = [(float(match[2] or 1), match[1]) for match in ranges]
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight]


@cache
def _cldr() -> Any:
    return json.loads((DATA / "cldr.json").read_text(encoding="utf-8"))
