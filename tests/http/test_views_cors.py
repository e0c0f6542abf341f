"""Which pages may read which answers: CORS over HTTP, as a browser checks it."""

from typing import Any

import pytest

from tests.support.api import Api, Reply, fresh_id, site_document

ORIGIN = "https://www.riotimesonline.com"
OTHER = "https://riotimesonline.com:8443"
CORS = ("access-control-allow-origin", "vary", "access-control-allow-credentials")


@pytest.fixture(scope="module")
def site(api: Api) -> str:
    document = site_document(fresh_id(), origins=[ORIGIN, OTHER])
    api.publish(document)
    return str(document["site"])


def allowed(answer: Reply) -> tuple[Any, ...]:
    return tuple(answer.headers[name] for name in CORS)


@pytest.mark.parametrize("path", ["/v1/views", "/v1/access"])
@pytest.mark.parametrize("origin", [ORIGIN, "https://anybody.example", "null", None])
def test_a_preflight_is_answered_to_any_origin(api: Api, path: str, origin: str | None) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    answer = api.call("OPTIONS", path, headers=asked if origin is None else {**asked, "origin": origin})
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "content-type"
    assert answer.headers["access-control-max-age"] == "7200"
    assert answer.headers["access-control-allow-credentials"] is None


@pytest.mark.parametrize("path", ["/v1/views", "/v1/access"])
@pytest.mark.parametrize("origin", [ORIGIN, OTHER])
def test_an_answer_names_the_sites_exact_origin(api: Api, site: str, path: str, origin: str) -> None:
    answer = api.post({"site": site, "article": "a"}, path, origin=origin)
    assert answer.status == 200
    assert allowed(answer) == (origin, "Origin", None)
    assert answer.headers["cache-control"] == "private, no-store"


def test_a_server_sends_no_origin_and_is_answered(api: Api, site: str) -> None:
    answer = api.post({"site": site, "article": "a"})
    assert answer.status == 200
    assert allowed(answer) == (None, "Origin", None)


def test_the_sites_pages_may_read_its_errors(api: Api, site: str) -> None:
    wrong_fields = api.post({"site": site, "article": 7}, origin=ORIGIN)
    wrong_method = api.call("PUT", "/v1/views", {"site": site}, {"origin": ORIGIN})
    assert (wrong_fields.status, wrong_method.status) == (422, 405)
    assert allowed(wrong_fields) == allowed(wrong_method) == (ORIGIN, "Origin", None)


@pytest.mark.parametrize(
    "body", [b"not JSON", b"[]", {"article": "a"}, {"site": "no-such-site", "article": "a"}, b" " * 8193]
)
def test_an_error_of_no_known_site_is_readable_to_no_page(api: Api, body: Any) -> None:
    answer = api.post(body, origin=ORIGIN)
    assert answer.status in (400, 404, 413, 422)
    assert allowed(answer) == (None, "Origin", None)


@pytest.mark.parametrize(
    "origin",
    [
        "https://staging.example.com",
        "http://www.riotimesonline.com",
        "https://www.riotimesonline.com:443",
        "https://www.riotimesonline.com.evil.example",
        "https://evil-www.riotimesonline.com",
        "https://riotimesonline.com",
        "HTTPS://WWW.RIOTIMESONLINE.COM",
        f"{ORIGIN}/",
        f"{ORIGIN}, https://evil.example",
        "*",
        "",
    ],
)
def test_a_foreign_origin_is_told_so_and_nothing_is_counted(api: Api, site: str, origin: str) -> None:
    for path in ("/v1/views", "/v1/access"):
        answer = api.post({"site": site, "article": "foreign", "seed": "A" * 22}, path, origin=origin)
        assert answer.status == 403
        assert allowed(answer) == ("*", "Origin", None)
        assert answer.json["detail"] == f"{origin} is not in `origins` of site {site}. Nothing was counted."
        assert answer.headers["set-cookie"] is None
    counted = api.post({"site": site, "article": "a", "seed": "A" * 22}, "/v1/access", origin=ORIGIN)
    assert counted.json["used"] == 0


def test_a_page_without_an_origin_is_told_so(api: Api, site: str) -> None:
    answer = api.post({"site": site, "article": "a"}, origin="null")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (403, "*")
    assert answer.json["detail"] == f"A page without an origin is not in `origins` of site {site}. Nothing was counted."


def test_the_admin_api_and_what_the_gateway_answers_have_no_cors(api: Api, site: str) -> None:
    answers = [
        api.call("GET", "/v1/admin/sites", headers={"authorization": "Bearer local-admin", "origin": ORIGIN}),
        api.call("GET", "/v1/admin/sites", headers={"origin": ORIGIN}),
        api.call("OPTIONS", "/v1/admin/sites", headers={"origin": ORIGIN}),
        api.call("GET", "/nowhere", headers={"origin": ORIGIN}),
    ]
    assert [answer.status for answer in answers] == [200, 403, 404, 404]
    assert all(answer.headers["access-control-allow-origin"] is None for answer in answers)
    assert [answer.json for answer in answers[1:]] == [{"message": "Forbidden"}, *[{"message": "Not Found"}] * 2]
