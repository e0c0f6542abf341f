"""What the handlers are given locally is what API Gateway gives them: payload 2.0, key for key."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventV2Model
from werkzeug.test import Client

from local.engine import ROOT
from local.gateway import Gateway
from local.template import Template

NOON = 1_795_348_800.0  # 2026-11-22 12:00 UTC
EVENTS = ROOT / "tests" / "events"
VIEW = '{"site": "riotimes", "article": "são-paulo"}'
JSON = "application/json"

Request = tuple[str, str, dict[str, str], bytes]
REQUESTS: dict[str, Request] = {
    "get": ("GET", "/v1/health", {}, b""),
    "preflight": (
        "OPTIONS",
        "/v1/views",
        {"Origin": "https://www.riotimesonline.com", "Access-Control-Request-Method": "POST"},
        b"",
    ),
    "post-text": ("POST", "/v1/views", {"Content-Type": "text/plain;charset=UTF-8"}, VIEW.encode()),
    "post-json": ("POST", "/v1/access", {"Content-Type": JSON}, VIEW.encode()),
    "post-form": ("POST", "/v1/views", {"Content-Type": "application/x-www-form-urlencoded"}, VIEW.encode()),
    "post-bytes": ("POST", "/v1/views", {"Content-Type": JSON}, b"\xff\x00\x1f\x8b"),
    "cookies": ("POST", "/v1/views", {"Cookie": "readmeter_riotimes=0.a.b; theme=dark;  empty="}, b""),
    "query": ("GET", "/v1/snippet.js?site=rio&tag=a&tag=b%2Cc&blank=&q=s%C3%A3o+paulo", {}, b""),
    "escaped-path": ("GET", "/v1/caf%C3%A9%20au%20lait.js", {}, b""),
    "unknown-method": ("FOO", "/v1/views", {}, b""),
    "admin": ("GET", "/v1/admin/sites/riotimes", {"Authorization": "Bearer local-admin"}, b""),
    "admin-scoped": (
        "PUT",
        "/v1/admin/sites/riotimes?dry_run=true",
        {"Authorization": "Bearer local-admin:riotimes", "Content-Type": JSON},
        b"{}",
    ),
}


class Recorder:
    """A gateway of the template's routes whose handlers only remember what they were given."""

    def __init__(self) -> None:
        self.event: dict[str, Any] = {}
        self.context: Any = None
        template = Template.read(ROOT / "template.yaml")
        handlers = dict.fromkeys(template.functions, self._remember)
        self._client = Client(Gateway(template.routes, handlers, lambda: NOON), use_cookies=False)

    def _remember(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        self.event, self.context = event, context
        return {"statusCode": 204}

    def send(self, method: str, target: str, headers: dict[str, str], body: bytes, host: str = "localhost:8080") -> Any:
        path, _, query = target.partition("?")
        answer = self._client.open(
            path,
            method=method,
            query_string=query,
            headers={"Host": host, "User-Agent": "a-browser/1.0", **headers},
            data=body or None,
            environ_overrides={"REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1"},
        )
        assert answer.status_code == 204
        return self.event


@pytest.mark.parametrize("name", REQUESTS)
def test_an_event_is_api_gateways_key_for_key(name: str) -> None:
    event = Recorder().send(*REQUESTS[name])

    request_id = event["requestContext"].pop("requestId")
    assert isinstance(request_id, str)
    assert len(request_id) == 16
    assert event == json.loads((EVENTS / f"{name}.json").read_text())


@pytest.mark.parametrize("name", [name for name in REQUESTS if name != "unknown-method"])
def test_powertools_reads_the_event_as_api_gateways(name: str) -> None:
    APIGatewayProxyEventV2Model.model_validate(Recorder().send(*REQUESTS[name]))


def test_every_golden_event_has_its_request() -> None:
    requests = {path.stem for path in EVENTS.glob("*.json") if not path.stem.startswith("stream-")}
    assert requests == set(REQUESTS)


def test_each_request_has_an_id_of_its_own() -> None:
    recorder = Recorder()
    ids = {recorder.send(*REQUESTS["get"])["requestContext"]["requestId"] for _ in range(50)}
    assert len(ids) == 50


def test_the_lambda_context_names_the_same_request() -> None:
    recorder = Recorder()
    event = recorder.send(*REQUESTS["get"])
    assert recorder.context.aws_request_id == event["requestContext"]["requestId"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.8.9.10", "[::1]:8080", "[::1]"])
def test_the_domain_name_is_the_host_without_its_port(host: str) -> None:
    event = Recorder().send("GET", "/v1/health", {}, b"", host)
    assert event["requestContext"]["domainName"] == host.removesuffix(":8080")
    assert event["headers"]["host"] == host


def test_nobody_becomes_an_administrator_by_headers_on_a_public_route() -> None:
    event = Recorder().send("GET", "/v1/health", {"Authorization": "Bearer local-admin"}, b"")
    assert "authorizer" not in event["requestContext"]
