"""The month that the demo newspaper simulates: what is planned for its readers, and what their pages send."""

import json
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Request, Response

from local.month import Paged, Reading, month_to_bill, plan, play
from readmeter.usage.period import ExportPeriod

PAPER = "http://localhost:8081"
ARTICLES = [Paged(f"{PAPER}/city/{number}", f"Article {number}", "city", "en") for number in range(21)]
RIO = "America/Sao_Paulo"
OCTOBER = ExportPeriod.parse("2026-10")
LIMIT = 5
MONTHS = st.dates(datetime(2015, 1, 1).date(), datetime(2035, 12, 31).date()).map(  # noqa: DTZ001
    lambda day: ExportPeriod.parse(f"{day:%Y-%m}")
)
# Midnights that do not exist, come twice, and stand half an hour apart from everybody else's
ZONES = st.sampled_from([RIO, "UTC", "Africa/Cairo", "America/Havana", "Asia/Kathmandu", "Pacific/Kiritimati"])


def october(seed: str = "a") -> list[Reading]:
    return plan(ARTICLES, OCTOBER, RIO, LIMIT, seed)


@given(MONTHS, ZONES, st.integers(1, 12), st.text(max_size=8))
def test_a_plan_keeps_to_the_month_and_to_the_limit(month, zone, limit, seed):
    readings = plan(ARTICLES, month, zone, limit, seed, readers=12)
    assert [reading.at for reading in readings] == sorted(reading.at for reading in readings)
    read: dict[str, set[str]] = defaultdict(set)
    for reading in readings:
        assert f"{datetime.fromtimestamp(reading.at, ZoneInfo(zone)):%Y-%m}" == month.text
        held, article = read[reading.seed], reading.article.url
        if reading.expected == "metered":
            assert article not in held
            held.add(article)
            assert len(held) <= limit
        elif reading.expected == "repeat":
            assert article in held
        elif reading.expected == "limit_reached":
            assert len(held) == limit
            assert article not in held


def test_the_same_seed_plans_the_same_month_and_another_one_another():
    assert october() == october()
    assert october("a") != october("b")


def test_a_month_looks_like_a_newspaper_s():
    readings = october()
    expected = Counter(reading.expected for reading in readings)
    days = {datetime.fromtimestamp(reading.at, ZoneInfo(RIO)).date() for reading in readings}
    hours = Counter(datetime.fromtimestamp(reading.at, ZoneInfo(RIO)).hour for reading in readings)
    assert 1000 <= len(readings) <= 1500
    assert len({reading.seed for reading in readings if reading.stored}) >= 280
    assert days == set(OCTOBER.dates)
    assert min(hours[hour] for hour in (8, 20)) > 3 * max(hours[hour] for hour in (2, 3, 4))
    assert expected["metered"] > expected["repeat"] > expected["limit_reached"] > expected["missed"] > 0
    assert any(not reading.stored for reading in readings)


@pytest.mark.parametrize(
    ("now", "month"),
    [
        ("2026-11-22T12:00:00-03:00", "2026-10"),
        ("2026-11-04T00:00:00-03:00", "2026-10"),
        ("2026-11-03T23:59:59-03:00", "2026-09"),
        ("2027-01-20T12:00:00-03:00", "2026-12"),
    ],
)
def test_the_month_to_bill_ended_three_days_ago_on_the_site_s_calendar(now, month):
    assert month_to_bill(RIO, datetime.fromisoformat(now).timestamp()).text == month


class Counting:
    """A service that counts without a limit, and remembers what it was sent on which clock."""

    def __init__(self, status: int = 200) -> None:
        self.sent: list[tuple[float, str, dict[str, Any]]] = []
        self.status = status

    def on(self, clock):
        @Request.application
        def answer(request: Request) -> Response:
            body = request.get_json()
            assert request.headers["Origin"] == PAPER
            assert body["site"] == "rio-courier"
            self.sent.append((clock(), request.path, body))
            if request.path == "/v1/events":
                return Response(status=202)
            kind = "wall" if body["url"].endswith("/2") else "countdown"
            document = {
                "reader": f"token of {body['seed']}",
                "state": "s",
                "reason": "metered",
                "prompt": {"kind": kind},
            }
            return Response(json.dumps(document), self.status, mimetype="application/json")

        return answer

    @property
    def views(self) -> list[tuple[float, dict[str, Any]]]:
        return [(at, body) for at, path, body in self.sent if path == "/v1/views"]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for _, _, body in self.sent for event in body["events"]]


def reading(at: int, article: int, **given: Any) -> Reading:
    chosen = {"expected": "metered", "stored": True, "at_count": None, "at_wall": None, **given}
    return Reading(at=at, seed="A" * 22, article=ARTICLES[article], **chosen)


def played(*readings: Reading) -> tuple[Counting, Counter[str]]:
    service = Counting()
    return service, play(readings, "rio-courier", PAPER, service.on, lambda done: None)


def test_each_page_is_sent_at_its_own_time_with_what_the_browser_holds():
    service, reasons = played(reading(1000, 0), reading(2000, 1), reading(3000, 2, stored=False))
    assert [at for at, _ in service.views] == [1000, 2000, 3000]
    first, second, third = (body for _, body in service.views)
    assert (first["reader"], second["reader"]) == (None, f"token of {'A' * 22}")
    assert (first["state"], second["state"]) == (None, "s")
    assert (first["storage"], third["storage"]) == (None, "none")
    assert first["view"] != second["view"]
    assert reasons == {"metered": 3}


def test_what_happened_in_a_sitting_goes_with_the_next_one_or_by_itself_three_days_later():
    four_days = 4 * 86_400
    service, _ = played(
        reading(1000, 0, at_count="prompt_dismissed"),
        reading(2000, 2, at_count="prompt_dismissed", at_wall="subscribe_clicked"),
        reading(9000, 1),
        reading(9000 + four_days, 1),
    )
    assert [(path[4:], len(body["events"])) for _, path, body in service.sent] == [
        ("views", 0),
        ("views", 0),
        ("views", 4),
        ("events", 1),
        ("views", 0),
        ("events", 1),
    ]
    assert [(event["kind"], event["article"][-1], event["at"]) for event in service.events] == [
        ("prompt_shown", "0", 1_000_000),
        ("prompt_dismissed", "0", 1_004_000),
        ("prompt_shown", "2", 2_000_000),
        ("subscribe_clicked", "2", 2_009_000),
        ("prompt_shown", "1", 9_000_000),
        ("prompt_shown", "1", (9000 + four_days) * 1000),
    ]


def test_no_request_carries_more_events_than_the_service_takes():
    service, _ = played(*(reading(1000 + number, number % 21, at_count="prompt_dismissed") for number in range(40)))
    assert max(len(body["events"]) for _, _, body in service.sent) <= 20
    assert len(service.events) == 80 - 2  # at the wall nobody can dismiss anything


def test_a_missed_view_is_never_sent_and_reported_later():
    service, reasons = played(reading(1000, 0, expected="missed"), reading(2000, 1))
    assert len(service.views) == 1
    assert service.events[0]["kind"] == "fail_open"
    assert reasons == {"missed": 1, "metered": 1}


def test_a_refusal_ends_it():
    with pytest.raises(RuntimeError, match="/v1/views was refused: 503"):
        play([reading(1000, 0)], "rio-courier", PAPER, Counting(503).on, lambda done: None)


def test_progress_is_told_after_every_reading():
    told: list[int] = []
    play([reading(1000, 0), reading(2000, 1)], "rio-courier", PAPER, Counting().on, told.append)
    assert told == [1, 2]
