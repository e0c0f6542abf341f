"""Usage over HTTP: what was read by day and month, how far it is complete, and what is left when readers are gone."""

import pytest

from tests.support.admin_api import RIO, SITES, document, scoped
from tests.support.usage_api import EXPORTS, UsageService, read

USAGE = f"{RIO}/usage"
NOVEMBER = f"{USAGE}?from=2026-11-01&to=2026-12-01"
DAY = 86_400.0


@pytest.fixture
def rio(usage: UsageService) -> UsageService:
    """The site `riotimes` since now: noon of 2026-11-20 (UTC)."""
    usage.admin("PUT", RIO, document())
    return usage


def rows(service: UsageService, path: str) -> list[tuple]:
    answer = service("GET", path)
    assert answer.status == 200, answer
    return [(row["period"], row["decision"], row["quantity"], row["unique_readers"]) for row in answer.json["rows"]]


def test_a_site_without_reads_has_no_rows(rio):
    assert rio("GET", NOVEMBER).json == {
        "site": "riotimes",
        "from": "2026-11-01",
        "to": "2026-12-01",
        "by": "day",
        "rows": [],
        "complete_until": "2026-11-20T12:00:00Z",
    }


def test_reads_are_added_up_by_day(rio):
    rio.count(read(1), read(1, article="b"), read(2), read(2, "2026-11-11", article="b"))
    line = {"meter": "default", "reader_class": "anonymous", "decision": "metered", "billable": True}
    assert rio("GET", NOVEMBER).json["rows"] == [
        {"period": "2026-11-10", **line, "quantity": 3, "unique_readers": 2},
        {"period": "2026-11-11", **line, "quantity": 1, "unique_readers": 1},
    ]


def test_reads_are_added_up_by_month_each_reader_once(rio):
    rio.count(read(1), read(2), read(2, "2026-11-11", article="b"), read(2, "2026-10-31"))
    asked = f"{USAGE}?from=2026-10&to=2026-12&by=month"
    assert rows(rio, asked) == [("2026-10", "metered", 1, 1), ("2026-11", "metered", 3, 2)]
    answer = rio("GET", asked).json
    assert (answer["from"], answer["to"], answer["by"]) == ("2026-10", "2026-12", "month")


def test_what_is_not_billable_has_rows_of_its_own(rio):
    rio.count(read(1), read(2, traffic="unstored"), read(3, meter="", decision="gift"))
    kinds = [
        (row["meter"], row["decision"], row["billable"], row["quantity"]) for row in rio("GET", NOVEMBER).json["rows"]
    ]
    assert kinds == [(None, "gift", False, 1), ("default", "metered", False, 1), ("default", "metered", True, 1)]


def test_to_is_exclusive_and_other_sites_are_left_out(rio):
    rio.count(read(1), read(2, "2026-11-11", article="b"), read(3, site="another"))
    assert rows(rio, f"{USAGE}?from=2026-11-10&to=2026-11-11") == [("2026-11-10", "metered", 1, 1)]


def test_without_dates_it_is_the_month_up_to_today(rio):
    rio.count(read(1, "2026-10-31"), read(2, "2026-11-01"), read(3, "2026-11-20"))
    answer = rio("GET", USAGE).json
    assert (answer["from"], answer["to"]) == ("2026-11-01", "2026-11-21")
    assert [row["period"] for row in answer["rows"]] == ["2026-11-01", "2026-11-20"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("from=2026-11-31", "from"),
        ("from=november", "from"),
        ("from=", "from"),
        ("from=0001-01", "from"),
        ("to=2026-13", "to"),
        ("to=20261101", "to"),
        ("to=9999-12-31", "to"),
        ("from=2026-11-02&to=2026-11-02", "to"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("from=2026-01-01&to=2027-02-06", "to"),
        ("by=week", "by"),
        ("by=", "by"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(rio, query, named):
    answer = rio("GET", f"{USAGE}?{query}")
    assert answer.status == 422
    assert answer.json["detail"].startswith(f"`{named}` in the query ")
    assert answer.pointers == [f"/{named}"]


def test_four_hundred_days_are_answered(rio):
    assert rows(rio, f"{USAGE}?from=2026-01-01&to=2027-02-05") == []


def test_how_far_it_is_complete_is_what_the_stream_says(rio):
    rio.complete_until.append(rio.clock.now - 3600.5)
    assert rio("GET", USAGE).json["complete_until"] == "2026-11-20T10:59:59Z"
    rio.complete_until.append(float("-inf"))
    assert rio("GET", USAGE).json["complete_until"] == "1970-01-01T00:00:00Z"


def test_a_site_that_never_was_is_not_found_and_a_deleted_one_keeps_its_usage(rio):
    assert rio("GET", f"{SITES}/another/usage").status == 404
    rio.count(read(1))
    rio.admin("DELETE", RIO)
    assert rows(rio, NOVEMBER) == [("2026-11-10", "metered", 1, 1)]


def expire(service: UsageService, month: str) -> None:
    """What the buckets' lifecycles do to a month's readers."""
    for bucket, prefixes in ((service.ledger, ("ledger/v1", "days/v1")), (service.exports, ("counted/v1",))):
        for prefix in prefixes:
            for stored in list(bucket.stored(f"{prefix}/site=riotimes/")):
                if f"={month}" in stored.key:
                    bucket.delete(stored.key)


@pytest.fixture
def closed(rio: UsageService) -> UsageService:
    """November and December are final, December corrects November; it is April, November's readers have expired."""
    rio.count(read(1), read(2), read(2, "2026-11-11", article="b"), read(3, "2026-11-11", traffic="unstored"))
    rio.clock.now += 20 * DAY
    rio.make("2026-11")
    rio.count(read(4, "2026-11-11"), read(5, "2026-12-01"))
    rio.clock.now += 35 * DAY
    assert rio.make("2026-12")["status"] == "final"
    rio.clock.now += 25 * DAY
    rio.make("2027-01")
    rio.clock.now += 55 * DAY
    expire(rio, "2026-11")
    return rio


def test_totals_stay_when_readers_are_gone(closed):
    by_day = rows(closed, NOVEMBER)
    assert [(period, quantity) for period, _, quantity, _ in by_day] == [
        ("2026-11-10", 2),
        ("2026-11-11", 1),
        ("2026-11-11", 2),
    ]
    assert by_day[0] == ("2026-11-10", "metered", 2, 2)
    by_month = rows(closed, f"{USAGE}?from=2026-11&to=2027-01&by=month")
    assert [(period, quantity) for period, _, quantity, _ in by_month] == [
        ("2026-11", 1),
        ("2026-11", 4),
        ("2026-12", 1),
    ]


def test_a_month_whose_readers_are_gone_tells_as_many_readers_as_its_final_knows(rio):
    rio.count(read(1), read(2), read(2, "2026-11-11", article="b"))
    rio.clock.now += 20 * DAY
    rio.make("2026-11")
    rio.clock.now += 120 * DAY
    expire(rio, "2026-11")
    month = f"{USAGE}?from=2026-11&to=2026-12&by=month"
    assert rows(rio, month) == [("2026-11", "metered", 3, 2)]
    assert rows(rio, f"{USAGE}?from=2026-11-10&to=2026-11-12&by=month") == [("2026-11", "metered", 3, None)]


@pytest.mark.parametrize("by", [scoped("another"), scoped(), None])
@pytest.mark.parametrize("path", [USAGE, NOVEMBER, f"{RIO}/report?period=2026-11"])
def test_a_foreign_site_is_forbidden_whether_it_exists_or_not(usage, path, by):
    absent = usage("GET", path, by=by)
    usage.admin("PUT", RIO, document())
    present = usage("GET", path, by=by)
    assert (absent.status, absent.body) == (present.status, present.body)
    assert present.status == 403


def test_a_scoped_caller_sees_its_own(rio):
    assert rio("GET", USAGE, by=scoped("riotimes")).status == 200


def test_a_report_is_data(rio):
    rio.count(read(1), read(2))
    answer = rio("GET", f"{RIO}/report?period=2026-11")
    assert answer.status == 200, answer
    assert (answer.json["site"], answer.json["period"]) == ("riotimes", "2026-11")


@pytest.mark.parametrize("query", ["", "?period=", "?period=2026-11-10", "?period=2026-13", "?period=2026-12"])
def test_a_report_is_of_a_month_that_has_begun(rio, query):
    answer = rio("GET", f"{RIO}/report{query}")
    assert (answer.status, answer.pointers) == (422, ["/period"])


def test_a_report_of_no_site_is_not_found(usage):
    assert usage("GET", f"{RIO}/report?period=2026-11").status == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", USAGE, "GET"),
        ("DELETE", EXPORTS, "GET, POST"),
        ("PUT", f"{EXPORTS}/riotimes_2026-11", "GET"),
        ("PUT", f"{EXPORTS}/riotimes_2026-11/verification", "GET, POST"),
        ("POST", f"{RIO}/report", "GET"),
    ],
)
def test_a_known_path_names_its_methods(usage, method, path, allow):
    answer = usage(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allow)


def test_no_cors(rio):
    for answer in (rio("GET", USAGE, origin="https://a.example"), rio("OPTIONS", EXPORTS, origin="https://a.example")):
        assert not [name for name in answer.headers if name.startswith("access-control")]
