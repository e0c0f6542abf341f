"""What the local gateway answers by itself, and what it makes of a handler's answer: as API Gateway does."""

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from local.engine import ROOT
from local.gateway import MOST_BODY_BYTES, MOST_HEADER_BYTES, Gateway
from local.template import Template

ADMIN = {"Authorization": "Bearer local-admin"}
ROUTES = Template.read(ROOT / "template.yaml").routes

Call = Callable[..., TestResponse]


class Unreached(Exception):  # noqa: N818
    """A handler was called that should not have been."""


def unreached(event: dict[str, Any], context: object) -> dict[str, Any]:
    raise Unreached


def gateway(handler: Any) -> Client:
    functions = {route.function for route in ROUTES}
    return Client(Gateway(ROUTES, dict.fromkeys(functions, handler), lambda: 0.0), use_cookies=False)


def answering(**answer: Any) -> Client:
    return gateway(lambda event, context: {"statusCode": 200, **answer})


def assert_made_by_the_gateway(answer: TestResponse, status: int, message: str) -> None:
    """API Gateway's own answers: this body, and nothing that lets a page read it."""
    assert (answer.status_code, answer.json) == (status, {"message": message})
    assert answer.headers["Content-Type"] == "application/json"
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/"),
        ("POST", "/v1/views/"),
        ("POST", "/v1/views/more"),
        ("POST", "//v1/views"),
        ("POST", "/V1/views"),
        ("POST", "/v1/health"),
        ("GET", "/v1/a/b"),
        ("GET", "/v1/a%2Fb"),
        ("GET", "/v1/../v1/health"),
        ("POST", "/v1/admin/sites/riotimes"),
        ("POST", "/v1/admin/sites/riotimes/readers"),
        ("OPTIONS", "/v1/admin/sites"),
        ("POST", "/v1/gifts/1"),
        ("POST", "/v1/webhooks/paddle/riotimes"),
        ("GET", "/v1/" + "x" * 5_000 + "/y"),
    ],
)
def test_what_the_template_does_not_route_is_not_found(method: str, path: str) -> None:
    answer = gateway(unreached).open(path, method=method, headers={**ADMIN, "Origin": "https://a.example"})
    assert_made_by_the_gateway(answer, 404, "Not Found")


def test_head_reaches_only_what_takes_every_method() -> None:
    """A GET route of API Gateway answers no HEAD; the empty body is HTTP's."""
    assert gateway(unreached).head("/v1/health").status_code == 404
    assert answering(statusCode=405).head("/v1/views").status_code == 405


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "local-admin",
        "Bearer",
        "Bearer ",
        "bearer local-admin",
        "Bearer local-admin ",
        "Bearer local-admin:",
        "Bearer local-admin: riotimes",
        "Bearer local-admin:RioTimes",
        "Bearer local-admin:a,b",
        "Bearer local-admins",
        "Basic local-admin",
    ],
)
@pytest.mark.parametrize("path", ["/v1/admin/sites", "/v1/admin/sites/riotimes", "/v1/admin/sites/riotimes/versions"])
def test_admin_routes_are_forbidden_without_credentials(path: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    assert_made_by_the_gateway(gateway(unreached).get(path, headers=headers), 403, "Forbidden")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "localhost:8080@evil.example",
        "evil.example#localhost",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io:8080",
        "0.0.0.0:8080",
        "192.168.0.10:8080",
        "[::]:8080",
        "[::ffff:127.0.0.1]",
        "localhost:",
        "localhost:port",
        "",
    ],
)
def test_a_host_other_than_loopback_is_refused(host: str) -> None:
    """A page of another site may make its own name point here (DNS rebinding): its Host gives it away."""
    answer = gateway(unreached).get("/v1/health", headers={"Host": host})
    assert_made_by_the_gateway(answer, 403, "Forbidden")


def test_the_proxys_word_for_the_host_changes_nothing() -> None:
    answer = gateway(unreached).get("/v1/health", headers={"Host": "evil.example", "X-Forwarded-Host": "localhost"})
    assert answer.status_code == 403


def test_a_handler_that_raises_is_an_internal_error_that_tells_nobody_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def raises(event: dict[str, Any], context: object) -> dict[str, Any]:
        raise ValueError(f"cannot read {event['body']}")

    answer = gateway(raises).post("/v1/views", data="canary", content_type="text/plain")
    assert_made_by_the_gateway(answer, 500, "Internal Server Error")
    logged = capsys.readouterr().err
    assert "ValueError" in logged
    assert "test_gateway.py" in logged
    assert "canary" not in logged


@pytest.mark.parametrize("answer", [{}, {"body": "x"}, None])
def test_an_answer_in_no_known_shape_is_an_internal_error(answer: Any) -> None:
    assert_made_by_the_gateway(gateway(lambda event, context: answer).get("/v1/health"), 500, "Internal Server Error")


def test_ten_megabytes_pass_and_a_byte_more_does_not() -> None:
    client = answering()
    assert client.post("/v1/views", data=bytes(MOST_BODY_BYTES)).status_code == 200
    answer = gateway(unreached).post("/v1/views", data=bytes(MOST_BODY_BYTES + 1))
    assert_made_by_the_gateway(answer, 413, "Request Entity Too Large")


def test_the_size_of_chunked_bodies_is_bounded_too() -> None:
    answer = gateway(unreached).post(
        "/v1/views",
        headers={"Transfer-Encoding": "chunked"},
        input_stream=io.BytesIO(bytes(MOST_BODY_BYTES + 1)),
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert_made_by_the_gateway(answer, 413, "Request Entity Too Large")


def test_a_body_that_breaks_off_is_a_bad_request() -> None:
    answer = gateway(unreached).post("/v1/views", data=b"short", environ_overrides={"CONTENT_LENGTH": "9"})
    assert_made_by_the_gateway(answer, 400, "Bad Request")


@pytest.mark.parametrize("where", ["header", "path", "query"])
def test_request_line_and_headers_are_bounded_together(where: str) -> None:
    def sent(client: Client, spare: int) -> TestResponse:
        fixed = len("GET /v1/x HTTP/1.1") + len("Hostlocalhost")
        filler = "x" * (MOST_HEADER_BYTES - fixed - spare)
        match where:
            case "header":
                return client.get("/v1/x", headers={"X-Filler": filler[len("X-Filler") :]})
            case "path":
                return client.get(f"/v1/x{filler}")
            case _:
                return client.get(f"/v1/x?{filler[1:]}")

    assert sent(answering(), spare=0).status_code == 200
    answer = sent(gateway(unreached), spare=-1)
    assert_made_by_the_gateway(answer, 431, "Request Header Fields Too Large")


def test_cookies_become_a_header_each() -> None:
    answer = answering(cookies=["a=1; Secure", "b=2; HttpOnly"]).get("/v1/health")
    assert answer.headers.getlist("Set-Cookie") == ["a=1; Secure", "b=2; HttpOnly"]


def test_base64_answers_are_sent_as_bytes() -> None:
    packed = bytes(range(256))
    answer = answering(
        body=base64.b64encode(packed).decode(), isBase64Encoded=True, headers={"content-type": "image/png"}
    ).get("/v1/health")
    assert answer.data == packed
    assert answer.headers["Content-Type"] == "image/png"


def test_text_answers_are_sent_in_utf8() -> None:
    answer = answering(body="são", headers={"content-type": "application/json", "etag": '"1"'}).get("/v1/health")
    assert answer.data == "são".encode()
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Content-Type"] == "application/json"


def test_an_exact_path_goes_before_one_with_a_parameter() -> None:
    seen: list[str] = []

    def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
        seen.append(event["routeKey"])
        return {"statusCode": 204}

    client = gateway(handler)
    for path in ("/v1/health", "/v1/docs", "/v1/openapi.json", "/v1/snippet.js", "/v1/healthy"):
        client.get(path)
    client.post("/v1/access")
    assert seen == [
        "GET /v1/health",
        "GET /v1/docs",
        "GET /v1/openapi.json",
        "GET /v1/{asset}",
        "GET /v1/{asset}",
        "ANY /v1/access",
    ]
