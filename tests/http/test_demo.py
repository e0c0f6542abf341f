"""The demo newspaper's site, as each start of `make run` writes it."""

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import Client

from local.demo import SITE, introduce
from local.gateway import Gateway
from local.newspaper.accounts import account_named
from local.newspaper.newsroom import SWITCHES
from local.newspaper.publisher import Publisher
from tests.support.endpoint import NOW
from tests.support.in_process import ADMIN, in_process

PAPER = "http://localhost:8081"
API = "http://localhost:8080"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with in_process("another") as gateway:
        yield gateway


def start(gateway: Gateway, paper: str = PAPER) -> Publisher:
    """A start of the paper at that address."""
    publisher = Publisher.of(API, SITE, lambda: NOW)
    introduce(gateway, paper, publisher)
    return publisher


def document(gateway: Gateway) -> Any:
    return Client(gateway).get(f"/v1/admin/sites/{SITE}", headers=ADMIN).json


def read(gateway: Gateway, publisher: Publisher) -> Any:
    """What Ana is answered who reads an article."""
    body = {"site": SITE, "article": "a", "identity": publisher.identity(account_named("Ana"))}
    return Client(gateway).post("/v1/views", json=body, headers={"Origin": PAPER}).json


def test_who_signs_in_is_known_by_the_key_of_this_start_alone(gateway: Gateway) -> None:
    first = start(gateway)
    assert read(gateway, first)["limit"] == 10
    second = start(gateway)
    answer = read(gateway, second)
    assert (answer["reason"], answer["used"], answer["warnings"]) == ("repeat", 1, [])
    assert read(gateway, first)["warnings"] == ["identity was ignored: its signature is not of the key that it names"]


def test_what_a_visitor_has_changed_stands_after_a_stop_and_start(gateway: Gateway) -> None:
    start(gateway)
    changed = {**document(gateway), "mode": "observe", "name": "Ours"}
    assert Client(gateway).put(f"/v1/admin/sites/{SITE}", json=changed, headers=ADMIN).status_code == 200
    publisher = start(gateway)
    assert (document(gateway)["mode"], document(gateway)["name"]) == ("observe", "Ours")
    assert [switch.name for switch in SWITCHES if publisher.newsroom.is_on(switch)] == ["observe"]


def test_at_another_address_it_is_written_anew(gateway: Gateway) -> None:
    start(gateway)
    start(gateway, "http://localhost:9091")
    assert document(gateway)["origins"] == ["http://localhost:9091", "http://127.0.0.1:9091"]


def test_nothing_of_the_document_is_warned_of(gateway: Gateway) -> None:
    start(gateway)
    put = Client(gateway).put(f"/v1/admin/sites/{SITE}", json=document(gateway), headers=ADMIN)
    assert (put.status_code, put.json["warnings"]) == (200, [])
