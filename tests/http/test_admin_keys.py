"""A site whose publisher names its keys at an address: a PUT fetches them, and says where it cannot."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from readmeter.outside.fetch import Unfetched
from readmeter.store.published import jwks_place
from tests.support.admin_api import RIO, AdminClient, document
from tests.support.identities import key

URL = "https://id.example/keys"
JWKS = {"keys": [{**key().jwk, "kid": "2026"}]}
SITE = document(identity={"issuer": "https://id.example", "jwks_url": URL})
CANNOT = "it is fetched again every five minutes, and keys that came from there before still hold."

Fetching = Callable[[Any], AdminClient]


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def fetching(admin: AdminClient, asked: list[str]) -> Fetching:
    """The admin client where every address gives this JSON, or raises it."""

    def build(answer: Any) -> AdminClient:
        def fetch(url: str) -> Any:
            asked.append(url)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return replace(admin, handler=admin.app.build(os.environ, admin.clock, fetch))

    return build


def kept(admin: AdminClient) -> list[dict[str, Any]]:
    return [item for item in admin.items() if item["sk"]["S"].startswith("JWKS#")]


def test_the_keys_are_there_before_the_version_that_needs_them(fetching: Fetching, asked: list[str]) -> None:
    admin = fetching(JWKS)
    answer = admin("PUT", RIO, SITE)
    assert (answer.status, answer.json["warnings"]) == (201, [])
    [item] = kept(admin)
    assert (item["pk"]["S"], item["sk"]["S"]) == jwks_place("riotimes", URL)
    assert '"kid":"2026"' in item["t"]["S"]
    assert asked == [URL]


def test_every_put_fetches_them_anew(fetching: Fetching, asked: list[str]) -> None:
    admin = fetching(JWKS)
    admin("PUT", RIO, SITE)
    admin.clock.now += 60
    admin("PUT", RIO, SITE)
    [item] = kept(admin)
    assert asked == [URL, URL]
    assert float(item["g"]["N"]) == admin.clock.now


def test_an_address_that_cannot_be_read_is_a_warning_and_the_site_is_stored(fetching: Fetching) -> None:
    admin = fetching(Unfetched("answers 404"))
    answer = admin("PUT", RIO, SITE)
    assert answer.status == 201
    assert answer.json["warnings"] == [
        {"pointer": "/identity/jwks_url", "detail": f"This address answers 404; {CANNOT}"}
    ]
    [item] = kept(admin)
    assert "t" not in item


def test_a_failure_leaves_the_keys_that_were_good(fetching: Fetching) -> None:
    fetching(JWKS)("PUT", RIO, SITE)
    admin = fetching(Unfetched("cannot be reached"))
    assert [each["pointer"] for each in admin("PUT", RIO, SITE).json["warnings"]] == ["/identity/jwks_url"]
    assert '"kid":"2026"' in kept(admin)[0]["t"]["S"]


@pytest.mark.parametrize("answer", [JWKS, {"keys": []}])
def test_a_dry_run_tells_too_and_keeps_nothing(fetching: Fetching, answer: Any) -> None:
    admin = fetching(answer)
    warned = admin("PUT", f"{RIO}?dry_run=true", SITE).json["warnings"]
    assert [each["pointer"] for each in warned] == ([] if answer is JWKS else ["/identity/jwks_url"])
    assert admin.items() == []


def test_a_put_that_is_refused_keeps_nothing(fetching: Fetching, asked: list[str]) -> None:
    admin = fetching(JWKS)
    assert admin("PUT", RIO, SITE, if_match='"7"').status == 412
    assert admin("PUT", RIO, {**SITE, "site": "folha"}).status == 422
    assert admin.items() == []


def test_a_site_without_an_address_asks_nobody(fetching: Fetching, asked: list[str]) -> None:
    admin = fetching(JWKS)
    assert admin("PUT", RIO, document()).status == 201
    assert asked == []
