"""The ledger against the meter items: every kind of drift is named, and nothing else is."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from readmeter.core.rules import Retention
from readmeter.usage.ledger import ReadRow, Row, natural_key
from readmeter.usage.reconciliation import (
    Reconciliation,
    insert_missing,
    latest_result,
    reconcile,
    reconcile_sites,
    store_result,
)
from tests.support.items import DAY, SITE, Items, item, keyring, name_of, rows, write
from tests.support.objects import MemoryObjects

MONTH = "2026-11"
FINAL = datetime(2026, 12, 4, tzinfo=UTC).timestamp()
STAMP = "2026-11-22|1|anonymous|reader"
ANA = item("P#default#2026-11", {"a": STAMP, "b": "2026-11-23|1|anonymous|unstored"})
BEN = item("P#default#2026-11", {"a": "2026-11-30|2|registered|reader|view"}, reader="ben")


def compare(ledger: MemoryObjects, *items: object, at: float = FINAL, insert: bool = False) -> Reconciliation:
    return reconcile(ledger, Items(list(items), at), keyring, SITE, MONTH, insert=insert)  # type: ignore[arg-type]


def ledger_of(found: list[Row]) -> MemoryObjects:
    ledger = MemoryObjects()
    write(ledger, found)
    return ledger


def read_row(found: list[Row]) -> ReadRow:
    assert isinstance(found[0], ReadRow)
    return found[0]


class TestAgreement:
    def test_the_rows_of_the_items_match(self) -> None:
        result = compare(ledger_of(rows(ANA, BEN)), ANA, BEN)
        assert (result.status, result.compared, result.drifting) == ("matched", 3, 0)

    def test_nothing_read_matches_nothing(self) -> None:
        result = compare(MemoryObjects())
        assert (result.status, result.compared) == ("matched", 0)

    def test_copies_of_a_row_are_one_row(self) -> None:
        ledger = ledger_of(rows(ANA))
        write(ledger, rows(ANA), "101-101")
        write(ledger, [replace(row, sequence="200") for row in rows(ANA)])
        assert compare(ledger, ANA).status == "matched"

    def test_a_read_that_a_merge_brought_along_is_no_row(self) -> None:
        merged = item("P#default#2026-11", {"a": "carried", "b": STAMP}, reader="account")
        result = compare(ledger_of(rows(merged, ANA)), merged, ANA)
        assert (result.status, result.compared) == ("matched", 3)

    def test_a_read_that_was_counted_but_not_recorded_is_no_row(self) -> None:
        newsletter = item("N#campaign:newsletter#2026-11", {"a": "unrecorded", "b": STAMP})
        result = compare(ledger_of(rows(newsletter)), newsletter)
        assert (result.status, result.compared) == ("matched", 1)

    def test_an_article_that_two_campaigns_opened_is_a_row_of_each(self) -> None:
        """Each in its own date's figures: were they one row, the days would sum to more than their month."""
        opened = item("N#campaign:newsletter#2026-11", {"a": STAMP})
        again = item("N#campaign:spring#2026-11", {"a": "2026-11-25|2|registered|reader"})
        found = rows(opened, again)
        assert {read_row([row]).decision for row in found} == {"campaign"}
        assert len({natural_key(asdict(row)) for row in found}) == 2
        result = compare(ledger_of(found), opened, again)
        assert (result.status, result.compared, result.drifting) == ("matched", 2, 0)

    def test_what_campaigns_and_lifts_opened_is_put_back_where_it_is_missing(self) -> None:
        items = [
            item("N#campaign:newsletter#2026-11", {"a": STAMP, "b": "2026-11-30|1|anonymous|reader"}),
            item("N#campaign:spring#2026-11", {"a": STAMP, "c": "unrecorded"}),
            item("N#open#2026-11-22", {"a": STAMP}),
        ]
        ledger = MemoryObjects()
        assert compare(ledger, *items, insert=True).inserted == 4
        assert compare(ledger, *items).drifting == 0

    def test_a_window_seen_as_the_current_one_and_as_its_closed_copy_is_one(self) -> None:
        opened = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp())
        stamps = {"a": STAMP}
        current = item("P#default#D", stamps, ws=opened)
        closed = item(f"P#default#{opened}", stamps, ws=opened)
        result = compare(ledger_of(rows(closed)), current, closed)
        assert (result.status, result.compared) == ("matched", 1)

    def test_recorded_free_reads_and_missed_views_are_compared_too(self) -> None:
        gift = item("N#gift#2026-11-22", {"a": STAMP})
        miss = item("E#2026-11-22", {"m": f"fail_open|{name_of('a')}|1795348800|1|anonymous"})
        seen = item("E#2026-11-23", {"p": f"prompt_shown|{name_of('a')}|1795435200|1|anonymous"})
        assert compare(ledger_of(rows(gift, miss, seen)), gift, miss, seen).compared == 2
        assert compare(MemoryObjects(), gift, miss, seen).missing == 2

    def test_other_months_and_sites_are_not_looked_at(self) -> None:
        october = item("P#default#2026-10", {"a": "2026-10-31|1|anonymous|reader"})
        week = item("P#weekly#2026-W49", {"a": "2026-11-30|1|anonymous|reader", "b": "2026-12-01|1|anonymous|reader"})
        other = item("P#default#2026-11", {"a": STAMP}, site="another")
        result = compare(ledger_of(rows(week)), october, week, other)
        assert (result.status, result.compared) == ("matched", 1)


class TestMissing:
    def test_a_row_that_the_ledger_lost_is_found_and_inserted(self) -> None:
        ledger = ledger_of(rows(ANA, BEN))
        lost = next(key for key in ledger.bodies if "date=2026-11-23" in key)
        ledger.delete(lost)
        found = compare(ledger, ANA, BEN)
        assert (found.status, found.missing, found.inserted, found.drifting) == ("drift", 1, 0, 1)
        repaired = compare(ledger, ANA, BEN, insert=True)
        assert (repaired.status, repaired.missing, repaired.inserted, repaired.drifting) == ("matched", 1, 1, 1)
        assert compare(ledger, ANA, BEN).drifting == 0
        [key] = [key for key in ledger.bodies if "recon-" in key]
        assert key.startswith(f"ledger/v1/site={SITE}/date=2026-11-23/recon-")

    def test_an_inserted_row_is_kept_as_long_as_the_sites_ledger(self) -> None:
        ledger = MemoryObjects()
        reconcile(ledger, Items([ANA], FINAL), keyring, SITE, MONTH, Retention(45, 365), insert=True)
        assert set(ledger.keep.values()) == {365}

    def test_a_row_that_comes_after_all_is_no_second_one(self) -> None:
        ledger = MemoryObjects()
        compare(ledger, ANA, insert=True)
        write(ledger, rows(ANA))
        assert compare(ledger, ANA).status == "matched"

    def test_inserting_again_changes_nothing(self) -> None:
        ledger = MemoryObjects()
        found = [row for row in rows(ANA, BEN) if isinstance(row, ReadRow)]
        assert insert_missing(ledger, found, 90) == 3
        bodies = dict(ledger.bodies)
        assert insert_missing(ledger, found, 90) == 3
        assert ledger.bodies == bodies


class TestSurplus:
    @pytest.mark.parametrize(
        "forgery", [{"article": name_of("forged")}, {"meter": "other"}, {"period": "2026-10"}, {"generation": 1}]
    )
    def test_a_row_that_no_item_holds_is_named(self, forgery: dict[str, object]) -> None:
        forged = replace(read_row(rows(ANA)), **forgery)  # type: ignore[arg-type]
        result = compare(ledger_of([*rows(ANA), forged]), ANA)
        assert (result.status, result.surplus.count) == ("drift", 1)
        [named] = result.surplus.rows
        assert {name: named[name] for name in forgery} == forgery
        assert "ana" not in json.dumps(result.document())

    def test_a_row_of_a_reader_whose_item_is_gone_too_early_is_named(self) -> None:
        assert compare(ledger_of(rows(ANA, BEN)), ANA).surplus.count == 1

    def test_a_row_of_another_site_in_this_ones_folder_is_named(self) -> None:
        ledger = ledger_of(rows(ANA))
        other = ledger_of(rows(item("P#default#2026-11", {"a": STAMP}, site="another")))
        for key, body in other.bodies.items():
            ledger.create(key.replace("site=another", f"site={SITE}"), body)
        assert compare(ledger, ANA).surplus.count == 1

    def test_a_thousand_are_named_and_all_are_counted(self) -> None:
        forged = [replace(read_row(rows(ANA)), article=name_of(str(number))) for number in range(1_200)]
        result = compare(ledger_of([*rows(ANA), *forged]), ANA)
        assert (result.surplus.count, len(result.surplus.rows), result.drifting) == (1_200, 1_000, 1_200)

    def test_a_missed_view_that_came_after_the_items_were_read_is_not(self) -> None:
        miss = item("E#2026-11-30", {"m": f"fail_open|{name_of('a')}|1795348800|1|anonymous"})
        ledger = MemoryObjects(clock=lambda: FINAL + 60)
        write(ledger, rows(miss))
        result = compare(ledger)
        assert (result.status, result.later) == ("matched", 1)

    def test_a_counted_read_that_came_after_the_items_of_its_past_month_were_read_is(self) -> None:
        ledger = MemoryObjects(clock=lambda: FINAL + 60)
        write(ledger, rows(ANA))
        assert compare(ledger).surplus.count == 2


class TestDiffering:
    @pytest.mark.parametrize(
        "change",
        [
            {"local_date": "2026-11-21"},
            {"rule_version": 2},
            {"reader_class": "registered"},
            {"traffic": "suspected_bot"},
            {"unit": "view"},
        ],
    )
    def test_a_row_with_other_content_than_the_items_is_named(self, change: dict[str, object]) -> None:
        [changed, *rest] = rows(ANA)
        result = compare(ledger_of([replace(changed, **change), *rest]), ANA)  # type: ignore[arg-type]
        assert (result.status, result.differing.count) == ("drift", 1)
        [named] = result.differing.rows
        [field] = change
        assert named["ledger"][field] == change[field]
        assert named["items"][field] == getattr(changed, field)

    def test_a_copy_that_disagrees_is_named_though_another_is_right(self) -> None:
        ledger = ledger_of(rows(ANA))
        write(ledger, [replace(read_row(rows(ANA)), reader_class="registered", sequence="999")], "999-999")
        assert compare(ledger, ANA).differing.count == 1

    def test_a_row_in_another_dates_folder_is_named(self) -> None:
        ledger = ledger_of(rows(ANA))
        key = next(key for key in ledger.bodies if "date=2026-11-22" in key)
        ledger.create(key.replace("2026-11-22", "2026-11-25"), ledger.bodies[key])
        result = compare(ledger, ANA)
        assert [row["ledger"]["folder"] for row in result.differing.rows] == ["2026-11-25"]

    def test_a_row_that_was_moved_to_another_month_is_missing_here_and_too_much_there(self) -> None:
        moved = replace(read_row(rows(ANA)), local_date="2026-12-01")
        ledger = ledger_of([moved, rows(ANA)[1]])
        assert compare(ledger, ANA).missing == 1
        assert reconcile(ledger, Items([ANA], FINAL), keyring, SITE, "2026-12").surplus.count == 1


class TestErased:
    def erased(self, generation: int = 1, erased: int = 2, **stamps: str) -> dict[str, object]:
        return item("P#default#2026-11", stamps, g=generation, e=erased)

    def test_what_an_item_forgot_is_explained(self) -> None:
        result = compare(ledger_of(rows(ANA)), self.erased())
        assert (result.status, result.erased, result.compared) == ("matched", 2, 0)

    def test_what_was_counted_afterwards_is_compared(self) -> None:
        again = self.erased(c="2026-11-24|1|anonymous|reader")
        result = compare(ledger_of(rows(ANA, again)), again)
        assert (result.status, result.erased, result.compared) == ("matched", 2, 1)
        assert compare(ledger_of(rows(ANA)), again).missing == 1

    def test_of_two_erasures_the_rows_of_both_generations_are_explained(self) -> None:
        between = self.erased(c="2026-11-24|1|anonymous|reader")
        last = self.erased(generation=2, erased=3)
        assert compare(ledger_of(rows(ANA, between)), last).status == "matched"

    @pytest.mark.parametrize("erased", [1, 3])
    def test_another_number_than_it_forgot_is_drift(self, erased: int) -> None:
        result = compare(ledger_of(rows(ANA)), self.erased(erased=erased))
        assert (result.status, result.erasures_off, result.drifting) == ("drift", 1, 1)
        [named] = result.erasures.rows
        assert (named["erased"], named["in_ledger"], named["period"]) == (erased, 2, "2026-11")
        assert "ana" not in json.dumps(result.document())

    def test_a_lost_row_of_an_erased_reader_is_drift(self) -> None:
        assert compare(MemoryObjects(), self.erased()).erasures_off == 2

    def test_another_readers_erasure_explains_nothing(self) -> None:
        result = compare(ledger_of(rows(ANA, BEN)), self.erased())
        assert (result.erased, result.surplus.count) == (2, 1)

    def test_a_window_over_two_months_forgot_reads_of_both(self) -> None:
        opened = int(datetime(2026, 10, 20, tzinfo=UTC).timestamp())
        window = item("P#w#D", {"a": "2026-10-20|1|anonymous|reader", "b": "2026-11-05|1|anonymous|reader"}, ws=opened)
        gone = item("P#w#D", {}, ws=opened, g=1, e=2, expires=opened + 75 * DAY)
        assert compare(ledger_of(rows(window)), gone).status == "matched"
        assert compare(ledger_of(rows(window)[1:]), gone).erasures_off == 1

    def test_an_erased_window_seen_twice_is_one(self) -> None:
        opened = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp())
        window = item("P#w#D", {"a": STAMP}, ws=opened)
        seen = [item(key, {}, ws=opened, g=1, e=1) for key in ("P#w#D", f"P#w#{opened}")]
        assert compare(ledger_of(rows(window)), *seen).status == "matched"

    def test_a_day_of_events_forgot_missed_views_among_others(self) -> None:
        miss = item("E#2026-11-22", {"m": f"fail_open|{name_of('a')}|1795348800|1|anonymous"})
        gone = item("E#2026-11-22", {}, g=1, e=5)
        result = compare(ledger_of(rows(miss)), gone)
        assert (result.status, result.erased) == ("matched", 1)
        assert compare(ledger_of(rows(miss)), item("E#2026-11-22", {}, g=1, e=0)).erasures_off == 1

    def test_each_of_two_campaigns_forgot_its_own(self) -> None:
        newsletter = item("N#campaign:newsletter#2026-11", {"a": STAMP, "b": STAMP, "c": "unrecorded"})
        spring = item("N#campaign:spring#2026-11", {"a": STAMP})
        gone = [
            item("N#campaign:newsletter#2026-11", {}, g=1, e=2),
            item("N#campaign:spring#2026-11", {}, g=1, e=1),
        ]
        found = rows(newsletter, spring)
        result = compare(ledger_of(found), *gone)
        assert (result.status, result.erased, result.erasures_off) == ("matched", 3, 0)
        assert compare(ledger_of(found[1:]), *gone).erasures_off == 1


class TestExpired:
    @pytest.mark.parametrize(
        ("key", "date", "gone_from"),
        [
            ("P#default#2026-11", "2026-11-01", datetime(2027, 1, 15, tzinfo=UTC)),
            ("P#weekly#2026-W45", "2026-11-02", datetime(2026, 12, 24, tzinfo=UTC)),
            ("P#daily#2026-11-02", "2026-11-02", datetime(2026, 12, 18, tzinfo=UTC)),
            ("N#gift#2026-11-02", "2026-11-02", datetime(2026, 12, 18, tzinfo=UTC)),
            ("N#open#2026-11-02", "2026-11-02", datetime(2026, 12, 18, tzinfo=UTC)),
            ("N#campaign:Weekly#2026-11", "2026-11-02", datetime(2027, 1, 15, tzinfo=UTC)),
            ("P#window#1793577600", "2026-11-02", datetime(2026, 12, 18, tzinfo=UTC)),
        ],
    )
    def test_a_row_is_explained_once_its_item_may_be_deleted(self, key: str, date: str, gone_from: datetime) -> None:
        ledger = ledger_of(rows(item(key, {"a": f"{date}|1|anonymous|reader"})))
        after = compare(ledger, at=gone_from.timestamp())
        assert (after.status, after.expired) == ("matched", 1)
        before = compare(ledger, at=gone_from.timestamp() - DAY)
        assert (before.status, before.surplus.count) == ("drift", 1)

    def test_the_sites_own_retention_decides(self) -> None:
        ledger = ledger_of(rows(item("P#daily#2026-11-02", {"a": "2026-11-02|1|anonymous|reader"})))
        result = reconcile(ledger, Items([], FINAL), keyring, SITE, MONTH, Retention(reader_days=10))
        assert (result.status, result.expired) == ("matched", 1)

    def test_a_row_of_an_item_that_is_still_there_is_not(self) -> None:
        late = datetime(2027, 3, 1, tzinfo=UTC).timestamp()
        forged = replace(read_row(rows(ANA)), article=name_of("forged"))
        assert compare(ledger_of([*rows(ANA), forged]), ANA, at=late).surplus.count == 1


class TestResult:
    def test_the_document(self) -> None:
        [changed, _] = rows(ANA)
        ledger = ledger_of([replace(changed, traffic="unstored")])
        document = compare(ledger, ANA, insert=True).document()
        assert document == {
            "status": "drift",
            "site": SITE,
            "month": MONTH,
            "items_at": "2026-12-04T00:00:00Z",
            "compared": 2,
            "missing": 1,
            "inserted": 1,
            "surplus_rows": 0,
            "surplus": [],
            "differing_rows": 1,
            "differing": document["differing"],
            "erasures_off": 0,
            "erasures": [],
            "erased": 0,
            "expired": 0,
            "later": 0,
        }
        json.dumps(document)

    def test_the_newest_items_give_the_latest_result(self) -> None:
        exports = MemoryObjects()
        assert latest_result(exports, SITE, MONTH) is None
        newest = compare(ledger_of(rows(ANA)), ANA)
        store_result(exports, newest)
        store_result(exports, compare(MemoryObjects(), ANA, at=FINAL - DAY))
        assert latest_result(exports, SITE, MONTH) == newest.document()
        assert latest_result(exports, SITE, "2026-10") is None
        assert latest_result(exports, "another", MONTH) is None

    def test_of_two_results_of_the_same_items_the_later_one_stands(self) -> None:
        now = 1.0
        exports = MemoryObjects(clock=lambda: now)
        store_result(exports, compare(MemoryObjects(), ANA))
        now = 2.0
        store_result(exports, compare(ledger_of(rows(ANA)), ANA))
        latest = latest_result(exports, SITE, MONTH)
        assert latest is not None
        assert latest["status"] == "matched"

    def test_the_same_finding_is_stored_once(self) -> None:
        exports = MemoryObjects()
        for _ in range(2):
            store_result(exports, compare(ledger_of(rows(ANA)), ANA))
        [key] = exports.bodies
        assert key.startswith(f"reconciliation/v1/site={SITE}/month={MONTH}/")


def test_every_site_is_compared_with_one_reading_of_the_items() -> None:
    other = item("P#default#2026-11", {"a": STAMP}, site="another")
    ledger = ledger_of(rows(ANA, other))
    sites = {"another": Retention(), SITE: Retention(), "empty": Retention()}
    results = list(reconcile_sites(ledger, Items([ANA, other, BEN], FINAL), keyring, sites, MONTH))
    assert [(each.site, each.compared, each.missing) for each in results] == [
        ("another", 1, 0),
        (SITE, 3, 1),
        ("empty", 0, 0),
    ]
