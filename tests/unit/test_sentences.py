"""The sentences that Readmeter ships: whole in every language, for every kind, period and number."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest

from local.engine import ROOT
from readmeter.core.decision import Allowance, Decision
from readmeter.core.language import DATA, shipped
from readmeter.core.rules import Match, Meter, Unit
from readmeter.core.sentences import Kind, Sentences, best
from tests.support.sentences import numbers_in, says

UNITS: tuple[Unit, ...] = ("month", "week", "day", "days")
STOPS = {"hi": "।", "ja": "。", "zh": "。", "zh-Hant": "。"}
DECEMBER = datetime.fromisoformat("2026-12-24T00:00:00+00:00")
HIGHEST = 500


def meter(unit: Unit) -> Meter:
    return Meter("default", {}, unit, 30 if unit == "days" else 0, "article", Match(), "default")


def told(unit: Unit, number: int) -> Iterator[tuple[Kind, Decision, set[int]]]:
    """Every message that is about `number`, with the numbers that it must hold. `number` is positive."""
    period = meter(unit)
    counting = Decision("granted", "metered", period, Allowance(HIGHEST + 1, HIGHEST + 1 - number), DECEMBER)
    yield "countdown", counting, {number}
    yield "last", Decision("granted", "metered", period, Allowance(number, number), DECEMBER), {number}
    for resets_at in (DECEMBER, None):
        yield "wall", Decision("denied", "limit_reached", period, Allowance(number, number), resets_at), {number}
    for limit, extra in ((number, number), (0, number)):
        allowance = Allowance(limit, limit)
        yield "registration", Decision("denied", "registration_required", period, allowance, DECEMBER, extra), {number}


def faults(text: str, sentences: Sentences) -> Iterator[str]:
    """What keeps `text` from being whole sentences."""
    stop = STOPS.get(sentences.language.tag, ".")
    if not text.endswith(stop):
        yield "no full stop"
    if re.search(r"[{}]|\(s\)|None", text):
        yield "something was not filled in"
    if text != " ".join(text.split()) or re.search(r" [.,。，、।]|。 ", text):
        yield "a space too many"
    if not all(re.match(r"[^\W\d_]|\d", part) and part[0] == part[0].upper() for part in re.split(rf"\{stop} ", text)):
        yield "a small letter begins a sentence"


@pytest.mark.parametrize("tag", shipped())
def test_every_number_is_said_in_whole_sentences(tag: str) -> None:
    sentences = best([tag])
    date = numbers_in(sentences.language.month_day(DECEMBER))
    for number in range(1, HIGHEST + 1):
        for kind, decision, wanted in told("month", number):
            text = sentences.message(kind, decision)
            assert list(faults(text, sentences)) == [], text
            assert all(says(text, tag, each) for each in wanted), text
            assert numbers_in(text) <= (wanted | date if kind == "wall" and decision.resets_at else wanted), text


@pytest.mark.parametrize("tag", shipped())
def test_every_period_is_said_in_whole_sentences(tag: str) -> None:
    sentences = best([tag])
    for unit in UNITS:
        phrases = {phrase.strip() for phrase in sentences.period[unit].values()}
        for number in (1, 2, 3, 5, 11, 21, 100, 101):
            for kind, decision, wanted in told(unit, number):
                text = sentences.message(kind, decision)
                assert list(faults(text, sentences)) == [], text
                assert all(says(text, tag, each) for each in wanted), text
                assert kind == "countdown" or any(phrase in text for phrase in phrases), text


@pytest.mark.parametrize("tag", shipped())
def test_what_is_about_no_number_is_whole_too(tag: str) -> None:
    sentences = best([tag])
    texts = {
        sentences.message("locked", Decision("denied", "locked")),
        sentences.message("last", Decision("granted", "repeat", meter("month"), Allowance(0, 3), DECEMBER)),
    }
    assert len(texts) == 2
    for text in texts:
        assert list(faults(text, sentences)) == []
        assert numbers_in(text) == set()
    assert len(set(sentences.labels.values())) == 5
    assert all(label == label.strip() and not re.search(r"[{}.。।]", label) for label in sentences.labels.values())


@pytest.mark.parametrize("tag", shipped())
def test_a_period_is_named_once_where_an_account_gives_more(tag: str) -> None:
    sentences = best([tag])
    decision = Decision("denied", "registration_required", meter("month"), Allowance(5, 5), DECEMBER, 7)
    phrases = [phrase.strip() for phrase in sentences.period["month"].values()]
    text = sentences.message("registration", decision)
    assert max(text.count(phrase) for phrase in phrases) == 1, text


@pytest.mark.parametrize(
    ("tag", "number", "message"),
    [
        ("fr", 1, "Il vous reste un article gratuit."),
        ("pl", 22, "Pozostały jeszcze 22 bezpłatne artykuły."),
        ("pl", 112, "Pozostało jeszcze 112 bezpłatnych artykułów."),
        ("ru", 1, "У вас осталась одна бесплатная статья."),
        ("ru", 21, "У вас осталась 21 бесплатная статья."),
        ("ru", 11, "У вас осталось 11 бесплатных статей."),
        ("uk", 104, "У вас залишилося 104 безкоштовні статті."),
        ("he", 2, "נותרו לך שתי כתבות לקריאה בחינם."),
        ("zh", 1, "您还可免费阅读1篇文章。"),
    ],
)
def test_nouns_and_verbs_agree_with_their_number(tag: str, number: int, message: str) -> None:
    decision = Decision("granted", "metered", meter("month"), Allowance(500, 500 - number), DECEMBER)
    assert best([tag]).message("countdown", decision).startswith(message)


def test_a_full_width_stop_brings_its_own_space() -> None:
    decision = Decision("denied", "limit_reached", meter("month"), Allowance(5, 5), datetime(2026, 12, 1))  # noqa: DTZ001
    assert best(["ja"]).message("wall", decision) == (
        "今月の無料記事5本をすべてお読みになりました。続きは、ご購読いただくか、12月1日以降に改めてアクセスしてお読みください。"
    )


FIRST_ANSWER = """
import json, sys
read = []
sys.addaudithook(lambda event, args: read.append(str(args[0])) if event == "open" else None)
from readmeter.core.decision import Allowance, Decision
from readmeter.core.language import negotiate
from readmeter.core.prompt import prompt_for
from readmeter.core.rules import PromptRules
decision = Decision("granted", "metered", None, Allowance(5, 1))
prompt = prompt_for(decision, PromptRules("https://example.com/"), negotiate(None, "fr-CA, uk;q=0.5", "ja"), "")
print(json.dumps([prompt.lang, [path for path in read if path.endswith(".json")]]))
"""


def test_the_first_answer_reads_one_languages_sentences() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_ANSWER], env={"PYTHONPATH": str(ROOT / "shared")}, capture_output=True, check=True
    )
    lang, paths = json.loads(done.stdout)
    assert lang == "fr"
    assert paths == [str(DATA / "cldr.json"), str(DATA / "fr.json")]


def test_the_languages_stay_small() -> None:
    sizes = {path.name: path.stat().st_size for path in DATA.iterdir()}
    assert sizes.pop("cldr.json") <= 80_000
    assert max(sizes.values()) <= 5_000


@pytest.mark.parametrize("day", [1, 8, 11])
def test_italian_puts_no_article_before_a_date(day: int) -> None:
    """It would be "il 9", but "l'8" and "l'11"."""
    back = Decision("denied", "limit_reached", meter("week"), Allowance(5, 5), DECEMBER.replace(day=day))
    assert not re.search(r"\b(il|dal|al|del) \d+º? dicembre", best(["it"]).message("wall", back))
