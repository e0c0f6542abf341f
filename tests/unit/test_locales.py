"""The data of languages: in step with its sources and with CLDR, and refused where a sentence file falls short."""

import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.dates import format_skeleton

from readmeter.core.language import Language, find, shipped
from tools import locales, report_words, sentences

ENGLISH = tomllib.loads((locales.SOURCES / "en.toml").read_text(encoding="utf-8"))
FACTS = json.loads((locales.DATA / "cldr.json").read_text(encoding="utf-8"))


def languages() -> Iterator[tuple[Locale, Language]]:
    for tag in FACTS["languages"]:
        language = find(tag)
        assert language is not None
        yield Locale.parse(tag, sep="-"), language


def test_the_data_is_what_its_sources_make() -> None:
    files = locales.generated()
    assert set(files) == {*locales.DATA.iterdir(), locales.NO_ANSWER}
    stale = [path.name for path, text in files.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make locales`"


def test_the_table_of_sentences_is_what_readers_read() -> None:
    text = sentences.GUIDE.read_text(encoding="utf-8")
    assert sentences.guide(text) == text, "run `make locales`"


def test_the_promised_languages_are_shipped() -> None:
    promised = {"ar", "de", "en", "es", "fr", "he", "hi", "it", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "uk", "zh"}
    assert promised | {"zh-Hant"} == set(shipped())


def test_plural_categories_are_cldrs_for_every_language() -> None:
    for locale, language in languages():
        rule = locale.plural_form
        assert [language.category(number) for number in range(1001)] == [rule(number) for number in range(1001)], locale


def test_dates_are_cldrs_for_every_language_and_day() -> None:
    days = [date(2028, 1, 1) + timedelta(days=day) for day in range(366)]
    for tag in (*shipped(), "en-GB", "fr", "de", "fi", "lt", "ja", "ko", "zh", "vi", "fa", "he", "hi", "uk"):
        language, locale = find(tag), Locale.parse(tag, sep="-")
        assert language is not None
        ordinary = [day for day in days if day.day > 1 or locale.language not in locales.FIRST]
        assert [language.month_day(day) for day in ordinary] == [
            format_skeleton("MMMMd", day, locale=locale) for day in ordinary
        ]


@pytest.mark.parametrize(
    ("tag", "first", "second"),
    [
        ("fr-BE", "1er décembre", "2 décembre"),
        ("it", "1º dicembre", "2 dicembre"),
        ("pt", "1º de dezembro", "2 de dezembro"),
        ("de", "1. Dezember", "2. Dezember"),
        ("ru", "1 декабря", "2 декабря"),
        ("uk", "1 грудня", "2 грудня"),
        ("pl", "1 grudnia", "2 grudnia"),
        ("he", "1 בדצמבר", "2 בדצמבר"),
        ("zh", "12月1日", "12月2日"),
        ("ko", "12월 1일", "12월 2일"),
    ],
)
def test_dates_are_written_as_newspapers_write_them(tag: str, first: str, second: str) -> None:
    language = find(tag)
    assert language is not None
    assert (language.month_day(date(2026, 12, 1)), language.month_day(date(2026, 12, 2))) == (first, second)


def test_every_date_of_every_language_holds_its_day_once_in_latin_digits() -> None:
    dates = [text for calendar in FACTS["dates"] for text in calendar]
    assert [text for text in dates if text.count("{day}") != 1 or re.search(r"[٠-٩۰-۹०-९]", text)] == []


def test_directions_are_cldrs() -> None:
    for locale, language in languages():
        assert language.dir == locale.text_direction


def broken(section: str, key: str, value: Any) -> list[str]:
    source = deepcopy(ENGLISH)
    table, name = source[section], key
    if "." in key:
        outer, name = key.split(".")
        table = table[outer]
    if value is None:
        del table[name]
    else:
        table[name] = value
    return list(locales.problems(source, Locale.parse("en")))


@pytest.mark.parametrize(
    ("section", "key", "value", "problem"),
    [
        ("labels", "close", None, "[labels] close is missing"),
        ("labels", "open", "Open", "[labels] open is unknown"),
        ("period", "week", None, "[period] week is missing"),
        ("period", "week.during", None, "[period] week.during is missing"),
        ("sentences", "unlimited", None, "[sentences] unlimited is missing"),
        ("sentences", "come_back", "Come back.", "[sentences] come_back must hold {resets}"),
        ("sentences", "unlimited", "Read {limit}.", "[sentences] unlimited may not hold {limit}"),
        ("sentences", "unlimited", "Read {.", "[sentences] unlimited has a stray brace"),
        ("sentences", "unlimited", "Read all", "[sentences] unlimited must end with a full stop: . 。 । …"),
        ("sentences", "unlimited", "Read  all.", "[sentences] unlimited has needless white space"),
        ("no_answer", "retry", None, "[no_answer] retry is missing"),
        ("no_answer", "message", "Read {limit}.", "[no_answer] message may not hold {limit}"),
        ("checkout", "not_open", None, "[checkout] not_open is missing"),
        ("checkout", "opening", "Thank you. Opening", "[checkout] opening must end with a full stop: . 。 । …"),
        ("counted", "read", None, "[counted] read is missing"),
        ("counted", "read.other", None, "[counted.read] other is missing: it is used for 2, 3, 4, 5, 6"),
        ("counted", "read.few", "{limit} read.", "[counted.read] few is never used in this language"),
        ("counted", "read.other", "All read {of}.", "[counted.read] other must hold {limit}"),
        ("counted", "read.one", "All read {of}.", "[counted.read] one must hold {limit} or one of number_words"),
        ("counted", "read.one", "Alone {of}.", "[counted.read] one must hold {limit} or one of number_words"),
        (
            "counted",
            "read.other",
            "{limit} article(s) read.",
            "[counted.read] other shrugs at the plural: write each form out",
        ),
        ("counted", "read.=1", "{limit} article read.", "[counted.read] one is never used in this language"),
        ("counted", "read.other", "{limit} read {during}.", "[counted.read] other may not hold {during}"),
        (
            "counted",
            "read.other",
            "{limit} read({of}).",
            "[counted] {of} must have its space on the same side in every form",
        ),
    ],
)
def test_a_sentence_file_is_told_what_it_lacks(section: str, key: str, value: Any, problem: str) -> None:
    assert broken(section, key, value) == [problem]


@pytest.mark.parametrize(
    ("file", "line", "instead", "problem"),
    [
        ("uk", 'unlimited = ".*"', "", "[sentences] unlimited is missing"),
        ("pl", '(?m)^few = "Pozostały.*"', "", "[counted.remaining] few is missing: it is used for 2, 3, 4, 22, 23"),
        ("ru", '(?m)^one = "У вас', 'onne = "У вас', "[counted.remaining] onne is never used in this language"),
        ("fr", "vos {limit} articles", "vos {number} articles", "[counted.last] other may not hold {number}"),
        ("ja", '"今週の"', '""', "[period] week.of is missing"),
        ("report/he", 'readers = ".*"', "", "[words] readers is missing"),
        ("report/uk", '(?m)^many = ".*"', "", "[counted.corrections] many is missing"),
        ("report/zh", '(?m)^other = "', 'few = "', "[counted.corrections] few is never used in this language"),
        ("report/tr", "{site}, {month}", "{site}", "[words] page_title must hold {month} {site}"),
    ],
)
def test_make_locales_names_the_file_and_the_key_and_writes_nothing(
    file: str,
    line: str,
    instead: str,
    problem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(locales.SOURCES, tmp_path / "locales")
    source = tmp_path / "locales" / f"{file}.toml"
    text, found = re.subn(line, instead, source.read_text(encoding="utf-8"), count=1)
    assert found
    source.write_text(text, encoding="utf-8")
    tool = report_words if file.startswith("report/") else locales
    monkeypatch.setattr(tool, "SOURCES", source.parent)
    monkeypatch.setattr(tool, "DATA", tmp_path / "data")
    assert tool.main() == 1
    assert f"locales/{file}.toml: {problem}\n" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_a_language_without_a_report_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(locales.SOURCES, tmp_path / "locales")
    (tmp_path / "locales" / "report" / "ko.toml").unlink()
    monkeypatch.setattr(report_words, "SOURCES", tmp_path / "locales" / "report")
    with pytest.raises(ValueError, match=r"^locales/report/ko\.toml is missing$"):
        report_words.generated()


def test_nothing_is_written_for_a_sentence_file_that_falls_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fr.toml").write_text('[labels]\nsubscribe = "S’abonner"\n', encoding="utf-8")
    monkeypatch.setattr(locales, "SOURCES", tmp_path)
    with pytest.raises(ValueError, match=r"locales/fr\.toml: \[counted\] remaining is missing"):
        locales.generated()
