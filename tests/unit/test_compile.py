"""The compiled form of a site document, and which changes wait for the site's next month."""

import json
from datetime import datetime
from typing import Any

import pytest

from readmeter.core.rules import Campaign, CompiledSite, Gifts, Institution, Key, Lift, Match, Rules
from readmeter.sites.compile import compile_rules, compile_site
from readmeter.sites.parse import read_document
from tests.support.identities import key as public_key

JWK = public_key().jwk


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


NOVEMBER = instant("2026-11-20T12:00:00+00:00")
DECEMBER = instant("2026-12-01T00:00:00-03:00")


def meter(name: str = "default", **changes: Any) -> dict[str, Any]:
    return {"name": name, "limits": {"anonymous": 5}, **changes}


def document(*meters: dict[str, Any], **changes: Any) -> Any:
    prompt = {"subscribe_url": "https://rio.example/subscribe", **changes.pop("prompt", {})}
    given = {"site": "riotimes", "origins": ["https://rio.example"], "timezone": "America/Sao_Paulo", **changes}
    return read_document({**given, "prompt": prompt, **({"meters": list(meters)} if meters else {})})


class Site:
    """A site over a few PUTs."""

    def __init__(self, first: Any) -> None:
        self.compiled = compile_site(first, 1, None, NOVEMBER)

    def put(self, document: Any, now: float = NOVEMBER + 60) -> "Site":
        self.compiled = compile_site(document, self.compiled.current.version + 1, self.compiled, now)
        return self

    def at(self, now: float) -> Rules:
        return self.compiled.in_force(now)

    @property
    def now(self) -> Rules:
        return self.at(NOVEMBER + 60)

    @property
    def next_month(self) -> Rules:
        assert self.at(DECEMBER - 1) == self.now
        return self.at(DECEMBER)


def test_the_rules_say_what_the_document_says():
    rules = compile_rules(
        document(
            meter("markets", limits={"anonymous": 1}, match={"sections": ["Márkets", "A"]}, pool="default"),
            meter(limits={"anonymous": 5, "registered": 9}, period={"unit": "days", "days": 30}, count="view"),
            exempt={"tags": ["Weather"], "paths": ["/About/*"]},
        ),
        3,
    )
    assert (rules.version, rules.name) == (3, "riotimes")
    markets, default = rules.meters
    assert (default.limits, default.unit, default.days, default.count) == (
        {"anonymous": 5, "registered": 9},
        "days",
        30,
        "view",
    )
    assert (markets.unit, markets.days, markets.count, markets.pool) == ("days", 30, "view", "default")
    assert markets.match.sections == ("a", "márkets")
    assert (rules.exempt.tags, rules.exempt.paths) == (("weather",), ("/About/*",))


def test_who_reads_beside_the_meters_is_compiled_too():
    named = {"kid": "a", "alg": "ES256", "jwk": JWK}
    rules = compile_rules(
        document(
            lift=[{"until": "2026-11-23T03:00:00-03:00", "match": {"tags": ["Storm"]}}],
            campaigns=[{"name": "newsletter", "per_reader": 5}],
            institutions=[{"name": "USP", "cidrs": ["143.107.0.0/16"]}],
            gifts={"per_month": 10, "valid_days": 5},
            identity={"issuer": "https://id.rio.example", "jwks_url": "https://id.rio.example/keys"},
            subscriptions={"past_due_grace_days": 7},
        ),
        1,
    )
    assert rules.lift == (Lift(instant("2026-11-23T06:00:00+00:00"), Match(tags=("storm",))),)
    assert rules.campaigns == (Campaign("newsletter", 5),)
    assert rules.institutions == (Institution("USP", ("143.107.0.0/16",)),)
    assert rules.gifts == Gifts(10, 5)
    assert rules.identity is not None
    assert (rules.identity.audience, rules.identity.subscriber_claim) == ("riotimes", "subscriber")
    assert rules.past_due_grace_days == 7
    inline = compile_rules(document(identity={"issuer": "x", "audience": "paper", "keys": [named]}), 1).identity
    assert inline is not None
    assert (inline.audience, inline.keys) == ("paper", (Key("a", "ES256", JWK),))


def test_compiled_rules_read_back_as_themselves_and_older_ones_have_the_defaults():
    whole = compile_site(
        document(
            lift=[{"until": "2026-11-23T06:00:00Z", "match": {"tags": ["storm"]}}],
            institutions=[{"name": "USP", "cidrs": ["143.107.0.0/16"]}],
            gifts={"per_month": 10, "valid_days": 5},
            identity={"issuer": "x", "keys": [{"kid": "a", "alg": "ES256", "jwk": JWK}]},
        ),
        1,
        None,
        NOVEMBER,
    )
    assert CompiledSite.parse(whole.dump()) == whole
    least = compile_site(document(), 1, None, NOVEMBER)
    older = json.loads(least.dump())
    for key in ("lift", "campaigns", "referrers", "institutions", "crawlers", "gifts", "soft_grants", "identity"):
        del older["current"][key]
    del older["current"]["past_due_grace_days"], older["current"]["prompt"]["help_url"]
    assert CompiledSite.parse(json.dumps(older)) == least


def test_own_paths_are_those_of_the_prompts_buttons_but_never_the_front_page():
    prompt = {
        "subscribe_url": "https://rio.example/subscribe?back={return_url}",
        "sign_in_url": "https://rio.example/",
        "register_url": "https://rio.example",
        "redirect_url": "https://rio.example/offers",
        "links": [{"label": "More", "url": "https://rio.example/more"}],
    }
    assert compile_rules(document(prompt=prompt), 1).own_paths == ("/offers", "/subscribe")


def test_a_new_site_is_in_force_at_once():
    site = Site(document(meter(period={"unit": "week"})))
    assert site.compiled.following is None
    assert site.now.meters[0].unit == "week"


def test_most_changes_hold_at_once():
    changed = document(
        meter(limits={"anonymous": 3}, match={"tags": ["a"]}),
        origins=["https://other.example"],
        mode="observe",
        locale="pt",
        locked={"tags": ["premium"]},
        prompt={"position": "top"},
    )
    site = Site(document()).put(changed)
    assert site.compiled == CompiledSite(compile_rules(changed, 2))


@pytest.mark.parametrize(
    "change",
    [
        {"period": {"unit": "week"}},
        {"period": {"unit": "days", "days": 30}},
        {"count": "view"},
    ],
)
def test_what_a_meter_counts_changes_with_the_month_and_its_limit_at_once(change):
    site = Site(document(meter())).put(document(meter(limits={"anonymous": 2}, **change)))
    assert (site.now.meters[0].unit, site.now.meters[0].count) == ("month", "article")
    assert site.now.meters[0].limits == {"anonymous": 2}
    assert site.next_month == compile_rules(document(meter(limits={"anonymous": 2}, **change)), 2)


def test_the_retention_waits_for_the_next_month_so_that_a_month_ends_as_one():
    site = Site(document()).put(document(retention={"reader_days": 10, "ledger_reader_days": 60}))
    assert (site.now.retention.reader_days, site.now.retention.ledger_reader_days) == (45, 90)
    assert (site.next_month.retention.reader_days, site.next_month.retention.ledger_reader_days) == (10, 60)


def test_the_time_zone_changes_with_the_month_of_the_zone_in_force():
    site = Site(document()).put(document(timezone="Asia/Tokyo"))
    assert site.now.timezone == "America/Sao_Paulo"
    assert site.next_month.timezone == "Asia/Tokyo"


def test_a_renamed_meter_keeps_the_old_meters_until_the_month_ends():
    before = document(meter("old"), meter("side", match={"tags": ["a"]}))
    after = document(meter("new"), meter("side", limits={"anonymous": 1}, match={"tags": ["a"]}))
    site = Site(before).put(after)
    assert site.now.meters == compile_rules(before, 1).meters
    assert site.now.version == 2
    assert site.next_month.meters == compile_rules(after, 2).meters


def test_a_meter_that_is_only_added_or_only_removed_is_so_at_once():
    one, two = document(meter("a", match={"tags": ["a"]})), document(meter("a", match={"tags": ["a"]}), meter("b"))
    assert [each.name for each in Site(one).put(two).now.meters] == ["a", "b"]
    assert [each.name for each in Site(two).put(one).now.meters] == ["a"]
    assert Site(one).put(two).compiled.following is None


def test_the_order_of_meters_changes_at_once():
    site = Site(document(meter("a"), meter("b"))).put(document(meter("b"), meter("a")))
    assert [each.name for each in site.now.meters] == ["b", "a"]


def test_a_put_after_a_put_that_still_waits_starts_from_what_is_in_force():
    week, day = document(meter(period={"unit": "week"})), document(meter(period={"unit": "day"}))
    site = Site(document(meter())).put(week).put(day)
    assert (site.now.meters[0].unit, site.next_month.meters[0].unit) == ("month", "day")
    assert (site.now.version, site.next_month.version) == (3, 3)


def test_a_change_still_waits_when_the_next_put_repeats_it():
    changed = document(meter(period={"unit": "week"}), timezone="UTC")
    site = Site(document(meter())).put(changed).put(changed)
    assert (site.now.meters[0].unit, site.now.timezone) == ("month", "America/Sao_Paulo")
    assert site.next_month == compile_rules(changed, 3)


def test_a_change_that_is_taken_back_never_happens():
    site = Site(document(meter("a"))).put(document(meter("b"), timezone="UTC")).put(document(meter("a")))
    assert site.compiled == CompiledSite(compile_rules(document(meter("a")), 3))


def test_a_put_after_the_month_ended_starts_from_what_followed():
    week = document(meter(period={"unit": "week"}))
    site = Site(document(meter())).put(week).put(week, now=DECEMBER + 1)
    assert site.compiled == CompiledSite(compile_rules(week, 3))


def test_a_pooled_meter_stays_in_step_with_a_pool_that_waits():
    before = document(meter("side", limits={"anonymous": 1}, pool="default"), meter())
    after = document(
        meter("side", limits={"anonymous": 1}, pool="default"),
        meter("late", limits={"anonymous": 2}, pool="default"),
        meter(period={"unit": "week"}),
    )
    site = Site(before).put(after)
    assert {each.unit for each in site.now.meters} == {"month"}
    assert {each.unit for each in site.next_month.meters} == {"week"}
    assert {each.pool for each in site.now.meters} == {"default"}


def test_a_meter_leaves_its_pool_with_the_month_and_takes_no_more_than_it_until_then():
    before = document(meter("side", limits={"anonymous": 1}, pool="default"), meter())
    after = document(meter("side", limits={"anonymous": 50, "registered": 60}, period={"unit": "day"}), meter())
    site = Site(before).put(after)
    assert (site.now.meters[0].pool, site.now.meters[0].unit) == ("default", "month")
    assert site.now.meters[0].limits == {"anonymous": 5, "registered": 5}
    assert site.next_month.meters == compile_rules(after, 2).meters


def test_a_meter_whose_pool_is_removed_counts_there_until_the_month_ends():
    before = document(meter("side", limits={"anonymous": 1}, pool="default"), meter(period={"unit": "week"}))
    site = Site(before).put(document(meter("side")))
    (side,) = site.now.meters
    assert (side.pool, side.unit, side.limits) == ("default", "week", {"anonymous": 5})
    assert site.next_month.meters[0].pool == "side"


@pytest.mark.parametrize(
    ("zone", "now", "next_month"),
    [
        ("America/Havana", "2026-10-20T12:00:00-04:00", "2026-11-01T00:00:00-04:00"),
        ("America/Asuncion", "2023-09-30T23:59:59-04:00", "2023-10-01T01:00:00-03:00"),
        ("Pacific/Kiritimati", "2026-12-31T23:00:00+14:00", "2027-01-01T00:00:00+14:00"),
        ("UTC", "2026-11-30T23:59:59+00:00", "2026-12-01T00:00:00+00:00"),
    ],
)
def test_the_next_month_is_the_sites_own(zone, now, next_month):
    site = Site(document(timezone=zone))
    site.compiled = compile_site(document(timezone="Asia/Tokyo"), 2, site.compiled, instant(now))
    assert site.compiled.following_from == instant(next_month)


def test_the_compiled_form_survives_its_storage():
    site = Site(document(meter())).put(document(meter(period={"unit": "week"}), exempt={"tags": ["a"]}))
    assert CompiledSite.parse(site.compiled.dump()) == site.compiled
