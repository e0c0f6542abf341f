"""A network that asks for a site too often: 429 for that site alone, and nothing is written. Whose address counts."""

import json
from typing import Any

import pytest

from readmeter.core.keys import Keyring
from readmeter.core.throttle import TokenBuckets
from tests.support.endpoint import KEYRING, NOW, SEED, Answer, Desk, event
from tests.support.engines import Tables
from tests.support.site import ORIGIN, compiled
from tests.support.wire import Wire

BURST = 3
READER = "203.0.113.7"
PROXY = "198.51.100.1"
SECRET = KEYRING.origin_secret("riotimes")
VIEW = {"site": "riotimes", "article": "a", "seed": SEED}
ROUTES: dict[str, tuple[str, dict[str, Any] | None, int]] = {
    "POST /v1/views": ("", VIEW, 200),
    "POST /v1/access": ("", VIEW, 200),
    "POST /v1/events": ("", {"site": "riotimes", "seed": SEED, "events": []}, 202),
    "GET /v1/reader": ("riotimes", None, 401),
    "DELETE /v1/reader": ("riotimes", None, 401),
}


@pytest.fixture
def tables(moto: Tables) -> Tables:
    """One engine: what is refused here reaches none."""
    return moto


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Three requests at once, and one a second."""
    slow = Desk(desk.tables, buckets=TokenBuckets(1, BURST))
    slow.publish(compiled(site="folha"))
    return slow


def ask(desk: Desk, route: str = "POST /v1/views", source: str = READER, **headers: str) -> Answer:
    method, path = route.split()
    site, body, _ = ROUTES[route]
    asked = event(json.dumps(body).encode() if body else b"", path, method, **{"origin": ORIGIN, **headers})
    asked["requestContext"]["http"]["sourceIp"] = source
    return desk.send({**asked, **({"queryStringParameters": {"site": site}} if site else {})})


def exhaust(desk: Desk, source: str = READER, **headers: str) -> None:
    """Takes what the network has: the next request is one too many."""
    for _ in range(BURST):
        assert ask(desk, source=source, **headers).status == 200


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_of_readers_is_refused_above_the_burst(desk: Desk, wire: Wire, route: str) -> None:
    expected = ROUTES[route][2]
    assert [ask(desk, route).status for _ in range(BURST)] == [expected] * BURST
    wire.to(desk.tables.meter_table)
    answer = ask(desk, route)
    assert wire.to(desk.tables.meter_table) == []
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.json["title"] == "Too Many Requests"
    assert READER not in answer.text
    assert desk.faults == []


def test_after_the_seconds_that_the_answer_says_there_is_room_again(desk: Desk) -> None:
    exhaust(desk)
    desk.now += int(ask(desk).headers["retry-after"])
    assert [ask(desk).status for _ in range(2)] == [200, 429]


def test_the_other_sites_and_the_other_networks_are_answered(desk: Desk) -> None:
    exhaust(desk)
    assert ask(desk).status == 429
    assert ask(desk, source="203.0.113.255").status == 429
    assert ask(desk, source="203.0.114.7").status == 200
    assert desk.post({**VIEW, "site": "folha"}).status == 200


def test_a_request_that_is_refused_for_another_reason_takes_nothing(desk: Desk) -> None:
    wrong: list[tuple[bytes, dict[str, str], int]] = [
        (b"x" * 9000, {}, 413),
        (b"{", {}, 400),
        (b'{"site": "riotimes"}', {}, 422),
        (b'{"site": "nobody", "article": "a"}', {}, 404),
        (json.dumps(VIEW).encode(), {"origin": "https://example.com"}, 403),
    ]
    for body, headers, status in wrong * (BURST + 1):
        assert desk.post(body, **headers).status == status
    for _ in range(BURST):
        assert desk.post(VIEW).status == 200
    assert [desk.post(body, **headers).status for body, headers, _ in wrong] == [413, 400, 422, 404, 403]
    assert desk.post(VIEW).status == 429


def proven(address: str, secret: str = SECRET) -> dict[str, str]:
    return {"x_readmeter_origin": secret, "cloudfront_viewer_address": address}


class TestOwnPath:
    """Behind a publisher's server all readers have its address: it tells theirs, and proves that it may."""

    def test_readers_behind_it_are_told_apart(self, desk: Desk) -> None:
        exhaust(desk, PROXY, **proven("203.0.113.7:46532"))
        assert ask(desk, source=PROXY, **proven("203.0.113.9:1")).status == 429
        assert ask(desk, source=PROXY, **proven("203.0.114.7:46532")).status == 200
        assert ask(desk, source=PROXY).status == 200

    def test_a_reader_who_comes_either_way_is_one_network(self, desk: Desk) -> None:
        exhaust(desk, PROXY, **proven(f"{READER}:46532"))
        assert ask(desk, source=READER).status == 429

    def test_an_ipv6_address_has_no_brackets(self, desk: Desk) -> None:
        exhaust(desk, PROXY, **proven("2001:db8:7::1:443"))
        assert ask(desk, source="2001:db8:7:ffff::9").status == 429
        assert ask(desk, source=PROXY, **proven("2001:db8:8::1:443")).status == 200

    @pytest.mark.parametrize(
        "address", ["", ":", "443", "unknown:443", "203.0.113:443", f"{READER}:1, 8.8.8.8:1", "é:1"]
    )
    def test_without_an_address_it_is_the_server_that_counts(self, desk: Desk, address: str) -> None:
        exhaust(desk, PROXY, **proven(address))
        assert ask(desk, source=PROXY).status == 429

    def test_a_retired_key_proves_until_it_expires(self, desk: Desk) -> None:
        tokens = [{"kid": "1", "secret": "new"}, {"kid": "0", "secret": "a secret of the tests", "expires": NOW + 10}]
        desk.keyring = Keyring.parse(json.dumps({"permanent": "a secret of the tests", "tokens": tokens}))
        exhaust(desk, PROXY)
        assert ask(desk, source=PROXY, **proven("203.0.113.7:1")).status == 200
        assert ask(desk, source=PROXY, **proven("203.0.113.7:1", desk.keyring.origin_secret("riotimes"))).status == 200
        desk.now += 10 - 1e-3
        exhaust(desk, PROXY)
        assert ask(desk, source=PROXY, **proven("203.0.113.8:1")).status == 200
        desk.now += 1e-3
        assert ask(desk, source=PROXY, **proven("203.0.113.9:1")).status == 429


class TestAttacks:
    """A network that has nothing left, and would be another."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"x_forwarded_for": "8.8.8.8"},
            {"forwarded": "for=8.8.8.8"},
            {"x_real_ip": "8.8.8.8", "true_client_ip": "8.8.8.8", "cf_connecting_ip": "8.8.8.8"},
            {"cloudfront_viewer_address": "8.8.8.8:443"},
            *(
                proven("8.8.8.8:443", secret)
                for secret in (
                    "",
                    ".",
                    "0.",
                    SECRET[:-1],
                    f"{SECRET}A",
                    f"{SECRET}, {SECRET}",
                    SECRET.removeprefix("0."),
                    f"1{SECRET[1:]}",
                    KEYRING.origin_secret("folha"),
                    Keyring.parse('{"permanent": "another deployment\'s"}').origin_secret("riotimes"),
                    "0.é",
                    "0.\ud800",
                )
            ),
        ],
    )
    def test_a_network_cannot_pass_for_another(self, desk: Desk, headers: dict[str, str]) -> None:
        exhaust(desk)
        assert ask(desk, **headers).status == 429

    def test_the_secret_of_one_site_says_nothing_of_another(self) -> None:
        assert not KEYRING.is_origin_secret("folha", SECRET, NOW)
        assert KEYRING.is_origin_secret("riotimes", SECRET, NOW)

    def test_what_reads_as_a_readers_token_or_a_state_is_no_secret(self, desk: Desk) -> None:
        answer = desk.view("a")
        for text in (answer["reader"], answer["state"]):
            assert not KEYRING.is_origin_secret("riotimes", text, NOW)
