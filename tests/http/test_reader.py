"""A reader's own routes and what pages report, through a socket, the gateway and the deployed handler."""

import io
import logging
from typing import Any

import pytest
from werkzeug.test import Client

from tests.conftest import Running
from tests.support.api import Api, Reply
from tests.support.in_process import in_process
from tests.support.meters import wait_for_nothing
from tests.support.wire import Wire, answers

ORIGIN = "https://www.riotimesonline.com"
CANARY = "CaNaRy"
WRONG = answers(400, "ValidationException", message=CANARY)


def reader(api: Api, site: str, token: str, method: str = "GET", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.call(method, f"/v1/reader?site={site}", None, {"authorization": f"Bearer {token}", **named})


def view(api: Api, site: str, article: str, **fields: Any) -> Any:
    return api.post({"site": site, "article": article, **fields}).json


def test_a_reader_sees_and_erases_what_is_known(api: Api, site: str) -> None:
    first = view(api, site, "a")
    token = view(api, site, "b", reader=first["reader"])["reader"]
    [before] = reader(api, site, token, origin=ORIGIN).json["meters"]
    assert (before["used"], len(before["articles"])) == (2, 2)
    assert first["article"] in before["articles"]
    gone = reader(api, site, token, "DELETE", origin=ORIGIN)
    assert (gone.status, gone.body) == (204, b"")
    assert gone.headers["access-control-allow-origin"] == ORIGIN
    [after] = reader(api, site, token).json["meters"]
    assert after == {**before, "articles": []}
    assert view(api, site, "a", reader=token)["used"] == 3


def test_on_the_publishers_own_path_the_cookie_does_and_stays(api: Api, site: str) -> None:
    """I19: a reader without the cookie would be a new one, with a whole allowance."""
    headers = {"sec-fetch-site": "same-origin", "origin": ORIGIN}
    seen = api.call("POST", "/v1/views", {"site": site, "article": "a"}, headers)
    cookie = {**headers, "cookie": seen.headers["set-cookie"].split(";")[0]}
    gone = api.call("DELETE", f"/v1/reader?site={site}", None, cookie)
    assert (gone.status, gone.headers["set-cookie"]) == (204, None)
    known = api.call("GET", f"/v1/reader?site={site}", None, cookie).json["meters"][0]
    assert (known["used"], known["articles"]) == (1, [])


@pytest.mark.parametrize("content_type", ["text/plain;charset=UTF-8", "application/json", "application/octet-stream"])
def test_reports_are_taken_in_every_spelling(api: Api, site: str, content_type: str) -> None:
    event = {"kind": "fail_open", "article": "é", "at": "2026-11-22T12:00:00Z"}
    body = {"site": site, "seed": "A" * 22, "events": [event]}
    answer = api.call("POST", "/v1/events", body, {"content-type": content_type, "origin": ORIGIN})
    assert (answer.status, answer.json) == (202, {"accepted": 1})
    assert answer.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("path", ["/v1/reader", "/v1/events"])
def test_a_preflight_allows_what_a_page_of_the_site_needs(api: Api, path: str) -> None:
    answer = api.call("OPTIONS", path, None, {"origin": ORIGIN, "access-control-request-method": "DELETE"})
    assert answer.status == 204
    assert answer.headers["access-control-allow-methods"] == "GET, POST, DELETE, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type"
    assert answer.headers["access-control-allow-credentials"] is None


def test_the_running_service_prints_nothing_of_it(service: Running, api: Api, site: str) -> None:
    """I16"""
    event = {"kind": "fail_open", "article": CANARY, "at": 0, CANARY: CANARY}
    report = {"site": site, "reader": CANARY, "seed": CANARY, "events": [event]}
    headers = {"user-agent": CANARY, "x-forwarded-for": CANARY, "referer": f"https://{CANARY}.example/"}
    statuses = [
        api.call("POST", "/v1/events", report, headers).status,
        api.call("POST", "/v1/events", {**report, "events": [{**event, "kind": CANARY}]}, headers).status,
        api.call("POST", "/v1/events", f"{CANARY}{{".encode(), headers).status,
        api.call("GET", f"/v1/reader?site={CANARY}&{CANARY}={CANARY}", None, headers).status,
        reader(api, site, CANARY).status,
        reader(api, site, CANARY, "DELETE", origin=f"https://{CANARY}.example").status,
    ]
    assert statuses == [202, 422, 400, 404, 401, 403]
    seen = api.post({"site": site, "article": "a", "events": [{**event, "article": "a"}]}).json
    own = {"authorization": f"Bearer {seen['reader']}", "cookie": f"readmeter_{site}={seen['reader']}"}
    for method, status in (("GET", 200), ("DELETE", 204), ("PUT", 405)):
        assert (
            api.call(method, f"/v1/reader?site={site}", None, {**own, "sec-fetch-site": "same-origin"}).status == status
        )
    log = service.log.read_text()
    assert CANARY.lower() not in log.lower()
    assert not [name for name in ("reader", "state", "grant", "article") if seen[name] in log]


def test_a_fault_is_logged_without_whom_it_met(monkeypatch: pytest.MonkeyPatch) -> None:
    """I16: DynamoDB's messages may quote the key that they were asked for."""
    wait_for_nothing(monkeypatch)
    wires: list[Wire] = []
    log = io.StringIO()
    with in_process(
        "riotimes", lambda name, client: wires.append(Wire(client)) if name == "dynamodb" else None
    ) as made:
        for handler in logging.getLogger("readmeter").handlers:
            monkeypatch.setattr(handler, "stream", log)
        client = Client(made, use_cookies=False)
        seen: Any = client.post("/v1/views", json={"site": "riotimes", "article": "a"}).json
        token = seen["reader"]
        own = {"headers": {"authorization": f"Bearer {token}", "cookie": f"readmeter_riotimes={token}"}}
        report = {"site": "riotimes", "reader": token, "events": [{"kind": "fail_open", "article": CANARY, "at": 0}]}
        for fault, status in ((answers(500, "InternalServerError", message=token), 503), (WRONG, 500)):
            for wire in wires:
                wire.choose = lambda called, fault=fault: fault if called in ("Query", "UpdateItem") else None
            statuses = [
                client.get("/v1/reader?site=riotimes", **own).status_code,
                client.delete("/v1/reader?site=riotimes", **own).status_code,
                client.post("/v1/events", json=report, **own).status_code,
            ]
            assert statuses == [status] * 3
    written = log.getvalue()
    assert len(written.splitlines()) == 6
    assert not [word for word in (token, seen["article"], CANARY) if word in written]
