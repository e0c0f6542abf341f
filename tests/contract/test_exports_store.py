"""The index of exports on every engine: what a run leaves, and that no late end undoes a later beginning."""

import pytest

from readmeter.store.exports import LONGEST_RUN, ExportStore
from tests.support.endpoint import NOW, Desk
from tests.support.engines import Tables

SITE, NOVEMBER = "riotimes", "2026-11"


@pytest.fixture
def store(tables: Tables) -> ExportStore:
    return ExportStore(tables.database, tables.site_table)


def state(store: ExportStore, period: str = NOVEMBER, now: float = NOW) -> tuple[str, int | None]:
    line = store.line(SITE, period)
    assert line is not None
    return line.state(now), line.revision


def test_what_never_began_is_not_there(store: ExportStore) -> None:
    assert store.line(SITE, NOVEMBER) is None
    assert store.lines(SITE) == []


def test_a_run_runs_until_it_ends(store: ExportStore) -> None:
    store.begin(SITE, NOVEMBER, "one", NOW)
    assert state(store) == ("running", None)
    store.finish(SITE, NOVEMBER, "one", "provisional", 1)
    assert state(store) == ("provisional", 1)
    store.begin(SITE, NOVEMBER, "two", NOW + 60)
    assert state(store, now=NOW + 60) == ("running", 1)
    store.finish(SITE, NOVEMBER, "two", "final", 2)
    assert state(store) == ("final", 2)


def test_a_run_that_does_not_end_in_twenty_minutes_has_failed(store: ExportStore) -> None:
    store.begin(SITE, NOVEMBER, "one", NOW)
    assert state(store, now=NOW + LONGEST_RUN) == ("running", None)
    assert state(store, now=NOW + LONGEST_RUN + 1) == ("failed", None)


def test_a_failed_run_keeps_the_revision_before_it(store: ExportStore) -> None:
    store.begin(SITE, NOVEMBER, "one", NOW)
    store.finish(SITE, NOVEMBER, "one", "provisional", 1)
    store.begin(SITE, NOVEMBER, "two", NOW)
    store.fail(SITE, NOVEMBER, "two")
    assert state(store) == ("failed", 1)
    store.finish(SITE, NOVEMBER, "two", "provisional", 2)  # Lambda tried it again
    assert state(store) == ("provisional", 2)


def test_a_final_stays_one_whatever_a_later_run_does(store: ExportStore) -> None:
    store.begin(SITE, NOVEMBER, "one", NOW)
    store.finish(SITE, NOVEMBER, "one", "final", 1)
    store.begin(SITE, NOVEMBER, "two", NOW)
    assert state(store) == ("final", 1)
    store.fail(SITE, NOVEMBER, "two")
    assert state(store) == ("final", 1)


def test_the_end_of_an_older_run_does_not_end_a_newer_one(store: ExportStore) -> None:
    store.begin(SITE, NOVEMBER, "older", NOW)
    store.begin(SITE, NOVEMBER, "newer", NOW)
    store.fail(SITE, NOVEMBER, "older")
    assert state(store) == ("running", None)
    store.finish(SITE, NOVEMBER, "older", "provisional", 1)
    assert state(store) == ("running", 1)
    store.finish(SITE, NOVEMBER, "newer", "provisional", 2)
    store.finish(SITE, NOVEMBER, "older", "provisional", 1)
    assert state(store) == ("provisional", 2)


def test_it_is_remembered_that_finance_was_told(store: ExportStore) -> None:
    store.begin(SITE, NOVEMBER, "one", NOW)
    store.finish(SITE, NOVEMBER, "one", "final", 1)
    assert not store.lines(SITE)[0].announced
    store.announced(SITE, NOVEMBER)
    store.begin(SITE, NOVEMBER, "two", NOW)
    assert store.lines(SITE)[0].announced


def test_lines_are_listed_newest_first_for_one_site_alone(store: ExportStore) -> None:
    for period in ("2026-11-02", "2026-10", NOVEMBER, "2026-11-10"):
        store.begin(SITE, period, "one", NOW)
    store.begin("another", NOVEMBER, "one", NOW)
    assert [line.period for line in store.lines(SITE)] == ["2026-11-10", "2026-11-02", NOVEMBER, "2026-10"]
    assert {line.site for line in store.lines(SITE)} == {SITE}


def test_a_verification_is_kept_until_the_next_one_begins(store: ExportStore) -> None:
    assert store.verification(SITE, NOVEMBER) is None
    store.begin_verification(SITE, NOVEMBER, "one", NOW)
    line = store.verification(SITE, NOVEMBER)
    assert line is not None
    assert (line.state(NOW), line.state(NOW + LONGEST_RUN + 1)) == ("running", "failed")
    store.finish_verification(SITE, NOVEMBER, "one", '{"holds":true}')
    line = store.verification(SITE, NOVEMBER)
    assert line is not None
    assert (line.state(NOW + 10_000), line.result) == ("done", '{"holds":true}')
    store.begin_verification(SITE, NOVEMBER, "two", NOW)
    store.finish_verification(SITE, NOVEMBER, "one", '{"holds":false}')
    line = store.verification(SITE, NOVEMBER)
    assert line is not None
    assert (line.state(NOW), line.result) == ("running", None)
    store.fail_verification(SITE, NOVEMBER, "two")
    line = store.verification(SITE, NOVEMBER)
    assert line is not None
    assert line.state(NOW) == "failed"


def test_an_export_is_no_label_and_a_verification_is_no_export(store: ExportStore) -> None:
    store.begin_verification(SITE, NOVEMBER, "one", NOW)
    assert store.lines(SITE) == []


def test_a_deleted_site_is_still_known(desk: Desk) -> None:
    sites = desk.tables.sites
    sites.delete(SITE, 1, NOW)
    assert sites.sites() == []
    assert [(each.site, each.deleted_at) for each in sites.sites_ever()] == [(SITE, NOW)]
