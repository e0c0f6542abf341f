"""The keys that a publisher's server names (`identity.jwks_url`), fetched apart from all requests of readers."""

from collections.abc import Callable
from typing import Any

from readmeter.core.rules import Key
from readmeter.outside.fetch import Unfetched
from readmeter.sites.keys import NoKeys, published_keys
from readmeter.store.published import Published, PublishedStore, dump_keys, jwks_place


class PublishedKeys:
    """Fetches keys and keeps them. `fetch` gives the JSON at an address or raises `Unfetched`."""

    def __init__(self, store: PublishedStore, fetch: Callable[[str], Any], clock: Callable[[], float]) -> None:
        self._store = store
        self._fetch = fetch
        self._clock = clock

    def look(self, url: str) -> tuple[Key, ...] | str:
        """The keys at an address, or why there are none, as the end of a sentence. Keeps nothing."""
        try:
            return published_keys(self._fetch(url))
        except (Unfetched, NoKeys) as missing:
            return str(missing)

    def keep(self, site: str, url: str, found: tuple[Key, ...] | str) -> Published:
        """Has what `look` found be the site's; gives what is kept now. A failure leaves the last good keys."""
        place = jwks_place(site, url)
        if isinstance(found, str):
            return self._store.fail(place, found, self._clock())
        return self._store.keep(place, dump_keys(found), self._clock())

    def refresh(self, site: str, url: str) -> Published:
        return self.keep(site, url, self.look(url))
