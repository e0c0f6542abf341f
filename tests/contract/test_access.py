"""POST /v1/access: the decision that a view would get, and nothing of it happens."""

import pytest

from tests.support.endpoint import SEED, Desk
from tests.support.meters import snapshot
from tests.support.site import compiled, meter
from tests.support.wire import Wire

NEVER = ("reader", "state", "grant", "prompt")


def said(answer: dict[str, object]) -> tuple[object, ...]:
    return tuple(answer[name] for name in ("access", "reason", "meter", "limit", "resets_at", "article", "rule"))


@pytest.mark.parametrize("counted", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("unit", ["month", "days"])
def test_it_foresees_what_a_view_decides(desk: Desk, unit: str, counted: str) -> None:
    """I4: and changes nothing."""
    desk.publish(compiled(meter(anonymous=2, unit=unit, days=30)))
    for article in counted:
        desk.view(article)
    before = snapshot(desk.tables)
    foreseen = {article: desk.access(article) for article in "abcd"}
    assert snapshot(desk.tables) == before
    assert {answer["used"] for answer in foreseen.values()} == {min(len(counted), 2)}
    assert [answer[name] for answer in foreseen.values() for name in NEVER] == [None] * 16
    settled = {article: answer for article, answer in foreseen.items() if answer["reason"] != "metered"}
    assert len(settled) == (4 if len(counted) >= 2 else len(counted))
    for article, answer in settled.items():
        assert said(desk.view(article)) == said(answer)


def test_a_new_article_is_foreseen_with_used_as_it_stands(desk: Desk) -> None:
    """I7"""
    desk.view("a")
    foreseen = desk.access("b")
    assert (foreseen["reason"], foreseen["used"], foreseen["remaining"]) == ("metered", 1, 4)
    assert said(desk.view("b")) == said(foreseen)


def test_a_window_that_is_over_is_foreseen_as_empty(desk: Desk) -> None:
    desk.publish(compiled(meter(anonymous=1, unit="days", days=7)))
    desk.view("a")
    desk.now += 7 * 86_400
    before = snapshot(desk.tables)
    foreseen = desk.access("a")
    assert (foreseen["reason"], foreseen["used"], foreseen["resets_at"]) == ("metered", 0, None)
    assert snapshot(desk.tables) == before


def test_it_mints_nobody(desk: Desk, wire: Wire) -> None:
    """A newcomer stays one, and the meter table is not even asked."""
    answer = desk.access("a", seed=None)
    assert (answer["reason"], answer["used"], answer["remaining"]) == ("metered", 0, 5)
    assert answer["reader"] is None
    assert wire.to(desk.tables.meter_table) == []


def test_it_hands_a_genuine_token_back_as_it_came(desk: Desk) -> None:
    token = desk.view("a")["reader"]
    assert desk.access("a", reader=token, seed=None)["reader"] == token
    assert desk.access("a", reader=token + "x", seed=None)["reader"] is None


def test_it_sets_no_cookie(desk: Desk) -> None:
    answer = desk.post({"site": "riotimes", "article": "a", "seed": SEED}, "/v1/access", sec_fetch_site="same-origin")
    assert answer.cookies == []


def test_it_believes_no_state(desk: Desk) -> None:
    """It says what the table holds now, whatever the page remembers."""
    desk.publish(compiled(meter(anonymous=1)))
    state = desk.view("a")["state"]
    for item in desk.tables.meter_items():
        desk.tables.client.delete_item(
            TableName=desk.tables.meter_table, Key={name: item[name] for name in ("pk", "sk")}
        )
    assert desk.access("a", state=state)["reason"] == "metered"
