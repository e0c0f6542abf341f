"""Why a view would be decided: the decision of /v1/access, every rule in its order, and nothing is written."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2 as Event

from readmeter.core.account import Bonus, Entitlement
from readmeter.core.encoding import from_base64url
from readmeter.core.gift import Gift, gift_token
from readmeter.core.rules import Campaign, Gifts, Institution, Lift, Match
from readmeter.core.tokens import registered_reader
from readmeter.metering.standing import Standings
from readmeter.metering.views import Views
from readmeter.staff.caller import Caller
from readmeter.staff.explain import Explain
from readmeter.store.accounts import AccountStore
from readmeter.store.merging import MergeStore
from readmeter.store.notes import NoteStore
from tests.support.crawlers import AT_GOOGLE, AT_HOME, GOOGLEBOT
from tests.support.endpoint import NOW, SEED, Desk, event
from tests.support.engines import Tables
from tests.support.identities import identity_rules, sign
from tests.support.site import compiled, meter
from tests.support.wire import Wire

TIERS = {"anonymous": 2, "registered": 3}
RULES: dict[str, Any] = {
    "identity": identity_rules(),
    "locked": Match(tags=("premium",)),
    "exempt": Match(sections=("obituaries",)),
    "lift": (Lift(NOW + 60, Match(tags=("storm",))), Lift(NOW, Match(tags=("over",)))),
    "institutions": (Institution("USP", ("143.107.0.0/16",)),),
    "campaigns": (Campaign("newsletter", 1),),
    "referrers": ("news.example",),
    "gifts": Gifts(10, 5),
}
ORDER = ["off", "own_path", "locked", "lift", "exempt", "subscriber", "institution", "crawler", "gift", "campaign"]


@pytest.fixture(autouse=True)
def _site(desk: Desk) -> None:
    publish(desk)


def publish(desk: Desk, **given: Any) -> None:
    markets = meter("markets", match=Match(sections=("markets",)), pool="default", limits={"anonymous": 1})
    desk.publish(compiled(markets, meter(limits=TIERS), **{**RULES, **given}))


def explain(desk: Desk, tables: Tables, **asked: Any) -> Any:
    """The answer's JSON."""
    clock = lambda: desk.now  # noqa: E731
    keyring = lambda: desk.keyring  # noqa: E731
    views = Views(tables.meters, MergeStore(tables.database, tables.meter_table), notes(tables), bytes)
    standings = Standings.stored(tables.database, tables.site_table, clock)
    work = Explain(tables.sites, views, standings, desk.world.crawlers(), keyring, clock)
    sent = Event(event(json.dumps(asked).encode()))
    return json.loads(work.explain(Caller("ana", None), sent, "riotimes").body or "")


def notes(tables: Tables) -> NoteStore:
    return NoteStore(tables.database, tables.meter_table)


def entitle(tables: Tables, desk: Desk, subject: str) -> str:
    """The subject, who is entitled from now on."""
    name = registered_reader(desk.keyring, "riotimes", subject).name
    AccountStore(tables.database, tables.site_table).write_entitlement("riotimes", name, Entitlement())
    return subject


def decider(answer: Any) -> Any:
    [found] = [each for each in answer["rules"] if each["decides"]]
    return found


def why(answer: Any, rule: str) -> str:
    [found] = [each["why"] for each in answer["rules"] if each["rule"] == rule]
    return str(found)


def test_every_rule_is_told_of_in_its_order_and_one_decides(desk: Desk, tables: Tables) -> None:
    answer = explain(desk, tables, article="a")
    assert [each["rule"] for each in answer["rules"]] == [
        *ORDER,
        "referrer",
        "meter markets",
        "meter default",
        "unmetered",
    ]
    assert decider(answer) == {
        "rule": "meter default",
        "decides": True,
        "why": "0 of 2 are used: there is room for one more.",
    }
    assert (answer["access"], answer["reason"], answer["rule"]) == (
        "granted",
        "metered",
        {"version": 1, "name": "default"},
    )
    assert all(each["why"].endswith(".") for each in answer["rules"])


VIEWS: dict[str, dict[str, Any]] = {
    "off": {"mode": "off"},
    "own_path": {"url": "https://www.riotimesonline.com/subscribe"},
    "locked": {"tags": ["Premium"]},
    "lift": {"tags": ["storm", "over"]},
    "exempt": {"sections": ["obituaries"]},
    "subscriber": {"identity": {"subscriber": True}},
    "campaign": {"campaign": "newsletter"},
    "referrer": {"referrer": "https://www.news.example/a"},
    "meter markets": {"sections": ["markets"]},
    "meter default": {"sections": ["sports"]},
}


@pytest.mark.parametrize("rule", VIEWS)
def test_the_rule_that_decides_is_the_one_of_access(desk: Desk, tables: Tables, rule: str) -> None:
    view = dict(VIEWS[rule])
    if "mode" in view:
        publish(desk, mode=view.pop("mode"))
    if "identity" in view:
        view["identity"] = sign(**view["identity"])
    view = {"article": "a", "seed": SEED, **view}
    answer = explain(desk, tables, **view)
    rules = answer.pop("rules")
    assert answer == desk.access(**view)
    assert [each["rule"] for each in rules if each["decides"]] == [rule]


def test_it_decides_for_a_subject_as_for_who_signs_in(desk: Desk, tables: Tables) -> None:
    for article in "abc":
        desk.view(article, identity=sign())
    signed_in, named = (
        explain(desk, tables, article="d", identity=sign()),
        explain(desk, tables, article="d", subject="reader-7"),
    )
    assert named == signed_in
    assert decider(named)["why"] == "3 of 3 are used: nothing is left."
    assert "neither the publisher's token nor an account" in why(named, "subscriber")


def test_it_knows_who_is_entitled_and_what_would_come_later(desk: Desk, tables: Tables) -> None:
    answer = explain(desk, tables, article="d", subject=entitle(tables, desk, "eva"), campaign="newsletter")
    assert (answer["reason"], decider(answer)["rule"]) == ("subscriber", "subscriber")
    assert why(answer, "campaign") == "It would apply, but subscriber comes before it."
    assert why(answer, "meter default") == "It would apply, but subscriber comes before it."
    assert why(answer, "meter markets") == "No section, tag or path of the page is the meter's."


def test_it_knows_an_institution_by_its_address(desk: Desk, tables: Tables) -> None:
    inside = explain(desk, tables, article="a", address="143.107.1.2")
    assert (inside["reason"], inside["rule"]["name"]) == ("institution", "USP")
    assert decider(inside)["why"] == "The address is in a network of USP."
    assert why(explain(desk, tables, article="a", address="::1"), "institution").startswith("The address is in no")
    assert why(explain(desk, tables, article="a"), "institution") == "No `address` is given."


def test_it_knows_a_crawler_by_what_proves_it(desk: Desk, tables: Tables) -> None:
    desk.world.lists["google"] = ["66.249.64.0/19"]
    proven = explain(desk, tables, article="a", address=AT_GOOGLE, user_agent=GOOGLEBOT)
    assert (proven["reason"], decider(proven)["rule"]) == ("crawler", "crawler")
    spoofed = explain(desk, tables, article="a", address=AT_HOME, user_agent=GOOGLEBOT)
    assert why(spoofed, "crawler") == "The user agent says that it is a crawler, and the address does not prove it."
    assert why(explain(desk, tables, article="a", address=AT_HOME), "crawler").startswith("Not both")
    reader = explain(desk, tables, article="a", address=AT_HOME, user_agent="Mozilla/5.0 Firefox/149")
    assert why(reader, "crawler") == "The user agent is no search engine's crawler."


def test_it_knows_a_gift_of_this_article_alone(desk: Desk, tables: Tables) -> None:
    article = from_base64url(desk.access("a")["article"])
    assert article is not None
    token = gift_token(desk.keyring, "riotimes", Gift(article, int(NOW) + 60, "registered"))
    given = explain(desk, tables, article="a", gift=token)
    assert (given["reason"], decider(given)["why"]) == ("gift", "A registered reader gave this very article away.")
    assert why(explain(desk, tables, article="b", gift=token), "gift") == (
        "The gift is of another article, expired or forged."
    )
    locked = explain(desk, tables, article="a", gift=token, tags=["premium"])
    assert (locked["reason"], decider(locked)["rule"]) == ("locked", "locked")
    assert why(locked, "gift") == "It would apply, but locked comes before it."


def test_a_campaign_that_has_given_all_is_passed_over_and_says_so(desk: Desk, tables: Tables) -> None:
    assert desk.view("a", campaign="newsletter")["reason"] == "campaign"
    answer = explain(desk, tables, article="b", seed=SEED, campaign="newsletter")
    assert decider(answer)["rule"] == "meter default"
    assert why(answer, "campaign") == "Campaign newsletter has given this reader all 1 articles of this month."
    assert (
        why(explain(desk, tables, article="b", campaign="other"), "campaign")
        == "The site has no campaign of that name."
    )


def test_what_a_meter_says_of_a_reader_is_told_in_numbers(desk: Desk, tables: Tables) -> None:
    desk.view("a")
    desk.view("b")
    again = explain(desk, tables, article="a", seed=SEED)
    assert decider(again)["why"] == "2 of 2 are used, and this article is one of them: reading it again is free."
    over = explain(desk, tables, article="c", seed=SEED)
    assert (over["access"], over["reason"]) == ("denied", "registration_required")
    assert decider(over)["why"] == "2 of 2 are used: a free account would have 1 more."
    shared = explain(desk, tables, article="c", seed=SEED, sections=["markets"])
    assert decider(shared)["why"] == "2 of 1 are used, shared with meter default: nothing is left."
    publish(desk, mode="observe")
    assert "in mode observe everybody passes" in decider(explain(desk, tables, article="c", seed=SEED))["why"]


def test_a_bonus_is_told_of(desk: Desk, tables: Tables) -> None:
    name = registered_reader(desk.keyring, "riotimes", "eva").name
    accounts = AccountStore(tables.database, tables.site_table)
    accounts.write_bonus("riotimes", name, "default", Bonus(4, NOW + 60))
    answer = explain(desk, tables, article="c", subject="eva")
    assert decider(answer)["why"] == "0 of 7 are used, a bonus of 4 in it: there is room for one more."


def test_an_identity_that_proves_nobody_is_told_of(desk: Desk, tables: Tables) -> None:
    answer = explain(desk, tables, article="a", identity="forged")
    assert len(answer["warnings"]) == 1
    assert why(answer, "subscriber") == "The identity proves nobody: `warnings` say why."


def test_nothing_is_written_whatever_decides(desk: Desk, tables: Tables, wire: Wire) -> None:
    token = desk.view("a", campaign="newsletter")["reader"]
    before = tables.meter_items()
    wire.sent.clear()
    for view in (
        {"article": "b", "reader": token},
        {"article": "b", "reader": token, "subject": "eva"},
        {"article": "b", "reader": token, "identity": sign(), "campaign": "newsletter", "view": "v"},
        {"article": "b", "reader": token, "events": [{"kind": "fail_open", "article": "b", "at": 0}]},
        {"article": "b", "tags": ["premium"], "address": "143.107.1.2"},
    ):
        explain(desk, tables, **view)
    assert {sent.operation for sent in wire.sent} == {"GetItem"}
    assert tables.meter_items() == before
