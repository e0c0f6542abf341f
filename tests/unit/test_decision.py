"""Which rule decides, in the contract's order, and what the meter's tally makes of it."""

import pytest

from readmeter.core.decision import Decision, Tally, by_meter, by_rules
from readmeter.core.rules import Match, Meter, Page
from tests.support.site import meter, rules


def page(*sections: str, tags: tuple[str, ...] = (), path: str = "/news/1") -> Page:
    return Page(frozenset(sections), frozenset(tags), path)


def test_a_plain_article_is_the_default_meters() -> None:
    assert by_rules(rules(), page()) == rules().meters[0]


def test_locked_goes_before_exempt() -> None:
    both = rules(locked=Match(tags=("premium",)), exempt=Match(sections=("obituaries",)))
    assert by_rules(both, page("obituaries", tags=("premium",))) == Decision("denied", "locked")


def test_exempt_goes_before_every_meter() -> None:
    assert by_rules(rules(exempt=Match(paths=("/about/*",))), page(path="/about/us/team")) == Decision(
        "granted", "exempt"
    )


def test_the_prompts_own_pages_are_exempt_even_where_all_is_locked() -> None:
    assert by_rules(rules(locked=Match(paths=("/*",))), page(path="/subscribe")) == Decision("granted", "exempt")


def test_the_first_meter_that_matches_decides() -> None:
    markets = meter("markets", 1, match=Match(sections=("markets",)))
    site = rules(markets, meter(), meter("never"))
    assert by_rules(site, page("markets")) == markets
    assert by_rules(site, page("sport")) == site.meters[1]


def test_an_article_that_no_meter_matches_is_exempt() -> None:
    site = rules(meter("markets", match=Match(sections=("markets",))))
    assert by_rules(site, page("sport")) == Decision("granted", "exempt")


def test_mode_off_exempts_every_view() -> None:
    assert by_rules(rules(mode="off", locked=Match(paths=("*",))), page()) == Decision("granted", "exempt")


def test_observing_locks_nothing() -> None:
    site = rules(mode="observe", locked=Match(tags=("premium",)))
    assert by_rules(site, page(tags=("premium",))) == Decision("granted", "open")


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


def decide(tally: Tally, limits: Meter | None = None, **site: object) -> Decision:
    return by_meter(rules(**site), limits or meter(), "anonymous", tally, None)


def test_the_first_counted_read_of_five_leaves_four() -> None:
    decision = decide(Tally(1, new=True))
    assert (decision.access, decision.reason) == ("granted", "metered")
    assert decision.allowance is not None
    assert (decision.allowance.limit, decision.allowance.used, decision.allowance.remaining) == (5, 1, 4)


def test_a_repeat_is_granted_after_the_limit_is_lowered_and_nothing_remains() -> None:
    decision = decide(Tally(4, known=True), meter(anonymous=2))
    assert (decision.access, decision.reason) == ("granted", "repeat")
    assert decision.allowance is not None
    assert decision.allowance.remaining == 0, "never negative"


def test_a_refusal_is_a_wall() -> None:
    assert decide(Tally(5)).reason == "limit_reached"


def test_a_refusal_while_observing_is_an_open_article() -> None:
    decision = decide(Tally(5), mode="observe")
    assert (decision.access, decision.reason) == ("granted", "open")


@pytest.mark.parametrize(
    ("used", "registered", "reason", "extra"),
    [(5, 10, "registration_required", 5), (7, 10, "registration_required", 3), (5, 5, "limit_reached", 0)],
)
def test_an_account_is_asked_for_only_where_it_gives_more_reads(
    used: int, registered: int, reason: str, extra: int
) -> None:
    decision = decide(Tally(used), meter(limits={"anonymous": 5, "registered": registered}))
    assert (decision.reason, decision.extra) == (reason, extra)
