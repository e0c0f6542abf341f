"""Which languages a reader is taken to prefer."""

import pytest

from readmeter.core.language import find, negotiate


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
    tags = ("pa", "pa-Arab-PK", "uz", "uz-Arab", "ur", "he", "fa-AF", "sr-Latn")
    directions = [language.dir for tag in tags if (language := find(tag))]
    assert directions == ["ltr", "rtl", "ltr", "rtl", "rtl", "rtl", "rtl", "ltr"]


@pytest.mark.parametrize("tag", ["", "tlh", "root", "e", "../en", "xx-YY"])
def test_nothing_is_found_for_what_cldr_does_not_know(tag: str) -> None:
    assert find(tag) is None
