"""What is noted of a reader beside the count: recorded unmetered reads, and what pages report. Never billable.

Items as those of meters, one per local day: `N#<reason>#<date>` for reads, `E#<date>` for events. The set `a` grows to
a bound; what finds no room is dropped, and `capped` says that something was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from readmeter.core.encoding import base64url
from readmeter.store.database import Conflict, Database, Refused, Unavailable
from readmeter.store.meters import Read, digests, partition

MOST_READS = 500
MOST_EVENTS = 200
_ATTEMPTS = 5
_HAS_ROOM = "attribute_not_exists(a) OR (attribute_exists(a) AND size(a) <= :most)"


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of a reader; its items may be forgotten from `expires` (epoch seconds) on."""

    site: str
    reader: str
    local_date: str
    expires: int


@dataclass(frozen=True, slots=True)
class PageEvent:
    """Something that a page reported: `article` is the article's digest, `at` in epoch seconds."""

    digest: bytes
    kind: str
    article: bytes
    at: int
    rule_version: int
    reader_class: str

    @property
    def stamp(self) -> str:
        """Read by `store.reads`."""
        return f"{self.kind}|{base64url(self.article)}|{self.at}|{self.rule_version}|{self.reader_class}"


class NoteStore:
    """Writes notes. Both methods raise `Unavailable` when DynamoDB does not answer; noting again is harmless."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def record(self, day: Day, reason: str, read: Read) -> None:
        """Records a read that `reason` made free: once an article, reason and day."""
        self._add(day, f"N#{reason}#{day.local_date}", {read.digest: read.stamp}, MOST_READS)

    def report(self, day: Day, events: Iterable[PageEvent]) -> None:
        """Stores events of that day: once each."""
        self._add(day, f"E#{day.local_date}", {event.digest: event.stamp for event in events}, MOST_EVENTS)

    def _add(self, day: Day, sort_key: str, stamps: Mapping[bytes, str], most: int) -> None:
        """One write where there is room for all of `stamps`; else what there is room for of those that are new."""
        key = {"pk": partition(day.site, day.reader), "sk": {"S": sort_key}}
        request = _request(stamps, day.expires, most)
        for _ in range(_ATTEMPTS):
            try:
                self._database.update_item(TableName=self._table, Key=key, **request)
                return
            except Conflict:
                continue
            except Refused as refused:
                item = refused.item or {}
            held = digests(item)
            new = {digest: stamp for digest, stamp in stamps.items() if digest not in held}
            fitting = dict(islice(new.items(), max(0, most - len(held))))
            if not fitting and (not new or "capped" in item):
                return
            request = _request(fitting, day.expires, most, capped=len(fitting) < len(new))
        raise Unavailable("conflicting writes")


def _request(stamps: Mapping[bytes, str], expires: int, most: int, *, capped: bool = False) -> dict[str, Any]:
    """Adds `stamps` if the set has room for them all; without any, only marks the item."""
    numbered = list(enumerate(stamps.items()))
    values: dict[str, Any] = {":x": {"N": str(expires)}, **{f":s{n}": {"S": stamp} for n, (_, stamp) in numbered}}
    sets = ["x = :x", *(f"#d{n} = if_not_exists(#d{n}, :s{n})" for n, _ in numbered)]
    if capped:
        sets.append("capped = :capped")
        values[":capped"] = {"BOOL": True}
    update = f"SET {', '.join(sets)}"
    if not stamps:
        return {"UpdateExpression": update, "ExpressionAttributeValues": values}
    most_before = {"N": str(most - len(stamps))}
    return {
        "UpdateExpression": f"{update} ADD a :digests",
        "ConditionExpression": _HAS_ROOM,
        "ExpressionAttributeNames": {f"#d{n}": base64url(digest) for n, (digest, _) in numbered},
        "ExpressionAttributeValues": {**values, ":digests": {"BS": list(stamps)}, ":most": most_before},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
