"""The published description of the API: generated, valid, complete, and no stricter or laxer than the code."""

import json
import re
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from local.engine import ROOT
from local.template import Template
from readmeter.web.body import EVENT_KINDS, parse_report, parse_view
from readmeter.web.problem import Problem
from tools import bodies, openapi

DOCUMENT = openapi.document()
METHODS = {"get", "put", "post", "delete"}
ANSWERED = {"/v1/reader": {"GET", "DELETE"}}  # of the routes for ANY method, those that answer others than POST


def validator(schema: str) -> jsonschema_rs.Validator:
    """Of one of the published schemas."""
    root = {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}
    return jsonschema_rs.validator_for(root, validate_formats=False)


def test_the_committed_files_are_what_the_models_make() -> None:
    stale = [path.name for path, text in openapi.files().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `PYTHONPATH=shared python -m tools.openapi`"


def test_it_is_openapi_3_1() -> None:
    schemathesis.openapi.from_dict(openapi.document()).validate()


def test_every_route_of_the_template_is_described_and_no_other() -> None:
    described = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in METHODS & item.keys()}
    routes = {
        (method, route.path)
        for route in Template.read(ROOT / "template.yaml").routes
        for method in (ANSWERED.get(route.path, {"POST"}) if route.method == "ANY" else {route.method})
    }
    released = {("GET", "/v1/snippet.js"), ("GET", "/v1/snippet.json")}  # served by GET /v1/{asset}
    assert described - released == routes


def test_exactly_the_admin_routes_and_a_readers_own_ask_for_credentials() -> None:
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & item.keys():
            assert ("security" in item[method]) == path.startswith(("/v1/admin/", "/v1/reader")), (method, path)


def test_every_example_fits_its_schema() -> None:
    examples = [
        (media["schema"]["$ref"].rsplit("/", 1)[1], media["example"])
        for item in DOCUMENT["paths"].values()
        for method in METHODS & item.keys()
        for body in [item[method].get("requestBody", {}), *item[method]["responses"].values()]
        for media in body.get("content", {}).values()
        if "example" in media
    ]
    assert len(examples) > 10
    for schema, example in examples:
        validator(schema).validate(example)


def test_everything_is_explained() -> None:
    silent = [
        f"{name}.{key}"
        for name in (
            "ViewRequest",
            "Report",
            "Event",
            "SiteDocument",
            "Retention",
            "Meter",
            "Limits",
            "Period",
            "Match",
            "Prompt",
            "Colors",
            "Link",
        )
        for key, schema in DOCUMENT["components"]["schemas"][name]["properties"].items()
        if not schema.get("description")
    ]
    assert silent == []


def test_the_page_needs_no_script_no_network_and_names_every_operation() -> None:
    html = (openapi.ASSETS / "docs.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert not re.search(r"""(src|href|action)=["'](?!#|openapi\.json")|url\(|@import""", html)
    targets = set(re.findall(r'id="([^"]+)"', html))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= targets
    for item in DOCUMENT["paths"].values():
        assert {item[method]["operationId"] for method in METHODS & item.keys()} <= targets


TEXT = st.text(max_size=5) | st.sampled_from(
    ["x" * 40, "x" * 41, "é" * 32, "é" * 33, "x" * 512, "x" * 513, "e\u0301" * 200, "a\x00", "a\x9f"]
)
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
NAMES = st.lists(TEXT | ANYTHING, max_size=3) | st.just(["x" * 64] * 20) | st.just(["x"] * 21) | st.just(["x" * 65])
INSTANTS = st.sampled_from(["2026-11-22T12:00:00Z", "2026-02-30T12:00:00Z", 1e15, 8.65e15]) | ANYTHING
EVENT = {"kind": st.sampled_from([*EVENT_KINDS, "opened"]), "article": TEXT | ANYTHING, "at": INSTANTS}
EVENTS = st.lists(
    st.fixed_dictionaries(EVENT) | st.fixed_dictionaries({}, optional=EVENT) | ANYTHING, max_size=2
) | st.sampled_from([[{"kind": "fail_open", "article": "a", "at": 0}] * count for count in (1, 20, 21)])
FIELDS = {
    **dict.fromkeys(bodies.ViewRequest.model_fields, TEXT | ANYTHING | st.just({}) | st.just([])),
    "sections": NAMES | ANYTHING,
    "tags": NAMES | ANYTHING,
    "events": EVENTS | ANYTHING,
    "storage": st.just("none") | ANYTHING,
}


@given(st.fixed_dictionaries({}, optional=FIELDS), st.booleans())
def test_the_hand_written_checks_of_a_view_are_the_published_ones(body: dict[str, Any], is_fit: bool) -> None:
    if is_fit:  # else most bodies fail for want of these two
        body = {**body, "site": "riotimes", "article": "a"}
    assert_checked_alike(body, parse_view, bodies.ViewRequest)


@given(st.fixed_dictionaries({}, optional={name: FIELDS[name] for name in bodies.Report.model_fields}), st.booleans())
def test_the_hand_written_checks_of_a_report_are_the_published_ones(body: dict[str, Any], is_fit: bool) -> None:
    assert_checked_alike({**body, "site": "riotimes"} if is_fit else body, parse_report, bodies.Report)


def assert_checked_alike(body: dict[str, Any], parse: Callable[[bytes], object], model: type[BaseModel]) -> None:
    try:
        parse(json.dumps(body).encode())
        refused = set()
    except Problem as problem:
        refused = {error.pointer.split("/")[1] for error in problem.errors}
    try:
        model.model_validate(body)
        published = set()
    except ValidationError as error:
        published = {str(each["loc"][0]) if each["loc"] else "article" for each in error.errors()}
    assert bool(refused) == bool(published), (refused, published)
    assert published - {"article"} == refused - {"article"}
    if not refused:
        validator(model.__name__).validate(body)


@pytest.mark.parametrize("field", bodies.ViewRequest.model_fields)
def test_the_published_schema_refuses_another_type_in_every_field_of_a_view(field: str) -> None:
    body = {"site": "riotimes", "article": "a", field: 5}
    assert not validator("ViewRequest").is_valid(body)
    with pytest.raises(Problem):
        parse_view(json.dumps(body).encode())
