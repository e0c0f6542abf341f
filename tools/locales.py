"""Writes what the service reads of languages: CLDR's facts (through Babel) and the sentences of locales/*.toml.

`python tools/locales.py`. What a sentence file lacks or has wrong is named on standard error, and nothing is written.
"""

import json
import re
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.core import get_global
from babel.dates import format_skeleton
from babel.localedata import load, locale_identifiers
from babel.plural import PluralRule

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "locales"
DATA = ROOT / "shared" / "readmeter" / "locales"
NO_ANSWER = ROOT / "functions" / "snippet" / "src" / "no-answer.json"  # said where the service cannot be asked

LETTERS = {"zero": "z", "one": "1", "two": "2", "few": "f", "many": "m", "other": "o"}
CHECKED = 1000  # plural tables are exact from 0 to here; the highest limit is 500
PLACEHOLDER_OF = {
    "remaining": "remaining",
    "last": "limit",
    "read": "limit",
    "read_more": "extra",
    "read_first": "extra",
}
WHOLE = ("unlimited", "keep_reading", "come_back", "subscribers_only", "none_remaining")
LABELS = ("subscribe", "sign_in", "register", "help", "close")
UNITS = ("month", "week", "day")
PHRASES = ("of", "during")
BY_ITSELF = {"no_answer": ("message", "retry"), "checkout": ("opening", "not_open")}  # what the snippet says
TOP = 500  # the highest limit
FULL_STOPS = (".", "。", "।", "…")
# The first of a month, where newspapers write an ordinal and CLDR a cardinal. Imprimerie nationale: 1er janvier;
# Accademia della Crusca: 1º maggio; Manual de Redação da Presidência da República: 1º de junho.
FIRST = {"fr": "1er", "it": "1º", "pt": "1º"}


@cache
def plural_table(rule: PluralRule) -> tuple[int, str]:
    """The categories of 0, 1, 2, … as letters, and the index from which on they repeat."""
    letters = "".join(LETTERS[rule(number)] for number in range(CHECKED + 1))
    for start in range(100):
        for length in (1, 10, 20, 50, 100):
            cycle = letters[start : start + length]
            if all(letters[n] == cycle[(n - start) % length] for n in range(start, CHECKED + 1)):
                return start, letters[: start + length]
    return 0, letters


def dates(locale: Locale) -> list[str]:
    """The twelve months as "December {day}" says them: Gregorian, Latin digits, the month's form within a date."""
    return [
        format_skeleton("MMMMd", date(2001, month, 28), locale=locale).replace("28", "{day}") for month in range(1, 13)
    ]


def cldr(shipped: list[str]) -> dict[str, Any]:
    """Facts of every language that CLDR has plural rules and month names for, and of each variety that differs."""
    plurals: dict[tuple[int, str], int] = {}
    calendars: dict[tuple[str, ...], int] = {}
    languages: dict[str, list[Any]] = {}
    for name in _locales():
        locale = Locale.parse(name)
        tag = _tag(name)
        base = next((languages[key] for key in _shorter(tag) if key in languages), None)
        months = tuple(dates(locale))
        if "M01" in months[0]:  # no month names
            if base is None:
                continue
            calendar = base[2]
        else:
            calendar = calendars.setdefault(months, len(calendars))
        facts = [locale.text_direction, plurals.setdefault(plural_table(locale.plural_form), len(plurals)), calendar]
        if facts != base:
            languages[tag] = facts
    return {
        "shipped": shipped,
        "plurals": list(plurals),
        "dates": list(calendars),
        "first": FIRST,
        "languages": languages,
        "aliases": {**_successors(languages), **_scripts(languages)},
        "parents": {tag: _tag(parent) for tag, parent in get_global("parent_exceptions").items() if "_" not in tag},
    }


def _successors(languages: Collection[str]) -> dict[str, str]:
    """`iw` → he, `cmn` → zh: what CLDR makes of codes that are withdrawn or longer than need be."""
    aliases = {_tag(code): _tag(name) for code, name in sorted(get_global("language_aliases").items()) if len(code) < 4}
    return {code: name for code, name in aliases.items() if name.split("-")[0] in languages}


def _scripts(languages: Collection[str]) -> dict[str, str]:
    """`zh-tw` → zh-hant-tw: the regions that write a language in another script than is likely where none is named."""
    likely = {_tag(known): _tag(full) for known, full in sorted(get_global("likely_subtags").items())}
    return {
        known: full
        for known, full in likely.items()
        if re.fullmatch(r"[a-z]{2,3}-[a-z]{2}", known)
        and (language := known.split("-")[0]) in languages
        and full.split("-")[1] != likely[language].split("-")[1]
    }


def _tag(name: str) -> str:
    return name.replace("_", "-").lower()


def _locales() -> Iterator[str]:
    """Language, language_Script and language_REGION identifiers, shorter ones first."""
    unruled = load("root")["plural_form"]  # inherited where CLDR has no rule for the language
    ruled = {name for name in locale_identifiers() if "_" not in name and load(name)["plural_form"] is not unruled}
    for name in sorted(locale_identifiers(), key=lambda name: (name.count("_"), name)):
        language, *rest = name.split("_")
        if language in ruled and all(len(part) in (2, 3, 4) for part in rest):
            yield name


def _shorter(tag: str) -> Iterator[str]:
    while "-" in tag:
        tag = tag.rpartition("-")[0]
        yield tag


def problems(source: Mapping[str, Any], locale: Locale) -> Iterator[str]:
    """What a sentence file lacks or has wrong, a line each."""
    wanted = {
        "labels": LABELS,
        "period": UNITS,
        "sentences": WHOLE,
        **BY_ITSELF,
        "counted": PLACEHOLDER_OF,
    }
    for section, keys in {**wanted, "number_words": ()}.items():
        table = source.get(section, {})
        yield from (f"[{section}] {key} is missing" for key in keys if not table.get(key))
        if keys:
            yield from (f"[{section}] {key} is unknown" for key in table if key not in keys)
    yield from (f"[{section}] is unknown" for section in source if section not in (*wanted, "number_words"))
    for unit, phrases in source.get("period", {}).items():
        yield from (f"[period] {unit}.{name} is missing" for name in PHRASES if not phrases.get(name))
    for name, text in source.get("sentences", {}).items():
        yield from _text_problems(f"[sentences] {name}", text, {"resets"} if name == "come_back" else set(), set())
    for section in BY_ITSELF:
        for name, text in source.get(section, {}).items():
            if name != "retry":  # a button
                yield from _text_problems(f"[{section}] {name}", text, set(), set())
    for name, forms in source.get("counted", {}).items():
        if name in PLACEHOLDER_OF:
            yield from _counted_problems(name, forms, locale, source.get("number_words", {}))
    for name in PHRASES:
        if len(_spaces(source, name)) > 1:
            yield f"[counted] {{{name}}} must have its space on the same side in every form"


def _counted_problems(
    name: str, forms: Mapping[str, str], locale: Locale, words: Mapping[str, list[str]]
) -> Iterator[str]:
    numbers: dict[str, list[int]] = {}
    for number in range(1, TOP + 1):
        form = f"={number}" if f"={number}" in forms else locale.plural_form(number)
        numbers.setdefault(form, []).append(number)
    for category, examples in numbers.items():
        if category not in forms:
            yield f"[counted.{name}] {category} is missing: it is used for {', '.join(map(str, examples[:5]))}"
    for category, text in forms.items():
        where, placeholder = f"[counted.{name}] {category}", PLACEHOLDER_OF[name]
        if category not in numbers:
            yield f"{where} is never used in this language"
            continue
        # After `read` another sentence may name the period: only {of} is left out there.
        phrases = {"of"} if name == "read" else set(PHRASES)
        yield from _text_problems(where, text, set(), {placeholder, *phrases})
        said = len(numbers[category]) == 1 and any(re.search(rf"\b{word}\b", text) for word in words.get(category, []))
        if "{" + placeholder + "}" not in text and not said:
            yield f"{where} must hold {{{placeholder}}}" + (
                " or one of number_words" if len(numbers[category]) == 1 else ""
            )


def _text_problems(where: str, text: str, required: set[str], allowed: set[str]) -> Iterator[str]:
    found = set(re.findall(r"\{([a-z]*)\}", text))
    yield from (f"{where} must hold {{{name}}}" for name in required - found)
    yield from (f"{where} may not hold {{{name}}}" for name in found - required - allowed)
    if re.search(r"[{}]", re.sub(r"\{[a-z]*\}", "", text)):
        yield f"{where} has a stray brace"
    if re.search(r"\w\(\w+\)", text):
        yield f"{where} shrugs at the plural: write each form out"
    if not text.endswith(FULL_STOPS):
        yield f"{where} must end with a full stop: {' '.join(FULL_STOPS)}"
    if text != " ".join(text.split()):
        yield f"{where} has needless white space"


def sentences(source: Mapping[str, Any]) -> dict[str, Any]:
    """A sentence file as the service reads it: a phrase carries the space beside it, and is empty for `days`."""
    spaces = {name: next(iter(_spaces(source, name)), ("", "")) for name in PHRASES}
    period = {
        unit: {name: phrases[name].join(spaces[name]) for name in PHRASES} for unit, phrases in source["period"].items()
    }
    period["days"] = dict.fromkeys(PHRASES, "")
    counted = {
        name: {
            form: re.sub(r"^(\{(?:of|during)\}) | (\{(?:of|during)\})", r"\1\2", text) for form, text in forms.items()
        }
        for name, forms in source["counted"].items()
    }
    return {"labels": source["labels"], "period": period, "sentences": source["sentences"], "counted": counted}


def _spaces(source: Mapping[str, Any], phrase: str) -> set[tuple[str, str]]:
    """What goes with the phrase: the space before it, or the one after it where it opens the sentence, or none."""
    texts = [text for forms in source.get("counted", {}).values() for text in forms.values()]
    return {
        ("", " ") if text.startswith(f"{{{phrase}}} ") else (" ", "") if f" {{{phrase}}}" in text else ("", "")
        for text in texts
        if f"{{{phrase}}}" in text
    }


def generated() -> dict[Path, str]:
    """Every file of data with its content. Raises ValueError with all that is wrong in the sources."""
    files: dict[Path, str] = {}
    wrong, no_answer = [], {}
    shipped = sorted(path.stem for path in SOURCES.glob("*.toml"))
    for tag in shipped:
        source = tomllib.loads((SOURCES / f"{tag}.toml").read_text(encoding="utf-8"))
        found = list(problems(source, Locale.parse(tag, sep="-")))
        wrong += [f"locales/{tag}.toml: {problem}" for problem in found]
        if not found:
            files[DATA / f"{tag}.json"] = _indented(sentences(source))
            said = {key: text for section in BY_ITSELF for key, text in source[section].items()}
            no_answer[tag] = {**said, "dir": Locale.parse(tag, sep="-").text_direction}
    if wrong:
        raise ValueError("\n".join(wrong))
    files[DATA / "cldr.json"] = _a_line_per_entry(cldr(shipped))
    files[NO_ANSWER] = _indented(no_answer)
    return files


def _indented(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _a_line_per_entry(data: Mapping[str, Any]) -> str:
    """JSON whose difference shows which language changed."""
    parts = []
    for key, value in data.items():
        if isinstance(value, dict):
            lines = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in value.items()]
        else:
            lines = [f"  {json.dumps(entry, ensure_ascii=False)}" for entry in value]
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        parts.append(f" {json.dumps(key)}: {opening}\n" + ",\n".join(lines) + f"\n {closing}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> int:
    try:
        files = generated()
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
