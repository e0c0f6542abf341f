"""Which rule decides, in the contract's order, and what the meter's tally makes of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from readmeter.core.decision import Allowance, Decision, Outcome, Reason, Tally, by_meter, by_rules, limit_for, steps
from readmeter.core.rules import Campaign, Lift, Match, Meter, Page, Rules
from readmeter.core.standing import NOBODY, Standing
from tests.support.site import meter, rules


def page(*sections: str, tags: tuple[str, ...] = (), path: str = "/news/1") -> Page:
    return Page(frozenset(sections), frozenset(tags), path)


NOW = 1_795_348_800.0


def ruled(rules: Rules, page: Page, standing: Standing = NOBODY) -> Outcome:
    return by_rules(rules, page, standing, NOW)


def test_a_plain_article_is_the_default_meters() -> None:
    assert ruled(rules(), page()) == rules().meters[0]


def test_locked_goes_before_exempt() -> None:
    both = rules(locked=Match(tags=("premium",)), exempt=Match(sections=("obituaries",)))
    assert ruled(both, page("obituaries", tags=("premium",))) == Decision("denied", "locked")


def test_exempt_goes_before_every_meter() -> None:
    assert ruled(rules(exempt=Match(paths=("/about/*",))), page(path="/about/us/team")) == Decision("granted", "exempt")


def test_the_prompts_own_pages_are_exempt_even_where_all_is_locked() -> None:
    assert ruled(rules(locked=Match(paths=("/*",))), page(path="/subscribe")) == Decision("granted", "exempt")


def test_the_first_meter_that_matches_decides() -> None:
    markets = meter("markets", 1, match=Match(sections=("markets",)))
    site = rules(markets, meter(), meter("never"))
    assert ruled(site, page("markets")) == markets
    assert ruled(site, page("sport")) == site.meters[1]


def test_an_article_that_no_meter_matches_is_exempt() -> None:
    site = rules(meter("markets", match=Match(sections=("markets",))))
    assert ruled(site, page("sport")) == Decision("granted", "exempt")


def test_mode_off_exempts_every_view() -> None:
    assert ruled(rules(mode="off", locked=Match(paths=("*",))), page()) == Decision("granted", "exempt")


def test_observing_locks_nothing() -> None:
    site = rules(mode="observe", locked=Match(tags=("premium",)))
    assert ruled(site, page(tags=("premium",))) == Decision("granted", "open")


@pytest.mark.parametrize(
    ("match", "names"),
    [
        (Match(sections=("markets",)), page("markets")),
        (Match(tags=("storm",)), page(tags=("storm", "rain"))),
        (Match(paths=("/2026/*/live",)), page(path="/2026/11/22/live")),
        (Match(sections=("a",), paths=("/news/?",)), page()),
    ],
)
def test_a_match_needs_any_one_of_its_names(match: Match, names: Page) -> None:
    assert match.names(names)
    assert not match.names(page(path="/elsewhere"))


NEWSLETTER = Campaign("newsletter", 5)
REGISTERED = Standing(registered=True)
EVERYTHING = Standing(True, True, "USP", True, "subscriber", NEWSLETTER, True)
LOCKED, LIFTED, EXEMPT = Match(tags=("premium",)), Lift(NOW + 1, Match(tags=("storm",))), Match(sections=("free",))


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (NOBODY, "locked"),
        (REGISTERED, "locked"),
        (Standing(gift="registered"), "locked"),
        (Standing(campaign=NEWSLETTER, referred=True), "locked"),
        (Standing(gift="subscriber"), "gift"),
        (Standing(crawler=True, gift="subscriber"), "crawler"),
        (Standing(institution="USP", crawler=True), "institution"),
        (EVERYTHING, "subscriber"),
    ],
)
def test_a_locked_article_opens_to_those_alone_whom_nobody_can_claim_to_be(standing: Standing, reason: Reason) -> None:
    """Whatever else the page says of itself: locked is asked first."""
    site = rules(locked=LOCKED, lift=(LIFTED,), exempt=EXEMPT)
    decision = ruled(site, page("free", tags=("premium", "storm")), standing)
    assert isinstance(decision, Decision)
    assert decision.reason == reason
    assert decision.access == ("denied" if reason == "locked" else "granted")


def test_the_order_is_the_contracts() -> None:
    """Each rule goes before all that come after it: taken away one by one, the next one decides."""
    site = rules(lift=(LIFTED,), exempt=EXEMPT)
    everything = {
        "open": page("free", tags=("storm",)),
        "exempt": page("free"),
    }
    assert [ruled(site, each, EVERYTHING) for each in everything.values()] == [
        Decision("granted", "open"),
        Decision("granted", "exempt"),
    ]
    left = EVERYTHING
    found: list[Any] = []
    for taken in ({"subscriber": False}, {"institution": None}, {"crawler": False}, {"gift": None}, {"campaign": None}):
        found.append(ruled(site, page(), left))
        left = replace(left, **taken)
    found += [ruled(site, page(), left), ruled(site, page(), replace(left, referred=False))]
    assert found == [
        Decision("granted", "subscriber"),
        Decision("granted", "institution", name="USP"),
        Decision("granted", "crawler"),
        Decision("granted", "gift"),
        NEWSLETTER,
        Decision("granted", "campaign"),
        site.meters[0],
    ]


def test_a_lift_ends() -> None:
    over = rules(lift=(Lift(NOW, Match(tags=("storm",))),))
    assert ruled(over, page(tags=("storm",))) == over.meters[0]


def test_every_rule_says_what_it_would_decide() -> None:
    markets = meter("markets", match=Match(sections=("markets",)))
    said = dict(steps(rules(markets, meter(), locked=LOCKED), page("sport"), Standing(subscriber=True), NOW))
    assert list(said) == [
        *("off", "own_path", "locked", "lift", "exempt", "subscriber", "institution", "crawler", "gift"),
        *("campaign", "referrer", "meter markets", "meter default", "unmetered"),
    ]
    assert [name for name, outcome in said.items() if outcome] == ["subscriber", "meter default", "unmetered"]


@pytest.mark.parametrize(
    ("standing", "name"),
    [
        (EVERYTHING, "subscriber"),
        (Standing(institution="USP"), "institution"),
        (REGISTERED, "registered"),
        (Standing(crawler=True, gift="subscriber"), "anonymous"),
    ],
)
def test_usage_tells_readers_apart_by_the_best_that_was_proven(standing: Standing, name: str) -> None:
    assert standing.reader_class == name


def test_a_bonus_adds_to_the_limit_of_its_meter_alone() -> None:
    standing = Standing(registered=True, bonus={"markets": 3})
    assert limit_for(meter("markets", limits={"anonymous": 1, "registered": 2}), standing) == 5
    assert limit_for(meter(limits={"anonymous": 5, "registered": 10}), standing) == 10


RESETS_AT = datetime(2026, 12, 1, tzinfo=UTC)


def decide(tally: Tally, of: Meter | None = None, **site: Any) -> Decision:
    return by_meter(rules(**site), of or meter(), NOBODY, tally, RESETS_AT)


def test_the_first_counted_read_of_five_leaves_four() -> None:
    decision = decide(Tally(1, new=True))
    assert decision == Decision("granted", "metered", meter(), Allowance(5, 1), RESETS_AT)
    assert Allowance(5, 1).remaining == 4


def test_a_repeat_is_granted_after_the_limit_is_lowered_and_nothing_remains() -> None:
    lowered = meter(anonymous=2)
    assert decide(Tally(4, known=True), lowered) == Decision("granted", "repeat", lowered, Allowance(2, 4), RESETS_AT)
    assert Allowance(2, 4).remaining == 0, "never negative"


def test_a_refusal_is_a_wall() -> None:
    assert decide(Tally(5)) == Decision("denied", "limit_reached", meter(), Allowance(5, 5), RESETS_AT)


def test_a_refusal_while_observing_is_an_open_article() -> None:
    assert decide(Tally(5), mode="observe") == Decision("granted", "open", meter(), Allowance(5, 5), RESETS_AT)


@pytest.mark.parametrize(
    ("used", "registered", "reason", "extra"),
    [(5, 10, "registration_required", 5), (7, 10, "registration_required", 3), (5, 5, "limit_reached", 0)],
)
def test_an_account_is_asked_for_only_where_it_gives_more_reads(
    used: int, registered: int, reason: Reason, extra: int
) -> None:
    tiers = meter(limits={"anonymous": 5, "registered": registered})
    assert decide(Tally(used), tiers) == Decision("denied", reason, tiers, Allowance(5, used), RESETS_AT, extra)


def test_a_registered_reader_is_not_asked_to_register() -> None:
    tiers = meter(limits={"anonymous": 5, "registered": 10})
    decision = by_meter(rules(), tiers, REGISTERED, Tally(5), None)
    assert decision == Decision("denied", "limit_reached", tiers, Allowance(10, 5), None)


def test_without_a_tier_of_their_own_registered_readers_have_the_anonymous_limit() -> None:
    assert limit_for(meter(limits={"anonymous": 5, "registered": 10}), REGISTERED) == 10
    assert limit_for(meter(limits={"anonymous": 5}), REGISTERED) == 5
