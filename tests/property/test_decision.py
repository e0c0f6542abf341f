"""The order in which rules decide, for any page, reader and site: as the contract lists it, written out once more."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from readmeter.core.decision import Decision, Tally, by_meter, by_rules, limit_for
from readmeter.core.rules import Campaign, Lift, Match, Page, Rules
from readmeter.core.standing import Standing
from tests.support.site import meter, rules

NOW = 1_795_348_800.0
TAGS = ["premium", "storm", "free", "markets", "sport"]
NEWSLETTER = Campaign("newsletter", 5)

pages = st.builds(
    lambda tags, path: Page(frozenset(), frozenset(tags), path),
    st.lists(st.sampled_from(TAGS), max_size=3),
    st.sampled_from(["/news/1", "/subscribe", "/about/us"]),
)
standings = st.builds(
    Standing,
    registered=st.booleans(),
    subscriber=st.booleans(),
    institution=st.sampled_from([None, "USP"]),
    crawler=st.booleans(),
    gift=st.sampled_from([None, "registered", "subscriber"]),
    campaign=st.sampled_from([None, NEWSLETTER]),
    referred=st.booleans(),
    bonus=st.dictionaries(st.sampled_from(["markets", "default"]), st.integers(0, 9)),
)
sites = st.builds(
    lambda mode, lifted, metered: rules(
        *[meter("markets", 1, match=Match(tags=("markets",)), pool="default"), meter("default", 5)][: metered + 1],
        mode=mode,
        locked=Match(tags=("premium",)),
        exempt=Match(tags=("free",), paths=("/about/*",)),
        lift=(Lift(NOW + lifted, Match(tags=("storm",))),),
    ),
    st.sampled_from(["live", "observe", "off"]),
    st.sampled_from([-1, 0, 1]),
    st.integers(0, 1),
)


def expected(site: Rules, page: Page, who: Standing) -> Any:
    """The contract's sentence: locked (only subscriber, institution, verified crawler and gift pass), lifted, exempt,
    subscriber, institution, crawler, gift, campaign or referrer, first meter that matches, exempt."""
    locked = "premium" in page.tags
    a_gift_passes = who.gift == "subscriber" if locked else bool(who.gift)
    order = [
        (site.mode == "off" or page.path == "/subscribe", "exempt"),
        (not locked and "storm" in page.tags and site.lift[0].until > NOW, "open"),
        (not locked and ("free" in page.tags or page.path.startswith("/about/")), "exempt"),
        (who.subscriber, "subscriber"),
        (who.institution is not None, "institution"),
        (who.crawler, "crawler"),
        (a_gift_passes, "gift"),
        (locked, "open" if site.mode == "observe" else "locked"),
        (who.campaign is not None, NEWSLETTER),
        (who.referred, "campaign"),
        ("markets" in page.tags, "markets"),
        (len(site.meters) > 1, "default"),
    ]
    return next((said for applies, said in order if applies), "exempt")


@given(sites, pages, standings)
def test_the_first_rule_that_applies_decides(site: Rules, page: Page, who: Standing) -> None:
    outcome = by_rules(site, page, who, NOW)
    said = expected(site, page, who)
    if isinstance(outcome, Decision):
        assert (outcome.reason, outcome.access) == (said, "denied" if said == "locked" else "granted")
    else:
        assert outcome == NEWSLETTER == said or outcome.name == said


@given(sites, standings, st.integers(0, 20))
def test_a_bonus_and_a_registration_only_ever_add_to_a_limit(site: Rules, who: Standing, used: int) -> None:
    for each in site.meters:
        limit = limit_for(each, who)
        assert limit == each.limits["anonymous"] + who.bonus.get(each.name, 0), "no tier of its own"
        decision = by_meter(site, each, who, Tally(used, new=used < limit), None)
        assert decision.allowance is not None
        assert decision.allowance.remaining == max(0, limit - used)
        assert (decision.access == "granted") == (used < limit or site.mode == "observe")
