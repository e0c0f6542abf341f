"""What the store itself writes, compared with a ledger of every change: counts, windows, erasures, missed views."""

import pytest

from readmeter.core.rules import Campaign
from readmeter.store.database import Item
from readmeter.usage.ledger import new_rows
from readmeter.usage.meter_items import ScannedItems
from readmeter.usage.reconciliation import Reconciliation, reconcile
from tests.support.endpoint import NOW, Desk
from tests.support.engines import Tables
from tests.support.items import DAY, keyring, write
from tests.support.objects import MemoryObjects
from tests.support.site import compiled, meter


class Newsroom:
    """A desk whose every change goes to the ledger, as the stream would bring it."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.desk = Desk(tables)
        self.ledger = MemoryObjects()
        self._seen: dict[tuple[str, str], Item] = {}
        self._batch = 0

    def stream(self) -> None:
        for item in self.tables.meter_items():
            key = item["pk"]["S"], item["sk"]["S"]
            self._batch += 1
            write(self.ledger, new_rows(item, self._seen.get(key), keyring, str(self._batch)), f"{self._batch}-x")
            self._seen[key] = item

    def reconcile(self, month: str = "2026-11") -> Reconciliation:
        items = ScannedItems(self.tables.client, self.tables.meter_table, lambda: self.desk.now)
        return reconcile(self.ledger, items, keyring, "riotimes", month)


@pytest.fixture(params=["moto", "ministack"])
def newsroom(request: pytest.FixtureRequest) -> Newsroom:
    return Newsroom(request.getfixturevalue(request.param))


def test_a_month_with_everything_in_it_matches(newsroom: Newsroom) -> None:
    desk = newsroom.desk
    desk.publish(compiled(meter(), record=("exempt",)))
    token = desk.view("a")["reader"]
    desk.view("b", storage="none")
    desk.report(
        {"kind": "fail_open", "article": "c", "at": NOW * 1000},
        {"kind": "prompt_shown", "article": "c", "at": NOW * 1000},
    )
    newsroom.stream()
    before = newsroom.reconcile()
    assert (before.status, before.compared) == ("matched", 3)
    desk.erase(token)
    newsroom.stream()
    desk.view("d", reader=token)
    newsroom.stream()
    after = newsroom.reconcile()
    assert (after.status, after.compared + after.erased) == ("matched", 4)
    assert after.erased


@pytest.mark.parametrize("record", [(), ("campaign",)], ids=["unrecorded", "recorded"])
def test_what_campaigns_opened_and_what_was_observed_matches(newsroom: Newsroom, record: tuple[str, ...]) -> None:
    desk = newsroom.desk
    campaigns = (Campaign("newsletter", 2), Campaign("spring", 2))
    desk.publish(compiled(meter(anonymous=1), campaigns=campaigns, record=record, mode="observe"))
    for name in ("newsletter", "spring"):
        assert desk.view("a", campaign=name)["reason"] == "campaign"
    assert [desk.view(article)["reason"] for article in "bc"] == ["metered", "open"]
    token = desk.view("d", campaign="spring")["reader"]
    newsroom.stream()
    before = newsroom.reconcile()
    rows = 2 + (3 if record else 0)
    assert (before.status, before.compared) == ("matched", rows)
    desk.erase(token)
    newsroom.stream()
    after = newsroom.reconcile()
    assert (after.status, after.compared, after.erased, after.erasures_off) == ("matched", 0, rows, 0)


def test_windows_that_closed_and_one_that_was_erased_match_in_each_month(newsroom: Newsroom) -> None:
    desk = newsroom.desk
    desk.publish(compiled(meter(unit="days", days=7)))
    token = ""
    for article in "abcd":
        token = desk.view(article)["reader"]
        newsroom.stream()
        desk.now += 5 * DAY
    desk.erase(token)
    newsroom.stream()
    november, december = newsroom.reconcile(), newsroom.reconcile("2026-12")
    assert (november.status, november.erased, november.drifting) == ("matched", 2, 0)
    assert (december.status, december.erased, december.drifting) == ("matched", 2, 0)


def test_a_change_that_the_stream_lost_is_found(newsroom: Newsroom) -> None:
    newsroom.desk.publish(compiled())
    newsroom.desk.view("a")
    newsroom.stream()
    newsroom.desk.view("b")
    assert newsroom.reconcile().missing == 1
