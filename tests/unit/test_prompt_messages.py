"""What a publisher is told of their own sentences when the site document is written."""

import pytest

from readmeter.core.decision import Decision
from readmeter.core.messages import message_problems
from readmeter.core.prompt import prompt_for
from readmeter.core.rules import PromptRules

FIVE = [{"anonymous": 5}]
TIERED = [{"anonymous": 5, "registered": 10}]


def test_good_sentences_are_accepted() -> None:
    messages = {
        "en": {
            "countdown": {"one": "One story left.", "other": "{remaining} stories left."},
            "last": {"other": "Your last of {limit}."},
            "wall": {"other": "That was {used} of {limit}. Back on {resets}."},
            "registration": {"other": "An account gives {extra} more."},
            "locked": {"other": "Members only."},
        },
        "pt-BR": {"locked": {"other": "Só para assinantes."}},
        "zh-Hant": {"countdown": {"other": "還有 {remaining} 篇。"}},
    }
    assert message_problems(messages, TIERED) == []


@pytest.mark.parametrize(
    ("messages", "limits", "problem"),
    [
        (
            {"tlh": {}},
            FIVE,
            ("/tlh", "must be the tag of a language that CLDR has plural rules for, as in en, pt-BR or zh-Hant"),
        ),
        (
            {"a/~b": {}},
            FIVE,
            ("/a~1~0b", "must be the tag of a language that CLDR has plural rules for, as in en, pt-BR or zh-Hant"),
        ),
        (
            {"en": {"greeting": {}}},
            FIVE,
            ("/en/greeting", "must be one of countdown, last, wall, registration, locked"),
        ),
        (
            {"en": {"wall": {"other": "Closed.", "few": "Closed."}}},
            FIVE,
            ("/en/wall/few", "must be one of other, one"),
        ),
        ({"en": {"locked": {"other": "No.", "one": "No."}}}, FIVE, ("/en/locked/one", "must be one of other")),
        (
            {"en": {"countdown": {"other": "{remaining} left."}}},
            FIVE,
            ("/en/countdown", "must have `one`, the form for 1"),
        ),
        ({"en": {"wall": {"one": "Closed."}}}, FIVE, ("/en/wall", "must have `other`, the form for 5")),
        ({"pl": {"wall": {"few": "Koniec."}}}, TIERED, ("/pl/wall", "must have `many`, the form for 5")),
        ({"en": {"locked": {}}}, FIVE, ("/en/locked", "must have `other`")),
        (
            {"en": {"wall": {"other": "{remaining} left."}}},
            FIVE,
            ("/en/wall/other", "may hold {limit} {used} {resets} and no other brace"),
        ),
        (
            {"en": {"wall": {"other": "{limit.real} left."}}},
            FIVE,
            ("/en/wall/other", "may hold {limit} {used} {resets} and no other brace"),
        ),
        (
            {"en": {"wall": {"other": "{{limit}} left."}}},
            FIVE,
            ("/en/wall/other", "may hold {limit} {used} {resets} and no other brace"),
        ),
        ({"en": {"locked": {"other": "For {limit}."}}}, FIVE, ("/en/locked/other", "may hold no brace")),
        (
            {"en": {"countdown": {"one": "One left.", "other": "Some left."}}},
            FIVE,
            ("/en/countdown/other", "must hold {remaining}, as it is used for more than one number"),
        ),
        (
            {"ru": {"countdown": {"one": "Одна статья.", "few": "{remaining} статьи."}}},
            FIVE,
            ("/ru/countdown/one", "must hold {remaining}, as it is used for more than one number"),
        ),
        (
            {"en": {"wall": {"other": "You have read your free article(s)."}}},
            FIVE,
            ("/en/wall/other", "must write each plural form out, without (s)"),
        ),
        (
            {"he": {"locked": {"other": "למנויים."}}, "iw": {"locked": {"other": "למנויים בלבד."}}},
            FIVE,
            ("/iw", "must not be there beside `he`: both name one language"),
        ),
        ({"en": {"wall": {"other": " "}}}, FIVE, ("/en/wall/other", "must be a sentence of at most 500 characters")),
        (
            {"en": {"wall": {"other": "x" * 501}}},
            FIVE,
            ("/en/wall/other", "must be a sentence of at most 500 characters"),
        ),
    ],
)
def test_the_problem_names_the_place_and_what_is_allowed(
    messages: dict[str, dict[str, dict[str, str]]], limits: list[dict[str, int]], problem: tuple[str, str]
) -> None:
    assert message_problems(messages, limits) == [problem]


def test_only_the_forms_that_the_limits_can_reach_are_required() -> None:
    arabic = {"ar": {"countdown": {"one": "مقال واحد.", "two": "مقالان."}, "wall": {"few": "{limit} مقالات."}}}
    assert message_problems(arabic, [{"anonymous": 3}]) == []
    assert message_problems(arabic, [{"anonymous": 4}]) == [("/ar/countdown", "must have `few`, the form for 3")]


@pytest.mark.parametrize(
    ("limit", "missing"),
    [
        (1, [("/pl/wall", "must have `one`, the form for 1")]),
        (
            4,
            [
                ("/pl/countdown", "must have `one`, the form for 1"),
                ("/pl/countdown", "must have `few`, the form for 2"),
            ],
        ),
        (
            7,
            [
                ("/pl/countdown", "must have `one`, the form for 1"),
                ("/pl/countdown", "must have `few`, the form for 2"),
                ("/pl/countdown", "must have `many`, the form for 5"),
            ],
        ),
    ],
)
def test_polish_grows_a_form_with_its_limit(limit: int, missing: list[tuple[str, str]]) -> None:
    walls = {4: {"few": "{limit} artykuły."}, 7: {"many": "{limit} artykułów."}}
    messages = {"pl": {"countdown": {}, "wall": walls.get(limit, {})}}
    assert message_problems(messages, [{"anonymous": limit}]) == missing


@pytest.mark.parametrize("tag", ["fr", "es", "it", "pt"])
def test_the_form_for_millions_is_never_required_and_not_known(tag: str) -> None:
    forms = {"one": "{limit}.", "other": "{limit}."}
    assert message_problems({tag: {"wall": forms}}, [{"anonymous": 1}, {"anonymous": 500}]) == []
    assert message_problems({tag: {"wall": {**forms, "many": "{limit}."}}}, FIVE) == [
        (f"/{tag}/wall/many", "must be one of one, other" if tag in ("fr", "pt") else "must be one of other, one")
    ]


@pytest.mark.parametrize("tag", ["ja", "ko", "zh", "zh-TW"])
def test_one_form_is_all_that_some_languages_have(tag: str) -> None:
    assert (
        message_problems({tag: {"countdown": {"other": "{remaining}。"}, "wall": {"other": "{limit}。"}}}, FIVE) == []
    )


def test_a_limit_of_0_or_1_never_counts_down() -> None:
    messages = {"en": {"countdown": {}, "registration": {}}}
    assert message_problems(messages, [{"anonymous": 0}, {"anonymous": 1}]) == []


def test_a_registration_sentence_is_about_the_limit_before_registering() -> None:
    messages = {"en": {"registration": {"one": "An account gives {extra} more."}}}
    assert message_problems(messages, [{"anonymous": 1, "registered": 5}, {"anonymous": 7}]) == []


def test_other_may_be_there_where_only_fractions_take_it() -> None:
    forms = {"one": "{limit} статья.", "few": "{limit} статьи.", "many": "{limit} статей.", "other": "{limit} статьи."}
    assert message_problems({"ru": {"wall": forms}}, FIVE) == []


def test_a_form_that_only_0_takes_may_be_there_and_need_not() -> None:
    forms = {
        "zero": "لا مقالات.",
        "one": "مقال.",
        "two": "مقالان.",
        "few": "{remaining} مقالات.",
        "many": "{remaining} مقالًا.",
    }
    assert message_problems({"ar": {"countdown": forms}}, FIVE) == []


def test_one_is_a_word_in_languages_where_0_takes_the_same_form() -> None:
    messages = {"pt": {"countdown": {"one": "Resta um artigo.", "other": "Restam {remaining} artigos."}}}
    assert message_problems(messages, FIVE) == []


def test_an_own_message_names_its_language_as_pages_do() -> None:
    rules = PromptRules("https://example.com/subscribe", messages={"zh_TW": {"locked": {"other": "限訂閱讀者。"}}})
    prompt = prompt_for(Decision("denied", "locked"), rules, ["zh-hant-tw"], "")
    assert prompt is not None
    assert (prompt.lang, prompt.message) == ("zh-TW", "限訂閱讀者。")
