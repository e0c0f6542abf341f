"""The merge of an anonymous reader into a registered one: the union of what both read, and nothing counted.

One transaction over the current periods of all meters. What the registered reader lacks is added with the stamp
`carried`, which is no usage; the anonymous item gets `mi`, the reader that it is merged into, and refuses from then on.
`mf` names, in the registered item, whom it was merged from: an erasure has to find them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from readmeter.store.database import Conflict, Database, Item, Unavailable
from readmeter.store.meters import Slot, WindowSlot, closed_window, current, digests, key_of, unchanged_since
from readmeter.store.reads import CARRIED, STAMP_NAME

_ATTEMPTS = 10
# In a period. Nobody has so many browsers, or reads so much: who mints readers to merge them pays for no larger items
_MOST_MERGED = 100
_MOST_DIGESTS = 2000

Pair = tuple[Slot, Slot]  # the anonymous reader's, and the registered one's of the same meter and period


class MergeStore:
    """Merges readers. Raises `Unavailable` when DynamoDB does not answer; merging again is harmless."""

    def __init__(self, database: Database, table: str) -> None:
        self._database = database
        self._table = table

    def merge(self, pairs: Sequence[Pair]) -> None:
        """Merges what the first slot of each pair holds now into the second: once, whatever is counted meanwhile.

        A registered reader whom too many were merged into already stays apart from the next.
        """
        for _ in range(_ATTEMPTS):
            writes = [write for pair in pairs for write in self._moves(*pair)]
            if not writes:
                return
            try:
                self._database.transact_write_items(TransactItems=writes)
            except Conflict:  # somebody read, or merged on another device: look again
                continue
            return
        raise Unavailable("conflicting writes")

    def _moves(self, source: Slot, target: Slot) -> Iterator[dict[str, Any]]:
        old = self._item(source)
        held = current(source, old)
        if "a" not in held or "mi" in held:
            return
        before = self._item(target)
        if _is_full(current(target, before), held):
            return
        yield self._put({**held, "mi": {"S": target.reader}}, held)
        if before is not None and (kept := _closed(target, before)):
            yield self._put(kept, None)
        yield self._put(_united(source, target, held, before), before)

    def _item(self, slot: Slot) -> Item | None:
        return self._database.get_item(TableName=self._table, Key=key_of(slot), ConsistentRead=True)

    def _put(self, item: Item, over: Item | None) -> dict[str, Any]:
        condition = {"ConditionExpression": "attribute_not_exists(pk)"} if over is None else unchanged_since(over)
        return {"Put": {"TableName": self._table, "Item": item, **condition}}


def _is_full(own: Item, held: Item) -> bool:
    merged = own.get("mf", {}).get("SS", ())
    return len(merged) >= _MOST_MERGED or len(digests(own) | digests(held)) > _MOST_DIGESTS


def _closed(target: Slot, before: Item) -> Item | None:
    """The copy that keeps the usage of the registered reader's window, where that is over."""
    if isinstance(target, WindowSlot) and not current(target, before):
        return closed_window(target, before)
    return None


def _united(source: Slot, target: Slot, held: Item, before: Item | None) -> dict[str, Any]:
    """The registered reader's item with what `held` has and it lacks. Its own window goes on, if one is open."""
    own = current(target, before)
    begun = {"ws": held["ws"]} if isinstance(target, WindowSlot) else {}
    lacking = {name for name in held if len(name) == STAMP_NAME} - own.keys()
    merged = {*own.get("mf", {}).get("SS", ()), source.reader}
    return {
        **begun,
        "x": held["x"],
        **own,
        **key_of(target),
        **{name: {"S": CARRIED} for name in sorted(lacking)},
        "a": {"BS": sorted(digests(own) | digests(held))},
        "mf": {"SS": sorted(merged)},
    }
