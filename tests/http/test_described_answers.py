"""What the service answers is what openapi.json says that it answers."""

import json
from typing import Any

import jsonschema_rs
import pytest

from readmeter.sites.compile import compile_site
from readmeter.sites.parse import read_document
from tests.support.admin_api import RIO, SITES, AdminClient, document, scoped
from tests.support.endpoint import SEED, Desk
from tests.support.engines import Tables
from tests.support.usage_api import EXPORTS, UsageService, read
from tools import openapi

DOCUMENT = openapi.document()


def assert_described(method: str, path: str, status: int, headers: dict[str, str], body: Any) -> None:
    described = DOCUMENT["paths"][path][method.lower()]["responses"]
    assert str(status) in described, f"{method} {path} answers {status}, which is not described"
    content = described[str(status)].get("content", {})
    if not content:
        assert body is None
        return
    schema = content[headers["content-type"]]["schema"]
    root = {**schema, "components": DOCUMENT["components"]}
    jsonschema_rs.validator_for(root, validate_formats=True).validate(body)


ONE, VERSIONS = f"{SITES}/{{site}}", f"{SITES}/{{site}}/versions"
FILE, EVA = f"{SITES}/{{site}}/entitlements", f"{SITES}/{{site}}/entitlements/{{subject}}"
READER = f"{SITES}/{{site}}/readers/{{subject}}"
HEADER = "subject,plan,valid_from,valid_until\n"
SCOPE, BIA = "/v1/admin/principals/{name}", "/v1/admin/principals/bia"


def test_admin_answers_are_described(admin: AdminClient) -> None:
    changed = document(timezone="UTC", meters=[{"name": "a", "limits": {"anonymous": 1, "registered": 1}}])
    calls: list[tuple[str, str, str, Any, dict[str, Any], int]] = [
        ("GET", SITES, SITES, None, {}, 200),
        ("GET", SITES, SITES, None, {"by": None}, 403),
        ("GET", ONE, RIO, None, {}, 404),
        ("PUT", ONE, RIO, document(), {}, 201),
        ("PUT", ONE, f"{RIO}?dry_run=true", changed, {}, 200),
        ("PUT", ONE, RIO, changed, {}, 200),
        ("PUT", ONE, RIO, {}, {}, 422),
        ("PUT", ONE, RIO, b"{", {}, 400),
        ("PUT", ONE, RIO, b" " * 70_000, {}, 413),
        ("PUT", ONE, RIO, changed, {"if_match": '"9"'}, 412),
        ("PUT", ONE, RIO, changed, {"by": None}, 403),
        ("GET", ONE, RIO, None, {}, 200),
        ("GET", ONE, f"{RIO}?version=x", None, {}, 422),
        ("GET", SITES, SITES, None, {}, 200),
        ("GET", VERSIONS, f"{RIO}/versions", None, {}, 200),
        ("GET", VERSIONS, f"{SITES}/other/versions", None, {}, 404),
        ("GET", EVA, f"{RIO}/entitlements/eva", None, {}, 200),
        ("PUT", EVA, f"{RIO}/entitlements/eva", {"plan": "p", "valid_until": "2027-11-01T00:00:00Z"}, {}, 201),
        ("PUT", EVA, f"{RIO}/entitlements/eva", {}, {}, 200),
        ("PUT", EVA, f"{RIO}/entitlements/eva", {"until": None}, {}, 422),
        ("PUT", EVA, f"{RIO}/entitlements/eva", b"{", {}, 400),
        ("PUT", EVA, f"{SITES}/other/entitlements/eva", {}, {}, 404),
        ("DELETE", EVA, f"{RIO}/entitlements/eva", None, {}, 204),
        ("DELETE", EVA, f"{RIO}/entitlements/eva", None, {}, 404),
        ("PUT", FILE, f"{RIO}/entitlements", f"{HEADER}eva,p,,\n", {}, 200),
        ("PUT", FILE, f"{RIO}/entitlements", f"{HEADER},,,\n", {}, 422),
        ("PUT", FILE, f"{RIO}/entitlements?dry_run=true", f"{HEADER},,,\n", {}, 200),
        ("PUT", FILE, f"{RIO}/entitlements?dry_run=x", HEADER, {}, 422),
        ("PUT", FILE, f"{RIO}/entitlements", b"\xff", {}, 400),
        ("PUT", FILE, f"{SITES}/other/entitlements", HEADER, {}, 404),
        ("POST", f"{ONE}/explain", f"{RIO}/explain", {"article": "a", "subject": "eva"}, {}, 200),
        ("POST", f"{ONE}/explain", f"{RIO}/explain", {"article": "a", "tags": ["b"], "address": "::1"}, {}, 200),
        ("POST", f"{ONE}/explain", f"{RIO}/explain", {"article": "a", "address": "x"}, {}, 422),
        ("POST", f"{ONE}/explain", f"{RIO}/explain", b"{", {}, 400),
        ("POST", f"{ONE}/explain", f"{SITES}/other/explain", {"article": "a"}, {}, 404),
        ("GET", READER, f"{RIO}/readers/eva", None, {}, 200),
        ("GET", READER, f"{RIO}/readers/~", None, {}, 422),
        ("GET", READER, f"{SITES}/other/readers/eva", None, {}, 404),
        ("DELETE", READER, f"{RIO}/readers/eva", None, {}, 204),
        ("POST", f"{READER}/reset", f"{RIO}/readers/eva/reset", None, {}, 200),
        ("PUT", f"{READER}/bonus", f"{RIO}/readers/eva/bonus", {"meter": "default", "reads": 3}, {}, 200),
        ("PUT", f"{READER}/bonus", f"{RIO}/readers/eva/bonus", {"meter": "other", "reads": 3}, {}, 422),
        ("PUT", f"{READER}/bonus", f"{RIO}/readers/eva/bonus", b"{", {}, 400),
        ("PUT", SCOPE, BIA, {"sites": ["riotimes"]}, {}, 200),
        ("PUT", SCOPE, BIA, {"sites": ["*"]}, {}, 422),
        ("PUT", SCOPE, BIA, b"{", {}, 400),
        ("PUT", SCOPE, BIA, {"sites": []}, {"by": scoped("riotimes")}, 403),
        ("GET", SCOPE, BIA, None, {}, 200),
        ("GET", SCOPE, BIA.replace("bia", "~"), None, {}, 422),
        ("DELETE", SCOPE, BIA, None, {}, 204),
        ("DELETE", SCOPE, BIA, None, {}, 404),
        ("DELETE", ONE, RIO, None, {"if_match": '"9"'}, 412),
        ("DELETE", ONE, RIO, None, {}, 204),
        ("PUT", ONE, RIO, document(), {}, 409),
    ]
    for method, route, path, body, options, status in calls:
        answer = admin(method, path, body, **options)
        assert answer.status == status, (method, path, answer)
        assert_described(method, route, status, answer.headers, answer.json if answer.body else None)


def test_answers_of_usage_are_described(usage: UsageService) -> None:
    usage.admin("PUT", RIO, document())
    usage.count(read(1), read(2, meter="", decision="gift"))
    one, asked = f"{EXPORTS}/riotimes_2026-11", {"site": "riotimes", "period": "2026-11"}
    calls: list[tuple[str, str, str, Any, Any, int]] = [
        ("PUT", "/articles", f"{RIO}/articles", [{"id": "a", "title": "A"}], ..., 200),
        ("PUT", "/articles", f"{RIO}/articles", [{}], ..., 422),
        ("GET", "/usage", f"{RIO}/usage", None, ..., 200),
        ("GET", "/usage", f"{RIO}/usage?by=x", None, ..., 422),
        ("GET", "/usage", f"{SITES}/other/usage", None, ..., 404),
        ("GET", "/report", f"{RIO}/report?period=2026-11", None, ..., 200),
        ("GET", "/report", f"{RIO}/report", None, ..., 422),
        ("POST", "/replay", f"{RIO}/replay?period=2026-11", document(), ..., 200),
        ("POST", "/replay", f"{RIO}/replay", document(), ..., 422),
        ("POST", "/replay", f"{RIO}/replay?period=2026-11", b"{", ..., 400),
        ("POST", "", EXPORTS, asked, ..., 202),
        ("POST", "", EXPORTS, {}, ..., 422),
        ("POST", "", EXPORTS, b"{", ..., 400),
        ("POST", "", EXPORTS, b" " * 9000, ..., 413),
        ("POST", "", EXPORTS, asked, None, 403),
        ("GET", "/{id}", one, None, ..., 200),
        ("GET", "", EXPORTS, None, ..., 200),
        ("RUN", "", "", None, ..., 0),
        ("GET", "/{id}", one, None, ..., 200),
        ("GET", "/{id}", f"{one}?revision=1", None, ..., 200),
        ("GET", "/{id}", f"{one}?revision=x", None, ..., 422),
        ("GET", "/{id}", f"{one}-01", None, ..., 404),
        ("GET", "/{id}/verification", f"{one}/verification", None, ..., 404),
        ("POST", "/{id}/verification", f"{one}/verification", None, ..., 202),
        ("GET", "/{id}/verification", f"{one}/verification", None, ..., 200),
        ("RUN", "", "", None, ..., 0),
        ("GET", "/{id}/verification", f"{one}/verification", None, ..., 200),
        ("GET", "", EXPORTS, None, ..., 200),
    ]
    for method, route, path, body, by, status in calls:
        if method == "RUN":
            usage.run()
            continue
        api = usage.admin if method == "PUT" else usage.api
        sent = json.dumps(body) if isinstance(body, list) else body
        answer = api(method, path, sent, by=by, content_type="application/json")
        assert answer.status == status, (method, path, answer)
        described = f"{ONE}{route}" if method == "PUT" or path.startswith(SITES) else f"{EXPORTS}{route}"
        assert_described(method, described, status, answer.headers, answer.json)


@pytest.mark.parametrize("path", ["/v1/views", "/v1/access"])
def test_view_answers_are_described(moto: Tables, path: str) -> None:
    desk = Desk(moto)
    prompt = {"subscribe_url": "https://rio.example/s", "links": [{"label": "More", "url": "https://rio.example/m"}]}
    site = document(locked={"tags": ["premium"]}, exempt={"tags": ["service"]}, prompt=prompt)
    desk.publish(compile_site(read_document(site), 1, None, desk.now))
    view = {"site": "riotimes", "article": "a", "seed": SEED}
    calls: list[tuple[Any, dict[str, str], int]] = [
        *((view | {"article": f"a{n}"}, {}, 200) for n in range(7)),
        (view | {"tags": ["premium"]}, {}, 200),
        (view | {"tags": ["service"]}, {}, 200),
        ({}, {}, 422),
        (b"{", {}, 400),
        (b" " * 9000, {}, 413),
        (view | {"site": "other"}, {}, 404),
        (view, {"origin": "https://foreign.example"}, 403),
    ]
    for body, headers, status in calls:
        answer = desk.post(body, path, **headers)
        assert answer.status == status, answer
        assert_described("POST", path, status, answer.headers, answer.json)
    refused = desk.post({}, path, method="GET")
    assert_described("POST", path, 405, refused.headers, refused.json)


def test_answers_of_a_readers_own_routes_are_described(moto: Tables) -> None:
    desk = Desk(moto)
    desk.publish(compile_site(read_document(document()), 1, None, desk.now))
    token = desk.view("a")["reader"]
    for method, bearer, site, headers, status in (
        ("GET", token, "riotimes", {}, 200),
        ("GET", None, "riotimes", {}, 401),
        ("GET", token, "other", {}, 404),
        ("GET", token, "", {}, 422),
        ("GET", token, "riotimes", {"origin": "https://foreign.example"}, 403),
        ("DELETE", None, "riotimes", {}, 401),
        ("DELETE", token, "riotimes", {}, 204),
    ):
        answer = desk.reader(bearer, method, site, **headers)
        assert answer.status == status, answer
        assert_described(method, "/v1/reader", status, answer.headers, answer.json if answer.text else None)
    report = {"site": "riotimes", "seed": SEED, "events": [{"kind": "fail_open", "article": "a", "at": 0}]}
    for body, status in ((report, 202), ({}, 422), (b"{", 400), (b" " * 9000, 413), (report | {"site": "other"}, 404)):
        answer = desk.post(body, "/v1/events")
        assert answer.status == status, answer
        assert_described("POST", "/v1/events", status, answer.headers, answer.json)
