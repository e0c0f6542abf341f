"""What is written down of staff's scopes, on every engine: read back, changed, forgotten, kept for ten seconds."""

from readmeter.store.principals import PrincipalCache, PrincipalStore
from tests.support.admin_api import Clock
from tests.support.engines import Tables
from tests.support.wire import Wire

ANA = "arn:aws:iam::123456789012:user/ana"


def store_of(tables: Tables) -> PrincipalStore:
    return PrincipalStore(tables.database, tables.site_table)


def test_nothing_is_written_down_at_first(tables: Tables) -> None:
    assert store_of(tables).sites(ANA) is None


def test_a_scope_is_read_back_and_changed_as_a_whole(tables: Tables) -> None:
    store = store_of(tables)
    store.write(ANA, ["riotimes", "another", "riotimes"])
    store.write("bia", ["third"])
    assert store.sites(ANA) == {"another", "riotimes"}
    store.write(ANA, [])
    assert store.sites(ANA) == frozenset()
    assert store.sites("bia") == {"third"}


def test_a_scope_is_forgotten_and_written_again(tables: Tables) -> None:
    store = store_of(tables)
    store.write(ANA, ["riotimes"])
    store.forget(ANA)
    store.forget("bia")
    assert store.sites(ANA) is None
    assert store.sites("bia") is None
    store.write(ANA, ["another"])
    assert store.sites(ANA) == {"another"}


def test_a_scope_is_asked_for_once_in_ten_seconds(tables: Tables) -> None:
    clock, store, wire = Clock(), store_of(tables), Wire(tables.client)
    cache = PrincipalCache(store, clock)
    assert cache.sites(ANA) is None
    store.write(ANA, ["riotimes"])
    clock.now += 9.9
    assert cache.sites(ANA) is None
    clock.now += 0.1
    assert cache.sites(ANA) == {"riotimes"}
    assert cache.sites("bia") is None
    assert wire.to(tables.site_table) == ["GetItem", "PutItem", "GetItem", "GetItem"]
