"""Races for one reader's allowance: 32 writers, each race run five times and more, with and without lost replies.

A busy machine may lose a reply by itself. So every reader does as a page does, and asks again after a 503; and what is
compared is which articles were granted, which the table says exactly.
"""

import threading
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import pytest

from readmeter.core.period import DAY
from readmeter.store.database import Unavailable
from readmeter.store.meters import CalendarSlot, Read
from tests.support.endpoint import NOW, Desk
from tests.support.engines import Tables
from tests.support.linearizability import Operation, linearizable
from tests.support.meters import digest_of, periods
from tests.support.site import compiled, meter
from tests.support.threads import at_once
from tests.support.wire import Fault, Wire, conflict, lost_reply, lost_request, sent_twice, throttled

WRITERS = 32
ARTICLES = [str(number) for number in range(40)]
LIMIT = 7
MONTH = "P#default#2026-11"


@pytest.fixture(params=range(5))
def random(request: pytest.FixtureRequest) -> Random:
    """One for each time that a race is run."""
    return Random(request.param)


def read(desk: Desk, article: str) -> Any:
    """What a page does: it asks again until it has an answer."""
    for _ in range(100):
        answer = desk.post({"site": "riotimes", "article": article, "seed": "A" * 22})
        if answer.status == 200:
            return {"asked": article, **answer.json}
        assert answer.status == 503
    raise AssertionError("the table never answered")


def race(desk: Desk, random: Random, articles: list[str]) -> list[Any]:
    """The answers to `WRITERS` threads that each read eight of the articles."""
    shelves = [random.sample(articles, 8) for _ in range(WRITERS)]
    calls: list[Callable[[], list[Any]]] = [
        lambda shelf=shelf: [read(desk, article) for article in shelf] for shelf in shelves
    ]
    return [answer for answers in at_once(calls) for answer in answers]


def granted(answers: Iterable[Any]) -> set[bytes]:
    """The digests of the articles that were granted, at any time."""
    return {digest_of(answer["asked"]) for answer in answers if answer["access"] == "granted"}


def is_sound(answers: list[Any], limit: int) -> None:
    """I2, I7: nobody is denied what somebody was granted before, and every number fits."""
    for answer in answers:
        assert answer["remaining"] == limit - answer["used"] >= 0
        assert answer["access"] == "granted" or answer["used"] == limit
    metered = [answer["asked"] for answer in answers if answer["reason"] == "metered"]
    assert len(metered) == len(set(metered)), "an article was counted twice"


def test_exactly_the_limit_is_granted_and_nothing_is_lost(desk: Desk, random: Random) -> None:
    """I1, I5"""
    desk.publish(compiled(meter(anonymous=LIMIT)))
    answers = race(desk, random, ARTICLES)
    is_sound(answers, LIMIT)
    assert len(granted(answers)) == LIMIT
    assert periods(desk.tables) == {MONTH: granted(answers)}


def test_lost_replies_grant_nothing_more_and_lose_nothing(desk: Desk, wire: Wire, random: Random) -> None:
    """I1, I5"""
    desk.publish(compiled(meter(anonymous=LIMIT)))
    wire.choose = disturbed(
        random, "UpdateItem", [lost_reply, lost_reply, lost_request, sent_twice, conflict, throttled]
    )
    answers = race(desk, random, ARTICLES)
    is_sound(answers, LIMIT)
    assert len(granted(answers)) == LIMIT
    assert periods(desk.tables) == {MONTH: granted(answers)}


def test_a_limit_above_all_articles_loses_none(desk: Desk, random: Random) -> None:
    """I5"""
    desk.publish(compiled(meter(anonymous=len(ARTICLES))))
    answers = race(desk, random, ARTICLES)
    assert {answer["access"] for answer in answers} == {"granted"}
    assert periods(desk.tables) == {MONTH: granted(answers)}


def test_a_hundred_at_once_of_one_article_count_once(desk: Desk) -> None:
    """I2"""
    desk.publish(compiled())
    answers = at_once([lambda: read(desk, "a")] * 100)
    assert {answer["access"] for answer in answers} == {"granted"}
    assert {answer["used"] for answer in answers} == {1}
    assert [answer["reason"] for answer in answers].count("metered") <= 1
    assert periods(desk.tables) == {MONTH: {digest_of("a")}}


def test_three_tabs_of_a_newcomer_are_one_reader(desk: Desk, random: Random) -> None:
    """I1"""
    desk.publish(compiled(meter(anonymous=2)))
    for number in range(10):
        seed = str(number) * 22

        def tab(article: str, seed: str = seed) -> Any:
            return desk.view(article, seed=seed)

        answers = at_once([lambda article=article: tab(article) for article in random.sample(ARTICLES, 3)])
        assert sorted(answer["access"] for answer in answers) == ["denied", "granted", "granted"]
        assert len({answer["reader"] for answer in answers}) == 1
    assert len(desk.tables.meter_items()) == 10


@pytest.mark.parametrize("faults", [[], [lost_reply, sent_twice, conflict]], ids=["calm", "lost replies"])
def test_a_window_that_is_over_is_closed_once(desk: Desk, wire: Wire, random: Random, faults: list[Fault]) -> None:
    """I1, I5, I9: the closed copy is whole, the new window is spent by exactly its limit."""
    desk.publish(compiled(meter(anonymous=LIMIT, unit="days", days=30)))
    for article in "abc":
        desk.view(article)
    old = {digest_of(article) for article in "abc"}
    desk.now += 30 * DAY
    wire.choose = disturbed(random, "TransactWriteItems", faults)
    answers = race(desk, random, ARTICLES)
    is_sound(answers, LIMIT)
    assert len(granted(answers)) == LIMIT
    assert periods(desk.tables) == {"P#default#D": granted(answers), f"P#default#{int(NOW)}": old}


def disturbed(random: Random, operation: str, faults: list[Fault]) -> Callable[[str], Fault | None]:
    """One attempt of `operation` in four meets a fault."""
    lock = threading.Lock()

    def choose(sent: str) -> Fault | None:
        with lock:
            return random.choice(faults) if faults and sent == operation and random.random() < 0.25 else None

    return choose


class Clock:
    """Ticks that all threads share: of two calls, the later one gets the larger tick."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tick = 0

    def __call__(self) -> int:
        with self._lock:
            self._tick += 1
            return self._tick


class Recorder:
    """Reads through the store and writes down what came back and when."""

    def __init__(self, tables: Tables, wire: Wire, random: Random) -> None:
        self._meters = tables.meters
        self._clock = Clock()
        self._attempts = threading.local()
        self._fault = disturbed(random, "UpdateItem", [lost_reply])
        wire.choose = self._choose

    def read(self, reader: str, article: int, limit: int) -> list[Operation]:
        """One read. Where the client tried again by itself, what it tried first is an operation without an answer."""
        slot = CalendarSlot("riotimes", reader, "default", "2026-11", NOW)
        self._attempts.count = 0
        called = self._clock()
        try:
            tally = self._meters.count(
                slot, Read(digest_of(str(article)), "2026-11-22", 1, "anonymous", "reader"), limit
            )
            reason, used = "metered" if tally.new else "repeat" if tally.known else "limit_reached", tally.used
        except Unavailable:
            return [Operation(article, called, self._clock(), None, None)]
        answered = self._clock()
        tried = [Operation(article, called, answered, None, None)] if self._attempts.count > 1 else []
        return [*tried, Operation(article, called, answered, reason, used)]

    def _choose(self, operation: str) -> Fault | None:
        self._attempts.count += 1
        return self._fault(operation)


HISTORIES = 250
THREADS = 4
READS = 2


def test_histories_of_a_reader_are_linearizable(tables: Tables, wire: Wire) -> None:
    """I6: each is short, so that threads meet; every fourth reply is lost."""
    random = Random(6)
    recorder = Recorder(tables, wire, random)
    plans = [[[random.randrange(5) for _ in range(READS)] for _ in range(THREADS)] for _ in range(HISTORIES)]
    together = threading.Barrier(THREADS, timeout=60)

    def live(thread: int) -> list[list[Operation]]:
        """What one thread saw of each history."""
        seen = []
        for number, plan in enumerate(plans):
            together.wait()
            seen.append([done for article in plan[thread] for done in recorder.read(f"r{number}", article, number % 4)])
        return seen

    threads = at_once([lambda thread=thread: live(thread) for thread in range(THREADS)])
    for number, parts in enumerate(zip(*threads, strict=True)):
        history = [operation for part in parts for operation in part]
        assert linearizable(history, limit=number % 4), history
