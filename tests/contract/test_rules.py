"""Pools, modes, and the pages that no meter counts."""

import pytest

from readmeter.core.rules import Match
from tests.support.endpoint import Desk
from tests.support.meters import digest_of, periods, snapshot
from tests.support.site import compiled, meter

MARKETS = Match(sections=("markets",))


class TestPools:
    """`markets` counts in the allowance of `default`, up to a limit of its own."""

    @pytest.fixture(autouse=True)
    def _pool(self, desk: Desk) -> None:
        desk.publish(compiled(meter("markets", anonymous=2, match=MARKETS, pool="default"), meter(anonymous=4)))

    def test_both_count_in_one_allowance(self, desk: Desk) -> None:
        answers = [desk.view("a"), desk.view("m", sections=["Markets"]), desk.view("b")]
        assert [(answer["meter"], answer["limit"], answer["used"]) for answer in answers] == [
            ("default", 4, 1),
            ("markets", 2, 2),
            ("default", 4, 3),
        ]
        assert list(periods(desk.tables)) == ["P#default#2026-11"]

    def test_the_own_limit_is_compared_with_the_pools_used(self, desk: Desk) -> None:
        """I1, I7"""
        for article in "abc":
            desk.view(article)
        denied = desk.view("m", sections=["markets"])
        assert (denied["reason"], denied["limit"], denied["used"], denied["remaining"]) == ("limit_reached", 2, 3, 0)
        assert desk.view("d")["reason"] == "metered"

    def test_an_article_is_counted_once_whichever_meter_asks(self, desk: Desk) -> None:
        """I2"""
        desk.view("m", sections=["markets"])
        assert desk.view("m")["reason"] == "repeat"

    def test_a_meter_of_its_own_is_independent(self, desk: Desk) -> None:
        desk.publish(compiled(meter("markets", anonymous=1, match=MARKETS), meter(anonymous=1)))
        assert desk.view("m", sections=["markets"])["remaining"] == 0
        assert desk.view("a")["used"] == 1
        assert set(periods(desk.tables)) == {"P#markets#2026-11", "P#default#2026-11"}

    def test_a_page_that_no_meter_matches_is_exempt(self, desk: Desk) -> None:
        desk.publish(compiled(meter("markets", match=MARKETS)))
        answer = desk.view("a")
        assert (answer["access"], answer["reason"], answer["limit"], answer["used"]) == (
            "granted",
            "exempt",
            None,
            None,
        )
        assert desk.tables.meter_items() == []


class TestObserving:
    """`mode: observe` counts as live does, and then lets everybody in."""

    @pytest.fixture(autouse=True)
    def _observe(self, desk: Desk) -> None:
        desk.publish(compiled(meter(anonymous=1), mode="observe", locked=Match(tags=("premium",))))

    def test_it_counts_to_the_limit_and_then_grants_open(self, desk: Desk) -> None:
        answers = [desk.view("a"), desk.view("a"), desk.view("b")]
        assert [answer["reason"] for answer in answers] == ["metered", "repeat", "open"]
        assert {answer["prompt"] for answer in answers} == {None}
        assert periods(desk.tables) == {
            "P#default#2026-11": {digest_of("a")},
            "N#open#2026-11-22": {digest_of("b")},
        }

    def test_an_open_read_is_recorded_and_leaves_the_meter_as_it_is(self, desk: Desk) -> None:
        """I4: what would have been read beyond the limit is what a publisher chooses a limit by."""
        desk.view("a")
        before = snapshot(desk.tables)
        desk.view("b")
        [noted] = [item for item in snapshot(desk.tables) if item not in before]
        assert noted["sk"]["S"] == "N#open#2026-11-22"
        assert [item for item in snapshot(desk.tables) if item != noted] == before

    def test_a_locked_page_is_open_and_not_counted(self, desk: Desk) -> None:
        assert desk.view("a", tags=["Premium"])["reason"] == "open"
        assert periods(desk.tables) == {"N#open#2026-11-22": {digest_of("a")}}


@pytest.mark.parametrize(
    ("reason", "rules", "page"),
    [
        ("exempt", {"mode": "off"}, {}),
        ("exempt", {"exempt": Match(sections=("obituaries",))}, {"sections": ["Obituaries"]}),
        ("exempt", {"exempt": Match(paths=("/about/*",))}, {"url": "https://www.riotimesonline.com/about/us"}),
        ("exempt", {}, {"url": "https://www.riotimesonline.com/subscribe"}),
        ("exempt", {"locked": Match(paths=("/*",))}, {"url": "https://www.riotimesonline.com/subscribe"}),
        ("locked", {"locked": Match(tags=("premium",))}, {"tags": ["premium"]}),
        ("locked", {"locked": Match(tags=("premium",)), "exempt": Match(paths=("*",))}, {"tags": ["premium"]}),
    ],
)
def test_what_no_meter_decides_is_not_counted(
    desk: Desk, reason: str, rules: dict[str, object], page: dict[str, object]
) -> None:
    """I4"""
    desk.publish(compiled(**rules))
    answer = desk.view("a", **page)
    assert answer["reason"] == reason
    assert (answer["meter"], answer["limit"], answer["used"], answer["remaining"]) == (None, None, None, None)
    assert desk.tables.meter_items() == []
