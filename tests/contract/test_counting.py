"""One reader, one meter, one calendar month: what is counted, what is free, what is denied."""

import pytest

from readmeter.core.decision import Tally
from readmeter.store.meters import CalendarSlot, Read
from tests.support.endpoint import Desk, event
from tests.support.engines import Tables
from tests.support.meters import digest_of, periods, snapshot
from tests.support.site import compiled, meter

SLOT = CalendarSlot("riotimes", "somebody", "default", "2026-11", 1_796_094_000.0)


def said(answer: dict[str, object]) -> tuple[object, ...]:
    return tuple(answer[name] for name in ("access", "reason", "limit", "used", "remaining"))


def read(article: str) -> Read:
    return Read(digest_of(article), "2026-11-22", 3, "anonymous", "reader")


def test_the_first_read_of_a_limit_of_five_leaves_four(desk: Desk) -> None:
    assert said(desk.view("a")) == ("granted", "metered", 5, 1, 4)


def test_each_new_article_takes_exactly_one(desk: Desk) -> None:
    """I7"""
    answers = [desk.view(article) for article in "abcdef"]
    assert [(answer["reason"], answer["used"], answer["remaining"]) for answer in answers] == [
        ("metered", 1, 4),
        ("metered", 2, 3),
        ("metered", 3, 2),
        ("metered", 4, 1),
        ("metered", 5, 0),
        ("limit_reached", 5, 0),
    ]


def test_no_more_articles_than_the_limit_are_ever_granted(desk: Desk) -> None:
    """I1"""
    answers = [desk.view(str(number)) for number in range(20)]
    assert [answer["access"] for answer in answers] == ["granted"] * 5 + ["denied"] * 15
    assert periods(desk.tables) == {"P#default#2026-11": {digest_of(str(number)) for number in range(5)}}


def test_a_repeat_is_granted_and_not_counted(desk: Desk) -> None:
    """I2"""
    desk.view("a")
    desk.view("b")
    assert said(desk.view("a")) == ("granted", "repeat", 5, 2, 3)


def test_a_repeat_is_free_at_the_limit(desk: Desk) -> None:
    """I2"""
    for article in "abcde":
        desk.view(article)
    assert said(desk.view("c")) == ("granted", "repeat", 5, 5, 0)


def test_a_repeat_changes_nothing(desk: Desk) -> None:
    """I2: also on another day and under a later version of the rules, the first stamp stands."""
    desk.view("a")
    before = snapshot(desk.tables)
    desk.now += 3 * 86_400
    desk.publish(compiled(version=2))
    assert desk.view("a", storage="none")["reason"] == "repeat"
    assert snapshot(desk.tables) == before


def test_a_denial_changes_nothing(desk: Desk) -> None:
    """I4"""
    for article in "abcde":
        desk.view(article)
    before = snapshot(desk.tables)
    desk.now += 86_400
    assert desk.view("f")["access"] == "denied"
    assert snapshot(desk.tables) == before


def test_a_limit_of_zero_grants_nothing_and_writes_nothing(desk: Desk) -> None:
    """I3"""
    desk.publish(compiled(meter(anonymous=0)))
    assert said(desk.view("a")) == ("denied", "limit_reached", 0, 0, 0)
    assert desk.tables.meter_items() == []


def test_a_limit_of_zero_grants_nothing_new_to_a_reader_of_before(desk: Desk) -> None:
    """I3: what is counted stays free."""
    desk.view("a")
    desk.publish(compiled(meter(anonymous=0)))
    assert said(desk.view("b")) == ("denied", "limit_reached", 0, 1, 0)
    assert said(desk.view("a")) == ("granted", "repeat", 0, 1, 0)


def test_after_the_limit_is_lowered_repeats_are_free_and_new_articles_are_denied(desk: Desk) -> None:
    """I1, I2, I7"""
    for article in "abcd":
        desk.view(article)
    desk.publish(compiled(meter(anonymous=2)))
    assert said(desk.view("d")) == ("granted", "repeat", 2, 4, 0)
    assert said(desk.view("e")) == ("denied", "limit_reached", 2, 4, 0)


def test_after_the_limit_is_raised_new_articles_are_granted_again(desk: Desk) -> None:
    """I1"""
    desk.publish(compiled(meter(anonymous=1)))
    desk.view("a")
    assert desk.view("b")["access"] == "denied"
    desk.publish(compiled(meter(anonymous=2)))
    assert said(desk.view("b")) == ("granted", "metered", 2, 2, 0)
    assert desk.view("c")["access"] == "denied"


def test_the_largest_limit_counts_to_its_end(desk: Desk) -> None:
    """I1"""
    desk.publish(compiled(meter(anonymous=500)))
    desk.view("0")
    [item] = desk.tables.meter_items()
    item["a"]["BS"] = [digest_of(str(number)) for number in range(499)]
    desk.tables.client.put_item(TableName=desk.tables.meter_table, Item=item)
    assert said(desk.view("499")) == ("granted", "metered", 500, 500, 0)
    assert said(desk.view("500")) == ("denied", "limit_reached", 500, 500, 0)


def test_two_spellings_of_an_article_are_one(desk: Desk) -> None:
    desk.view("caf\u00e9")
    assert desk.view("cafe\u0301")["reason"] == "repeat"


def test_query_and_fragment_of_a_url_name_no_other_article(desk: Desk) -> None:
    desk.view(url="https://www.riotimesonline.com/story")
    assert desk.view(url="https://www.riotimesonline.com/story?utm_source=x#comments")["reason"] == "repeat"


def test_readers_have_an_allowance_each(desk: Desk) -> None:
    """I14: among readers."""
    for article in "abcde":
        desk.view(article)
    assert desk.view("f", seed="B" * 22)["used"] == 1


def test_sites_have_an_allowance_each(desk: Desk) -> None:
    """I14: the same seed and the same article, and the other site's items stay as they are."""
    desk.publish(compiled(site="paulista"))
    for article in "abcde":
        desk.view(article)
    before = [item for item in snapshot(desk.tables) if item["pk"]["S"].startswith("S#riotimes#")]
    assert desk.view("a", site="paulista")["used"] == 1
    assert [item for item in snapshot(desk.tables) if item["pk"]["S"].startswith("S#riotimes#")] == before


def test_no_name_of_a_reader_or_article_is_shared_by_two_sites(desk: Desk) -> None:
    """I14: keys, digests and attribute names of one site say nothing on another."""
    desk.publish(compiled(site="paulista"))
    desk.view("a")
    desk.view("a", site="paulista")
    ours, theirs = snapshot(desk.tables)
    assert ours["pk"]["S"].rpartition("#")[2] != theirs["pk"]["S"].rpartition("#")[2]
    assert ours["a"] != theirs["a"]
    assert ours.keys() & theirs.keys() == {"pk", "sk", "a", "x"}


class TestCountingViews:
    """`count: view`: each display of a page counts."""

    @pytest.fixture(autouse=True)
    def _views(self, desk: Desk) -> None:
        desk.publish(compiled(meter(anonymous=3, count="view")))

    def test_every_display_counts(self, desk: Desk) -> None:
        answers = [desk.view("a", view=view) for view in ("1", "2", "3", "4")]
        assert [answer["reason"] for answer in answers] == ["metered", "metered", "metered", "limit_reached"]

    def test_the_same_display_counts_once(self, desk: Desk) -> None:
        desk.view("a", view="1")
        assert said(desk.view("a", view="1")) == ("granted", "repeat", 3, 1, 2)

    def test_the_same_display_name_on_another_article_is_another(self, desk: Desk) -> None:
        desk.view("a", view="1")
        assert desk.view("b", view="1")["used"] == 2

    def test_without_a_view_each_request_counts(self, desk: Desk) -> None:
        first = event(b'{"site": "riotimes", "article": "a", "seed": "AAAAAAAAAAAAAAAAAAAAAA"}')
        second = {**first, "requestContext": {**first["requestContext"], "requestId": "another"}}
        used = [desk.send(sent).json["used"] for sent in (first, second, first)]
        assert used == [1, 2, 2]

    def test_the_article_of_the_answer_is_the_article_itself(self, desk: Desk) -> None:
        assert desk.view("a", view="1")["article"] == desk.view("a", view="2")["article"]


class TestTheStore:
    """The same through `MeterStore` alone."""

    def test_a_fresh_item_counts_one(self, tables: Tables) -> None:
        a = digest_of("a")
        assert tables.meters.count(SLOT, read("a"), 5) == Tally(1, new=True, digests=frozenset({a}))

    def test_a_repeat_is_known(self, tables: Tables) -> None:
        tables.meters.count(SLOT, read("a"), 5)
        assert tables.meters.count(SLOT, read("a"), 5) == Tally(1, known=True, digests=frozenset({digest_of("a")}))

    def test_a_refusal_says_what_is_held(self, tables: Tables) -> None:
        tables.meters.count(SLOT, read("a"), 1)
        assert tables.meters.count(SLOT, read("b"), 1) == Tally(1, digests=frozenset({digest_of("a")}))

    def test_a_limit_of_zero_refuses_on_nothing(self, tables: Tables) -> None:
        """I3"""
        assert tables.meters.count(SLOT, read("a"), 0) == Tally(0)
        assert tables.meter_items() == []

    def test_looking_says_what_counting_would(self, tables: Tables) -> None:
        for article in "aab":
            foreseen = tables.meters.look(SLOT, digest_of(article), 1)
            counted = tables.meters.count(SLOT, read(article), 1)
            assert (foreseen.new, foreseen.known) == (counted.new, counted.known)
