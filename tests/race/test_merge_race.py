"""Two devices that sign in at once while both read on: in the end everything is there, once, and no more of it."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from readmeter.core.tokens import registered_reader
from tests.support.endpoint import KEYRING, Desk
from tests.support.identities import identity_rules, sign
from tests.support.meters import digest_of, stamps
from tests.support.site import compiled, meter
from tests.support.threads import at_once
from tests.support.wire import Wire, lost_reply

SEEDS = ["A" * 22, "B" * 22]
LIMITS = {"anonymous": 3, "registered": 8}
ACCOUNT = registered_reader(KEYRING, "riotimes", "reader-7").name


def read(desk: Desk, article: str, seed: str, identity: str | None) -> Any:
    """What a page does: it asks again until it has an answer."""
    for _ in range(100):
        answer = desk.post({"site": "riotimes", "article": article, "seed": seed, "identity": identity})
        if answer.status == 200:
            return {"asked": article, **answer.json}
    raise AssertionError("the table never answered")


def race(desk: Desk, random: Random) -> list[Any]:
    """What each of 24 pages was answered: four articles of twelve, on either device, most of them signed in."""
    before = [read(desk, f"{seed[0]}{number}", seed, None) for seed in SEEDS for number in range(3)]
    pages = [
        (random.choice(SEEDS), random.choice([sign(), sign(), None]), random.sample([*"abcdef"], 4)) for _ in range(24)
    ]
    calls: list[Callable[[], list[Any]]] = [
        lambda page=page: [read(desk, article, *page[:2]) for article in page[2]] for page in pages
    ]
    return [*before, *(answer for answers in at_once(calls) for answer in answers)]


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("unit", ["month", "days"])
def test_a_merge_loses_nothing_and_counts_nothing(desk: Desk, wire: Wire, unit: str, number: int) -> None:
    """I1, I5, I8"""
    tiers = meter(unit=unit, days=3 if unit == "days" else 0, limits=LIMITS)
    desk.publish(compiled(tiers, identity=identity_rules()))
    wire.inject("TransactWriteItems", *[lost_reply] * number)
    answers = race(desk, Random(number))
    granted = {digest_of(each["asked"]) for each in answers if each["access"] == "granted"}
    items = desk.tables.meter_items()
    [current] = [
        item for item in items if item["pk"]["S"].endswith(ACCOUNT) and not item["sk"]["S"].split("#")[2].isdigit()
    ]
    assert set(current["a"]["BS"]) == granted, "nothing is lost"
    told = [name for item in items for name, stamp in stamps(item).items() if stamp != "carried"]
    assert len(told) == len(set(told)), "no article is usage twice"
    own = [stamp for stamp in stamps(current).values() if "|registered|" in stamp]
    assert len(own) <= LIMITS["registered"], "no second allowance"
    metered = [each for each in answers if each["reason"] == "metered"]
    assert all(each["used"] <= each["limit"] for each in metered), "each was counted below the limit"
