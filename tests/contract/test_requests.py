"""What each kind of decision costs: requests to the meter table, and the write units that they take."""

import pytest

from readmeter.core.rules import Match
from tests.support.endpoint import SEED, Desk
from tests.support.identities import identity_rules, sign
from tests.support.meters import snapshot
from tests.support.site import ORIGIN, compiled, meter
from tests.support.wire import Wire

DAY = 86_400


@pytest.fixture
def table(desk: Desk) -> str:
    return desk.tables.meter_table


def test_a_counted_read_is_one_write(desk: Desk, wire: Wire, table: str) -> None:
    """I20"""
    for article in "abcde":
        assert desk.view(article)["reason"] == "metered"
        assert wire.to(table) == ["UpdateItem"]


def test_a_repeat_and_a_wall_without_a_state_are_one_write(desk: Desk, wire: Wire, table: str) -> None:
    desk.publish(compiled(meter(anonymous=1)))
    desk.view("a")
    wire.to(table)
    for article, reason in (("a", "repeat"), ("b", "limit_reached")):
        assert desk.view(article)["reason"] == reason
        assert wire.to(table) == ["UpdateItem"]


@pytest.mark.parametrize("unit", ["month", "days"])
@pytest.mark.parametrize("limit", [0, 1, 2])
def test_a_repeat_and_a_wall_with_a_state_ask_nothing(
    desk: Desk, wire: Wire, table: str, unit: str, limit: int
) -> None:
    """A limit of 0 opens no window: its wall is remembered all the same."""
    desk.publish(compiled(meter(anonymous=limit, unit=unit, days=30)))
    state = [desk.view(article)["state"] for article in "abc"][-1]
    wire.to(table)
    reasons = [desk.view(article, state=state)["reason"] for article in "abcd"]
    assert reasons == ["repeat"] * limit + ["limit_reached"] * (4 - limit)
    assert wire.to(table) == []


@pytest.mark.parametrize(
    ("rules", "page"),
    [
        ({"mode": "off"}, {}),
        ({"exempt": Match(tags=("x",))}, {"tags": ["x"]}),
        ({"locked": Match(tags=("x",))}, {"tags": ["x"]}),
        ({}, {"url": f"{ORIGIN}/subscribe"}),
    ],
)
def test_what_no_meter_decides_asks_nothing(
    desk: Desk, wire: Wire, table: str, rules: dict[str, object], page: dict[str, object]
) -> None:
    """I20"""
    desk.publish(compiled(**rules))
    wire.to(table)
    desk.view("a", **page)
    assert wire.to(table) == []


def test_the_first_read_of_a_window_is_one_write(desk: Desk, wire: Wire, table: str) -> None:
    desk.publish(compiled(meter(unit="days", days=30)))
    for article in "ab":
        desk.view(article)
    assert wire.to(table) == ["UpdateItem", "UpdateItem"]


def test_a_new_window_is_one_refused_write_and_one_transaction_of_two(desk: Desk, wire: Wire, table: str) -> None:
    desk.publish(compiled(meter(unit="days", days=30)))
    desk.view("a")
    desk.now += 30 * DAY
    wire.sent.clear()
    desk.view("b")
    assert sum(sent.units for sent in wire.sent) == 1 + 2 * 2
    assert wire.to(table) == ["UpdateItem", "TransactWriteItems"]
    desk.view("c")
    assert wire.to(table) == ["UpdateItem"]


def test_access_reads_once_and_writes_nothing(desk: Desk, wire: Wire, table: str) -> None:
    desk.publish(compiled(meter(anonymous=1)))
    desk.view("a")
    wire.to(table)
    for article in "ab":
        desk.access(article)
        assert wire.to(table) == ["GetItem"]


def test_a_view_asks_the_site_table_at_most_once(desk: Desk, wire: Wire) -> None:
    desk.view("a")
    assert wire.to(desk.tables.site_table) == ["GetItem"]


class TestSignedIn:
    """What a reader costs who brings the publisher's token: one read of the account beside the write."""

    @pytest.fixture(autouse=True)
    def _tiers(self, desk: Desk, wire: Wire) -> None:
        tiers = meter(limits={"anonymous": 5, "registered": 10})
        desk.publish(compiled(tiers, meter("markets", unit="days", days=30), identity=identity_rules()))
        wire.sent.clear()

    def asked(self, desk: Desk, wire: Wire) -> list[str]:
        """Without the site's rules, which are read in any case."""
        own = [sent.operation for sent in wire.sent if sent.table == desk.tables.meter_table]
        return [*["GetItem of the account"] * (len(wire.to(desk.tables.site_table)) - 1), *own]

    def test_a_counted_read_is_one_write(self, desk: Desk, wire: Wire) -> None:
        token = desk.view("a", seed=None, identity=sign())["reader"]
        assert self.asked(desk, wire) == ["GetItem of the account", "UpdateItem"]
        desk.view("b", reader=token, identity=sign())
        assert self.asked(desk, wire) == ["GetItem of the account", "UpdateItem"]

    def test_a_subscriber_by_claim_asks_and_writes_nothing(self, desk: Desk, wire: Wire) -> None:
        desk.view("a", seed=None, identity=sign(subscriber=True))
        assert self.asked(desk, wire) == [], "the publisher's own word"

    def test_a_newcomer_who_is_signed_in_from_the_start_is_looked_for_once_an_allowance(
        self, desk: Desk, wire: Wire
    ) -> None:
        desk.view("a", identity=sign())
        assert self.asked(desk, wire) == ["GetItem of the account", "GetItem", "GetItem", "UpdateItem"]

    def test_the_view_that_merges_is_one_transaction_and_one_write(self, desk: Desk, wire: Wire) -> None:
        """I20: the contract's exception."""
        desk.view("a")
        wire.sent.clear()
        token = desk.view("b", identity=sign())["reader"]
        assert sum(sent.units for sent in wire.sent) == 2 * 2 + 1
        looks = ["GetItem"] * 3  # both readers' items of the meter that was read, one of the other
        assert self.asked(desk, wire) == [
            "GetItem of the account",
            *looks,
            "TransactWriteItems",
            "UpdateItem",
        ]
        desk.view("c", reader=token, identity=sign())
        assert self.asked(desk, wire) == ["GetItem of the account", "UpdateItem"]


GOOD = {"site": "riotimes", "article": "a", "seed": SEED}


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (413, {**GOOD, "locale": "x" * 8192}, {}),
        (400, b"", {}),
        (400, b"\xff", {}),
        (400, b"{", {}),
        (400, b"[" * 8000, {}),
        (422, b"[]", {}),
        (422, {}, {}),
        (422, {**GOOD, "article": None}, {}),
        (422, {**GOOD, "article": "x" * 513}, {}),
        (422, {**GOOD, "article": "a\ud800"}, {}),
        (422, {**GOOD, "url": ""}, {}),
        (422, {**GOOD, "reader": 1}, {}),
        (422, {**GOOD, "seed": []}, {}),
        (422, {**GOOD, "state": {}}, {}),
        (422, {**GOOD, "view": "x" * 65}, {}),
        (422, {**GOOD, "sections": ["x"] * 21}, {}),
        (422, {**GOOD, "tags": "x"}, {}),
        (422, {**GOOD, "storage": "some"}, {}),
        (422, {**GOOD, "events": [1]}, {}),
        (404, {**GOOD, "site": "nobody"}, {}),
        (404, {**GOOD, "site": "../riotimes"}, {}),
        (404, {**GOOD, "site": "riotimes#R"}, {}),
        (403, GOOD, {"origin": "https://evil.example"}),
        (403, GOOD, {"origin": "null"}),
        (403, GOOD, {"origin": ORIGIN + ".evil.example"}),
    ],
)
def test_invalid_input_asks_and_writes_nothing(
    desk: Desk, wire: Wire, table: str, status: int, body: object, headers: dict[str, str]
) -> None:
    """I15"""
    desk.view("a")
    before = snapshot(desk.tables)
    wire.sent.clear()
    for path in ("/v1/views", "/v1/access"):
        assert desk.post(body, path, **headers).status == status
    assert [sent for sent in wire.sent if sent.table == table or sent.units] == []
    assert snapshot(desk.tables) == before
    assert desk.faults == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_ask_and_write_nothing(desk: Desk, wire: Wire, table: str, method: str) -> None:
    """I15"""
    assert desk.post(GOOD, method=method).status in {204, 405}
    assert wire.to(table) == []
    assert desk.tables.meter_items() == []


def test_a_site_that_was_deleted_is_not_counted(desk: Desk, wire: Wire, table: str) -> None:
    desk.tables.sites.delete("riotimes", 1, desk.now)
    assert desk.post(GOOD).status == 404
    assert wire.to(table) == []
