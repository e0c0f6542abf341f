"""Site documents in the site table: the live one with its compiled form, every version for ever, the list of sites."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from readmeter.core.rules import CompiledSite
from readmeter.store.database import Database, Item

_MOST_CACHED = 1000


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable version: the document as JSON text, when it was written (seconds since the epoch) and by whom."""

    site: str
    version: int
    document: str
    written_at: float
    written_by: str


@dataclass(frozen=True, slots=True)
class ListedSite:
    """A line of the list of sites: its newest version and when that was written (seconds since the epoch).

    `deleted_at` is None while the site lives.
    """

    site: str
    version: int
    written_at: float
    deleted_at: float | None = None


@dataclass(frozen=True, slots=True)
class LiveSite:
    """A site as it stands: its newest version and the compiled form; `deleted` keeps the id taken for ever."""

    latest: Version
    compiled: CompiledSite
    deleted: bool


class SiteStore:
    """Reads and writes of the site table. No call scans."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def live(self, site: str) -> LiveSite | None:
        """The site as it stands (strongly consistent), also when deleted; None when the id was never used."""
        item = self._database.get_item(TableName=self._table, Key=_key(_partition(site), "LIVE"), ConsistentRead=True)
        return None if item is None else _live(item)

    def compiled(self, site: str) -> CompiledSite | None:
        """What views need, a moment old at the most (eventually consistent); None for unknown and deleted sites."""
        item = self._database.get_item(
            TableName=self._table,
            Key=_key(_partition(site), "LIVE"),
            ProjectionExpression="#rules, gone",  # `rules` is a reserved word
            ExpressionAttributeNames={"#rules": "rules"},
        )
        return None if item is None or "gone" in item else CompiledSite.parse(item["rules"]["S"])

    def version(self, site: str, version: int) -> Version | None:
        key = _key(_partition(site), _version_key(version))
        item = self._database.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return None if item is None else _version(item)

    def versions(self, site: str) -> list[Version]:
        """All versions, newest first."""
        items = self._database.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :v)",
            ExpressionAttributeValues={":pk": {"S": _partition(site)}, ":v": {"S": "V#"}},
            ScanIndexForward=False,
            ConsistentRead=True,
        )
        return [_version(item) for item in items]

    def sites(self) -> Sequence[ListedSite]:
        """The sites that are not deleted, in order of their ids."""
        return [listed for listed in self.sites_ever() if listed.deleted_at is None]

    def sites_ever(self) -> Sequence[ListedSite]:
        """Every site, the deleted ones too: their usage stays."""
        items = self._database.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "SITES"}},
            ConsistentRead=True,
        )
        return [_listed(item) for item in items]

    def write(self, version: Version, compiled: CompiledSite) -> None:
        """Makes `version` the live one, in one transaction.

        Raises `Conflict` unless the live version is `version.version - 1` (0: no site of that id yet) and not deleted.
        """
        first = version.version == 1
        line = {"n": {"N": str(version.version)}, "at": {"N": repr(version.written_at)}}
        attributes = {**line, "doc": {"S": version.document}, "by": {"S": version.written_by}}
        partition = _partition(version.site)
        live: dict[str, Any] = {
            "TableName": self._table,
            "Item": {**_key(partition, "LIVE"), **attributes, "rules": {"S": compiled.dump()}},
            "ConditionExpression": "attribute_not_exists(pk)" if first else "n = :n AND attribute_not_exists(gone)",
        }
        if not first:
            live["ExpressionAttributeValues"] = {":n": {"N": str(version.version - 1)}}
        record = {
            "TableName": self._table,
            "Item": {**_key(partition, _version_key(version.version)), **attributes},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        listed = {"TableName": self._table, "Item": {**_key("SITES", version.site), **line}}
        self._database.transact_write_items(TransactItems=[{"Put": live}, {"Put": record}, {"Put": listed}])

    def delete(self, site: str, version: int, now: float) -> None:
        """Ends the site at `now` (epoch seconds): views find none, the versions stay, the id is never free again.

        Raises `Conflict` unless the live version is `version` and not deleted.
        """
        live = {
            "TableName": self._table,
            "Key": _key(_partition(site), "LIVE"),
            "UpdateExpression": "SET gone = :yes",
            "ConditionExpression": "n = :n AND attribute_not_exists(gone)",
            "ExpressionAttributeValues": {":yes": {"BOOL": True}, ":n": {"N": str(version)}},
        }
        listed = {
            "TableName": self._table,
            "Key": _key("SITES", site),
            "UpdateExpression": "SET gone = :now",  # marked, so that no role needs to delete: versions are for ever
            "ExpressionAttributeValues": {":now": {"N": repr(now)}},
        }
        self._database.transact_write_items(TransactItems=[{"Update": live}, {"Update": listed}])


class SiteCache:
    """Compiled sites, read again when they are older than `seconds`: what every view of a site shares."""

    def __init__(self, store: SiteStore, seconds: float, clock: Callable[[], float]) -> None:
        self._store = store
        self._seconds = seconds
        self._clock = clock
        self._entries: dict[str, tuple[float, CompiledSite | None]] = {}

    def compiled(self, site: str) -> CompiledSite | None:
        """As `SiteStore.compiled`; an unknown site is remembered too, so that guessing ids costs no reads."""
        now = self._clock()
        read_at, compiled = self._entries.get(site, (-inf, None))
        if not 0 <= now - read_at < self._seconds:
            compiled = self._store.compiled(site)
            if len(self._entries) >= _MOST_CACHED:
                self._entries.clear()
            self._entries[site] = (now, compiled)
        return compiled


def _partition(site: str) -> str:
    return f"S#{site}"


def _version_key(version: int) -> str:
    return f"V#{version:09d}"  # fixed width, so that the newest sorts last


def _key(partition: str, sort: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def _version(item: Item) -> Version:
    return Version(
        site=item["pk"]["S"].removeprefix("S#"),
        version=int(item["n"]["N"]),
        document=item["doc"]["S"],
        written_at=float(item["at"]["N"]),
        written_by=item["by"]["S"],
    )


def _listed(item: Item) -> ListedSite:
    deleted_at = float(item["gone"]["N"]) if "gone" in item else None
    return ListedSite(item["sk"]["S"], int(item["n"]["N"]), float(item["at"]["N"]), deleted_at)


def _live(item: Item) -> LiveSite:
    return LiveSite(_version(item), CompiledSite.parse(item["rules"]["S"]), deleted="gone" in item)
