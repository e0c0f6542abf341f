"""What pages report: stored once each, up to a bound a day, never billable, never in the way of a view."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from readmeter.core.article import digest
from readmeter.core.encoding import base64url
from readmeter.core.rules import Match, Retention
from readmeter.core.tokens import reader_of_seed
from readmeter.store.reads import events_of, reads_of
from readmeter.usage.ledger import natural_key, rows_of
from readmeter.web.body import EVENT_KINDS
from tests.contract.test_item import partition
from tests.support.endpoint import KEYRING, NOW, SEED, Desk, event
from tests.support.meters import digest_of, periods, snapshot
from tests.support.site import ORIGIN, compiled
from tests.support.wire import Wire, broken, conflict, lost_reply, sent_twice, throttled

DAY = 86_400
END_OF_DAY = 1_795_402_800  # 2026-11-23T00:00-03:00
TODAY = "E#2026-11-22"


def shown(article: str = "a", at: float = NOW, kind: str = "prompt_shown") -> dict[str, Any]:
    return {"kind": kind, "article": article, "at": at * 1000}


def stored(desk: Desk) -> list[tuple[str, str, int, str]]:
    """Kind, article, instant and local date of every stored event, in order of time."""
    named = {base64url(digest_of(article)): article for article in "abcdefgh"}
    events = [each for item in desk.tables.meter_items() for each in events_of(item)]
    found = [(each.kind, named.get(each.article, "?"), each.at, each.local_date) for each in events]
    return sorted(found, key=lambda each: (each[2], each[:2]))


def test_the_item_of_a_days_events(desk: Desk) -> None:
    assert desk.report(shown(), shown("b", NOW - 60.5, "subscribe_clicked")) == {"accepted": 2}
    key = KEYRING.permanent_key("article", "riotimes")
    first, second = (
        digest(key, article, f"{kind}\0{at}")
        for article, kind, at in (
            ("a", "prompt_shown", 1_795_348_800_000),
            ("b", "subscribe_clicked", 1_795_348_739_500),
        )
    )
    assert snapshot(desk.tables) == [
        {
            "pk": partition(),
            "sk": {"S": TODAY},
            "a": {"BS": sorted([first, second])},
            base64url(first): {"S": f"prompt_shown|{base64url(digest_of('a'))}|1795348800|1|anonymous"},
            base64url(second): {"S": f"subscribe_clicked|{base64url(digest_of('b'))}|1795348739|1|anonymous"},
            "x": {"N": str(END_OF_DAY + 45 * DAY)},
        }
    ]


def test_every_kind_is_stored_and_none_is_usage(desk: Desk) -> None:
    """I18"""
    desk.report(*(shown(kind=kind) for kind in EVENT_KINDS))
    assert {kind for kind, *_ in stored(desk)} == set(EVENT_KINDS)
    assert [list(reads_of(item)) for item in desk.tables.meter_items()] == [[]]
    assert desk.access("a")["used"] == 0


def test_the_same_event_is_stored_once(desk: Desk) -> None:
    for _ in range(3):
        assert desk.report(shown(), shown(), shown("b")) == {"accepted": 3}
    desk.view("c", events=[shown()])
    assert [article for _, article, *_ in stored(desk)] == ["a", "b"]


def test_kind_article_and_instant_tell_events_apart(desk: Desk) -> None:
    desk.report(shown(), shown("b"), shown(at=NOW - 1), shown(kind="prompt_dismissed"))
    assert len(stored(desk)) == 4


def test_the_same_instant_in_another_spelling_is_the_same_event(desk: Desk) -> None:
    desk.report(shown(), {**shown(), "at": "2026-11-22T12:00:00Z"}, {**shown(), "at": "2026-11-22T09:00:00.000-03:00"})
    assert len(stored(desk)) == 1


class TestTheClockOfAPage:
    def test_a_day_of_the_sites_calendar_is_an_item(self, desk: Desk) -> None:
        desk.report(*(shown(at=END_OF_DAY + seconds - DAY) for seconds in (-1, 0)))
        assert [date for *_, date in stored(desk)] == ["2026-11-21", "2026-11-22"]
        assert set(periods(desk.tables)) == {"E#2026-11-21", TODAY}

    @pytest.mark.parametrize("at", [NOW + 1, NOW + 400 * DAY, 8.64e12])
    def test_what_is_ahead_of_ours_happened_now(self, desk: Desk, at: float) -> None:
        desk.report(shown(at=at))
        assert stored(desk) == [("prompt_shown", "a", int(NOW), "2026-11-22")]

    @pytest.mark.parametrize("at", [NOW - 7 * DAY - 1, 0, -8.64e12])
    def test_what_is_older_than_seven_days_happened_seven_days_ago(self, desk: Desk, at: float) -> None:
        desk.report(shown(at=at))
        assert stored(desk) == [("prompt_shown", "a", int(NOW) - 7 * DAY, "2026-11-15")]

    def test_sent_again_it_is_the_same_event_though_now_has_moved(self, desk: Desk) -> None:
        desk.report(shown(at=NOW + 3600))
        desk.now += 60
        desk.report(shown(at=NOW + 3600))
        assert [at for *_, at, _ in stored(desk)] == [int(NOW)]


class TestWhoseTheyAre:
    def test_the_token_goes_before_the_seed(self, desk: Desk) -> None:
        token = desk.view("a", seed="B" * 22)["reader"]
        desk.report(shown(), reader=token)
        reader = reader_of_seed(KEYRING, "riotimes", "B" * 22)
        assert reader is not None
        assert {item["pk"]["S"] for item in desk.tables.meter_items()} == {f"S#riotimes#R#{reader.name}"}

    @pytest.mark.parametrize("reader", ["", "0.AAAA.AAAA", "x" * 5000, "é\ud800"])
    @pytest.mark.parametrize("seed", [None, "", "short", "é" * 22])
    def test_nobodys_are_taken_and_not_stored(self, desk: Desk, wire: Wire, reader: str, seed: str | None) -> None:
        assert desk.report(shown(), reader=reader, seed=seed) == {"accepted": 0}
        assert wire.to(desk.tables.meter_table) == []

    def test_a_token_of_another_site_names_nobody(self, desk: Desk) -> None:
        """I14"""
        desk.publish(compiled(site="another"))
        token = desk.view("a", site="another")["reader"]
        assert desk.report(shown(), reader=token, seed=None) == {"accepted": 0}
        assert [item["pk"]["S"].split("#")[1] for item in desk.tables.meter_items()] == ["another"]

    def test_on_the_publishers_own_path_the_cookie_does_too(self, desk: Desk) -> None:
        token = desk.view("a")["reader"]
        body = {"site": "riotimes", "events": [shown()]}
        cookie = f"readmeter_riotimes={token}"
        for fetch_site, accepted in (("cross-site", 0), ("same-origin", 1)):
            answer = desk.post(body, "/v1/events", cookie=cookie, sec_fetch_site=fetch_site)
            assert answer.json == {"accepted": accepted}


class TestTheBound:
    def fill(self, desk: Desk, count: int) -> None:
        for start in range(0, count, 20):
            desk.report(*(shown("?", NOW - number) for number in range(start, min(start + 20, count))))

    def test_two_hundred_a_day_are_stored_and_the_rest_is_dropped_in_silence(self, desk: Desk) -> None:
        self.fill(desk, 190)
        assert desk.report(*(shown(at=NOW - 1000 - number) for number in range(20))) == {"accepted": 20}
        [item] = desk.tables.meter_items()
        assert (len(item["a"]["BS"]), item["capped"]) == (200, {"BOOL": True})
        assert [at for _, article, at, _ in stored(desk) if article == "a"] == [
            int(NOW) - 1000 - number for number in reversed(range(10))
        ]

    def test_when_it_is_full_a_report_is_one_refused_write(self, desk: Desk, wire: Wire) -> None:
        self.fill(desk, 200)
        for number, cost in ((1, 2), (2, 1)):  # the first leaves the mark
            wire.sent.clear()
            desk.report(shown(at=NOW - 1000 - number))
            assert wire.to(desk.tables.meter_table) == ["UpdateItem"] * cost
        before = snapshot(desk.tables)
        self.fill(desk, 40)
        assert snapshot(desk.tables) == before

    def test_another_day_has_room(self, desk: Desk) -> None:
        self.fill(desk, 200)
        desk.report(shown(at=NOW - DAY))
        assert len(periods(desk.tables)["E#2026-11-21"]) == 1

    def test_a_repeat_that_fits_between_new_ones_is_no_reason_to_drop_them(self, desk: Desk) -> None:
        self.fill(desk, 199)
        desk.report(shown("?", NOW), shown("a", NOW - 1000))
        assert (len(stored(desk)), "capped" in desk.tables.meter_items()[0]) == (200, False)


class TestRequests:
    def test_a_report_of_a_day_is_one_write(self, desk: Desk, wire: Wire) -> None:
        desk.report(*(shown(at=NOW - number) for number in range(20)))
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"]

    def test_each_further_day_is_one_more(self, desk: Desk, wire: Wire) -> None:
        desk.report(*(shown(at=NOW - number * DAY) for number in range(3)))
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"] * 3

    def test_no_events_are_no_write(self, desk: Desk, wire: Wire) -> None:
        assert desk.report() == {"accepted": 0}
        assert wire.to(desk.tables.meter_table) == []

    def test_a_view_that_carries_events_costs_one_write_more(self, desk: Desk, wire: Wire) -> None:
        """I20"""
        state = desk.view("a", events=[shown()])["state"]
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"] * 2
        desk.view("a", state=state, events=[shown("b")])
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"]

    def test_access_stores_nothing(self, desk: Desk, wire: Wire) -> None:
        desk.access("a", events=[shown()])
        assert wire.to(desk.tables.meter_table) == ["GetItem"]


class TestWithAView:
    def test_they_are_the_readers_whom_the_answer_names(self, desk: Desk) -> None:
        token = desk.view("a", seed=None, events=[shown()])["reader"]
        desk.report(shown("b"), reader=token, seed=None)
        assert {key: len(members) for key, members in periods(desk.tables).items()} == {
            "P#default#2026-11": 1,
            TODAY: 2,
        }

    @pytest.mark.parametrize("rules", [{"mode": "off"}, {"locked": Match(paths=("*",))}])
    def test_whatever_was_decided(self, desk: Desk, rules: dict[str, Any]) -> None:
        desk.publish(compiled(**rules))
        desk.view("a", events=[shown("b", kind="fail_open")])
        assert [each[:2] for each in stored(desk)] == [("fail_open", "b")]

    @pytest.mark.parametrize("fault", [broken, throttled, conflict])
    def test_a_fault_in_storing_them_does_not_spoil_the_answer(self, desk: Desk, wire: Wire, fault: Any) -> None:
        wire.inject("UpdateItem", None, *[fault] * 5)
        answer = desk.view("a", events=[shown()])
        assert (answer["reason"], answer["used"]) == ("metered", 1)
        assert [type(each).__name__ for _, each in desk.faults] == ["Unavailable"]
        assert stored(desk) == []

    def test_a_wrong_kind_is_refused_and_nothing_is_counted(self, desk: Desk, wire: Wire) -> None:
        """I15"""
        answer = desk.post({"site": "riotimes", "article": "a", "seed": SEED, "events": [shown(kind="opened")]})
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/events/0/kind")
        assert wire.to(desk.tables.meter_table) == []


@pytest.mark.parametrize("fault", [lost_reply, sent_twice, conflict])
def test_a_report_that_is_sent_again_is_stored_once(desk: Desk, wire: Wire, fault: Any) -> None:
    wire.inject("UpdateItem", fault)
    desk.report(shown(), shown("b"))
    assert len(stored(desk)) == 2


def test_when_the_store_does_not_answer_a_report_is_asked_for_again(desk: Desk, wire: Wire) -> None:
    wire.inject("UpdateItem", *[broken] * 3)
    answer = desk.post({"site": "riotimes", "seed": SEED, "events": [shown()]}, "/v1/events")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_the_site_says_how_long_they_are_kept(desk: Desk) -> None:
    desk.publish(compiled(retention=Retention(reader_days=400)))
    desk.report(shown())
    [item] = desk.tables.meter_items()
    assert int(item["x"]["N"]) == END_OF_DAY + 400 * DAY


def test_an_erased_reader_keeps_the_bound_of_the_day(desk: Desk) -> None:
    """I19"""
    desk.report(*(shown(at=NOW - number) for number in range(20)))
    desk.erase(desk.view("a")["reader"])
    assert stored(desk) == []
    desk.report(shown())
    assert len(stored(desk)) == 1
    assert len(periods(desk.tables)[TODAY]) == 21


BODY = {"site": "riotimes", "seed": SEED, "events": [shown()]}


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (413, {**BODY, "x": "x" * 8192}, {}),
        (400, b"", {}),
        (400, b"{", {}),
        (422, b"[]", {}),
        (422, {}, {}),
        (422, {**BODY, "events": None}, {}),
        (422, {**BODY, "events": [shown()] * 21}, {}),
        (422, {**BODY, "events": [shown("")]}, {}),
        (422, {**BODY, "events": [shown(kind="opened")]}, {}),
        (422, {**BODY, "events": [{**shown(), "at": "yesterday"}]}, {}),
        (422, {**BODY, "reader": 7}, {}),
        (404, {**BODY, "site": "nobody"}, {}),
        (404, {**BODY, "site": "riotimes#R"}, {}),
        (403, BODY, {"origin": "https://evil.example"}),
        (403, BODY, {"origin": "null"}),
    ],
)
def test_invalid_reports_ask_and_write_nothing(
    desk: Desk, wire: Wire, status: int, body: object, headers: dict[str, str]
) -> None:
    """I15"""
    assert desk.post(body, "/v1/events", **headers).status == status
    assert wire.to(desk.tables.meter_table) == []
    assert desk.faults == []


def test_text_and_base64_are_read_alike(desk: Desk) -> None:
    """As `sendBeacon` sends them: API Gateway passes text on as it is, and what it does not know in base64."""
    content = f'{{"site": "riotimes", "seed": "{SEED}", "events": [{{"kind": "fail_open", "article": "é", "at": 1}}]}}'
    in_base64 = event(content.encode(), "/v1/events", content_type="text/plain;charset=UTF-8")
    for sent in (in_base64, {**in_base64, "body": content, "isBase64Encoded": False}):
        answer = desk.send(sent)
        assert (answer.status, answer.json) == (202, {"accepted": 1})
    assert len(stored(desk)) == 1


def test_a_page_of_the_site_may_read_the_answer(desk: Desk) -> None:
    answer = desk.post(BODY, "/v1/events", origin=ORIGIN)
    assert (answer.headers["access-control-allow-origin"], answer.headers["vary"]) == (ORIGIN, "Origin")
    assert answer.headers["cache-control"] == "private, no-store"


def test_clocks_of_pages_are_read_in_any_zone(desk: Desk) -> None:
    instant = datetime.fromtimestamp(NOW, UTC) - timedelta(hours=1)
    desk.report({**shown(), "at": instant.isoformat()})
    assert [at for *_, at, _ in stored(desk)] == [int(NOW) - 3600]


def test_a_miss_that_is_too_old_and_sent_again_is_a_row_of_each_date_it_was_moved_to(desk: Desk) -> None:
    """Two dates of one miss are two rows: what the ledger says of a row never depends on which copy came first."""
    for _ in range(2):
        desk.report(shown(at=1_000, kind="fail_open"))
        desk.now += DAY
    rows = [row for item in desk.tables.meter_items() for row in rows_of(item, lambda: desk.keyring, "stream")]
    keys = {natural_key(asdict(row)) for row in rows}
    assert len(rows) == len(keys) == 4  # each date an event and a usage row
