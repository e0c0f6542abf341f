"""Whatever the decision, the language and the publisher's own words: whole sentences, each number in its place."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from readmeter.core.decision import Allowance, Decision
from readmeter.core.language import find, negotiate, shipped
from readmeter.core.messages import PLACEHOLDERS, message_problems
from readmeter.core.prompt import Prompt, prompt_for
from readmeter.core.rules import Match, Meter, PromptRules, Unit
from readmeter.core.sentences import best
from tests.support.sentences import numbers_in, says

SUBSCRIBE = "https://example.com/subscribe?back={return_url}"
UNITS: list[Unit] = ["month", "week", "day", "days"]
LIMITS = st.one_of(st.integers(0, 12), st.integers(0, 500))
INSTANTS = st.integers(0, 365).map(lambda day: datetime(2028, 1, 1, tzinfo=UTC) + timedelta(days=day))


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    """Every decision that rules and store can lead to."""
    unit, limit = draw(st.sampled_from(UNITS)), draw(LIMITS)
    reason = draw(st.sampled_from(["metered", "repeat", "limit_reached", "locked", "registration_required"]))
    if reason == "locked":
        return Decision("denied", reason)
    resets_at = draw(INSTANTS) if unit != "days" else draw(st.none() | INSTANTS)
    meter = Meter("default", {"anonymous": limit}, unit, 30 if unit == "days" else 0, "article", Match(), "default")
    if reason == "metered":
        limit = max(limit, 1)
        used = draw(st.integers(1, limit))
        return Decision("granted", reason, meter, Allowance(limit, used), resets_at)
    if reason == "repeat":
        return Decision("granted", reason, meter, Allowance(limit, draw(st.integers(1, 600))), resets_at)
    extra = draw(st.integers(1, 500)) if reason == "registration_required" else 0
    return Decision("denied", reason, meter, Allowance(limit, limit + draw(st.integers(0, 100))), resets_at, extra)


@st.composite
def own_messages(draw: st.DrawFn) -> dict[str, dict[str, dict[str, str]]]:
    """Accepted sentences of a publisher in some languages, some kinds and all reachable forms."""
    messages: dict[str, dict[str, dict[str, str]]] = {}
    for tag in draw(
        st.lists(st.sampled_from(["en", "pt-BR", "ar", "fr", "ru", "pl", "he", "zh-Hant", "cy"]), unique=True)
    ):
        language = find(tag)
        assert language is not None
        categories = {language.category(number) for number in range(1, 501)}
        messages[tag] = {}
        for kind in draw(st.sets(st.sampled_from(sorted(PLACEHOLDERS)))):
            holes = " ".join(["words", *(f"<{name}={{{name}}}>" for name in PLACEHOLDERS[kind])])
            forms = {"other"} if kind == "locked" else categories
            messages[tag][kind] = {category: f"Own {kind} {category} {holes}" for category in sorted(forms)}
    return messages


def prompted(decision: Decision, messages: dict[str, dict[str, dict[str, str]]], languages: list[str]) -> Prompt:
    prompt = prompt_for(decision, PromptRules(SUBSCRIBE, messages=messages), languages, "https://example.com/a b")
    assert prompt is not None
    return prompt


def expected_numbers(kind: str, decision: Decision) -> set[int]:
    """The numbers that the shipped sentences of this kind are about."""
    allowance = decision.allowance
    if allowance is None or (allowance.limit == 0 and kind != "registration"):
        return set()
    numbers = {
        "countdown": {allowance.remaining},
        "last": {allowance.limit},
        "wall": {allowance.limit},
        "registration": {allowance.limit, decision.extra},
    }[kind]
    return numbers - {0}


@given(decisions(), st.sampled_from(shipped()))
def test_a_shipped_message_holds_its_numbers_and_no_other(decision: Decision, tag: str) -> None:
    prompt = prompted(decision, {}, [tag])
    wanted = expected_numbers(prompt.kind, decision)
    assert [number for number in wanted if not says(prompt.message, tag, number)] == []
    language = find(tag)
    assert language is not None
    dated = prompt.kind == "wall" and decision.resets_at
    assert numbers_in(prompt.message) <= wanted | (numbers_in(language.month_day(dated)) if dated else set())
    assert (prompt.lang, prompt.dir) == (tag, "rtl" if tag in ("ar", "he") else "ltr")


@given(decisions(), own_messages(), st.lists(st.sampled_from(["en", "pt", "ar", "fr-CA", "ru", "de", "zh-Hant-TW"])))
def test_no_message_is_ever_blank_or_broken(
    decision: Decision, messages: dict[str, dict[str, dict[str, str]]], languages: list[str]
) -> None:
    assert message_problems(messages, [{"anonymous": 500, "registered": 500}]) == []
    prompt = prompted(decision, messages, languages)
    assert prompt.message == " ".join(prompt.message.split())
    assert prompt.message.strip()
    assert not re.search(r"[{}]|\(s\)|None", prompt.message)
    assert prompt.dir == ("rtl" if prompt.lang in ("ar", "he") else "ltr")
    assert all(action.label and "{" not in action.url for action in prompt.actions)
    assert prompt.dismissible == (decision.access == "granted")


@given(decisions(), own_messages(), st.sampled_from(["en", "pt-BR", "ar", "fr", "de"]))
def test_a_sites_own_message_agrees_with_its_number_and_holds_it(
    decision: Decision, messages: dict[str, dict[str, dict[str, str]]], tag: str
) -> None:
    prompt = prompted(decision, messages, [tag])
    if not prompt.message.startswith("Own "):
        return
    _, kind, category, *holes = prompt.message.split(" ", 3)
    language = find(prompt.lang)
    assert language is not None
    assert kind in messages[prompt.lang]
    assert prompt.lang == tag or kind not in messages.get(tag, {})
    if kind == "locked" or decision.allowance is None:
        return
    allowance = decision.allowance
    number = allowance.remaining if kind == "countdown" else allowance.limit
    assert category == language.category(number)
    wanted = {
        "remaining": allowance.remaining,
        "limit": allowance.limit,
        "used": allowance.used,
        "extra": decision.extra,
    }
    filled = dict(re.findall(r"<(\w+)=(.*?)>", holes[0]))
    assert {name: filled[name] for name in filled.keys() & wanted.keys()} == {
        name: str(wanted[name]) for name in filled.keys() & wanted.keys()
    }
    assert decision.resets_at
    assert filled["resets"] == language.month_day(decision.resets_at)


@given(st.text(), st.text(), st.text())
def test_negotiation_takes_any_text_and_ends_in_english(locale: str, header: str, site: str) -> None:
    languages = negotiate(locale, header, site)
    assert "en" in languages
    assert len(set(languages)) == len(languages)
    assert all(re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", tag) for tag in languages)


@given(
    st.sampled_from(shipped()),
    st.sampled_from(["", "-x-courier", "-u-nu-latn", "-1996"]),
    st.sampled_from("-_"),
    st.sampled_from([str.lower, str.upper, str.title]),
)
def test_a_shipped_language_is_found_under_every_tag_of_it(
    tag: str, more: str, hyphen: str, case: Callable[[str], str]
) -> None:
    assert best(negotiate(case(tag + more).replace("-", hyphen), None, "en")).language.tag == tag


@given(st.from_regex(r"[a-zA-Z]{2,3}([-_][a-zA-Z]{4})?([-_][a-zA-Z]{2})?([-_][a-z0-9]{5,8})?", fullmatch=True))
def test_any_tag_reads_one_of_the_shipped_languages(tag: str) -> None:
    sentences = best(negotiate(tag, None, "en"))
    assert sentences.language.tag in shipped()
    assert sentences.language.dir == ("rtl" if sentences.language.tag in ("ar", "he") else "ltr")


@given(
    st.sampled_from(["pt-BR", "fr", "ar"]), st.lists(st.tuples(st.sampled_from(["es", "de", "it"]), st.integers(1, 9)))
)
def test_the_page_comes_before_everything_that_the_browser_asks_for(
    locale: str, weighed: list[tuple[str, int]]
) -> None:
    header = ", ".join(f"{tag};q=0.{weight}" for tag, weight in weighed)
    assert negotiate(locale, header, "en")[0] == locale.lower()


@given(decisions(), st.text(st.characters(codec=None)))
def test_any_way_back_is_percent_encoded(decision: Decision, way_back: str) -> None:
    prompt = prompt_for(decision, PromptRules(SUBSCRIBE), ["en"], way_back)
    assert prompt is not None
    assert re.fullmatch(r"https://example\.com/subscribe\?back=[A-Za-z0-9_.~%-]*", prompt.actions[0].url)


@given(st.text(), st.text(), st.text(), st.text(), st.lists(st.dictionaries(st.just("anonymous"), LIMITS, min_size=1)))
def test_any_text_is_judged_without_an_error(
    tag: str, kind: str, category: str, text: str, limits: list[dict[str, int]]
) -> None:
    for known_tag in (tag, "ar"):
        for known_kind in (kind, "countdown"):
            problems = message_problems({known_tag: {known_kind: {category: text, "other": text}}}, limits)
            assert all(pointer.startswith("/") and allowed for pointer, allowed in problems)


@given(st.sampled_from(shipped()), st.dates(date(2024, 1, 1), date(2032, 12, 31)))
def test_a_date_holds_its_day_and_no_year(tag: str, day: date) -> None:
    language = find(tag)
    assert language is not None
    written = language.month_day(day)
    month = {day.month} if tag in ("ja", "ko", "zh", "zh-Hant") else set()
    assert numbers_in(written) == {day.day} | month
