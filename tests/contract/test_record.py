"""Unmetered reads that a site records: one write each, an item per reader, reason and day, up to a bound."""

from typing import Any

import pytest

from readmeter.core.encoding import base64url
from readmeter.core.rules import Match, Retention
from readmeter.store.dynamodb import DynamoDB
from readmeter.store.notes import MOST_READS, Day, NoteStore
from readmeter.store.reads import RecordedRead, reads_of
from tests.contract.test_counting import read
from tests.contract.test_item import partition
from tests.support.endpoint import SEED, Desk
from tests.support.engines import Tables
from tests.support.meters import digest_of, periods, snapshot
from tests.support.site import ORIGIN, compiled
from tests.support.wire import Wire, broken, conflict, lost_reply, sent_twice

DAY = 86_400
END_OF_DAY = 1_795_402_800  # 2026-11-23T00:00-03:00
TODAY = "N#exempt#2026-11-22"
FREE: dict[str, Any] = {"tags": ["free"]}
A, B = digest_of("a"), digest_of("b")


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """The desk of a site that records its exempt reads."""
    desk.publish(compiled(exempt=Match(tags=("free",)), record=("exempt",)))
    return desk


def test_the_item_of_recorded_reads(desk: Desk) -> None:
    for article, storage in (("a", None), ("b", "none")):
        answer = desk.view(article, storage=storage, **FREE)
        assert (answer["reason"], answer["used"]) == ("exempt", None)
    assert snapshot(desk.tables) == [
        {
            "pk": partition(),
            "sk": {"S": TODAY},
            "a": {"BS": sorted([A, B])},
            base64url(A): {"S": "2026-11-22|1|anonymous|reader"},
            base64url(B): {"S": "2026-11-22|1|anonymous|unstored"},
            "x": {"N": str(END_OF_DAY + 45 * DAY)},
        }
    ]


def test_usage_reads_the_reason_from_it(desk: Desk) -> None:
    desk.view("a", **FREE)
    [item] = desk.tables.meter_items()
    assert list(reads_of(item)) == [
        RecordedRead(
            site="riotimes",
            reader=partition()["S"].rpartition("#")[2],
            meter="",
            period="2026-11-22",
            generation=0,
            article=base64url(A),
            local_date="2026-11-22",
            rule_version=1,
            reader_class="anonymous",
            decision="exempt",
            traffic="reader",
            unit="article",
        )
    ]


def test_an_article_is_recorded_once_a_day(desk: Desk) -> None:
    for _ in range(3):
        desk.view("a", **FREE)
    before = snapshot(desk.tables)
    desk.now = END_OF_DAY
    desk.view("a", **FREE)
    assert periods(desk.tables) == {TODAY: {A}, "N#exempt#2026-11-23": {A}}
    assert before[0] in snapshot(desk.tables)


def test_it_spends_no_allowance(desk: Desk) -> None:
    desk.view("a", **FREE)
    assert desk.view("b")["used"] == 1
    assert periods(desk.tables) == {TODAY: {A}, "P#default#2026-11": {B}}


@pytest.mark.parametrize(("rules", "page"), [({"mode": "off"}, {}), ({}, {"url": f"{ORIGIN}/subscribe"})])
def test_whatever_makes_it_exempt(desk: Desk, rules: dict[str, Any], page: dict[str, Any]) -> None:
    desk.publish(compiled(record=("exempt",), **rules))
    desk.view("a", **page)
    assert periods(desk.tables) == {TODAY: {A}}


def test_it_is_one_write_with_a_state_too(desk: Desk, wire: Wire) -> None:
    """I20"""
    state = desk.view("counted")["state"]
    wire.sent.clear()
    for article in "aab":
        desk.view(article, state=state, **FREE)
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"]


def test_a_site_that_records_other_reads_writes_nothing(desk: Desk, wire: Wire) -> None:
    """I20"""
    desk.publish(compiled(exempt=Match(tags=("free",)), record=("gift", "institution")))
    assert desk.view("a", **FREE)["reason"] == "exempt"
    assert wire.to(desk.tables.meter_table) == []


def test_what_is_counted_or_denied_is_not_recorded(desk: Desk) -> None:
    desk.publish(compiled(locked=Match(tags=("free",)), record=("exempt",)))
    for article in "abcdef":
        desk.view(article)
    desk.view("g", **FREE)
    assert [sort_key.partition("#")[0] for sort_key in periods(desk.tables)] == ["P"]


def test_access_records_nothing(desk: Desk, wire: Wire) -> None:
    assert desk.access("a", **FREE)["reason"] == "exempt"
    assert wire.to(desk.tables.meter_table) == []


def test_the_site_says_how_long_items_are_kept(desk: Desk) -> None:
    desk.publish(compiled(exempt=Match(tags=("free",)), record=("exempt",), retention=Retention(reader_days=10)))
    desk.view("a", **FREE)
    desk.view("b")
    assert {item["sk"]["S"]: int(item["x"]["N"]) for item in desk.tables.meter_items()} == {
        TODAY: END_OF_DAY + 10 * DAY,
        "P#default#2026-11": 1_796_094_000 + 10 * DAY,
    }


@pytest.mark.parametrize("fault", [broken, conflict])
def test_a_fault_of_the_store_takes_no_free_article_away(desk: Desk, wire: Wire, fault: Any) -> None:
    wire.inject("UpdateItem", *[fault] * 5)
    assert desk.view("a", **FREE)["access"] == "granted"
    assert [type(each).__name__ for _, each in desk.faults] == ["Unavailable"]
    desk.view("a", **FREE)
    assert periods(desk.tables) == {TODAY: {A}}


@pytest.mark.parametrize("fault", [lost_reply, sent_twice, conflict])
def test_a_read_that_is_sent_again_is_recorded_once(desk: Desk, wire: Wire, fault: Any) -> None:
    wire.inject("UpdateItem", fault)
    desk.view("a", **FREE)
    assert desk.faults == []
    assert periods(desk.tables) == {TODAY: {A}}


class TestTheBound:
    """A reader's item of one day stops growing: a script that reads everything costs no more than it is worth."""

    SOMEDAY = Day("riotimes", "somebody", "2026-11-22", END_OF_DAY)

    @pytest.fixture
    def notes(self, tables: Tables) -> NoteStore:
        """The store with an item that lacks one read to be full."""
        notes = NoteStore(DynamoDB(tables.client), tables.meter_table)
        digests = [digest_of(str(number)) for number in range(MOST_READS - 1)]
        key = {"pk": {"S": "S#riotimes#R#somebody"}, "sk": {"S": TODAY}}
        stamps = {base64url(digest): {"S": "2026-11-22|1|anonymous|reader"} for digest in digests}
        tables.client.put_item(TableName=tables.meter_table, Item={**key, **stamps, "a": {"BS": digests}})
        return notes

    def test_the_last_that_fits_is_recorded_without_a_mark(self, tables: Tables, notes: NoteStore) -> None:
        notes.record(self.SOMEDAY, "exempt", read("last"))
        [item] = tables.meter_items()
        assert (len(item["a"]["BS"]), "capped" in item) == (500, False)

    def test_what_finds_no_room_leaves_a_mark_and_nothing_else(self, tables: Tables, notes: NoteStore) -> None:
        """I20: the refused write and the mark; after that the refused write alone."""
        notes.record(self.SOMEDAY, "exempt", read("last"))
        wire = Wire(tables.client)
        for article, cost in (("one too many", 2), ("another", 1), ("last", 1), ("one too many", 1)):
            notes.record(self.SOMEDAY, "exempt", read(article))
            assert wire.to(tables.meter_table) == ["UpdateItem"] * cost
        [item] = tables.meter_items()
        assert (len(item["a"]["BS"]), item["capped"]) == (500, {"BOOL": True})
        assert len(list(reads_of(item))) == 500

    def test_a_repeat_in_a_full_item_is_nothing_new(self, tables: Tables, notes: NoteStore) -> None:
        notes.record(self.SOMEDAY, "exempt", read("last"))
        before = snapshot(tables)
        notes.record(self.SOMEDAY, "exempt", read("last"))
        assert snapshot(tables) == before


def test_the_reader_of_a_recorded_read_is_whom_the_answer_names(desk: Desk) -> None:
    """A newcomer without a seed gets a token: its record is that reader's."""
    first = desk.view("a", seed=None, **FREE)
    desk.view("b", seed=None, reader=first["reader"], **FREE)
    assert periods(desk.tables) == {TODAY: {A, B}}
    assert SEED not in str(desk.tables.meter_items())
