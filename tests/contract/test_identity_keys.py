"""A view by the keys that a publisher's server names: who is signed in by them, and what it asks of the database."""

import pytest

from readmeter.store.published import PublishedStore, dump_keys, jwks_place
from tests.support.endpoint import SEED, Desk
from tests.support.identities import identity_rules, key, sign
from tests.support.site import compiled, meter
from tests.support.wire import Wire

URL = "https://id.riotimesonline.com/keys"
VIEW = {"site": "riotimes", "article": "a", "seed": SEED}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Three articles for everybody, five for who is signed in; key 2026 in the document, 2027 at the server."""
    limits = {"anonymous": 3, "registered": 5}
    desk.publish(compiled(meter(limits=limits), identity=identity_rules(key("2026"), jwks_url=URL), version=2))
    store = PublishedStore(desk.tables.database, desk.tables.site_table)
    store.keep(jwks_place("riotimes", URL), dump_keys((key("2027", "EdDSA"),)), desk.now)
    return desk


@pytest.mark.parametrize("token", [sign("2026"), sign("2027", "EdDSA")], ids=["document", "server"])
def test_either_key_signs_in(desk: Desk, token: str) -> None:
    answer = desk.post({**VIEW, "identity": token}).json
    assert (answer["limit"], answer["warnings"]) == (5, [])


def test_another_key_does_not(desk: Desk) -> None:
    answer = desk.post({**VIEW, "identity": sign("2025")}).json
    assert answer["limit"] == 3
    assert answer["warnings"] == ["identity was ignored: its key (`kid`) is none of the site's"]


def test_who_is_not_signed_in_asks_for_no_keys(desk: Desk, wire: Wire) -> None:
    table = desk.tables.site_table
    wire.to(table)
    desk.post(VIEW)
    assert len(wire.to(table)) == 1  # the site's rules
    token = sign("2027", "EdDSA")
    desk.post({**VIEW, "identity": token})
    assert len(wire.to(table)) == 3  # and the keys, and the reader's account
    desk.post({**VIEW, "identity": token})
    assert len(wire.to(table)) == 2
