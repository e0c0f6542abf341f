"""What others publish, on every engine: a failure leaves what was good, and a view asks for it once a minute."""

import pytest

from readmeter.core.rules import Key
from readmeter.store.database import Unavailable
from readmeter.store.published import JwksCache, Place, Published, PublishedStore, dump_keys, jwks_place, parse_keys
from tests.support.endpoint import NOW, Desk
from tests.support.engines import Tables
from tests.support.identities import key
from tests.support.wire import Wire

URL = "https://id.example/keys"
PLACE = jwks_place("riotimes", URL)
KEYS = (key("2026"), key("2027", "EdDSA"))
DAY = 86_400


@pytest.fixture
def store(tables: Tables) -> PublishedStore:
    return PublishedStore(tables.database, tables.site_table)


def test_what_was_never_tried_for_is_not_there(store: PublishedStore) -> None:
    assert store.read(PLACE) is None


def test_what_was_fetched_is_kept(store: PublishedStore) -> None:
    kept = store.keep(PLACE, "good", NOW)
    assert store.read(PLACE) == kept == Published("good", NOW, NOW, None)


def test_a_failure_leaves_what_was_good(store: PublishedStore) -> None:
    store.keep(PLACE, "good", NOW)
    failed = store.fail(PLACE, "answers 500", NOW + 300)
    assert store.read(PLACE) == failed == Published("good", NOW, NOW + 300, "answers 500")
    assert store.keep(PLACE, "better", NOW + 600) == Published("better", NOW + 600, NOW + 600, None)


def test_it_is_stale_a_day_after_it_was_good(store: PublishedStore) -> None:
    store.keep(PLACE, "good", NOW)
    failed = store.fail(PLACE, "answers 500", NOW + DAY)
    assert not failed.stale(NOW + DAY)
    assert failed.stale(NOW + DAY + 1)


def test_it_is_stale_a_day_after_it_was_first_tried_for(store: PublishedStore) -> None:
    store.fail(PLACE, "answers 500", NOW)
    failed = store.fail(PLACE, "answers 404", NOW + DAY + 1)
    assert failed == Published(None, NOW, NOW + DAY + 1, "answers 404")
    assert failed.stale(NOW + DAY + 1)


def test_keys_come_back_as_they_went() -> None:
    assert parse_keys(dump_keys(KEYS)) == KEYS


class TestCache:
    """The desk's clock is the cache's."""

    @pytest.fixture
    def cache(self, desk: Desk, store: PublishedStore) -> JwksCache:
        return JwksCache(store, lambda: desk.now)

    def publish(self, desk: Desk, store: PublishedStore, *keys: Key, site: str = "riotimes", url: str = URL) -> None:
        store.keep(jwks_place(site, url), dump_keys(keys), desk.now)

    def test_the_keys_are_asked_for_once_a_minute(
        self, desk: Desk, store: PublishedStore, cache: JwksCache, wire: Wire
    ) -> None:
        self.publish(desk, store, KEYS[0])
        wire.to(desk.tables.site_table)
        assert [cache.keys("riotimes", URL, 1) for _ in range(3)] == [KEYS[:1]] * 3
        self.publish(desk, store, *KEYS)
        desk.now += 59.9
        assert cache.keys("riotimes", URL, 1) == KEYS[:1]
        desk.now += 0.1
        assert cache.keys("riotimes", URL, 1) == KEYS
        asked = [name for name in wire.to(desk.tables.site_table) if name == "GetItem"]
        assert asked == ["GetItem"] * 2

    def test_a_new_version_of_the_site_asks_at_once(self, desk: Desk, store: PublishedStore, cache: JwksCache) -> None:
        """A PUT fetches: the keys that it found hold with it."""
        assert cache.keys("riotimes", URL, 1) == ()
        self.publish(desk, store, *KEYS)
        assert (cache.keys("riotimes", URL, 1), cache.keys("riotimes", URL, 2)) == ((), KEYS)

    def test_while_the_database_is_away_the_last_keys_hold(
        self, desk: Desk, store: PublishedStore, cache: JwksCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(place: Place) -> None:
            raise Unavailable("throttled")

        self.publish(desk, store, *KEYS)
        assert cache.keys("riotimes", URL, 1) == KEYS
        monkeypatch.setattr(store, "read", away)
        desk.now += 3600
        assert cache.keys("riotimes", URL, 1) == KEYS
        with pytest.raises(Unavailable):
            cache.keys("folha", URL, 1)

    def test_a_site_is_not_believed_by_the_keys_of_another(
        self, desk: Desk, store: PublishedStore, cache: JwksCache
    ) -> None:
        self.publish(desk, store, *KEYS)
        assert cache.keys("folha", URL, 1) == ()

    def test_a_site_that_changes_its_address_is_not_believed_by_the_old_keys(
        self, desk: Desk, store: PublishedStore, cache: JwksCache
    ) -> None:
        self.publish(desk, store, *KEYS)
        assert cache.keys("riotimes", "https://new.example/keys", 1) == ()

    def test_there_are_none_where_nothing_good_ever_came(self, store: PublishedStore, cache: JwksCache) -> None:
        store.fail(PLACE, "answers 404", NOW)
        assert cache.keys("riotimes", URL, 1) == ()

    def test_memory_is_bounded(self, desk: Desk, store: PublishedStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("readmeter.store.published._MOST_CACHED", 3)
        cache = JwksCache(store, lambda: desk.now)
        for number in range(10):
            cache.keys(f"site-{number}", URL, 1)
        assert len(cache._entries) <= 3
