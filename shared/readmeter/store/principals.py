"""Which sites a member of staff may see and change, where that is written down: an item each, in the site table."""

from collections.abc import Callable, Iterable
from math import inf
from typing import Any

from readmeter.store.database import Database

_CACHED_FOR = 10  # seconds
_MOST_CACHED = 1000


class PrincipalStore:
    """Scopes by the principal's name. No call scans."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def sites(self, name: str) -> frozenset[str] | None:
        """The sites in the principal's scope (strongly consistent); None where nothing is written down."""
        item = self._database.get_item(TableName=self._table, Key=_key(name), ConsistentRead=True)
        return frozenset(each["S"] for each in item["sites"]["L"]) if item and "sites" in item else None

    def write(self, name: str, sites: Iterable[str]) -> None:
        """Writes the scope down, over what was there. No site at all is a scope too."""
        listed = {"L": [{"S": site} for site in sorted(set(sites))]}  # a list: DynamoDB knows no empty set
        self._database.put_item(TableName=self._table, Item={**_key(name), "sites": listed})

    def forget(self, name: str) -> None:
        """From now on nothing is written down. The item stays, so that no role needs to delete."""
        self._database.update_item(TableName=self._table, Key=_key(name), UpdateExpression="REMOVE sites")


class PrincipalCache:
    """Scopes, read again when they are ten seconds old: what every request of a caller shares."""

    def __init__(self, store: PrincipalStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._entries: dict[str, tuple[float, frozenset[str] | None]] = {}

    def sites(self, name: str) -> frozenset[str] | None:
        """As `PrincipalStore.sites`."""
        now = self._clock()
        read_at, sites = self._entries.get(name, (-inf, None))
        if not 0 <= now - read_at < _CACHED_FOR:
            sites = self._store.sites(name)
            if len(self._entries) >= _MOST_CACHED:
                self._entries.clear()
            self._entries[name] = (now, sites)
        return sites


def _key(name: str) -> dict[str, Any]:
    return {"pk": {"S": "PRINCIPALS"}, "sk": {"S": name}}
