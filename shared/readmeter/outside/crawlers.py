"""The networks that search engines say they crawl from, fetched apart from all requests of readers."""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from readmeter.core.crawlers import Crawler
from readmeter.outside.fetch import Unfetched
from readmeter.store.published import Published, PublishedStore, dump_networks, networks_place

MOST_NETWORKS = 5000
EVERY = 86_400.0  # seconds between two fetches
RETRY_AFTER = 900.0  # seconds, where a fetch brought nothing
STALE_AFTER = 7 * 86_400.0  # seconds: owners add networks now and then, and seldom leave one
_WIDEST = {4: 8, 6: 16}  # no crawler has a larger network, and a slip of its owner must not let half the world in


class NoNetworks(Exception):  # noqa: N818
    """Nothing to believe; the text is the end of a sentence that begins with what was read."""


class CrawlerLists:
    """Fetches lists and keeps them. `fetch` gives the JSON at an address or raises `Unfetched`."""

    def __init__(self, store: PublishedStore, fetch: Callable[[str], Any], clock: Callable[[], float]) -> None:
        self._store = store
        self._fetch = fetch
        self._clock = clock

    def refresh(self, crawler: Crawler) -> Published | None:
        """Fetches all of the crawler's lists; gives what is kept now, None where that is not due yet.

        If one fails, all that was good last stays.
        """
        place, now = networks_place(crawler.name), self._clock()
        kept = self._store.read(place)
        if kept is not None and 0 <= now - kept.tried_at < (EVERY if kept.failure is None else RETRY_AFTER):
            return None
        try:
            found = [network for url in crawler.lists for network in published_networks(self._fetch(url))]
        except (Unfetched, NoNetworks) as missing:
            return self._store.fail(place, str(missing), now)
        return self._store.keep(place, dump_networks(found), now)


def published_networks(document: Any) -> list[str]:
    """Those of a list in the form that Google, Bing, Apple and DuckDuckGo publish: `{"prefixes": [{"ipv4Prefix": …}]}`.

    Raises `NoNetworks` where anything in it is no network that a crawler can have: a list is believed whole or not.
    """
    listed = document.get("prefixes") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not listed:
        raise NoNetworks("has no list `prefixes` with anything in it")
    if len(listed) > MOST_NETWORKS:
        raise NoNetworks(f"lists more than {MOST_NETWORKS} networks")
    return [str(_network(each, number)) for number, each in enumerate(listed, 1)]


def _network(entry: Any, number: int) -> IPv4Network | IPv6Network:
    given = entry.get("ipv4Prefix", entry.get("ipv6Prefix")) if isinstance(entry, dict) else None
    try:
        network = ip_network(given) if isinstance(given, str) and "%" not in given else None  # no one's interface
    except ValueError:
        network = None
    if network is None:
        raise NoNetworks(f"has an entry that names no network: the {number}.")
    if network.prefixlen < _WIDEST[network.version]:
        raise NoNetworks(f"has an entry that holds more than any crawler has: the {number}.")
    if not network.is_global:
        raise NoNetworks(f"has an entry that nobody comes from over the internet: the {number}.")
    return network
