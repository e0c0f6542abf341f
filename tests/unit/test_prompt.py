"""Which prompt a decision gets, in which words, with which buttons."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from readmeter.core.decision import Allowance, Decision
from readmeter.core.prompt import Prompt, prompt_for
from readmeter.core.rules import Link, Match, Meter, PromptRules, Unit

RULES = PromptRules("https://example.com/subscribe")
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


def meter(unit: Unit = "month", registered: bool = False) -> Meter:
    limits = {"anonymous": 5, "registered": 10} if registered else {"anonymous": 5}
    return Meter("default", limits, unit, 30 if unit == "days" else 0, "article", Match(), "default")


def granted(limit: int, used: int, reason: str = "metered", unit: Unit = "month") -> Decision:
    return Decision("granted", reason, meter(unit), Allowance(limit, used), DECEMBER)


def denied(limit: int, used: int, unit: Unit = "month", resets_at: datetime | None = DECEMBER) -> Decision:
    return Decision("denied", "limit_reached", meter(unit), Allowance(limit, used), resets_at)


def registration(limit: int, extra: int) -> Decision:
    return Decision("denied", "registration_required", meter(registered=True), Allowance(limit, limit), DECEMBER, extra)


LOCKED = Decision("denied", "locked")


def shown(decision: Decision, rules: PromptRules = RULES, *languages: str) -> Prompt:
    prompt = prompt_for(decision, rules, languages or ["en"], "https://example.com/a")
    assert prompt is not None
    return prompt


@pytest.mark.parametrize(
    ("decision", "kind", "message"),
    [
        (granted(5, 1), "countdown", "You have 4 free articles remaining. Subscribe for unlimited access."),
        (granted(5, 4), "countdown", "You have 1 free article remaining. Subscribe for unlimited access."),
        (
            granted(5, 5),
            "last",
            "This is the last of your 5 free articles this month. Subscribe for unlimited access.",
        ),
        (granted(1, 1), "last", "This is your one free article this month. Subscribe for unlimited access."),
        (
            denied(5, 5),
            "wall",
            "You have read your 5 free articles this month. Subscribe to keep reading, or come back on December 1.",
        ),
        (
            denied(1, 1),
            "wall",
            "You have read your one free article this month. Subscribe to keep reading, or come back on December 1.",
        ),
        (denied(0, 0), "wall", "This article is for subscribers. Subscribe to keep reading."),
        (LOCKED, "wall", "This article is for subscribers. Subscribe to keep reading."),
        (
            registration(5, 5),
            "registration",
            "You have read your 5 free articles. Create a free account to read 5 more this month.",
        ),
        (
            registration(1, 1),
            "registration",
            "You have read your one free article. Create a free account to read one more this month.",
        ),
        (registration(0, 5), "registration", "Create a free account to read 5 articles this month."),
    ],
)
def test_english_is_as_the_contract_words_it(decision: Decision, kind: str, message: str) -> None:
    prompt = shown(decision)
    assert (prompt.kind, prompt.lang, prompt.dir, prompt.message) == (kind, "en", "ltr", message)


@pytest.mark.parametrize("reason", ["exempt", "open"])
def test_what_is_not_metered_prompts_nobody(reason: str) -> None:
    assert prompt_for(granted(5, 1, reason), RULES, ["en"], "") is None
    assert prompt_for(Decision("granted", reason), RULES, ["en"], "") is None


def test_a_repeat_prompts_like_the_first_read() -> None:
    assert shown(granted(5, 2, "repeat")) == shown(granted(5, 2))
    assert shown(granted(5, 5, "repeat")).kind == "last"


def test_the_wall_of_a_lowered_limit_gives_the_limit() -> None:
    assert "your 3 free articles" in shown(denied(3, 5)).message


def test_a_repeat_after_the_limit_became_0_counts_nothing_down() -> None:
    prompt = shown(granted(0, 3, "repeat"))
    assert prompt.kind == "last"
    assert prompt.message == "You have no free articles remaining. Subscribe for unlimited access."


@pytest.mark.parametrize(
    ("unit", "phrase"), [("week", "articles this week."), ("day", "articles today."), ("days", "articles.")]
)
def test_each_period_has_its_own_phrase(unit: Unit, phrase: str) -> None:
    assert phrase in shown(granted(5, 5, unit=unit)).message
    assert phrase in shown(denied(5, 5, unit)).message


def test_a_wall_without_a_date_does_not_ask_readers_to_come_back() -> None:
    message = shown(denied(5, 5, "days", None)).message
    assert message == "You have read your 5 free articles. Subscribe to keep reading."


def test_the_date_is_that_of_the_sites_own_calendar() -> None:
    late = datetime.fromisoformat("2026-12-31T23:30:00-03:00")
    assert shown(denied(5, 5, resets_at=late)).message.endswith("come back on December 31.")


def test_the_countdown_waits_until_few_enough_remain_and_the_last_never_waits() -> None:
    rules = PromptRules("https://example.com/", show_when_remaining=2)
    assert prompt_for(granted(5, 2), rules, ["en"], "") is None
    assert shown(granted(5, 3), rules).kind == "countdown"
    rules = PromptRules("https://example.com/", show_when_remaining=0)
    assert prompt_for(granted(5, 4), rules, ["en"], "") is None
    assert shown(granted(5, 5), rules).kind == "last"


def test_only_what_leaves_the_article_readable_can_be_dismissed() -> None:
    dismissible = [shown(decision).dismissible for decision in (granted(5, 1), granted(5, 5))]
    assert dismissible == [True, True]
    refused = [shown(decision).dismissible for decision in (denied(5, 5), LOCKED, registration(5, 5))]
    assert refused == [False, False, False]


ALL_URLS = PromptRules(
    "https://example.com/subscribe?back={return_url}",
    sign_in_url="https://example.com/in#{return_url}",
    register_url="https://example.com/join",
    help_url="https://example.com/help",
)


def actions(decision: Decision, rules: PromptRules) -> list[str]:
    return [action.kind for action in shown(decision, rules).actions]


def test_a_site_without_other_urls_offers_to_subscribe() -> None:
    assert actions(granted(5, 1), RULES) == ["subscribe"]


def test_registering_comes_first_where_it_opens_the_article() -> None:
    assert actions(registration(5, 5), ALL_URLS) == ["register", "subscribe", "sign_in", "help"]


def test_registering_is_offered_only_where_an_account_has_an_allowance_of_its_own() -> None:
    tiered = Decision("granted", "metered", meter(registered=True), Allowance(5, 1), DECEMBER)
    assert actions(tiered, ALL_URLS) == ["subscribe", "sign_in", "register"]
    assert actions(granted(5, 1), ALL_URLS) == ["subscribe", "sign_in"]
    assert actions(LOCKED, ALL_URLS) == ["subscribe", "sign_in", "help"]


def test_help_is_offered_to_whoever_stands_before_a_wall() -> None:
    assert [actions(decision, ALL_URLS)[-1] for decision in (denied(5, 5), LOCKED, registration(5, 5))] == ["help"] * 3
    assert "help" not in actions(granted(5, 5), ALL_URLS)
    without = PromptRules("https://example.com/subscribe")
    assert actions(denied(5, 5), without) == ["subscribe"]


@pytest.mark.parametrize("decision", [granted(10, 1), granted(10, 10), denied(10, 10), LOCKED])
def test_who_is_signed_in_is_offered_neither_to_sign_in_nor_an_account(decision: Decision) -> None:
    tiered = replace(decision, meter=decision.meter and meter(registered=True))
    assert set(actions(tiered, ALL_URLS)) >= {"subscribe", "sign_in"}
    prompt = prompt_for(tiered, ALL_URLS, ["en"], "https://example.com/a", signed_in=True)
    assert prompt is not None
    offered = ["subscribe", "help"] if decision.access == "denied" else ["subscribe"]
    assert [action.kind for action in prompt.actions] == offered


def test_only_a_checkout_comes_back_with_thanks() -> None:
    everywhere = PromptRules(
        *["https://example.com/?back={return_url}"] * 3, help_url="https://example.com/?back={return_url}"
    )
    prompt = prompt_for(registration(5, 5), everywhere, ["en"], "https://example.com/a")
    assert prompt is not None
    back = {action.kind: unquote(action.url.partition("=")[2]) for action in prompt.actions}
    plain = dict.fromkeys(("register", "sign_in", "help"), "https://example.com/a")
    assert back == {"subscribe": "https://example.com/a#readmeter-thanks", **plain}


def test_the_way_back_is_filled_in_percent_encoded() -> None:
    prompt = prompt_for(granted(5, 1), ALL_URLS, ["en"], "https://example.com/é?a=1&b=#c")
    assert prompt is not None
    way_back = "https%3A%2F%2Fexample.com%2F%C3%A9%3Fa%3D1%26b%3D%23c"
    assert prompt.actions[0].url == f"https://example.com/subscribe?back={way_back}"
    assert prompt.actions[1].url == f"https://example.com/in#{way_back}"


def test_only_a_wall_redirects_and_only_where_the_site_says_so() -> None:
    redirecting = PromptRules(
        "https://example.com/", at_limit="redirect", redirect_url="https://example.com/offers?from={return_url}"
    )
    assert (
        shown(denied(5, 5), redirecting).redirect_url == "https://example.com/offers?from=https%3A%2F%2Fexample.com%2Fa"
    )
    assert shown(LOCKED, redirecting).redirect_url is not None
    assert shown(granted(5, 5), redirecting).redirect_url is None
    assert shown(registration(5, 5), redirecting).redirect_url is None
    kept = PromptRules("https://example.com/", redirect_url="https://example.com/offers")
    assert shown(denied(5, 5), kept).redirect_url is None


def test_the_document_is_the_contracts() -> None:
    rules = PromptRules(
        "https://example.com/subscribe",
        sign_in_url="https://example.com/in",
        links=(Link("Puzzles", "https://example.com/puzzles"),),
    )
    document = shown(granted(5, 1), rules).document()
    assert document == {
        "kind": "countdown",
        "lang": "en",
        "dir": "ltr",
        "message": "You have 4 free articles remaining. Subscribe for unlimited access.",
        "actions": [
            {"kind": "subscribe", "label": "Subscribe", "url": "https://example.com/subscribe"},
            {"kind": "sign_in", "label": "Sign in", "url": "https://example.com/in"},
        ],
        "dismissible": True,
        "close_label": "Close",
        "redirect_url": None,
        "position": "bottom",
        "colors": {"background": "#cc0000", "text": "#ffffff"},
        "links": [{"label": "Puzzles", "url": "https://example.com/puzzles"}],
    }
    assert json.loads(json.dumps(document)) == document


def test_arabic_is_written_right_to_left_in_latin_digits() -> None:
    prompt = shown(granted(5, 1), RULES, "ar-EG")
    assert (prompt.lang, prompt.dir) == ("ar", "rtl")
    assert prompt.message == "تبقّى لك 4 مقالات مجانية. اشترك للقراءة بلا حدود."
    assert prompt.close_label == "إغلاق"


def test_a_language_that_is_not_shipped_gives_way_to_the_next() -> None:
    assert shown(granted(5, 1), RULES, "fi", "pt-BR", "en").lang == "pt"
    assert shown(granted(5, 1), RULES, "fi").lang == "en"


def worded(messages: dict[str, dict[str, dict[str, str]]]) -> PromptRules:
    return PromptRules("https://example.com/subscribe", messages=messages)


def test_a_sites_own_sentence_comes_before_the_shipped_one() -> None:
    rules = worded({"en": {"countdown": {"one": "One left.", "other": "{remaining} of {limit} left until {resets}."}}})
    assert shown(granted(5, 1), rules).message == "4 of 5 left until December 1."
    assert shown(granted(5, 4), rules).message == "One left."
    assert shown(granted(5, 5), rules).message.startswith("This is the last")


def test_other_languages_use_a_sites_own_sentence_unless_they_have_their_own() -> None:
    rules = worded({"pt": {"wall": {"other": "Acabou."}}, "fr": {"wall": {"other": "Fini jusqu'au {resets}."}}})
    french = shown(denied(5, 5), rules, "fr-CA")
    assert (french.lang, french.message) == ("fr", "Fini jusqu'au 1er décembre.")
    assert shown(denied(5, 5), rules, "ar", "fr").lang == "fr"
    spanish = shown(denied(5, 5), rules, "es")
    assert (spanish.lang, spanish.dir, spanish.message) == ("pt", "ltr", "Acabou.")
    assert spanish.actions[0].label == "Suscribirse"


def test_a_sentence_in_persian_turns_the_prompt_right_to_left() -> None:
    rules = worded({"fa": {"locked": {"other": "ویژهٔ مشترکان."}}})
    prompt = shown(LOCKED, rules, "fa", "en")
    assert (prompt.lang, prompt.dir, prompt.actions[0].label) == ("fa", "rtl", "Subscribe")


@pytest.mark.parametrize(
    ("own", "reader"), [("iw", "he-IL"), ("he", "iw"), ("zh-Hant", "zh-TW"), ("zh-TW", "zh-Hant-TW"), ("no", "nb-NO")]
)
def test_a_sites_own_sentence_is_found_under_every_name_of_its_language(own: str, reader: str) -> None:
    rules = worded({"en": {"locked": {"other": "Members."}}, own: {"locked": {"other": "Own."}}})
    assert (shown(LOCKED, rules, reader).lang, shown(LOCKED, rules, reader).message) == (own, "Own.")
    assert shown(LOCKED, rules, "en-GB").message == "Members."


@pytest.mark.parametrize(
    ("limit", "forms"),
    [
        (1, {"one": "To był jedyny."}),
        (4, {"few": "To były wszystkie {limit} artykuły."}),
        (5, {"many": "To było wszystkie {limit} artykułów."}),
    ],
)
def test_a_sites_own_polish_needs_only_the_form_of_its_limit(limit: int, forms: dict[str, str]) -> None:
    prompt = shown(denied(limit, limit), worded({"pl": {"wall": forms}}), "pl-PL")
    (text,) = forms.values()
    assert (prompt.lang, prompt.message) == ("pl", text.replace("{limit}", str(limit)))


def test_a_sentence_for_a_variety_is_kept_apart_from_its_languages() -> None:
    rules = worded({"en": {"wall": {"other": "Until {resets}."}}, "en-GB": {"wall": {"other": "Closed to {resets}."}}})
    british = shown(denied(5, 5), rules, "en-gb")
    assert (british.lang, british.message) == ("en-GB", "Closed to 1 December.")
    assert shown(denied(5, 5), rules, "en-US").message == "Until December 1."


def test_the_shipped_sentence_stands_in_where_no_form_or_no_date_fits() -> None:
    assert shown(granted(5, 4), worded({"en": {"countdown": {"other": "{remaining} left."}}})).message == (
        "You have 1 free article remaining. Subscribe for unlimited access."
    )
    undated = denied(5, 5, "days", None)
    assert shown(undated, worded({"en": {"wall": {"other": "Until {resets}."}}})).message == (
        "You have read your 5 free articles. Subscribe to keep reading."
    )


def test_a_limit_of_0_is_never_said_in_a_sites_own_sentence_about_numbers() -> None:
    own = {"other": "All your {limit} articles are read."}
    rules = worded({"en": {"wall": own, "last": own, "registration": own, "locked": {"other": "Members only."}}})
    assert shown(denied(0, 0), rules).message == "Members only."
    assert "{" not in shown(granted(0, 2), rules).message
    assert shown(granted(0, 2), rules).message.startswith("You have no free articles")
    assert shown(registration(0, 5), rules).message.startswith("Create a free account")
