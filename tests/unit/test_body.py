"""The hand-written check of a view request: what it refuses and names, and what it makes of the rest."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmeter.web.body import EVENT_KINDS, ReportedEvent, ViewRequest, parse_report, parse_view
from readmeter.web.problem import Problem
from tests.support.bad_bodies import BAD_BODIES, EVENT, FIELDS, NESTED, ODD_BODIES, SITE, BadBody, whole

CHECKED = [bad for bad in BAD_BODIES if bad.status != 413]  # the size is checked before


@pytest.mark.parametrize("bad", CHECKED, ids=lambda bad: bad.name)
def test_each_rule_that_a_body_breaks_is_named(bad: BadBody) -> None:
    with pytest.raises(Problem) as raised:
        parse_view(bad.body)
    assert raised.value.status == bad.status
    assert tuple(error.pointer for error in raised.value.errors) == bad.pointers
    assert all(error.detail.startswith(("must", "is required", "`article` or")) for error in raised.value.errors)


@pytest.mark.parametrize("field", FIELDS)
def test_the_table_breaks_every_field(field: str) -> None:
    assert any(f"/{field}" in pointer for bad in BAD_BODIES for pointer in bad.pointers)


@pytest.mark.parametrize("name", ODD_BODIES)
def test_odd_bodies_that_break_no_rule_pass(name: str) -> None:
    view = parse_view(ODD_BODIES[name])
    assert (view.site, view.article) == (SITE, "a")


@pytest.mark.parametrize("name", NESTED)
def test_deep_nesting_is_refused_or_passed_over(name: str) -> None:
    try:
        assert parse_view(NESTED[name]).article == "a"
    except Problem as problem:
        assert problem.status in (400, 422)  # noqa: PT017 - which one depends on how deep this Python reads


def test_the_least_that_a_page_sends() -> None:
    least = ViewRequest(
        site="riotimes",
        article="a",
        url=None,
        reader=None,
        seed=None,
        view=None,
        state=None,
        identity=None,
        sections=[],
        tags=[],
        referrer=None,
        campaign=None,
        gift=None,
        locale=None,
        unstored=False,
        events=[],
    )
    assert parse_view(b'{"site": "riotimes", "article": "a"}') == least


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (1_795_348_800_000, 1_795_348_800.0),
        (1_795_348_800_123.75, 1_795_348_800.12375),
        (0, 0.0),
        (-1, -0.001),
        (8.64e15, 8.64e12),
        ("2026-11-22T12:00:00Z", 1_795_348_800.0),
        ("2026-11-22t12:00:00.500z", 1_795_348_800.5),
        ("2026-11-22T12:00:00.123456789Z", 1_795_348_800.123456),
        ("2026-11-22T09:00:00-03:00", 1_795_348_800.0),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200.0),
    ],
)
def test_an_instant_is_text_with_its_offset_or_milliseconds(at: object, seconds: float) -> None:
    view = parse_view(json.dumps(whole(events=[{**EVENT, "at": at}])).encode())
    assert view.events == [ReportedEvent("prompt_shown", "a", seconds)]


def test_views_and_reports_read_events_alike() -> None:
    events = [{"kind": kind, "article": "e\u0301", "at": 1000} for kind in EVENT_KINDS]
    read = [ReportedEvent(kind, "é", 1.0) for kind in EVENT_KINDS]
    assert parse_view(json.dumps(whole(events=events)).encode()).events == read
    report = parse_report(json.dumps({"site": SITE, "seed": "s", "events": events}).encode())
    assert (report.site, report.reader, report.seed, report.events) == (SITE, None, "s", read)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/events", "/site"]),
        ({"site": SITE}, ["/events"]),
        ({"site": SITE, "events": None}, ["/events"]),
        ({"site": SITE, "events": [EVENT] * 21}, ["/events"]),
        ({"site": SITE, "events": [{}]}, ["/events/0/kind", "/events/0/article", "/events/0/at"]),
        ({"site": SITE, "events": [], "reader": 7, "seed": []}, ["/reader", "/seed"]),
    ],
)
def test_each_rule_that_a_report_breaks_is_named(body: object, pointers: list[str]) -> None:
    with pytest.raises(Problem) as raised:
        parse_report(json.dumps(body).encode())
    assert [error.pointer for error in raised.value.errors] == pointers


@given(st.text(min_size=1, max_size=300))
def test_an_accepted_article_is_in_nfc_and_fits_the_key_that_it_is_hashed_with(article: str) -> None:
    try:
        view = parse_view(json.dumps(whole(article=article)).encode())
    except Problem as problem:
        normal = unicodedata.normalize("NFC", article)
        has_control = any(unicodedata.category(character) == "Cc" for character in article)
        assert has_control or len(normal.encode(errors="surrogatepass")) > 512 or not _encodable(normal)
        assert [error.pointer for error in problem.errors] == ["/article"]  # noqa: PT017
    else:
        assert view.article == unicodedata.normalize("NFC", article)


@given(st.binary(max_size=200))
def test_bytes_are_a_view_or_a_problem(content: bytes) -> None:
    try:
        parse_view(content)
    except Problem as problem:
        assert problem.status in (400, 422)  # noqa: PT017


def test_no_problem_repeats_what_was_sent() -> None:
    canary = "canary-7731"
    bodies = [whole(**{field: {canary: canary}}) for field in FIELDS] + [
        whole(**{canary: 1}, site=""),
        [canary],
        canary,
    ]
    for body in bodies:
        with pytest.raises(Problem) as raised:
            parse_view(json.dumps(body).encode())
        assert canary not in json.dumps(raised.value.document())


def _encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
