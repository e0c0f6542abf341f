"""Writes docs/reference/sentences.md below its mark: every sentence that Readmeter ships, for a native reader to check.

`PYTHONPATH=shared python tools/sentences.py`, after tools/locales.py.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from babel import Locale

from readmeter.core.decision import Allowance, Decision
from readmeter.core.language import find, shipped
from readmeter.core.prompt import prompt_for
from readmeter.core.rules import Match, Meter, PromptRules, Unit
from readmeter.core.sentences import best

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "reference" / "sentences.md"
BY_ITSELF = ROOT / "functions" / "snippet" / "src" / "no-answer.json"  # what the snippet says where nobody answers yet
MARK = "<!-- From here on written by tools/sentences.py. -->\n"

NUMBERS = (1, 2, 3, 5, 11, 21, 22, 101)
UNITS: tuple[Unit, ...] = ("month", "week", "day", "days")
DECEMBER = datetime(2026, 12, 1)  # noqa: DTZ001 - only its date is read


def guide(text: str) -> str:
    """The guide with its tables as they are now."""
    tables = (f"\n## {_name(tag)} (`{tag}`)\n\n{_table(tag)}" for tag in shipped())
    return text.partition(MARK)[0] + MARK + "".join(tables)


def decisions() -> Iterator[tuple[str, Decision]]:
    """One of every kind, number, period and date that a sentence can be about, with what the table calls it."""
    for number in NUMBERS:
        yield f"countdown, {number} of 500", _granted(500, 500 - number)
    for number in NUMBERS:
        yield f"last of {number}", _granted(number, number)
    for unit in UNITS[1:]:
        yield f"last of 5, {unit}", _granted(5, 5, unit)
    yield "re-read after the limit became 0", _granted(0, 5)
    for number in NUMBERS:
        yield f"wall after {number}", _denied(number, DECEMBER)
    for unit in UNITS[1:]:
        yield f"wall after 5, {unit}", _denied(5, DECEMBER, unit)
    yield "wall, no date", _denied(5, None)
    yield "limit 0", _denied(0, DECEMBER)
    yield "locked", Decision("denied", "locked")
    for number in NUMBERS:
        yield f"registration after 5 for {number}", _registration(5, number)
    for unit in UNITS[1:]:
        yield f"registration after 1 for 2, {unit}", _registration(1, 2, unit)
    for number in NUMBERS:
        yield f"registration after 0 for {number}", _registration(0, number)


def _granted(limit: int, used: int, unit: Unit = "month") -> Decision:
    return Decision("granted", "metered", _meter(unit), Allowance(limit, used), DECEMBER)


def _denied(limit: int, resets_at: datetime | None, unit: Unit = "month") -> Decision:
    return Decision("denied", "limit_reached", _meter(unit), Allowance(limit, limit), resets_at)


def _registration(limit: int, extra: int, unit: Unit = "month") -> Decision:
    return Decision("denied", "registration_required", _meter(unit), Allowance(limit, limit), DECEMBER, extra)


def _meter(unit: Unit) -> Meter:
    return Meter("default", {}, unit, 30 if unit == "days" else 0, "article", Match(), "default")


def _name(tag: str) -> str:
    return str(Locale.parse(tag, sep="-").get_display_name("en"))


def _table(tag: str) -> str:
    rows = {name: _message(decision, tag) for name, decision in decisions()}
    by_itself = json.loads(BY_ITSELF.read_text(encoding="utf-8"))[tag]
    rows["no answer"] = by_itself["message"]
    rows["back from a checkout"] = by_itself["opening"]
    rows["not open yet"] = by_itself["not_open"]
    rows["buttons"] = " · ".join([*best([tag]).labels.values(), by_itself["retry"]])
    rows["dates"] = " · ".join(_dates(tag))
    return "| case | message |\n|---|---|\n" + "".join(f"| {name} | {text} |\n" for name, text in rows.items())


def _dates(tag: str) -> Iterator[str]:
    """The first of the year, then a day of each month."""
    if language := find(tag):
        yield language.month_day(DECEMBER.replace(month=1))
        yield from (language.month_day(DECEMBER.replace(month=month, day=month * 2)) for month in range(1, 13))


def _message(decision: Decision, tag: str) -> str:
    prompt = prompt_for(decision, PromptRules("https://example.com/subscribe"), [tag], "")
    return prompt.message if prompt else ""


if __name__ == "__main__":
    GUIDE.write_text(guide(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
