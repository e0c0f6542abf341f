"""Erasures among reads and reports: nothing is counted beyond the limit, nothing is lost, nothing comes back."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from readmeter.core.encoding import base64url
from readmeter.core.period import DAY
from readmeter.core.tokens import reader_of_seed, reader_token
from tests.race.test_races import ARTICLES, LIMIT, disturbed, read
from tests.support.endpoint import KEYRING, NOW, SEED, Desk
from tests.support.meters import digest_of
from tests.support.site import compiled, meter
from tests.support.threads import at_once
from tests.support.wire import Fault, Wire, conflict, lost_reply, lost_request, sent_twice

READERS = 12
ERASERS = 3


@pytest.fixture(params=range(5))
def random(request: pytest.FixtureRequest) -> Random:
    """One for each time that a race is run."""
    return Random(request.param)


@pytest.fixture
def token() -> str:
    """The token of the one reader whom all threads are."""
    reader = reader_of_seed(KEYRING, "riotimes", SEED)
    assert reader is not None
    return reader_token(KEYRING, "riotimes", reader, NOW)


def erase(desk: Desk, token: str) -> list[Any]:
    """As a page does: until it is done."""
    for _ in range(100):
        if desk.reader(token, "DELETE").status == 204:
            return []
    raise AssertionError("the reader was never erased")


def race(desk: Desk, random: Random, token: str) -> list[Any]:
    """The answers to threads that each read eight articles while others erase."""
    shelves = [random.sample(ARTICLES, 8) for _ in range(READERS)]
    calls: list[Callable[[], list[Any]]] = [
        *(lambda shelf=shelf: [read(desk, article) for article in shelf] for shelf in shelves),
        *(lambda: [nothing for _ in range(4) for nothing in erase(desk, token)] for _ in range(ERASERS)),
    ]
    return [answer for answers in at_once(calls) for answer in answers]


def stamps(item: Any) -> set[str]:
    return {name for name in item if len(name) == 22}


def is_whole(item: Any) -> None:
    """Each member is a digest with its stamp, or a filler for one that was erased."""
    members = {base64url(member) for member in item["a"]["BS"]}
    assert stamps(item) <= members
    assert len(members - stamps(item)) == int(item.get("e", {"N": "0"})["N"])
    known = {base64url(digest_of(article)) for article in ARTICLES}
    assert members & known == stamps(item), "an erased digest came back"


FAULTS = pytest.mark.parametrize(
    "faults", [[], [lost_reply, lost_request, sent_twice, conflict]], ids=["calm", "lost replies"]
)


@FAULTS
def test_an_erasure_among_reads_neither_frees_nor_loses_one(
    desk: Desk, wire: Wire, random: Random, token: str, faults: list[Fault]
) -> None:
    """I1, I5, I19"""
    desk.publish(compiled(meter(anonymous=LIMIT)))
    wire.choose = disturbed(random, "PutItem", faults)
    answers = race(desk, random, token)
    [item] = desk.tables.meter_items()
    is_whole(item)
    assert len(item["a"]["BS"]) == LIMIT
    assert [answer["reason"] for answer in answers].count("metered") <= LIMIT
    assert all(answer["used"] <= LIMIT for answer in answers)
    erase(desk, token)
    [item] = desk.tables.meter_items()
    assert (stamps(item), item["e"], len(item["a"]["BS"])) == (set(), {"N": str(LIMIT)}, LIMIT)


@FAULTS
def test_an_erasure_while_a_window_closes_reaches_both_sides_of_it(
    desk: Desk, wire: Wire, random: Random, token: str, faults: list[Fault]
) -> None:
    """I1, I5, I19: as many articles are in the new window as were in the old one, at some moment of many races."""
    desk.publish(compiled(meter(anonymous=LIMIT, unit="days", days=30)))
    for article in ("0", "1"):
        read(desk, article)
    desk.now += 30 * DAY
    wire.choose = disturbed(random, "TransactWriteItems", faults)
    race(desk, random, token)
    items = {item["sk"]["S"]: item for item in desk.tables.meter_items()}
    assert {key: len(item["a"]["BS"]) for key, item in items.items()} == {
        "P#default#D": LIMIT,
        f"P#default#{int(NOW)}": 2,
    }
    for item in items.values():
        is_whole(item)
    assert stamps(items[f"P#default#{int(NOW)}"]) == set()
    erase(desk, token)
    assert [stamps(item) for item in desk.tables.meter_items()] == [set(), set()]


def test_reports_beside_erasures_are_stored_or_erased(desk: Desk, random: Random, token: str) -> None:
    """I5, I19: each event once, until the day is full."""
    desk.publish(compiled())

    def report(thread: int) -> None:
        for number in range(4):
            events = [
                {"kind": "prompt_shown", "article": f"{thread}-{number}-{each}", "at": NOW * 1000} for each in range(5)
            ]
            while desk.post({"site": "riotimes", "seed": SEED, "events": events}, "/v1/events").status != 202:
                pass

    at_once(
        [
            *(lambda thread=thread: report(thread) for thread in range(READERS)),
            *(lambda: [erase(desk, token) for _ in range(4)] for _ in range(ERASERS)),
        ]
    )
    [item] = desk.tables.meter_items()
    is_whole(item)
    assert (len(item["a"]["BS"]), "capped" in item) == (200, True)
