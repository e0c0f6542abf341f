"""Which languages a reader is taken to prefer."""

import pytest

from readmeter.core.language import broader, find, negotiate
from readmeter.core.sentences import best


def test_the_page_comes_first_then_the_reader_then_the_site_then_english() -> None:
    assert negotiate("pt-BR", "es, fr;q=0.5", "ar") == ["pt-br", "es", "fr", "ar", "en"]


def test_weights_order_what_the_reader_accepts_and_zero_refuses() -> None:
    assert negotiate(None, "de;q=0.1, es;q=0, pt ; q=0.9, ar", "en") == ["ar", "pt", "de", "en"]


def test_equal_weights_keep_their_order() -> None:
    assert negotiate(None, "fr;q=0.8,pt;q=0.8,es;q=0.8", "en") == ["fr", "pt", "es", "en"]


def test_an_underscore_is_read_as_a_hyphen() -> None:
    assert negotiate("pt_BR", None, "en") == ["pt-br", "en"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "*",
        "x",
        "e1",
        "-",
        "../../etc/passwd",
        "en" * 200,
        "en-",
        "{}",
        "\x00",
        "é",
        "en;q=2;q=NaN",
        "\ud800",
        "١",
    ],
)
def test_what_is_no_language_counts_as_absent(text: str) -> None:
    assert negotiate(text, text, "pt") == ["pt", "en"]


def test_a_long_list_is_read_up_to_its_twentieth_language() -> None:
    header = ",".join(f"a{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(500))
    assert len(negotiate(None, header, "en")) == 21


def test_a_variety_is_found_under_its_language() -> None:
    french = find("fr-CA")
    assert french is not None
    assert (french.tag, french.dir, french.category(0)) == ("fr-CA", "ltr", "one")


def test_script_decides_the_direction() -> None:
    tags = ("pa", "pa-PK", "uz", "uz-AF", "ur", "iw", "fa-AF", "sr-Latn")
    directions = [language.dir for tag in tags if (language := find(tag))]
    assert directions == ["ltr", "rtl", "ltr", "rtl", "rtl", "rtl", "rtl", "ltr"]


@pytest.mark.parametrize(
    ("tag", "known"),
    [
        ("iw", ["he"]),
        ("iw-IL", ["he-il", "he"]),
        ("in", ["id"]),
        ("cmn-Hans-CN", ["zh-hans-cn", "zh-hans", "zh"]),
        ("zh-TW", ["zh-hant-tw", "zh-hant", "zh"]),
        ("zh_HK", ["zh-hant-hk", "zh-hant", "zh"]),
        ("zh-Hant", ["zh-hant", "zh"]),
        ("zh-Hans-TW", ["zh-hans-tw", "zh-hans", "zh"]),
        ("zh-CN", ["zh-cn", "zh"]),
        ("sh-BA", ["sr-latn-ba", "sr-latn", "sr"]),
        ("nb-NO", ["nb-no", "nb", "no"]),
        ("fr-CA", ["fr-ca", "fr"]),
        ("pa-PK", ["pa-arab-pk", "pa-arab", "pa"]),
    ],
)
def test_a_tag_is_read_as_cldr_reads_it(tag: str, known: list[str]) -> None:
    assert list(broader(tag)) == known


@pytest.mark.parametrize(
    ("locale", "accept", "shown", "direction"),
    [
        ("fr-CA", None, "fr", "ltr"),
        ("zh-Hant-TW", None, "zh-Hant", "ltr"),
        ("zh-TW", None, "zh-Hant", "ltr"),
        ("zh-SG", None, "zh", "ltr"),
        ("iw", None, "he", "rtl"),
        ("HE_il", None, "he", "rtl"),
        ("ar-EG", None, "ar", "rtl"),
        ("uk-Cyrl-UA", None, "uk", "ltr"),
        ("in", "ja;q=0.3, ko-KR;q=0.9", "ko", "ltr"),
        ("nb", "de-AT", "de", "ltr"),
        (None, "nb-NO, fi;q=0.9", "hi", "ltr"),
        (None, "iw-IL;q=0.8, tlh", "he", "rtl"),
    ],
)
def test_the_best_language_that_is_shipped_is_read(
    locale: str | None, accept: str | None, shown: str, direction: str
) -> None:
    language = best(negotiate(locale, accept, "hi-IN")).language
    assert (language.tag, language.dir) == (shown, direction)


@pytest.mark.parametrize("tag", ["", "tlh", "root", "e", "../en", "xx-YY"])
def test_nothing_is_found_for_what_cldr_does_not_know(tag: str) -> None:
    assert find(tag) is None
