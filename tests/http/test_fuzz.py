"""Any body, any header: an answer of the contract, never a fault of ours, and a write only where it says 200."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readmeter.web.body import EVENT_KINDS
from tests.support.bad_bodies import FIELDS
from tests.support.endpoint import SEED, Desk, event
from tests.support.engines import moto_tables
from tests.support.site import ORIGIN, compiled
from tests.support.wire import Wire

SITE = "riotimes"
STATUSES = {200, 400, 403, 404, 405, 413, 422}
FUZZ = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

TEXT = st.text(st.characters(), max_size=20)  # with lone surrogates
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))
HEADERS = st.dictionaries(
    st.sampled_from(["origin", "accept-language", "cookie", "sec-fetch-site", "content-type"]),
    st.sampled_from([ORIGIN, "null", "same-origin", "en, pt;q=0.5", f"readmeter_{SITE}=0.a.b"]) | TEXT,
)
ROUTES = st.sampled_from(["/v1/views", "/v1/access"])


@pytest.fixture(scope="module")
def _desk() -> Iterator[tuple[Desk, Wire]]:
    with moto_tables() as tables:
        desk = Desk(tables)
        desk.publish(compiled())
        yield desk, Wire(tables.client)


@pytest.fixture
def desk(_desk: tuple[Desk, Wire]) -> Desk:
    _desk[0].faults.clear()
    return _desk[0]


@pytest.fixture
def wire(_desk: tuple[Desk, Wire]) -> Wire:
    return _desk[1]


def assert_answered(desk: Desk, wire: Wire, body: bytes, route: str, headers: dict[str, str]) -> int:
    wire.sent.clear()
    answer = desk.post(body, route, **headers)
    asked = wire.to(desk.tables.meter_table)
    assert answer.status in STATUSES
    assert desk.faults == []
    if answer.status == 200:
        assert route == "/v1/views" or "UpdateItem" not in asked
        assert len(asked) <= 1
    else:
        assert asked == []
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["status"] == answer.status
    return answer.status


@FUZZ
@given(VALUES, ROUTES, HEADERS)
def test_any_json(desk: Desk, wire: Wire, body: Any, route: str, headers: dict[str, str]) -> None:
    assert_answered(desk, wire, json.dumps(body).encode(), route, headers)


@FUZZ
@given(st.binary(max_size=100), ROUTES, HEADERS)
def test_any_bytes(desk: Desk, wire: Wire, body: bytes, route: str, headers: dict[str, str]) -> None:
    assert assert_answered(desk, wire, body, route, headers) != 200


@FUZZ
@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3), ROUTES, HEADERS)
def test_a_right_view_with_any_fields(
    desk: Desk, wire: Wire, fields: dict[str, Any], route: str, headers: dict[str, str]
) -> None:
    body = {"site": SITE, "article": "a", **fields}
    status = assert_answered(desk, wire, json.dumps(body).encode(), route, headers)
    if not fields and headers.get("origin", ORIGIN) == ORIGIN:
        assert status == 200


TOKENS = st.from_regex(r"\A[a-z0-9]{0,2}\.[A-Za-z0-9_-]{0,80}\.[A-Za-z0-9_-]{0,24}\Z") | TEXT


@FUZZ
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("reader", "state", "identity", "gift"), TOKENS)))
def test_no_made_up_token_means_anything(desk: Desk, wire: Wire, tokens: dict[str, str]) -> None:
    plain = desk.access("a", seed=SEED)
    forged = desk.access("a", seed=SEED, **tokens)
    assert {**forged, "warnings": []} == plain
    assert desk.faults == []


LETTERS = st.sampled_from("Aa0_-.=é")


@FUZZ
@given(st.integers(0), LETTERS)
def test_no_readers_token_survives_a_change(desk: Desk, wire: Wire, place: int, letter: str) -> None:
    genuine = desk.view("a", seed=SEED)["reader"]
    answer = desk.access("a", seed=None, reader=_changed(genuine, place, letter))
    assert (answer["reason"], answer["used"], answer["reader"]) == ("metered", 0, None)


@FUZZ
@given(st.integers(0), LETTERS)
def test_no_state_survives_a_change(desk: Desk, wire: Wire, place: int, letter: str) -> None:
    """With the genuine state the database is not asked; with another it is."""
    genuine = desk.view("a", seed=SEED)["state"]
    wire.sent.clear()
    desk.view("a", seed=SEED, state=genuine)
    assert wire.to(desk.tables.meter_table) == []
    desk.view("a", seed=SEED, state=_changed(genuine, place, letter))
    assert wire.to(desk.tables.meter_table) == ["UpdateItem"]


def _changed(token: str, place: int, letter: str) -> str:
    """`token` with another letter at that place (counted round and round)."""
    place %= len(token)
    other = letter if letter != token[place] else "b"
    return token[:place] + other + token[place + 1 :]


EVENTS = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from([*EVENT_KINDS, "opened"]), "article": st.sampled_from(["a", "b"]) | TEXT, "at": VALUES}
    ),
    max_size=3,
)


def assert_reported(desk: Desk, wire: Wire, body: bytes, headers: dict[str, str]) -> int:
    """An answer of the contract, at most one write a day of the last week, and none where the report is refused."""
    wire.sent.clear()
    answer = desk.post(body, "/v1/events", **headers)
    asked = wire.to(desk.tables.meter_table)
    assert answer.status in (STATUSES - {200}) | {202}
    assert desk.faults == []
    assert set(asked) <= {"UpdateItem"}
    assert len(asked) <= (8 if answer.status == 202 else 0)
    return answer.status


@FUZZ
@given(VALUES | st.fixed_dictionaries({"site": st.just(SITE)}, optional={"events": VALUES | EVENTS}), HEADERS)
def test_any_json_as_a_report(desk: Desk, wire: Wire, body: Any, headers: dict[str, str]) -> None:
    assert_reported(desk, wire, json.dumps(body).encode(), headers)


@FUZZ
@given(st.binary(max_size=100), HEADERS)
def test_any_bytes_as_a_report(desk: Desk, wire: Wire, body: bytes, headers: dict[str, str]) -> None:
    assert assert_reported(desk, wire, body, headers) != 202


@FUZZ
@given(EVENTS, st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_any_events_of_a_reader(desk: Desk, wire: Wire, events: list[Any], at: float) -> None:
    body = {"site": SITE, "seed": SEED, "events": [*events, {"kind": "fail_open", "article": "a", "at": at}]}
    assert_reported(desk, wire, json.dumps(body).encode(), {})


@FUZZ
@given(
    st.sampled_from(["GET", "DELETE", "POST", "PUT", ""]) | TEXT,
    st.dictionaries(st.sampled_from(["site", "x"]), st.sampled_from([SITE, "another"]) | TEXT),
    TOKENS,
    HEADERS,
)
def test_no_made_up_token_is_a_reader(
    desk: Desk, wire: Wire, method: str, query: dict[str, str], token: str, headers: dict[str, str]
) -> None:
    wire.sent.clear()
    asked = event(b"", "/v1/reader", method, **{"authorization": f"Bearer {token}", **headers})
    answer = desk.send({**asked, "queryStringParameters": query})
    assert answer.status in {401, 403, 404, 405, 422} or method == "OPTIONS"
    assert wire.to(desk.tables.meter_table) == []
    assert desk.faults == []


@FUZZ
@given(st.integers(0), LETTERS)
def test_no_changed_token_erases_a_reader(desk: Desk, wire: Wire, place: int, letter: str) -> None:
    genuine = desk.view("a", seed=SEED)["reader"]
    wire.sent.clear()
    assert desk.reader(_changed(genuine, place, letter), "DELETE").status == 401
    assert wire.to(desk.tables.meter_table) == []
