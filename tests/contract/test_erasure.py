"""Erasure: nothing tells what was read, the allowance stays spent, what is closed stays as it was counted."""

from typing import Any

import pytest

from readmeter.core.encoding import base64url
from readmeter.core.period import DAY
from readmeter.core.rules import Match
from readmeter.core.tokens import reader_of_seed
from readmeter.store.reads import erasure_of, reads_of
from tests.contract.test_item import partition
from tests.contract.test_periods import inside
from tests.support.endpoint import KEYRING, NOW, SEED, Desk
from tests.support.meters import digest_of, periods, snapshot
from tests.support.site import compiled, meter
from tests.support.wire import Fault, Wire, answers, broken, conflict, lost_reply, lost_request, sent_twice

MONTH = "P#default#2026-11"
A, B, C = digest_of("a"), digest_of("b"), digest_of("c")
EVENT = {"kind": "prompt_shown", "article": "a", "at": NOW * 1000}


def item(desk: Desk, sort_key: str = MONTH) -> dict[str, Any]:
    [found] = [item for item in desk.tables.meter_items() if item["sk"]["S"] == sort_key]
    return found


def read_and_erase(desk: Desk, *articles: str) -> str:
    """The token of the reader who read `articles` and was erased then."""
    token: str = [desk.view(article)["reader"] for article in articles][-1]
    desk.erase(token)
    return token


class TestTheItem:
    def test_it_holds_fillers_for_digests_and_no_stamp(self, desk: Desk) -> None:
        desk.view("a")
        before = {name: value for name, value in item(desk).items() if name not in ("a", base64url(A), base64url(B))}
        read_and_erase(desk, "b")
        after = item(desk)
        fillers = set(after.pop("a")["BS"])
        assert len(fillers) == 2
        assert not fillers & {A, B}
        assert all(len(filler) == 16 for filler in fillers)
        assert after == {**before, "e": {"N": "2"}, "g": {"N": "1"}}

    def test_what_is_read_after_it_belongs_to_the_next_generation(self, desk: Desk) -> None:
        read_and_erase(desk, "a", "b")
        desk.view("a")
        [read] = reads_of(item(desk))
        assert (read.article, read.generation) == (base64url(A), 1)
        read_and_erase(desk, "c")
        assert (item(desk)["e"], item(desk)["g"]) == ({"N": "4"}, {"N": "2"})
        erasure = erasure_of(item(desk))
        assert erasure is not None
        assert (erasure.generation, erasure.erased) == (2, 4)

    @pytest.mark.parametrize("stamp", ["carried", "unrecorded"])
    def test_what_was_no_usage_is_erased_too_and_counts_for_nothing(self, desk: Desk, stamp: str) -> None:
        token = desk.view("a")["reader"]
        desk.tables.client.update_item(
            TableName=desk.tables.meter_table,
            Key={"pk": partition(), "sk": {"S": MONTH}},
            UpdateExpression="SET #c = :stamp ADD a :c",
            ExpressionAttributeNames={"#c": base64url(C)},
            ExpressionAttributeValues={":stamp": {"S": stamp}, ":c": {"BS": [C]}},
        )
        desk.erase(token)
        erased = item(desk)
        assert (len(erased["a"]["BS"]), erased["e"]) == (2, {"N": "1"})
        assert base64url(C) not in erased
        assert C not in erased["a"]["BS"]

    def test_every_item_of_the_reader_is_erased_and_no_other_readers(self, desk: Desk) -> None:
        """I14"""
        desk.publish(
            compiled(
                meter("first", match=Match(tags=("first",)), unit="days", days=1),
                meter("displays", match=Match(tags=("displays",)), count="view"),
                exempt=Match(tags=("free",)),
                record=("exempt",),
            )
        )
        desk.view("a", seed="B" * 22)
        [others] = snapshot(desk.tables)
        for tag in ("first", "displays", "free", "none"):
            desk.view("a", tags=[tag])
        desk.now += DAY
        desk.view("b", tags=["first"])
        desk.report(EVENT)
        read_and_erase(desk, "c")
        items = [item for item in snapshot(desk.tables) if item["pk"] == partition()]
        assert sorted({item["sk"]["S"].partition("#")[0] for item in items}) == ["E", "N", "P"]
        assert [list(reads_of(item)) for item in items] == [[]] * len(items)
        assert all(item["g"] == {"N": "1"} for item in items)
        assert others in snapshot(desk.tables)

    def test_it_is_idempotent(self, desk: Desk) -> None:
        token = read_and_erase(desk, "a")
        before = snapshot(desk.tables)
        desk.erase(token)
        assert snapshot(desk.tables) == before

    def test_a_reader_of_whom_nothing_is_known_is_erased_without_a_write(self, desk: Desk, wire: Wire) -> None:
        token = desk.view("a", seed=None, reader=None)["reader"]
        desk.now += 60 * DAY  # its item may be gone by then
        for found in desk.tables.meter_items():
            desk.tables.client.delete_item(
                TableName=desk.tables.meter_table, Key={"pk": found["pk"], "sk": found["sk"]}
            )
        wire.sent.clear()
        desk.erase(token)
        assert wire.to(desk.tables.meter_table) == ["Query"]
        assert desk.tables.meter_items() == []


class TestTheAllowance:
    def test_it_stays_spent_until_the_period_ends(self, desk: Desk) -> None:
        """I19"""
        read_and_erase(desk, "a", "b", "c")
        answers = [desk.view(article) for article in "def"]
        assert [(answer["reason"], answer["used"]) for answer in answers] == [
            ("metered", 4),
            ("metered", 5),
            ("limit_reached", 5),
        ]
        desk.now += 10 * DAY
        assert desk.view("a")["used"] == 1

    def test_an_erased_article_is_new_again(self, desk: Desk) -> None:
        """I19: a repeat is free per erasure."""
        read_and_erase(desk, "a", "b", "c", "d")
        assert [(desk.view("a")["reason"], desk.view("a")["reason"])] == [("metered", "repeat")]
        assert desk.view("b")["reason"] == "limit_reached"

    def test_a_page_of_the_wall_after_it_is_answered_by_its_state(self, desk: Desk, wire: Wire) -> None:
        """I20: fillers are as good as digests for telling that the allowance is spent."""
        read_and_erase(desk, "a", "b", "c", "d", "e")
        state = desk.view("f")["state"]
        wire.sent.clear()
        assert desk.view("g", state=state)["reason"] == "limit_reached"
        assert wire.to(desk.tables.meter_table) == []

    def test_an_older_state_brings_nothing_back(self, desk: Desk, wire: Wire) -> None:
        """I19: it repeats what it was granted, without a request; what the table holds stays erased."""
        state = desk.view("a")["state"]
        read_and_erase(desk, "b")
        before = snapshot(desk.tables)
        wire.sent.clear()
        again = desk.view("a", state=state)
        assert (again["access"], again["reason"], again["used"]) == ("granted", "repeat", 1)
        assert wire.to(desk.tables.meter_table) == []
        assert snapshot(desk.tables) == before
        assert desk.view("c", state=state)["used"] == 3

    def test_older_states_grant_no_more_articles_than_the_limit(self, desk: Desk) -> None:
        """I1: what they repeat was counted when it was granted, and stays counted."""
        states = [desk.view(article)["state"] for article in "abc"]
        read_and_erase(desk, "c")
        granted = {article for article in "abcdefgh" if desk.view(article, state=states[-1])["access"] == "granted"}
        assert granted == set("abcde")


class TestWindows:
    @pytest.fixture
    def window(self, desk: Desk) -> Desk:
        desk.publish(compiled(meter(unit="days", days=30, anonymous=2)))
        return desk

    def test_an_erased_window_stays_open_and_spent(self, window: Desk) -> None:
        """I19"""
        read_and_erase(window, "a", "b")
        window.now += DAY
        answer = window.view("a")
        assert (answer["reason"], answer["resets_at"]) == ("limit_reached", "2026-12-22T09:00:00-03:00")

    def test_it_closes_as_it_was_erased(self, window: Desk) -> None:
        read_and_erase(window, "a")
        erased = item(window, "P#default#D")
        window.now = NOW + 30 * DAY
        assert window.view("b")["used"] == 1
        closed = item(window, f"P#default#{int(NOW)}")
        assert {**closed, "sk": erased["sk"]} == erased
        assert "g" not in item(window, "P#default#D")

    def test_a_closed_window_is_erased_too(self, window: Desk) -> None:
        window.view("a")
        window.now = NOW + 30 * DAY
        read_and_erase(window, "b")
        assert not any(periods(window.tables)[key] & {A, B} for key in periods(window.tables))
        assert item(window, f"P#default#{int(NOW)}")["e"] == {"N": "1"}

    def test_an_erasure_before_a_roll_over_is_not_undone_by_it(self, window: Desk, wire: Wire) -> None:
        """I19: between the refusal and the transaction, whose closed copy would hold what was erased."""
        token = window.view("a")["reader"]
        window.now = NOW + 30 * DAY
        rival = Desk(inside(window.tables), now=window.now)
        wire.choose = once_before("TransactWriteItems", lambda: rival.erase(token))
        assert window.view("b")["used"] == 1
        closed = item(window, f"P#default#{int(NOW)}")
        assert (closed["g"], base64url(A) in closed) == ({"N": "1"}, False)

    def test_a_roll_over_during_an_erasure_loses_nothing_and_is_erased(self, window: Desk, wire: Wire) -> None:
        """I1, I5: the new window has as many reads as the old one had."""
        token = window.view("a")["reader"]
        window.now = NOW + 30 * DAY
        rival = Desk(inside(window.tables), now=window.now)
        wire.choose = once_before("PutItem", lambda: rival.view("b"))
        window.erase(token)
        assert all(found["g"] == found["e"] == {"N": "1"} for found in window.tables.meter_items())
        assert item(window, "P#default#D")["ws"] == {"N": str(int(window.now))}
        assert [window.view(article)["used"] for article in "cd"] == [2, 2]


class TestAtTheSameTime:
    def test_a_read_that_slips_in_is_not_lost(self, desk: Desk, wire: Wire) -> None:
        """I5"""
        token = desk.view("a")["reader"]
        rival = Desk(inside(desk.tables))
        wire.choose = once_before("PutItem", lambda: rival.view("b"))
        desk.erase(token)
        found = item(desk)
        assert (len(found["a"]["BS"]), found["e"], found["g"]) == (2, {"N": "2"}, {"N": "1"})

    def test_another_erasure_that_slips_in_is_enough(self, desk: Desk, wire: Wire) -> None:
        token = desk.view("a")["reader"]
        rival = Desk(inside(desk.tables))
        wire.choose = once_before("PutItem", lambda: rival.erase(token))
        desk.erase(token)
        assert (item(desk)["e"], item(desk)["g"]) == ({"N": "1"}, {"N": "1"})

    def test_a_merge_that_slips_in_is_kept(self, desk: Desk, wire: Wire) -> None:
        token = desk.view("a")["reader"]

        def merge() -> None:
            inside(desk.tables).client.update_item(
                TableName=desk.tables.meter_table,
                Key={"pk": partition(), "sk": {"S": MONTH}},
                UpdateExpression="SET mi = :to",
                ExpressionAttributeValues={":to": {"S": "another"}},
            )

        wire.choose = once_before("PutItem", merge)
        desk.erase(token)
        assert (item(desk)["mi"], item(desk)["g"]) == ({"S": "another"}, {"N": "1"})

    def test_a_days_cap_that_slips_in_is_kept(self, desk: Desk, wire: Wire) -> None:
        token = desk.view("a")["reader"]
        for start in range(0, 200, 20):
            desk.report(*(EVENT | {"at": (NOW - number) * 1000} for number in range(start, start + 20)))
        rival = Desk(inside(desk.tables))
        wire.choose = once_before("PutItem", lambda: rival.report(EVENT | {"article": "b"}))
        desk.erase(token)
        assert item(desk, "E#2026-11-22")["capped"] == {"BOOL": True}


class TestFaults:
    @pytest.mark.parametrize(
        ("operation", "fault"),
        [
            *(("Query", fault) for fault in (lost_reply, lost_request, broken)),
            *(("PutItem", fault) for fault in (lost_reply, sent_twice, lost_request, broken, conflict)),
        ],
    )
    def test_a_fault_that_passes_is_not_seen(self, desk: Desk, wire: Wire, operation: str, fault: Fault) -> None:
        token = desk.view("a")["reader"]
        desk.view("b")
        wire.inject(operation, fault)
        desk.erase(token)
        assert (item(desk)["e"], item(desk)["g"], len(item(desk)["a"]["BS"])) == ({"N": "2"}, {"N": "1"}, 2)

    @pytest.mark.parametrize("operation", ["Query", "PutItem"])
    @pytest.mark.parametrize("fault", [lost_request, broken, answers(400, "ThrottlingException")])
    def test_a_fault_that_stays_is_told(self, desk: Desk, wire: Wire, operation: str, fault: Fault) -> None:
        token = desk.view("a")["reader"]
        before = snapshot(desk.tables)
        wire.inject(operation, *[fault] * 3)
        answer = desk.reader(token, "DELETE")
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert snapshot(desk.tables) == before
        desk.erase(token)
        assert item(desk)["e"] == {"N": "1"}

    def test_a_reader_who_changes_all_the_time_is_asked_to_come_back(self, desk: Desk, wire: Wire) -> None:
        token = desk.view("a")["reader"]
        wire.inject("PutItem", *[answers(400, "ConditionalCheckFailedException")] * 10)
        assert desk.reader(token, "DELETE").status == 503


def test_an_erasure_is_a_query_and_a_write_for_each_item(desk: Desk, wire: Wire) -> None:
    token = desk.view("a")["reader"]
    desk.now += 10 * DAY
    desk.view("a")
    wire.sent.clear()
    desk.erase(token)
    assert wire.to(desk.tables.meter_table) == ["Query", "PutItem", "PutItem"]


def test_a_seed_names_the_reader_that_its_token_erases(desk: Desk) -> None:
    read_and_erase(desk, "a")
    reader = reader_of_seed(KEYRING, "riotimes", SEED)
    assert reader is not None
    assert item(desk)["pk"] == {"S": f"S#riotimes#R#{reader.name}"}


def once_before(operation: str, act: Any) -> Any:
    """Calls `act` just before the first attempt of `operation`; every attempt passes."""
    acted: list[str] = []

    def choose(sent: str) -> None:
        if sent == operation and not acted:
            acted.append(sent)
            act()

    return choose
