"""Counting in the meter table: one conditional UpdateItem decides and records a read.

Item: `pk` = S#<site>#R#<reader>, `sk` = P#<meter>#<period>. `a` is the set of counted digests. Each digest also names a
top-level attribute, its stamp, written once by the same call: what usage is derived from. `x` is the TTL. A `days`
window lives at `P#<meter>#D`, its start in `ws`; when it is over, a copy moves to `P#<meter>#<ws>`. `mi` marks an item
that was merged into another reader's (`store.merging`). An erased item (`store.readers`) has fillers in `a`, and its
generation in `g`. Campaigns and gifts are counted in the same way, in families of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from readmeter.core.decision import Tally
from readmeter.core.encoding import base64url, from_base64url
from readmeter.core.period import DAY
from readmeter.store.database import Conflict, Database, Item, Refused, Unavailable
from readmeter.store.reads import UNRECORDED

_ATTEMPTS = 5
_MARKS = ("ws", "g", "mi", "mf", "capped")

_COUNT = "SET #d = if_not_exists(#d, :stamp), x = :x ADD a :digests"
_COUNT_IN_WINDOW = (
    "SET #d = if_not_exists(#d, :stamp), x = if_not_exists(x, :x), ws = if_not_exists(ws, :now) ADD a :digests"
)
# size() of a missing attribute is no number, and a limit of 0 admits nothing: both need their own term.
_ADMITS = (
    "attribute_not_exists(mi) AND ((attribute_not_exists(a) AND :limit > :zero)"
    " OR (attribute_exists(a) AND (size(a) < :limit OR contains(a, :digest))))"
)
_WINDOW_ADMITS = f"(attribute_not_exists(ws) OR ws > :cut) AND {_ADMITS}"


Family = Literal["P", "N", "G"]


@dataclass(frozen=True, slots=True)
class CalendarSlot:
    """A reader's item of one calendar period: `key` is the period's, `ends_at` epoch seconds.

    The item outlives the period by `reader_days`: late usage and reconciliation still find it. `family`: `P` of meters,
    `N` of reads that are free (`meter` is then the reason), `G` of articles given away.
    """

    site: str
    reader: str
    meter: str
    key: str
    ends_at: float
    reader_days: int = 45
    family: Family = "P"


@dataclass(frozen=True, slots=True)
class WindowSlot:
    """A reader's current window of `days` days, at `now` (epoch seconds); `reader_days` as above."""

    site: str
    reader: str
    meter: str
    days: int
    now: int
    reader_days: int = 45

    @property
    def cut(self) -> int:
        """Windows that were opened at this instant or before are over."""
        return self.now - self.days * DAY


Slot = CalendarSlot | WindowSlot
Traffic = Literal["reader", "unstored", "suspected_bot"]


@dataclass(frozen=True, slots=True)
class Read:
    """One read to count. Date, rule version, class, traffic and unit travel with it into usage as its stamp.

    `is_usage`: whether it is any.
    """

    digest: bytes
    local_date: str
    rule_version: int
    reader_class: str
    traffic: Traffic
    unit: Literal["article", "view"] = "article"
    is_usage: bool = True

    @property
    def stamp(self) -> str:
        """Read by `store.reads`. The unit is written only where it is not the usual one: an item stays small."""
        if not self.is_usage:
            return UNRECORDED
        stamp = f"{self.local_date}|{self.rule_version}|{self.reader_class}|{self.traffic}"
        return stamp if self.unit == "article" else f"{stamp}|{self.unit}"


class MeterStore:
    """Counts reads, and looks at what is counted.

    Every method raises `Unavailable` when DynamoDB does not answer; a read may or may not be counted then, and counting
    it again is harmless.
    """

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def count(self, slot: Slot, read: Read, limit: int) -> Tally:
        """Counts `read` unless it is counted already or `limit` is reached; says what the meter held and holds."""
        for _ in range(_ATTEMPTS):
            try:
                return self._count(slot, read, limit)
            except Conflict:
                continue
        raise Unavailable("conflicting writes")

    def look(self, slot: Slot, digest: bytes, limit: int) -> Tally:
        """The tally that `count` would give, writing nothing; `used` as it stands."""
        item = self._database.get_item(TableName=self._table, Key=key_of(slot), ConsistentRead=True)
        held = current(slot, item)
        counted = digests(held)
        known = digest in counted
        new = not known and len(counted) < limit
        return Tally(len(counted), new, known, counted, window_start(held), merged_into(held))

    def _count(self, slot: Slot, read: Read, limit: int) -> Tally:
        try:
            old = self._database.update_item(**_count_request(self._table, slot, read, limit))
        except Refused as refused:
            return self._refused(slot, read, limit, refused.item or {})
        counted = digests(old)
        known = read.digest in counted
        start = window_start(old)
        if start is None and isinstance(slot, WindowSlot):
            start = slot.now
        counted |= {read.digest}
        return Tally(len(counted), not known, known, counted, start)

    def _refused(self, slot: Slot, read: Read, limit: int, item: Item) -> Tally:
        held = current(slot, item)
        if isinstance(slot, WindowSlot) and item and not held and limit > 0:
            self._database.transact_write_items(TransactItems=_roll_over(self._table, slot, read, item))
            return Tally(1, new=True, digests=frozenset({read.digest}), window_start=slot.now)
        counted = digests(held)
        into = merged_into(held)
        return Tally(len(counted), digests=counted, window_start=window_start(held), merged_into=into)


def _count_request(table: str, slot: Slot, read: Read, limit: int) -> dict[str, Any]:
    values: dict[str, Any] = {
        ":stamp": {"S": read.stamp},
        ":digests": {"BS": [read.digest]},
        ":digest": {"B": read.digest},
        ":limit": {"N": str(limit)},
        ":zero": {"N": "0"},
        ":x": {"N": str(_expires(slot))},
    }
    if isinstance(slot, WindowSlot):
        values |= {":now": {"N": str(slot.now)}, ":cut": {"N": str(slot.cut)}}
    return {
        "TableName": table,
        "Key": key_of(slot),
        "UpdateExpression": _COUNT_IN_WINDOW if isinstance(slot, WindowSlot) else _COUNT,
        "ConditionExpression": _WINDOW_ADMITS if isinstance(slot, WindowSlot) else _ADMITS,
        "ExpressionAttributeNames": {"#d": base64url(read.digest)},
        "ExpressionAttributeValues": values,
        "ReturnValues": "ALL_OLD",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _roll_over(table: str, slot: WindowSlot, read: Read, old: Item) -> list[dict[str, Any]]:
    """Closes the window that is over and opens the next with `read`, if nobody has touched it meanwhile."""
    opened = {
        **key_of(slot),
        "a": {"BS": [read.digest]},
        base64url(read.digest): {"S": read.stamp},
        "ws": {"N": str(slot.now)},
        "x": {"N": str(_expires(slot))},
    }
    return [
        {"Put": {"TableName": table, "Item": closed_window(slot, old)}},
        {"Put": {"TableName": table, "Item": opened, **unchanged_since(old)}},
    ]


def closed_window(slot: WindowSlot, old: Item) -> dict[str, Any]:
    """The copy that keeps a window when its item goes on to another."""
    return {**old, "sk": {"S": f"P#{slot.meter}#{old['ws']['N']}"}}


def unchanged_since(old: Item) -> dict[str, Any]:
    """The condition that nobody has counted, rolled over, merged, erased or capped since `old` was read: sizes alone,
    which a window's successor or an erased item may share, do not tell."""
    same = [f"{name} = :{name}" if name in old else f"attribute_not_exists({name})" for name in _MARKS]
    values = {f":{name}": old[name] for name in _MARKS if name in old}
    return {
        "ConditionExpression": " AND ".join(["attribute_exists(a)", "size(a) = :size", *same]),
        "ExpressionAttributeValues": {**values, ":size": {"N": str(len(old["a"]["BS"]))}},
    }


def partition(site: str, reader: str) -> dict[str, str]:
    """The key under which everything lies that the meter table holds of a reader."""
    return {"S": f"S#{site}#R#{reader}"}


def key_of(slot: Slot) -> dict[str, dict[str, str]]:
    return {"pk": partition(slot.site, slot.reader), "sk": {"S": sort_key(slot)}}


def sort_key(slot: Slot) -> str:
    return f"{slot.family}#{slot.meter}#{slot.key}" if isinstance(slot, CalendarSlot) else f"P#{slot.meter}#D"


def _expires(slot: Slot) -> int:
    ends_at = slot.ends_at if isinstance(slot, CalendarSlot) else slot.now + slot.days * DAY
    return int(ends_at) + slot.reader_days * DAY


def current(slot: Slot, item: Item | None) -> Item:
    """What `item` holds of the current period: nothing, where it is a window that is over."""
    if item is None or (isinstance(slot, WindowSlot) and (window_start(item) or 0) <= slot.cut):
        return {}
    return item


def digests(item: Mapping[str, Mapping[str, Any]]) -> frozenset[bytes]:
    return frozenset(bytes(digest) for digest in item.get("a", {}).get("BS", ()))


def merged_into(item: Item) -> bytes | None:
    """The id of the reader whom the item was merged into."""
    return from_base64url(item["mi"]["S"]) if "mi" in item else None


def window_start(item: Item) -> int | None:
    return int(item["ws"]["N"]) if "ws" in item else None
