"""All that the meter table holds of one reader: what it says of each meter, and its erasure.

An erased item holds as many random fillers in `a` as it held digests, and no stamp: the allowance stays spent, nothing
tells what was read. `e` counts the usage rows whose stamps were erased, `g` the erasures. Whoever was merged into the
reader is erased with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from readmeter.core.article import DIGEST_BYTES
from readmeter.store.database import Conflict, Database, Item, Refused, Unavailable
from readmeter.store.meters import Slot, current, digests, partition, sort_key, unchanged_since, window_start
from readmeter.store.reads import NO_USAGE, STAMP_NAME

_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Holding:
    """What a slot holds now: how much of the allowance is used, and the counted digests (base64url) that have a name.

    `window_start` is when a `days` window was opened (epoch seconds), None where none is open.
    """

    used: int
    digests: Sequence[str]
    window_start: int | None


class ReaderStore:
    """Reads and erases readers. Raises `Unavailable` when DynamoDB does not answer; erasing again is harmless."""

    def __init__(self, database: Database, table: str, token_bytes: Callable[[int], bytes]) -> None:
        self._database = database
        self._table = table
        self._token_bytes = token_bytes

    def holdings(self, site: str, reader: str, slots: Sequence[Slot]) -> list[Holding]:
        """What each of the reader's `slots` holds, in their order."""
        items = {item["sk"]["S"]: item for item in self._items(site, reader)}
        held = [current(slot, items.get(sort_key(slot))) for slot in slots]
        return [Holding(len(digests(item)), sorted(_stamps(item)), window_start(item)) for item in held]

    def erase(self, site: str, reader: str) -> None:
        """Erases every item that the reader has by now. What is counted meanwhile is erased too or comes after."""
        for _ in range(_ROUNDS):
            items = [item for item in self._items(site, reader) if _stamps(item) or "mf" in item]
            for merged in {name for item in items if "mf" in item for name in item["mf"]["SS"]}:
                self.erase(site, merged)
            written = [self._erased(item) for item in items]
            if all(written):
                return
        raise Unavailable("conflicting writes")

    def _items(self, site: str, reader: str) -> Sequence[Item]:
        return self._database.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": partition(site, reader)},
            ConsistentRead=True,
        )

    def _erased(self, item: Item) -> bool:
        """Whether `item` was still as it was read. Where not, a closed window may hold what it held: read all again."""
        try:
            self._database.put_item(TableName=self._table, Item=self._without_a_trace(item), **unchanged_since(item))
        except (Refused, Conflict):
            return False
        return True

    def _without_a_trace(self, item: Item) -> dict[str, Any]:
        stamps = _stamps(item)
        usage = sum(1 for name in stamps if item[name]["S"] not in NO_USAGE)
        return {
            **{name: value for name, value in item.items() if name not in (*stamps, "mf")},
            "a": {"BS": [self._token_bytes(DIGEST_BYTES) for _ in item["a"]["BS"]]},
            "e": {"N": str(_number(item, "e") + usage)},
            "g": {"N": str(_number(item, "g") + 1)},
        }


def _stamps(item: Item) -> list[str]:
    return [name for name in item if len(name) == STAMP_NAME]


def _number(item: Item, name: str) -> int:
    return int(item[name]["N"]) if name in item else 0
