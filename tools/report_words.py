"""Writes what the monthly report reads of languages: locales/report/*.toml, with CLDR's months and numbers (Babel).

`python tools/report_words.py`. What a language lacks or has wrong is named on standard error, and nothing is written.
"""

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from babel import Locale, localedata
from babel.dates import format_date, format_skeleton

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "locales" / "report"
DATA = ROOT / "shared" / "readmeter" / "usage" / "report" / "words"
REFERENCE = "en"


def generated() -> dict[Path, str]:
    """Every file of data with its content. Raises ValueError with all that is wrong in the sources."""
    sources = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(SOURCES.glob("*.toml"))}
    wrong = [
        f"locales/report/{tag}.toml: {problem}"
        for tag, source in sources.items()
        for problem in problems(source, sources[REFERENCE], Locale.parse(tag, sep="-"))
    ]
    shipped = {path.stem for path in SOURCES.parent.glob("*.toml")}
    wrong += [f"locales/report/{tag}.toml is missing" for tag in sorted(shipped - sources.keys())]
    if wrong:
        raise ValueError("\n".join(wrong))
    return {
        DATA / f"{tag}.json": json.dumps({**source, **facts(tag)}, ensure_ascii=False, indent=1) + "\n"
        for tag, source in sources.items()
    }


def problems(source: Mapping[str, Any], reference: Mapping[str, Any], locale: Locale) -> Iterator[str]:
    """Where a language does not say what English says, a line each."""
    words, wanted = source.get("words", {}), reference["words"]
    yield from (f"[words] {name} is missing" for name in wanted if not words.get(name))
    yield from (f"[words] {name} is unknown" for name in words if name not in wanted)
    for name in words.keys() & wanted.keys():
        if _placeholders(words[name]) != _placeholders(wanted[name]):
            yield f"[words] {name} must hold {' '.join(sorted(_placeholders(wanted[name]))) or 'no placeholder'}"
    for name, forms in reference["counted"].items():
        own = source.get("counted", {}).get(name, {})
        categories = {locale.plural_form(number) for number in range(1001)}
        yield from (f"[counted.{name}] {each} is missing" for each in sorted(categories - own.keys()))
        yield from (
            f"[counted.{name}] {each} is never used in this language" for each in sorted(own.keys() - categories)
        )
        for category, text in own.items():
            if _placeholders(text) | {"{number}"} != _placeholders(forms["other"]):
                yield f"[counted.{name}] {category} must hold {' '.join(sorted(_placeholders(forms['other'])))}"


def facts(tag: str) -> dict[str, Any]:
    """Months on their own and with {year}, and how numbers are written: in Latin digits, as everywhere in Readmeter.

    `grouping`: how many digits the last group has, and each one before it.
    """
    localedata._cache.clear()  # else the months of one language reach the next: python-babel/babel#1263
    locale = Locale.parse(tag, sep="-")
    days = [date(2001, month, 28) for month in range(1, 13)]
    symbols = locale.number_symbols["latn"]
    return {
        "months": [format_date(day, "LLLL", locale=locale) for day in days],
        "year_months": [format_skeleton("yMMMM", day, locale=locale).replace("2001", "{year}") for day in days],
        "group": symbols["group"],
        "grouping": locale.decimal_formats[None].grouping,
        "decimal": symbols["decimal"],
        "percent": re.sub("[#,0]+", "{number}", locale.percent_formats[None].pattern),
    }


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{[a-z_]*\}", text))


def main() -> int:
    try:
        files = generated()
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    DATA.mkdir(exist_ok=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
