"""One reader by staff: looked up, erased, given an allowance anew or a bonus, by the publisher's own name."""

import json

import pytest

from readmeter.store.reads import reads_of
from tests.support.admin_api import RIO, SITES, Clock, document, spelled
from tests.support.staff import DAY, READERS, SIGNED, accounts, desk_of, name_of, read, signed_in

EVA = f"{READERS}/eva"
MONTH_END = "2026-12-01T00:00:00-03:00"
METERS = [
    {
        "name": "markets",
        "limits": {"anonymous": 1, "registered": 2},
        "match": {"sections": ["markets"]},
        "pool": "default",
    },
    {"name": "window", "limits": {"anonymous": 2}, "period": {"unit": "days", "days": 30}, "match": {"tags": ["w"]}},
    {"name": "default", "limits": {"anonymous": 2, "registered": 3}},
]


@pytest.fixture
def rio(admin):
    """An admin client with the site `riotimes`: three articles for who is signed in."""
    admin("PUT", RIO, document(meters=METERS, identity=SIGNED, gifts={"per_month": 10, "valid_days": 5}))
    return admin


def meters(answer):
    assert answer.status == 200, answer
    return {each["meter"]: each for each in answer.json["meters"]}


def numbers(answer, meter="default"):
    found = meters(answer)[meter]
    return found["limit"], found["used"], found["remaining"], found["bonus"]


def usage(rio):
    """What the ledger would be told: every counted read in the meter table."""
    return sorted((each.meter, each.article) for item in rio.items(rio.meter_table) for each in reads_of(item))


def test_of_a_reader_of_whom_nothing_is_known_the_whole_allowance_is_told(rio):
    answer = rio("GET", EVA)
    assert answer.json == {
        "subject": "eva",
        "registered": True,
        "entitled": False,
        "meters": [
            {
                "meter": "markets",
                "limit": 2,
                "used": 0,
                "remaining": 2,
                "articles": [],
                "resets_at": MONTH_END,
                "bonus": 0,
            },
            {"meter": "window", "limit": 2, "used": 0, "remaining": 2, "articles": [], "resets_at": None, "bonus": 0},
            {
                "meter": "default",
                "limit": 3,
                "used": 0,
                "remaining": 3,
                "articles": [],
                "resets_at": MONTH_END,
                "bonus": 0,
            },
        ],
        "gifts": {"per_month": 10, "given": 0, "remaining": 10},
    }


def test_what_was_read_is_told_by_title_where_one_is_known(rio):
    desk = desk_of(rio)
    known, unknown = read(desk, "known")["article"], read(desk, "unknown")["article"]
    rio("PUT", f"{RIO}/articles", [{"id": "known", "title": "Carnival opens", "section": "brazil"}])
    found = meters(rio("GET", EVA))["default"]
    assert (found["used"], found["remaining"]) == (2, 1)
    assert sorted(found["articles"], key=lambda each: each["title"] or "") == [
        {"article": unknown, "title": None, "section": None},
        {"article": known, "title": "Carnival opens", "section": "brazil"},
    ]


def test_who_is_entitled_is_told_so(rio):
    rio("PUT", f"{RIO}/entitlements/eva", {"plan": "Patron"})
    assert rio("GET", EVA).json["entitled"] is True


class TestTheBonus:
    def test_it_gives_so_many_reads_more_and_no_other_reader_any(self, rio):
        desk = desk_of(rio)
        assert numbers(rio("PUT", f"{EVA}/bonus", {"meter": "default", "reads": 2})) == (5, 0, 5, 2)
        reasons = [read(desk, f"a{number}")["reason"] for number in range(6)]
        assert reasons == ["metered"] * 5 + ["limit_reached"]
        assert [read(desk, f"a{number}", "rui")["reason"] for number in range(4)] == ["metered"] * 3 + ["limit_reached"]

    def test_it_is_over_when_the_period_is(self, rio):
        rio("PUT", f"{EVA}/bonus", {"meter": "default", "reads": 2})
        assert rio("GET", f"{RIO}/entitlements/eva").json["bonus"] == [
            {"meter": "default", "reads": 2, "until": "2026-12-01T03:00:00Z"}
        ]
        rio.clock.now = Clock.now + 11 * DAY
        assert numbers(rio("GET", EVA)) == (3, 0, 3, 0)

    def test_of_a_window_it_lasts_as_long_as_the_window_would(self, rio):
        rio("PUT", f"{EVA}/bonus", {"meter": "window", "reads": 2})
        assert rio("GET", f"{RIO}/entitlements/eva").json["bonus"][0]["until"] == "2026-12-20T12:00:00Z"

    def test_it_lasts_until_it_is_said_to(self, rio):
        rio("PUT", f"{EVA}/bonus", {"meter": "default", "reads": 2, "until": "2026-11-20T09:00:01-03:00"})
        assert numbers(rio("GET", EVA)) == (5, 0, 5, 2)
        rio.clock.now = Clock.now + 1
        assert numbers(rio("GET", EVA)) == (3, 0, 3, 0)

    def test_another_takes_its_place_and_none_takes_it_back(self, rio):
        rio("PUT", f"{EVA}/bonus", {"meter": "default", "reads": 500})
        assert numbers(rio("PUT", f"{EVA}/bonus", {"meter": "default", "reads": 1})) == (4, 0, 4, 1)
        assert numbers(rio("PUT", f"{EVA}/bonus", {"meter": "default", "reads": 0})) == (3, 0, 3, 0)

    def test_a_meter_that_shares_an_allowance_has_its_own(self, rio):
        found = meters(rio("PUT", f"{EVA}/bonus", {"meter": "markets", "reads": 2}))
        assert (found["markets"]["limit"], found["default"]["limit"]) == (4, 3)

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ({}, ["/meter", "/reads"]),
            ({"meter": "default"}, ["/reads"]),
            ({"meter": "other", "reads": 1}, ["/meter"]),
            ({"meter": "MARKETS", "reads": 1}, ["/meter"]),
            ({"meter": None, "reads": 1}, ["/meter"]),
            ({"meter": "default", "reads": -1}, ["/reads"]),
            ({"meter": "default", "reads": 501}, ["/reads"]),
            ({"meter": "default", "reads": 1.5}, ["/reads"]),
            ({"meter": "default", "reads": "1"}, ["/reads"]),
            ({"meter": "default", "reads": True}, ["/reads"]),
            ({"meter": "default", "reads": 1, "until": "2026-11-20T12:00:00Z"}, ["/until"]),
            ({"meter": "default", "reads": 1, "until": "2026-11-21"}, ["/until"]),
            ({"meter": "default", "reads": 1, "days": 3}, ["/days"]),
            ([], [""]),
        ],
    )
    def test_each_wrong_field_is_named_and_nothing_is_written(self, rio, body, pointers):
        before = rio.items()
        answer = rio("PUT", f"{EVA}/bonus", json.dumps(body).encode())
        assert (answer.status, answer.pointers) == (422, pointers)
        assert rio.items() == before


class TestTheReset:
    def test_all_of_the_allowance_is_there_again_and_what_was_counted_stays(self, rio):
        desk = desk_of(rio)
        for article in "abcd":
            read(desk, article)
        before = usage(rio)
        assert numbers(rio("POST", f"{EVA}/reset")) == (6, 3, 3, 3)
        assert usage(rio) == before
        assert read(desk, "a")["reason"] == "repeat"
        assert [read(desk, article)["reason"] for article in "defg"] == ["metered"] * 3 + ["limit_reached"]
        assert len(usage(rio)) == 6

    def test_it_holds_in_each_meter_until_that_meters_period_ends(self, rio):
        desk = desk_of(rio)
        read(desk, "a", tags=["w"])
        read(desk, "b")
        found = meters(rio("POST", f"{EVA}/reset"))
        assert {name: (each["limit"], each["remaining"]) for name, each in found.items()} == {
            "markets": (3, 2),
            "window": (3, 2),
            "default": (4, 3),
        }
        ends = {each["meter"]: each["until"] for each in rio("GET", f"{RIO}/entitlements/eva").json["bonus"]}
        assert ends == {
            "markets": "2026-12-01T03:00:00Z",
            "window": "2026-12-20T12:00:00Z",
            "default": "2026-12-01T03:00:00Z",
        }

    def test_it_takes_no_bonus_away_that_is_worth_more(self, rio):
        read(desk_of(rio), "a")
        rio("PUT", f"{EVA}/bonus", {"meter": "default", "reads": 5})
        assert numbers(rio("POST", f"{EVA}/reset")) == (8, 1, 7, 5)

    def test_a_second_one_and_one_of_nothing_change_nothing(self, rio):
        rio("POST", f"{EVA}/reset")
        assert [item for item in rio.items() if item["sk"]["S"] == "ACCOUNT"] == []
        for article in "abc":
            read(desk_of(rio), article)
        assert numbers(rio("POST", f"{EVA}/reset")) == numbers(rio("POST", f"{EVA}/reset")) == (6, 3, 3, 3)

    def test_another_reader_has_nothing_of_it(self, rio):
        read(desk_of(rio), "a", "rui")
        rio("POST", f"{EVA}/reset")
        assert numbers(rio("GET", f"{READERS}/rui")) == (3, 1, 2, 0)


class TestTheErasure:
    def test_nothing_says_any_more_what_was_read_and_the_allowance_stays_spent(self, rio):
        desk = desk_of(rio)
        for article in "ab":
            read(desk, article)
        assert rio("DELETE", EVA).status == 204
        found = meters(rio("GET", EVA))["default"]
        assert (found["used"], found["remaining"], found["articles"]) == (2, 1, [])
        assert usage(rio) == []
        assert rio("DELETE", EVA).status == 204

    def test_who_was_merged_into_the_reader_is_erased_too(self, rio):
        desk = desk_of(rio)
        token = desk.view("a")["reader"]
        read(desk, "b", reader=token)
        assert len(usage(rio)) == 2
        rio("DELETE", EVA)
        assert usage(rio) == []

    def test_no_other_reader_is_touched(self, rio):
        desk = desk_of(rio)
        read(desk, "a")
        read(desk, "a", "rui")
        rio("DELETE", EVA)
        assert len(usage(rio)) == 1
        assert meters(rio("GET", f"{READERS}/rui"))["default"]["used"] == 1

    def test_what_staff_gave_stays(self, rio):
        rio("PUT", f"{RIO}/entitlements/eva", {"plan": "Patron"})
        rio("DELETE", EVA)
        assert accounts(rio).account("riotimes", name_of("eva")).manual is not None


CALLS = [
    ("GET", "", None),
    ("DELETE", "", None),
    ("POST", "/reset", None),
    ("PUT", "/bonus", {"meter": "x", "reads": 1}),
]


@pytest.mark.parametrize(("method", "below", "body"), CALLS)
def test_only_a_site_that_is_there_has_readers(rio, method, below, body):
    assert rio(method, f"{SITES}/other/readers/eva{below}", body).status == 404
    rio("DELETE", RIO)
    assert rio(method, f"{EVA}{below}", body).status == 404


@pytest.mark.parametrize(("method", "below", "body"), CALLS)
@pytest.mark.parametrize("part", ["~", "a%252Fb", spelled("a\nb"), "x" * 256])
def test_a_subject_that_is_none_is_refused(rio, method, below, body, part):
    assert rio(method, f"{READERS}/{part}{below}", body).status == 422


def test_a_reader_of_one_site_is_nobody_on_another(rio):
    rio("PUT", f"{SITES}/another", document(site="another"))
    read(desk_of(rio), "a")
    assert rio("GET", f"{SITES}/another/readers/eva").json["meters"][0]["used"] == 0


def test_of_a_site_without_gifts_none_are_told(admin):
    admin("PUT", RIO, document())
    assert admin("GET", EVA).json["gifts"] is None


def test_given_articles_are_told(rio):
    rio("PUT", f"{RIO}/entitlements/eva", {})
    desk = desk_of(rio)
    gift = {"site": "riotimes", "identity": signed_in(desk), "article": "https://www.riotimesonline.com/a"}
    assert desk.post(gift, "/v1/gifts").status == 201
    assert rio("GET", EVA).json["gifts"] == {"per_month": 10, "given": 1, "remaining": 9}
