"""DynamoDB's bad days: whatever is lost, refused or repeated on the wire, an article counts once at the most.

The client tries three times by itself (the store five times on a conflict); a reader's page may then ask again.
"""

import json
from typing import Any

import pytest

from readmeter.web.fault import fault_fields
from tests.support.endpoint import NOW, SEED, Desk
from tests.support.meters import digest_of, periods, snapshot
from tests.support.site import compiled, meter
from tests.support.wire import (
    Fault,
    Wire,
    answers,
    broken,
    cancelled,
    conflict,
    connection_refused,
    lost_reply,
    lost_request,
    overloaded,
    sent_twice,
    throttled,
)

DAY = 86_400
ATTEMPTS = 3  # of the client
TRIES = 5  # of the store, on a conflict
A, B = digest_of("a"), digest_of("b")
BEFORE_THE_WRITE = {
    "lost request": (lost_request, ATTEMPTS),
    "connection refused": (connection_refused, ATTEMPTS),
    "throttled": (throttled, ATTEMPTS),
    "throttled by rate": (answers(400, "ThrottlingException"), ATTEMPTS),
    "broken": (broken, ATTEMPTS),
    "overloaded": (overloaded, ATTEMPTS),
    "conflict": (conflict, TRIES),
}
before_the_write = pytest.mark.parametrize(("fault", "most"), BEFORE_THE_WRITE.values(), ids=BEFORE_THE_WRITE)


def ask(desk: Desk, article: str = "a", path: str = "/v1/views") -> Any:
    return desk.post({"site": "riotimes", "article": article, "seed": SEED}, path)


def is_unavailable(desk: Desk, article: str = "a", path: str = "/v1/views") -> None:
    answer = ask(desk, article, path)
    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json) == {"type", "title", "status", "detail"}


class TestACount:
    @before_the_write
    def test_a_fault_that_passes_is_not_seen(self, desk: Desk, wire: Wire, fault: Fault, most: int) -> None:
        """I5"""
        wire.inject("UpdateItem", *[fault] * (most - 1))
        answer = desk.view("a")
        assert (answer["reason"], answer["used"], answer["remaining"]) == ("metered", 1, 4)
        assert periods(desk.tables) == {"P#default#2026-11": {A}}

    @before_the_write
    def test_a_fault_that_stays_is_a_503_and_nothing_is_counted(
        self, desk: Desk, wire: Wire, fault: Fault, most: int
    ) -> None:
        """I18: what the page then shows is no counted read."""
        wire.inject("UpdateItem", *[fault] * most)
        is_unavailable(desk)
        assert desk.tables.meter_items() == []
        assert desk.view("a")["reason"] == "metered"

    @pytest.mark.parametrize("times", [1, 2])
    def test_a_lost_reply_is_granted_and_counted_once(self, desk: Desk, wire: Wire, times: int) -> None:
        """I1, I5, I7: only here may a read that was counted just now be called a repeat."""
        desk.publish(compiled(meter(anonymous=1)))
        wire.inject("UpdateItem", *[lost_reply] * times)
        answer = desk.view("a")
        assert (answer["access"], answer["reason"]) == ("granted", "repeat")
        assert (answer["used"], answer["remaining"]) == (1, 0)
        assert desk.view("b")["access"] == "denied"
        assert periods(desk.tables) == {"P#default#2026-11": {A}}

    def test_replies_that_stay_lost_are_a_503_and_asking_again_is_free(self, desk: Desk, wire: Wire) -> None:
        """I5"""
        wire.inject("UpdateItem", *[lost_reply] * ATTEMPTS)
        is_unavailable(desk)
        answer = desk.view("a")
        assert (answer["reason"], answer["used"]) == ("repeat", 1)

    def test_the_lost_reply_of_a_denial_changes_nothing(self, desk: Desk, wire: Wire) -> None:
        """I4"""
        desk.publish(compiled(meter(anonymous=1)))
        desk.view("a")
        before = snapshot(desk.tables)
        wire.inject("UpdateItem", lost_reply)
        assert desk.view("b")["reason"] == "limit_reached"
        assert snapshot(desk.tables) == before

    def test_a_request_that_arrives_twice_counts_once(self, desk: Desk, wire: Wire) -> None:
        """I1"""
        wire.inject("UpdateItem", sent_twice)
        assert desk.view("a")["used"] == 1
        assert periods(desk.tables) == {"P#default#2026-11": {A}}

    @pytest.mark.parametrize("unit", ["month", "days"])
    def test_faults_on_every_read_never_grant_beyond_the_limit(self, desk: Desk, wire: Wire, unit: str) -> None:
        """I1, I7"""
        desk.publish(compiled(meter(anonymous=3, unit=unit, days=30)))
        granted = set()
        for number, fault in enumerate([lost_reply, throttled, sent_twice, broken, conflict, lost_reply, lost_request]):
            wire.inject("UpdateItem", fault)
            answer = desk.view(str(number))
            granted |= {number} if answer["access"] == "granted" else set()
            assert 0 <= answer["remaining"] == 3 - answer["used"]
        assert granted == {0, 1, 2}

    def test_a_state_answers_while_the_table_is_down(self, desk: Desk, wire: Wire) -> None:
        state = desk.view("a")["state"]
        wire.choose = lambda operation: connection_refused if operation == "UpdateItem" else None
        assert desk.view("a", state=state)["reason"] == "repeat"
        is_unavailable(desk, "b")


class TestAnExpiredWindow:
    """The transaction that closes one window and opens the next."""

    @pytest.fixture(autouse=True)
    def _over(self, desk: Desk) -> None:
        desk.publish(compiled(meter(anonymous=1, unit="days", days=30)))
        desk.view("a")
        desk.now += 30 * DAY

    def rolled(self, desk: Desk) -> None:
        """Both windows are whole, and the new one is spent."""
        assert periods(desk.tables) == {"P#default#D": {B}, f"P#default#{int(NOW)}": {A}}
        assert desk.view("a")["reason"] == "limit_reached"

    @before_the_write
    def test_a_fault_that_passes_is_not_seen(self, desk: Desk, wire: Wire, fault: Fault, most: int) -> None:
        """I9"""
        wire.inject("TransactWriteItems", *[fault] * (most - 1))
        answer = desk.view("b")
        assert (answer["reason"], answer["used"]) == ("metered", 1)
        self.rolled(desk)

    @before_the_write
    def test_a_fault_that_stays_is_a_503_and_nothing_has_changed(
        self, desk: Desk, wire: Wire, fault: Fault, most: int
    ) -> None:
        before = snapshot(desk.tables)
        wire.inject("TransactWriteItems", *[fault] * most)
        is_unavailable(desk, "b")
        assert snapshot(desk.tables) == before
        assert desk.view("b")["used"] == 1
        self.rolled(desk)

    def test_a_cancelled_transaction_is_tried_again(self, desk: Desk, wire: Wire) -> None:
        wire.inject("TransactWriteItems", *[cancelled] * (TRIES - 1))
        assert desk.view("b")["reason"] == "metered"
        self.rolled(desk)

    @pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
    def test_one_that_stays_cancelled_is_a_503(self, desk: Desk, wire: Wire, reason: str) -> None:
        reasons = [{"Code": "None"}, {"Code": reason}]
        fault = answers(400, "TransactionCanceledException", CancellationReasons=reasons)
        wire.inject("TransactWriteItems", *[fault] * TRIES)
        is_unavailable(desk, "b")

    @pytest.mark.parametrize("fault", [lost_reply, sent_twice])
    def test_a_lost_or_repeated_one_rolls_over_once(self, desk: Desk, wire: Wire, fault: Fault) -> None:
        """I1, I5"""
        wire.inject("TransactWriteItems", fault)
        answer = desk.view("b")
        assert (answer["access"], answer["used"], answer["remaining"]) == ("granted", 1, 0)
        self.rolled(desk)

    def test_replies_that_stay_lost_are_a_503_and_asking_again_is_free(self, desk: Desk, wire: Wire) -> None:
        """I5: where the engine keeps the transaction's token, the client's own retries are answered as the first."""
        wire.choose = lambda operation: lost_reply if operation == "TransactWriteItems" else None
        answer = ask(desk, "b")
        assert answer.status == 503 or answer.json["reason"] == "repeat"
        wire.choose = lambda _: None
        assert desk.view("b")["reason"] == "repeat"
        self.rolled(desk)


@pytest.mark.parametrize("fault", [lost_request, connection_refused, throttled, broken, overloaded])
def test_access_is_a_503_too(desk: Desk, wire: Wire, fault: Fault) -> None:
    wire.inject("GetItem", None, *[fault] * ATTEMPTS)  # the first one asks for the site
    is_unavailable(desk, path="/v1/access")
    assert ask(desk, path="/v1/access").status == 200


@pytest.mark.parametrize("path", ["/v1/views", "/v1/access"])
def test_a_site_table_that_is_down_is_a_503(desk: Desk, wire: Wire, path: str) -> None:
    wire.choose = lambda operation: throttled if operation == "GetItem" else None
    is_unavailable(desk, path=path)
    assert wire.to(desk.tables.meter_table) == []


class TestWhatIsSaid:
    """A fault is logged with the fields of an allow-list; nothing that a reader sent is among them."""

    CANARY = "canary-in-the-mine"
    SENT = {  # noqa: RUF012
        "site": "riotimes",
        "article": CANARY,
        "url": f"https://www.riotimesonline.com/{CANARY}?{CANARY}",
        "reader": CANARY,
        "seed": "canary-in-the-mine-222",
        "state": CANARY,
        "view": CANARY,
        "identity": CANARY,
        "sections": [CANARY],
        "tags": [CANARY],
        "referrer": CANARY,
        "locale": CANARY,
    }

    @pytest.mark.parametrize(
        ("fault", "cause"),
        [
            (lost_reply, "ReadTimeoutError"),
            (connection_refused, "EndpointConnectionError"),
            (throttled, "ProvisionedThroughputExceededException"),
            (broken, "InternalServerError"),
            (conflict, "Unavailable"),
        ],
    )
    def test_a_503_says_nothing_of_the_reader(self, desk: Desk, wire: Wire, fault: Fault, cause: str) -> None:
        """I16"""
        wire.inject("UpdateItem", *[fault] * TRIES)
        answer = desk.post(self.SENT)
        fields = self.logged(desk)
        assert (answer.status, fields["error"], fields["cause"]) == (503, "Unavailable", cause)
        assert self.CANARY not in json.dumps(fields) + answer.text + json.dumps(answer.headers)

    def test_a_fault_of_ours_is_a_500_that_says_as_little(self, desk: Desk, wire: Wire) -> None:
        """I16: DynamoDB's own message quotes what it was sent."""
        wire.inject("UpdateItem", answers(400, "ValidationException", message=f"bad value {self.CANARY}"))
        answer = desk.post(self.SENT)
        fields = self.logged(desk)
        assert (answer.status, fields["error"], fields["cause"]) == (500, "ClientError", "ValidationException")
        assert self.CANARY not in json.dumps(fields) + answer.text + json.dumps(answer.headers)
        assert "ValidationException" not in answer.text

    def logged(self, desk: Desk) -> dict[str, Any]:
        [(request_id, fault)] = desk.faults
        fields = fault_fields(request_id, fault)
        assert set(fields) == {"request_id", "error", "cause", "places"}
        return fields
