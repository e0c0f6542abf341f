"""Gifts: who may give an article away, how many, to whom the link opens it, and how nobody gets more out of it."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from readmeter.core.period import DAY
from readmeter.core.rules import Gifts, Match
from tests.support.endpoint import NOW, SEED, Answer, Desk
from tests.support.identities import identity_rules, sign
from tests.support.meters import stamps
from tests.support.site import ORIGIN, compiled, meter
from tests.support.wire import Wire, lost_reply

ARTICLE = f"{ORIGIN}/brazil/carnival"


def publish(desk: Desk, gifts: Gifts | None = Gifts(2, 5)) -> None:  # noqa: B008 - it is frozen
    tiers = meter(limits={"anonymous": 1, "registered": 2})
    desk.publish(compiled(tiers, identity=identity_rules(), locked=Match(tags=("premium",)), gifts=gifts))


@pytest.fixture(autouse=True)
def _site(desk: Desk) -> None:
    publish(desk)


def give(desk: Desk, article: str = ARTICLE, **fields: Any) -> Answer:
    body = {"site": "riotimes", "article": article, "identity": sign(subscriber=True), **fields}
    return desk.post(body, path="/v1/gifts")


def gift(desk: Desk, article: str = ARTICLE, **fields: Any) -> str:
    answer = give(desk, article, **fields)
    assert answer.status == 201, answer.text
    return parse_qs(urlsplit(answer.json["url"]).query)["gift"][0]


def test_a_subscriber_gives_an_article_to_whoever_has_the_link(desk: Desk) -> None:
    answer = give(desk)
    assert answer.json["url"].startswith(f"{ARTICLE}?gift=")
    assert (answer.json["expires_at"], answer.json["remaining"]) == ("2026-11-27T12:00:00Z", 1)
    token = gift(desk)
    for seed in (SEED, "B" * 22):
        opened = desk.view(None, url=f"{ARTICLE}?gift=x", gift=token, tags=["premium"], seed=seed)
        assert (opened["reason"], opened["limit"]) == ("gift", None)


def test_given_again_it_is_the_same_gift(desk: Desk) -> None:
    assert [give(desk).json["remaining"] for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("query", ["page=2", "q=%E9", "flag", "b;c", "a=1&a=2"])
def test_a_link_has_one_gift_and_keeps_the_rest_of_its_query_as_it_is(desk: Desk, query: str) -> None:
    answer = give(desk, "carnival", url=f"{ARTICLE}?gift=old&{query}#end")
    address, _, token = answer.json["url"].partition("&gift=")
    assert address == f"{ARTICLE}?{query}"
    assert desk.view("carnival", gift=token)["reason"] == "gift"


def test_an_address_with_a_query_is_the_article_that_views_count_by_it(desk: Desk) -> None:
    assert give(desk, f"{ARTICLE}?ref=a#top").json["remaining"] == 1
    assert give(desk, ARTICLE).json["remaining"] == 1
    token = gift(desk, f"{ARTICLE}?ref=a")
    assert desk.view(None, url=f"{ARTICLE}?ref=b", gift=token)["reason"] == "gift"


def test_over_the_quota_nothing_is_given(desk: Desk, wire: Wire) -> None:
    gift(desk, f"{ORIGIN}/1")
    wire.inject("UpdateItem", lost_reply)
    gift(desk, f"{ORIGIN}/2")
    assert give(desk, f"{ORIGIN}/3").status == 409
    assert give(desk, f"{ORIGIN}/2").status == 201
    desk.now += 10 * DAY
    assert give(desk, f"{ORIGIN}/3", identity=sign(subscriber=True, exp=int(desk.now) + 60)).status == 201


def test_a_quota_that_was_lowered_leaves_nothing_and_not_less(desk: Desk) -> None:
    for number in (1, 2):
        gift(desk, f"{ORIGIN}/{number}")
    publish(desk, Gifts(1, 5))
    assert give(desk, f"{ORIGIN}/1").json["remaining"] == 0


def test_a_registered_reader_gives_what_was_counted_and_only_that(desk: Desk) -> None:
    """Else an account would be worth so many articles more, given to oneself."""
    assert give(desk, identity=sign()).status == 403
    desk.view(None, url=ARTICLE, identity=sign())
    token = gift(desk, identity=sign())
    assert desk.view(None, url=ARTICLE, gift=token)["reason"] == "gift"
    assert desk.view(None, url=ARTICLE, gift=token, tags=["premium"])["reason"] == "locked"


def test_it_opens_its_own_article_until_it_expires(desk: Desk) -> None:
    token = gift(desk)
    assert desk.view("b", gift=token)["reason"] == "metered"
    desk.now += 5 * DAY - 1
    assert desk.view(None, url=ARTICLE, gift=token)["reason"] == "gift"
    desk.now += 1
    assert desk.view(None, url=ARTICLE, gift=token)["access"] == "denied"


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "A", lambda t: "", lambda t: t[::-1]])
def test_a_forged_one_is_none(desk: Desk, change: Any) -> None:
    token = gift(desk)
    assert desk.view(None, url=ARTICLE, gift=change(token))["reason"] == "metered"


def test_one_of_another_site_is_none(desk: Desk) -> None:
    token = gift(desk)
    other = replace(compiled(gifts=Gifts(2, 5)).current, site="another")
    desk.publish(replace(compiled(), current=other))
    assert desk.view(None, url=ARTICLE, gift=token, site="another")["reason"] == "metered"


def test_a_token_of_another_purpose_is_none(desk: Desk) -> None:
    first = desk.view("a")
    for token in (first["reader"], first["state"], first["grant"]):
        assert desk.view("b", gift=token)["access"] == "denied"


@pytest.mark.parametrize("identity", ["", "nonsense", sign(exp=int(NOW) - 3600), sign(aud="another")])
def test_who_is_not_signed_in_gives_nothing(desk: Desk, identity: str) -> None:
    answer = give(desk, identity=identity)
    assert answer.status == 401
    assert desk.tables.meter_items() == []


@pytest.mark.parametrize("address", ["https://evil.example/", "javascript:alert(1)", "carnival", "//x", "https://["])
def test_the_link_leads_to_the_site_and_nowhere_else(desk: Desk, address: str) -> None:
    answer = give(desk, "carnival", url=address)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/url")
    assert desk.tables.meter_items() == []


def test_a_site_without_gifts_has_none_to_give_and_opens_none(desk: Desk) -> None:
    token = gift(desk)
    publish(desk, None)
    assert give(desk).status == 404
    assert desk.view(None, url=ARTICLE, gift=token)["reason"] == "metered"


def test_what_was_given_is_erased_and_stays_spent(desk: Desk) -> None:
    gift(desk, f"{ORIGIN}/1")
    gift(desk, f"{ORIGIN}/2")
    assert desk.reader(sign(), "DELETE").status == 204
    [item] = desk.tables.meter_items()
    assert stamps(item) == {}
    assert give(desk, f"{ORIGIN}/3").status == 409
