"""The report's words in one language: sentences filled in, numbers, months and dates as that language writes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Self

from markupsafe import Markup, escape

from readmeter.core.sentences import Sentences, best

WORDS = Path(__file__).parent / "words"


@dataclass(frozen=True, slots=True)
class ReportLanguage:
    """`data` is a file of `words/`. Digits are Latin in every language, as readers' messages have them."""

    sentences: Sentences
    data: Mapping[str, Any]

    @classmethod
    def of(cls, locale: str) -> Self:
        """The best language that Readmeter ships for a site's locale."""
        sentences = best([locale])
        return cls(sentences, _data(sentences.language.tag))

    @property
    def tag(self) -> str:
        return self.sentences.language.tag

    @property
    def dir(self) -> str:
        return self.sentences.language.dir

    def say(self, name: str, **values: object) -> Markup:
        """A sentence with its values in place: escaped, unless they are `Markup`."""
        return _fill(self.data["words"][name], values)

    def together(self, *sentences: Markup) -> Markup:
        """Sentences one after the other. A full-width stop brings its own space."""
        return Markup(" ").join(sentences).replace("。 ", "。")

    def corrections(self, number: int, month: str) -> Markup:
        """`3 corrections from October`; `number` is positive."""
        category = self.sentences.language.category(number)
        return _fill(self.data["counted"]["corrections"][category], {"number": self.number(number), "month": month})

    def number(self, value: int | Decimal | None) -> str:
        if value is None:
            return "–"
        whole, _, fraction = str(abs(value)).partition(".")
        text = self._grouped(whole) + (self.data["decimal"] + fraction if fraction else "")
        return f"−{text}" if value < 0 else text

    def _grouped(self, digits: str) -> str:
        """Thousands apart: 1,234,567, or 12,34,567 where lakhs are counted."""
        last, before = self.data["grouping"]
        rest, groups = digits[:-last], [digits[-last:]]
        while rest:
            rest, group = rest[:-before], rest[-before:]
            groups.insert(0, group)
        return str(self.data["group"]).join(groups)

    def percent(self, part: Decimal) -> str:
        """Per cent, with one decimal."""
        return str(self.data["percent"]).replace("{number}", self.number(round(part, 1)))

    def change(self, now: int, before: int) -> Markup:
        """`+4.2%`, in one piece and left to right in every language."""
        part = round(Decimal(100) * (now - before) / before, 1)
        sign = "+" if part > 0 else "−" if part < 0 else ""
        return Markup('<bdi dir="ltr">{}{}</bdi>').format(sign, self.percent(abs(part)))

    def month(self, period: str, beside: str = "") -> str:
        """`October`, or `October 2025` where that is another year than that of the month `beside`."""
        year, _, number = period.partition("-")
        name = "months" if beside.startswith(year) else "year_months"
        return str(self.data[name][int(number) - 1]).replace("{year}", year)

    def day(self, text: str) -> str:
        return self.sentences.language.month_day(date.fromisoformat(text))


def _fill(text: str, values: Mapping[str, object]) -> Markup:
    filled = escape(text)
    for name, value in values.items():
        filled = filled.replace("{" + name + "}", escape(value))
    return filled


@cache
def _data(tag: str) -> Any:
    return json.loads((WORDS / f"{tag}.json").read_text(encoding="utf-8"))
