"""What pages report: stored once each, up to a bound a day, never billable, never in the way of a view."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from readmeter.core.article import digest
from readmeter.core.encoding import base64url
from readmeter.core.rules import Match, Retention
from readmeter.core.tokens import reader_of_seed
from readmeter.store.notes import MOST_EVENTS
from readmeter.store.reads import events_of, reads_of
from readmeter.usage.ledger import natural_key, rows_of
from readmeter.web.body import EVENT_KINDS
from tests.contract.test_item import partition
from tests.support.endpoint import KEYRING, NOW, SEED, Desk, event
from tests.support.meters import digest_of, periods, snapshot
from tests.support.site import ORIGIN, compiled, meter
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


NO_INSTANTS = [
    "true",
    "null",
    "[]",
    "{}",
    '""',
    "1e400",
    "-1e400",
    "8640000000000001",
    "9" * 5000,
    '"1795348800000"',
    '"2026-11-22"',
    '"2026-11-22T12:00:00"',
    '"2026-02-30T12:00:00Z"',
    '"2026-11-22T12:00:60Z"',
    '"2026-11-22T12:00:00+24:00"',
    '"0000-01-01T00:00:00Z"',
]


def with_instant(at: str) -> bytes:
    """A report of one event at what `at` spells in JSON."""
    body = {"site": "riotimes", "seed": SEED, "events": [{"kind": "fail_open", "article": "a", "at": "@"}]}
    return json.dumps(body).replace('"@"', at).encode()


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

    def test_what_is_no_instant_is_refused(self, desk: Desk, wire: Wire) -> None:
        """I15"""
        for at in NO_INSTANTS:
            answer = desk.post(with_instant(at), "/v1/events")
            assert (answer.status, [error["pointer"] for error in answer.json["errors"]]) == (422, ["/events/0/at"]), at
        for at in ("NaN", "Infinity", "-Infinity"):
            assert desk.post(with_instant(at), "/v1/events").status == 400, at
        assert wire.to(desk.tables.meter_table) == []

    def test_every_instant_has_a_place_in_the_seven_days(self, desk: Desk) -> None:
        oldest = NOW - 7 * DAY
        spelled = {
            "-0.0": oldest,
            '"0001-01-01T00:00:00+23:59"': oldest,
            '"9999-12-31T23:59:59-23:59"': NOW,
            "1795348799999.5": NOW - 1,
            '"2026-11-22t11:59:58.999999999z"': NOW - 2,
        }
        assert [desk.post(with_instant(at), "/v1/events").status for at in spelled] == [202] * len(spelled)
        assert [at for *_, at, _ in stored(desk)] == sorted(int(at) for at in spelled.values())

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

    def test_a_full_day_stays_small(self, desk: Desk) -> None:
        """By its size every write of a flood is billed: docs/decisions/0017-what-a-flood-of-events-costs.md."""
        longest = max(EVENT_KINDS, key=len)
        for start in range(0, MOST_EVENTS, 20):
            desk.report(*(shown("?", NOW - number, longest) for number in range(start, start + 20)))
        [item] = desk.tables.meter_items()
        assert len(item["a"]["BS"]) == MOST_EVENTS
        assert bytes_of(item) <= 21 * 1024

    def test_another_day_has_room(self, desk: Desk) -> None:
        self.fill(desk, 200)
        desk.report(shown(at=NOW - DAY))
        assert len(periods(desk.tables)["E#2026-11-21"]) == 1

    def test_a_repeat_that_fits_between_new_ones_is_no_reason_to_drop_them(self, desk: Desk) -> None:
        self.fill(desk, 199)
        desk.report(shown("?", NOW), shown("a", NOW - 1000))
        assert (len(stored(desk)), "capped" in desk.tables.meter_items()[0]) == (200, False)


def bytes_of(item: Mapping[str, Any]) -> int:
    """Its size as DynamoDB bills it: names and values, three bytes and one more a member for a set, 21 for a number."""
    sizes = {"S": len, "B": len, "N": lambda _: 21, "BOOL": lambda _: 1, "BS": lambda s: 3 + sum(len(m) + 1 for m in s)}
    return sum(len(name) + sizes[kind](value) for name, typed in item.items() for kind, value in typed.items())


def fill_every_day(desk: Desk, count: int) -> None:
    """Leaves `count` events that nobody sends again on each day that a report can reach."""
    reader = reader_of_seed(KEYRING, "riotimes", SEED)
    assert reader is not None
    for date in EIGHT_DAYS:
        events = [digest_of(f"{date} {number}") for number in range(count)]
        item = {"pk": {"S": f"S#riotimes#R#{reader.name}"}, "sk": {"S": f"E#{date}"}, "a": {"BS": events}}
        desk.tables.client.put_item(TableName=desk.tables.meter_table, Item=item)


EIGHT_DAYS = [f"2026-11-{day}" for day in range(15, 23)]  # seven times 24 hours touch eight dates
ON_EIGHT_DAYS = [shown(at=NOW - number * 7 * DAY / 19) for number in range(20)]


class TestRequests:
    def test_a_report_of_a_day_is_one_write(self, desk: Desk, wire: Wire) -> None:
        desk.report(*(shown(at=NOW - number) for number in range(20)))
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"]

    def test_each_further_day_is_one_more(self, desk: Desk, wire: Wire) -> None:
        desk.report(*(shown(at=NOW - number * DAY) for number in range(3)))
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"] * 3

    @pytest.mark.parametrize(
        ("held", "writes"),
        [
            (0, [1] * 8),
            (MOST_EVENTS - 1, [2] * 8),  # refused; then what there is room for
            (MOST_EVENTS, [1] * 8),  # refused
        ],
    )
    def test_a_report_is_at_most_two_writes_for_each_of_eight_days(
        self, desk: Desk, wire: Wire, held: int, writes: list[int]
    ) -> None:
        """I20: however its events lie, whatever the days hold."""
        if held:
            fill_every_day(desk, held)
        if held == MOST_EVENTS:
            desk.report(*ON_EIGHT_DAYS)  # leaves the marks
        wire.sent.clear()
        assert desk.report(*ON_EIGHT_DAYS) == {"accepted": 20}
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"] * sum(writes)
        assert sorted(periods(desk.tables)) == [f"E#{date}" for date in EIGHT_DAYS]

    def test_a_view_with_events_on_eight_days_is_nine_writes(self, desk: Desk, wire: Wire) -> None:
        """I20: the bound of what a view may cost."""
        desk.view("a", events=ON_EIGHT_DAYS)
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"] * 9

    @pytest.mark.parametrize("seeded", [True, False])
    def test_a_script_that_mints_readers_costs_a_write_each(self, desk: Desk, wire: Wire, seeded: bool) -> None:
        """Whoever comes without a seed is nobody."""
        for number in range(10):
            desk.report(shown(), seed=f"{number:022}" if seeded else None)
        sent = [sent for sent in wire.sent if sent.table == desk.tables.meter_table]
        assert [(each.operation, each.units) for each in sent] == [("UpdateItem", 1)] * 10 * seeded
        assert len(desk.tables.meter_items()) == 10 * seeded

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

    def test_at_the_wall(self, desk: Desk, wire: Wire) -> None:
        """I20: by its state the wall costs no write, so the events are the only one."""
        desk.publish(compiled(meter(anonymous=1)))
        desk.view("a")
        state = desk.view("b")["state"]
        wire.sent.clear()
        answer = desk.view("b", state=state, events=[shown("b")])
        assert answer["reason"] == "limit_reached"
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"]
        assert [each[:2] for each in stored(desk)] == [("prompt_shown", "b")]

    def test_beside_a_recorded_read(self, desk: Desk, wire: Wire) -> None:
        desk.publish(compiled(exempt=Match(tags=("free",)), record=("exempt",)))
        desk.view("a", tags=["free"], events=[shown()])
        assert wire.to(desk.tables.meter_table) == ["UpdateItem"] * 2
        assert set(periods(desk.tables)) == {"N#exempt#2026-11-22", TODAY}

    def test_of_a_page_that_keeps_nothing(self, desk: Desk) -> None:
        answer = desk.view("a", seed=None, storage="none", events=[shown(), shown()])
        assert answer["used"] == 1
        assert len(stored(desk)) == 1

    def test_with_the_token_of_another_site_they_are_the_newcomers(self, desk: Desk) -> None:
        """I14"""
        desk.publish(compiled(site="another"))
        foreign = desk.view("a", site="another")["reader"]
        before = snapshot(desk.tables)
        token = desk.view("a", reader=foreign, seed=None, events=[shown()])["reader"]
        assert before[0] in snapshot(desk.tables)
        desk.report(shown("b"), reader=token, seed=None)
        assert len(periods(desk.tables)[TODAY]) == 2

    @pytest.mark.parametrize("count", ["article", "view"])
    def test_a_view_that_is_sent_again_stores_them_once(self, desk: Desk, count: str) -> None:
        desk.publish(compiled(meter(count=count)))
        for _ in range(3):
            assert desk.view("a", view="one", events=[shown(), shown("b")])["used"] == 1
        assert len(stored(desk)) == 2

    def test_a_view_that_could_not_be_decided_leaves_them_to_the_next(self, desk: Desk, wire: Wire) -> None:
        wire.inject("UpdateItem", *[broken] * 3)
        body = {"site": "riotimes", "article": "a", "seed": SEED, "events": [shown()]}
        assert desk.post(body).status == 503
        assert desk.tables.meter_items() == []
        assert desk.post(body).status == 200
        assert len(stored(desk)) == 1

    def test_what_a_page_says_of_an_article_is_no_read_of_it(self, desk: Desk) -> None:
        """I18"""
        desk.report(shown("b"), shown("b", kind="fail_open"), shown("of no such paper"))
        answer = desk.view("b")
        assert (answer["reason"], answer["used"]) == ("metered", 1)
        reads = [read for item in desk.tables.meter_items() for read in reads_of(item)]
        assert [read.article for read in reads] == [answer["article"]]

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
        (422, {**BODY, "events": [shown("é" * 257)]}, {}),
        (422, {**BODY, "events": [shown("\ud800")]}, {}),
        (422, {**BODY, "events": [shown("a\0b")]}, {}),
        (422, {**BODY, "events": [{**shown(), "article": None}]}, {}),
        (422, {**BODY, "events": [{**shown(), "kind": ["prompt_shown"]}]}, {}),
        (422, {**BODY, "events": [shown(), [shown()]]}, {}),
        (422, {**BODY, "events": {"0": shown()}}, {}),
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


def test_an_article_has_512_bytes_after_nfc(desk: Desk) -> None:
    """The identity that views count by: 256 letters that come as 768 bytes, each with its accent apart."""
    decomposed = "e\u0301" * 256
    assert desk.report(shown(decomposed), shown("é" * 256)) == {"accepted": 2}
    assert len(stored(desk)) == 1


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
