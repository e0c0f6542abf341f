"""Every field of a view request missing, of another type, too long, not UTF-8, deeply nested: the right problem.

Never a fault of ours, never a write, never a word of what was sent (issue 2; CONTRACT 7.7; reliability I15).
"""

import json
from typing import Any

import pytest

from tests.conftest import Running
from tests.support.api import Api, site_document
from tests.support.bad_bodies import BAD_BODIES, MOST_BYTES, NESTED, ODD_BODIES, SITE, BadBody, whole
from tests.support.endpoint import Answer, Desk, event
from tests.support.engines import Tables, moto_tables
from tests.support.site import ORIGIN, compiled
from tests.support.wire import Wire

ROUTES = ("/v1/views", "/v1/access")
TITLES = {400: "Bad Request", 413: "Request Entity Too Large", 422: "Unprocessable Entity"}


@pytest.fixture(scope="module")
def desk_and_wire() -> Any:
    """A desk for the whole module: what is refused leaves nothing behind."""
    with moto_tables() as tables:
        desk = Desk(tables)
        desk.publish(compiled(site=SITE))
        yield desk, Wire(tables.client)


@pytest.fixture
def desk(desk_and_wire: tuple[Desk, Wire]) -> Desk:
    desk_and_wire[0].faults.clear()
    return desk_and_wire[0]


@pytest.fixture
def wire(desk_and_wire: tuple[Desk, Wire]) -> Wire:
    desk_and_wire[1].sent.clear()
    return desk_and_wire[1]


def assert_problem(document: dict[str, Any], bad: BadBody) -> None:
    with_errors = {"errors"} if bad.status == 422 else set()
    assert set(document) == {"type", "title", "status", "detail"} | with_errors
    assert (document["type"], document["title"], document["status"]) == ("about:blank", TITLES[bad.status], bad.status)
    assert document["detail"]
    errors = document.get("errors", [])
    assert all(set(error) == {"pointer", "detail"} and error["detail"] for error in errors)
    assert tuple(error["pointer"] for error in errors) == bad.pointers


@pytest.mark.parametrize("bad", BAD_BODIES, ids=lambda bad: bad.name)
def test_a_bad_body_is_a_problem_and_asks_nothing_of_the_meter(desk: Desk, wire: Wire, bad: BadBody) -> None:
    for route in ROUTES:
        answer = desk.post(bad.body, route, origin=ORIGIN)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        assert_problem(answer.json, bad)
        assert answer.cookies == []
    assert wire.to(desk.tables.meter_table) == []
    assert desk.faults == []


@pytest.mark.parametrize("name", NESTED)
def test_deep_nesting_is_no_fault_of_ours(desk: Desk, name: str) -> None:
    for route in ROUTES:
        assert desk.post(NESTED[name], route).status in (200, 400, 422)
    assert desk.faults == []


@pytest.mark.parametrize("name", ODD_BODIES)
def test_an_odd_body_is_answered_as_the_plain_one(desk: Desk, name: str) -> None:
    plain = desk.post(whole(), "/v1/access").json
    answer = desk.post(ODD_BODIES[name], "/v1/access")
    assert answer.status == 200
    assert {**answer.json, "warnings": []} == plain
    assert desk.post(ODD_BODIES[name]).status == 200
    assert desk.faults == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("!!!", 400),
        ("eyJ", 400),  # cut off
        ("é", 400),
        ("\ud800", 400),
        ("", 400),
        ("eyJ9", 400),  # base64 of what is no JSON
        ("A" * (MOST_BYTES * 2), 413),
    ],
)
def test_base64_that_is_none_or_holds_none(desk: Desk, wire: Wire, body: str, status: int) -> None:
    for route in ROUTES:
        answer = desk.send({**event(b"", route), "body": body, "isBase64Encoded": True})
        assert answer.status == status
    assert wire.to(desk.tables.meter_table) == []


@pytest.mark.parametrize("is_base64", [True, False])
def test_no_body_at_all_is_no_json(desk: Desk, is_base64: bool) -> None:
    without = event(b"")
    del without["body"]
    without["isBase64Encoded"] = is_base64
    assert desk.send(without).status == 400


def test_the_size_is_that_of_the_body_not_of_its_spelling(desk: Desk) -> None:
    """8 KB of two-byte characters, as text and in base64 (a third longer): both are just within."""
    padding = "é" * ((MOST_BYTES - len(json.dumps(whole(x="")))) // 2)
    content = json.dumps(whole(x=padding), ensure_ascii=False)
    for text in (content, content + "  "):
        answers = _both_spellings(desk, text)
        within = len(text.encode()) <= MOST_BYTES
        assert {answer.status for answer in answers} == ({200} if within else {413})


def _both_spellings(desk: Desk, text: str) -> list[Answer]:
    in_base64 = event(text.encode(), "/v1/access")
    return [desk.send(in_base64), desk.send({**in_base64, "body": text, "isBase64Encoded": False})]


HEADERS = {
    "origin": ["", "null", "x" * 9000, "\x00", "\ud800", "https://[", "é"],
    "accept-language": ["", ";", "x" * 9000, "en;q=" + "9" * 500, "\x00", "-" * 500, "," * 9000, "\ud800", "*"],
    "cookie": ["", "=", ";;", "x" * 9000, "readmeter_the-site", "readmeter_the-site==;" * 200, "\ud800", "\x00"],
    "sec-fetch-site": ["", "x" * 9000, "\x00", "SAME-ORIGIN"],
    "content-type": ["", "x" * 9000, "text/plain; charset=utf-16", "\x00"],
    "content-encoding": ["gzip", "x"],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [pytest.param(name, value, id=f"{name} {value[:20]!a}") for name in HEADERS for value in HEADERS[name]],
)
def test_no_header_is_a_fault_of_ours(desk: Desk, name: str, value: str) -> None:
    for same_origin in ({}, {"sec_fetch_site": "same-origin"}):
        for route in ROUTES:
            answer = desk.post(whole(), route, **{**same_origin, name: value})
            assert answer.status == (403 if name == "origin" else 200)
    assert desk.faults == []


@pytest.fixture
def api(service: Running) -> Api:
    api = Api(service.api)
    api.publish(site_document(SITE))
    return api


def test_all_of_it_over_http(service: Running, api: Api) -> None:
    """The same through a socket, the gateway and the real handler; nothing is logged."""
    logged = service.log.read_text()
    for bad in BAD_BODIES:
        answer = api.post(bad.body)
        assert answer.status == bad.status, bad.name
        assert_problem(answer.json, bad)
    for name, body in ODD_BODIES.items():
        assert api.post(body).status == 200, name
    for name, body in NESTED.items():
        assert api.post(body).status in (200, 400, 422), name
    assert service.log.read_text() == logged


def test_a_refused_view_leaves_the_readers_allowance_as_it_was(moto: Tables) -> None:
    desk = Desk(moto)
    desk.publish(compiled())
    before = desk.view("a")
    for body in ({"tags": "x"}, {"article": "a\0"}, {"view": ""}):
        assert desk.post({"site": "riotimes", "article": "b", "reader": before["reader"], **body}).status == 422
    assert desk.access("b", reader=before["reader"])["used"] == 1
