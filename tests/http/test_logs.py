"""Nothing that a reader sends is ever printed or logged, whatever goes wrong (CONTRACT 7.7; reliability I16)."""

import io
import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import Client, TestResponse

from tests.conftest import Running
from tests.support import wire
from tests.support.api import Api, fresh_id, site_document
from tests.support.endpoint import NOW
from tests.support.in_process import ADMIN, in_process
from tests.support.meters import wait_for_nothing
from tests.support.site import ORIGIN
from tests.support.stripe_events import Stripe, body_of, signature
from tests.support.wire import Fault, Wire

SITE = "riotimes"
CANARY = "CaNaRy"


def canaries(site: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A view, and headers, with something to be found in every place."""
    body = {
        "site": site,
        "article": f"{CANARY}-article",
        "url": f"{ORIGIN}/a?{CANARY}=query#{CANARY}",
        "reader": f"0.{CANARY}.reader",
        "state": f"0.{CANARY}.state",
        "seed": f"{CANARY}-seed-AAAAAAAAAAA",
        "view": f"{CANARY}-view",
        "identity": f"{CANARY}.identity.x",
        "gift": f"{CANARY}-gift",
        "campaign": f"{CANARY}-campaign",
        "referrer": f"https://{CANARY}.example/?q={CANARY}",
        "locale": CANARY,
        "sections": [f"{CANARY}-section"],
        "tags": [f"{CANARY}-tag"],
        "events": [{"kind": "prompt_shown", "article": CANARY, "at": 0, CANARY: CANARY}],
        CANARY: CANARY,
    }
    headers = {
        "user-agent": f"{CANARY}/1.0",
        "x-forwarded-for": f"203.0.113.77, {CANARY}",
        "forwarded": f"for={CANARY}",
        "referer": f"https://{CANARY}.example/",
        "cookie": f"readmeter_{site}={CANARY}; {CANARY}={CANARY}",
        "sec-fetch-site": "same-origin",
        "accept-language": CANARY,
        "authorization": f"Bearer {CANARY}",
        f"x-{CANARY}": CANARY,
        "traceparent": CANARY,
    }
    return body, headers


def assert_silent(printed: str) -> None:
    assert CANARY.lower() not in printed.lower()
    assert "203.0.113.77" not in printed


@pytest.mark.parametrize("path", ["/v1/views", "/v1/access"])
def test_the_running_service_prints_nothing_of_what_it_is_sent(service: Running, path: str) -> None:
    api = Api(service.api)
    document = site_document(fresh_id())
    api.publish(document)
    body, headers = canaries(document["site"])
    statuses = [
        api.call("POST", path, body, headers).status,
        api.call("POST", path, body | {"tags": [{CANARY: 1}]}, headers).status,
        api.call("POST", path, body | {"site": CANARY.lower()}, headers).status,
        api.call("POST", path, body, {**headers, "origin": f"https://{CANARY}.example"}).status,
        api.call("POST", path, f"{CANARY}{{".encode(), headers).status,
        api.call("POST", path, CANARY.encode() * 5_000, headers).status,
        api.call(CANARY, path, body, headers).status,
        api.call("POST", f"{path}/{CANARY}?{CANARY}", body, headers).status,
        api.call("GET", f"/v1/{CANARY}?{CANARY}={CANARY}", None, headers).status,
        api.call("PUT", f"/v1/admin/sites/{CANARY}", {CANARY: CANARY}, headers).status,
        api.admin("PUT", f"/v1/admin/sites/{document['site']}", {**document, CANARY: CANARY}).status,
        api.admin("GET", f"/v1/admin/sites/{document['site']}?version={CANARY}").status,
        api.admin("PUT", f"/v1/admin/sites/{document['site']}/entitlements/{CANARY}", {"plan": CANARY}).status,
        api.admin("POST", f"/v1/admin/sites/{document['site']}/readers/{CANARY}/reset").status,
        api.admin("POST", f"/v1/admin/sites/{document['site']}/explain", {**body, "address": CANARY}).status,
        api.call("GET", "/v1/health", None, {"host": f"{CANARY}.example"}).status,
        api.call("GET", "/v1/health", None, {f"x-{CANARY}": CANARY * 2_000}).status,
    ]
    assert statuses == [200, 422, 404, 403, 400, 413, 405, 404, 404, 403, 422, 422, 201, 200, 422, 403, 431]
    assert_silent(service.log.read_text())


@pytest.mark.parametrize(
    "request_",
    [
        f"{CANARY}\r\n\r\n",
        f"GET /{CANARY} {CANARY}/9\r\n\r\n",
        f"GET /{CANARY} HTTP/9.9\r\n\r\n",
        f"GET /v1/{CANARY * 12_000} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n{CANARY}\r\n\r\n",
        f"POST /v1/views HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}",
        f"POST /v1/views HTTP/1.1\r\nHost: localhost\r\nContent-Length: {CANARY}\r\n\r\n{CANARY}",
    ],
    ids=lambda request_: request_[:40].replace(CANARY, ""),
)
def test_what_is_not_even_http_is_not_printed_either(service: Running, request_: str) -> None:
    for address in (service.api, service.newspaper):
        where = urlsplit(address)
        with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
            connection.sendall(request_.encode())
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass
    assert_silent(service.log.read_text())


@dataclass
class Faulty:
    """The deployed handlers behind the gateway; `log` is what they log, `wires` are their ways to DynamoDB."""

    client: Client
    wires: list[Wire]
    log: io.StringIO

    def send(self, path: str) -> TestResponse:
        body, headers = canaries(SITE)
        return self.client.post(path, json=body, headers=headers)

    def fail(self, operation: str, fault: Fault) -> None:
        """From now on every such call to DynamoDB meets `fault`."""
        for each in self.wires:
            each.choose = lambda called: fault if called == operation else None


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    wait_for_nothing(monkeypatch)
    wires: list[Wire] = []
    with in_process(
        SITE, lambda service, client: wires.append(Wire(client)) if service == "dynamodb" else None
    ) as made:
        log = io.StringIO()
        for handler in logging.getLogger("readmeter").handlers:
            monkeypatch.setattr(handler, "stream", log)
        yield Faulty(Client(made, use_cookies=False), wires, log)


# DynamoDB's own messages may quote what it was sent.
UNAVAILABLE = {
    "throttled": wire.answers(400, "ThrottlingException", message=CANARY),
    "broken": wire.answers(500, "InternalServerError", message=CANARY),
    "refused": wire.connection_refused,
    "lost": wire.lost_request,
}
WRONG = {
    "denied": wire.answers(400, "AccessDeniedException", message=CANARY),
    "missing": wire.answers(400, "ResourceNotFoundException", message=CANARY),
    "invalid": wire.answers(400, "ValidationException", message=CANARY),
}
CALLS = [("GetItem", "/v1/views"), ("GetItem", "/v1/access"), ("UpdateItem", "/v1/views")]


@pytest.mark.parametrize(("operation", "path"), CALLS)
@pytest.mark.parametrize("name", UNAVAILABLE)
def test_when_the_store_does_not_answer_readers_hear_when_to_ask_again(
    faulty: Faulty, operation: str, path: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    faulty.fail(operation, UNAVAILABLE[name])
    answer = faulty.send(path)
    assert (answer.status_code, answer.headers.get("retry-after")) == (503, "1")
    assert_a_fault_was_logged_and_no_more(faulty, answer, "Unavailable")
    assert_silent("".join(capfd.readouterr()))


@pytest.mark.parametrize(("operation", "path"), CALLS)
@pytest.mark.parametrize("name", WRONG)
def test_a_fault_of_ours_says_nothing_of_itself(
    faulty: Faulty, operation: str, path: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    faulty.fail(operation, WRONG[name])
    answer = faulty.send(path)
    assert (answer.status_code, answer.headers.get("retry-after")) == (500, None)
    assert_a_fault_was_logged_and_no_more(faulty, answer, None)
    assert_silent("".join(capfd.readouterr()))


SECRET = f"whsec_{CANARY * 4}"


def event() -> tuple[bytes, dict[str, str]]:
    """An event with something to be found wherever a person or a secret is named, and its headers."""
    told = Stripe(subject=f"{CANARY}-subject", nickname=CANARY).told("updated", int(NOW), "active", int(NOW) + 60)
    told["data"]["object"] |= {"customer": {"id": "cus_1", "email": f"{CANARY}@example.com", "name": CANARY}}
    content = body_of({**told, CANARY: CANARY})
    return content, {"stripe-signature": signature(content, NOW, SECRET), "user-agent": CANARY}


@pytest.mark.parametrize(
    ("operation", "status"), [("GetItem", 503), ("TransactWriteItems", 503), (None, 200)], ids=["read", "write", "well"]
)
def test_nothing_of_a_webhook_and_no_secret_is_logged(
    faulty: Faulty, operation: str | None, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    path = f"/v1/webhooks/stripe/{SITE}"
    told = faulty.client.put(f"/v1/admin/sites/{SITE}/secrets/stripe", json={"value": SECRET}, headers=ADMIN)
    assert told.status_code == 204
    content, headers = event()
    assert faulty.client.post(path, data=content + b" ", headers=headers).status_code == 400
    assert faulty.log.getvalue() == ""
    if operation is not None:
        faulty.fail(operation, UNAVAILABLE["broken"])
    answer = faulty.client.post(path, data=content, headers=headers)
    assert answer.status_code == status
    if operation is not None:
        assert_a_fault_was_logged_and_no_more(faulty, answer, "Unavailable")
    assert_silent("".join(capfd.readouterr()) + faulty.log.getvalue())


def test_an_exception_that_quotes_the_reader_is_logged_without_its_words(
    faulty: Faulty, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def raises(*given: object) -> None:
        raise ValueError(f"cannot read {given}")

    monkeypatch.setattr("readmeter.metering.endpoint.negotiate", raises)
    answer = faulty.send("/v1/views")
    assert answer.status_code == 500
    assert_a_fault_was_logged_and_no_more(faulty, answer, "ValueError")
    assert "test_logs.py:" in faulty.log.getvalue()
    assert_silent("".join(capfd.readouterr()))


def test_what_goes_well_is_not_logged_at_all(faulty: Faulty, capfd: pytest.CaptureFixture[str]) -> None:
    for path in ("/v1/views", "/v1/access"):
        assert faulty.send(path).status_code == 200
    assert faulty.log.getvalue() == "".join(capfd.readouterr()) == ""


def assert_a_fault_was_logged_and_no_more(faulty: Faulty, answer: TestResponse, error: str | None) -> None:
    """The problem tells no internals; the one line of the log has the request's id, types and places."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert_silent(answer.text)
    [line] = faulty.log.getvalue().splitlines()
    assert_silent(line)
    fault = json.loads(line)
    assert set(fault) >= {"level", "message", "timestamp", "service", "request_id", "error", "cause", "places"}
    assert (fault["level"], fault["message"]) == ("ERROR", "fault")
    assert error in (None, fault["error"])
    assert fault["places"]
