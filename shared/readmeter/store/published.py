"""What others publish, as it was fetched last, in the site table: a site's keys, and lists that all sites share."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from readmeter.core.encoding import base64url
from readmeter.core.rules import Key
from readmeter.store.database import Database, Item, Unavailable

STALE_AFTER = 86_400.0  # seconds
_CACHED_FOR = 60.0  # seconds
_MOST_CACHED = 1000

Place = tuple[str, str]  # pk, sk


@dataclass(frozen=True, slots=True)
class Published:
    """`text` is the last that was good, as it is to be used; None before there was one.

    `good_at` is when it was fetched, or when it was first tried for where nothing good ever came; `tried_at` is the
    last try, `failure` why that brought nothing. All in epoch seconds.
    """

    text: str | None
    good_at: float
    tried_at: float
    failure: str | None

    def stale(self, now: float, after: float = STALE_AFTER) -> bool:
        return now - self.good_at > after


def jwks_place(site: str, url: str) -> Place:
    """Each address has a place of its own: a site that changes it is never believed by the keys of the old one."""
    return f"S#{site}", f"JWKS#{base64url(hashlib.sha256(url.encode()).digest()[:16])}"


def networks_place(crawler: str) -> Place:
    return "PUBLISHED", crawler


class PublishedStore:
    """Reads and writes what was fetched. A failure leaves what was good."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def read(self, place: Place) -> Published | None:
        """A moment old at the most (eventually consistent); None where it was never tried for."""
        item = self._database.get_item(TableName=self._table, Key=_key(place))
        return None if item is None else _published(item)

    def networks(self, crawler: str) -> tuple[str, ...]:
        """Those last good of the crawler's lists; none where nothing good was ever fetched. Raises `Unavailable`."""
        published = self.read(networks_place(crawler))
        return tuple(json.loads(published.text)) if published and published.text else ()

    def keep(self, place: Place, text: str, now: float) -> Published:
        """This is good from now on."""
        return self._update(place, "SET t = :t, g = :now, n = :now REMOVE w", {":t": {"S": text}}, now)

    def fail(self, place: Place, why: str, now: float) -> Published:
        """Nothing came this time."""
        return self._update(place, "SET w = :w, n = :now, g = if_not_exists(g, :now)", {":w": {"S": why}}, now)

    def _update(self, place: Place, update: str, values: dict[str, Any], now: float) -> Published:
        item = self._database.update_item(
            TableName=self._table,
            Key=_key(place),
            UpdateExpression=update,
            ExpressionAttributeValues={":now": {"N": repr(now)}, **values},
            ReturnValues="ALL_NEW",
        )
        return _published(item)


class JwksCache:
    """The keys that sites publish: one request a minute for all who sign in, and one for each version of a site."""

    def __init__(self, store: PublishedStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._entries: dict[Place, _Entry] = {}

    def keys(self, site: str, url: str, version: int) -> tuple[Key, ...]:
        """Those of the site's `jwks_url`, by its rules of `version`; none where nothing good was ever fetched.

        Raises `Unavailable` only where they were never read: old ones are better than none.
        """
        now, place = self._clock(), jwks_place(site, url)
        entry = self._entries.get(place)
        if entry and entry.version == version and 0 <= now - entry.read_at < _CACHED_FOR:
            return entry.keys
        try:
            published = self._store.read(place)
        except Unavailable:
            if entry is None:
                raise
            return entry.keys
        if len(self._entries) >= _MOST_CACHED:
            self._entries.clear()
        keys = parse_keys(published.text) if published and published.text else ()
        self._entries[place] = _Entry(now, version, keys)
        return keys


@dataclass(frozen=True, slots=True)
class _Entry:
    read_at: float
    version: int
    keys: tuple[Key, ...]


def dump_keys(keys: tuple[Key, ...]) -> str:
    return json.dumps([asdict(key) for key in keys], separators=(",", ":"))


def dump_networks(networks: Iterable[str]) -> str:
    return json.dumps(list(networks), separators=(",", ":"))


def parse_keys(text: str) -> tuple[Key, ...]:
    return tuple(Key(**key) for key in json.loads(text))


def _key(place: Place) -> dict[str, Any]:
    return {"pk": {"S": place[0]}, "sk": {"S": place[1]}}


def _published(item: Item) -> Published:
    return Published(
        text=item["t"]["S"] if "t" in item else None,
        good_at=float(item["g"]["N"]),
        tried_at=float(item["n"]["N"]),
        failure=item["w"]["S"] if "w" in item else None,
    )
