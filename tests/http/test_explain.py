"""POST …/explain over HTTP: a view as a page sends it, and what only staff may add to it."""

import json

import pytest

from tests.support.admin_api import RIO, SITES, document, scoped
from tests.support.bad_bodies import BAD_BODIES
from tests.support.staff import SIGNED, desk_of, read, signed_in

EXPLAIN = f"{RIO}/explain"
# But for what is no JSON to staff's own parser: half a character, a number that no machine holds
NAMED = [
    bad
    for bad in BAD_BODIES
    if bad.status == 422 and bad.body.startswith(b"{") and not {"", "/site"} & set(bad.pointers)
    if b"e400" not in bad.body and b"\\ud" not in bad.body and b"9999" not in bad.body
]


@pytest.fixture
def rio(admin):
    """An admin client with the site `riotimes`."""
    admin("PUT", RIO, document(identity=SIGNED))
    return admin


def test_a_view_is_explained_as_access_would_decide_it(rio):
    desk = desk_of(rio)
    read(desk, "a")
    view = {"article": "a", "identity": signed_in(desk)}
    answer = rio("POST", EXPLAIN, view)
    rules = answer.json.pop("rules")
    assert {key: value for key, value in answer.json.items() if key != "rules"} == desk.access(**view)
    assert [each["rule"] for each in rules if each["decides"]] == ["meter default"]
    assert all(each.keys() == {"rule", "decides", "why"} for each in rules)


def test_nothing_is_written(rio):
    before = rio.items(), rio.items(rio.meter_table)
    for view in ({"article": "a"}, {"article": "a", "subject": "eva"}, {"url": "https://x.example/a", "view": "v"}):
        assert rio("POST", EXPLAIN, view).status == 200
    assert (rio.items(), rio.items(rio.meter_table)) == before


def test_the_version_in_force_is_named(rio):
    rio("PUT", RIO, document(exempt={"tags": ["free"]}))
    answer = rio("POST", EXPLAIN, {"article": "a", "tags": ["free"]}).json
    assert (answer["reason"], answer["rule"]) == ("exempt", {"version": 2, "name": "exempt"})


@pytest.mark.parametrize("bad", NAMED[::9], ids=lambda bad: bad.name)
def test_each_wrong_field_of_a_view_is_named_as_views_name_it(rio, bad):
    answer = rio("POST", EXPLAIN, json.loads(bad.body) | {"site": "riotimes"})
    assert (answer.status, tuple(answer.pointers)) == (422, bad.pointers)


@pytest.mark.parametrize(
    ("more", "pointers"),
    [
        ({"site": "another"}, ["/site"]),
        ({"address": 5}, ["/address"]),
        ({"address": "here"}, ["/address"]),
        ({"address": "192.0.2.0/24"}, ["/address"]),
        ({"address": ""}, ["/address"]),
        ({"user_agent": ["x"]}, ["/user_agent"]),
        ({"subject": 5}, ["/subject"]),
        ({"subject": ""}, ["/subject"]),
        ({"subject": "a\nb"}, ["/subject"]),
        ({"subject": "x" * 256}, ["/subject"]),
        ({"subject": "eva", "identity": "a.b.c"}, ["/subject"]),
        ({"subject": "a\n", "address": "x"}, ["/address", "/subject"]),
    ],
)
def test_what_only_staff_may_say_is_checked(rio, more, pointers):
    answer = rio("POST", EXPLAIN, {"article": "a", **more})
    assert (answer.status, answer.pointers) == (422, pointers)


@pytest.mark.parametrize("more", [{"site": None}, {"site": "riotimes"}, {"x": 1}, {"address": None, "subject": None}])
def test_what_is_absent_or_unknown_changes_nothing(rio, more):
    assert rio("POST", EXPLAIN, {"article": "a", **more}).json == rio("POST", EXPLAIN, {"article": "a"}).json


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"{", 400), (b"\xff", 400), (b"[]", 422), (b" " * 8193, 413)]
)
def test_a_body_that_is_none_is_refused(rio, body, status):
    assert rio("POST", EXPLAIN, body).status == status


def test_only_a_site_that_is_there_is_explained_and_to_who_may_see_it(rio):
    assert rio("POST", f"{SITES}/other/explain", {"article": "a"}).status == 404
    assert rio("POST", EXPLAIN, {"article": "a"}, by=scoped("other")).status == 403
    assert rio("POST", EXPLAIN, {"article": "a"}, by=scoped("riotimes")).status == 200
    rio("DELETE", RIO)
    assert rio("POST", EXPLAIN, {"article": "a"}).status == 404
