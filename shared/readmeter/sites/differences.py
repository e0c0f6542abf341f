"""What a new version of a site document changes, and when each change takes force."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from readmeter.core.rules import CompiledSite, Rules
from readmeter.sites.document import SiteDocument

Data = Mapping[str, Any]  # a site document as `SiteDocument.data` gives it
_COUNTING = ("period", "count", "pool")

# "from" is no name that a class body takes
Difference = TypedDict("Difference", {"path": str, "from": Any, "to": Any, "in_force": str})


def differences(old: Data | None, new: Data, compiled: CompiledSite, now: float) -> list[Difference]:
    """Every value that `new` (compiled as `compiled`) has otherwise than `old`; an absent one is None.

    `path` is a JSON Pointer, in which a meter goes by its name; `in_force` is ISO 8601 in the site's zone of now.
    """
    if old is None:
        return []
    before = SiteDocument.model_validate(old).data()  # a key that is younger than `old` had its default
    zone = ZoneInfo(compiled.current.timezone)
    return [
        {
            "path": "/" + "/".join(path),
            "from": was,
            "to": becomes,
            "in_force": datetime.fromtimestamp(_in_force(path, compiled, now), zone).isoformat(timespec="seconds"),
        }
        for path, was, becomes in _changes((), _by_name(before), _by_name(new))
    ]


def early_limits(changes: Sequence[Difference]) -> list[tuple[str, str]]:
    """Warnings (path, sentence) where a limit changes at once, but what it is a limit over only later."""
    paths = [(change["path"].split("/"), change["in_force"]) for change in changes]
    later = {path[2]: instant for path, instant in paths if path[3:4] and path[3] in _COUNTING}
    return [
        ("/".join(path), f"This limit holds at once, the meter's new period, count or pool only from {later[path[2]]}.")
        for path, instant in paths
        if path[3:4] == ["limits"] and later.get(path[2], instant) != instant
    ]


def _by_name(document: Data) -> Data:
    """The document with its meters by name."""
    meters = {meter["name"]: {key: meter[key] for key in meter if key != "name"} for meter in document["meters"]}
    return {**document, "meters": meters}


def _changes(path: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        if path == ("meters",) and (kept := [name for name in old if name in new]) != [n for n in new if n in old]:
            yield path, kept, [name for name in new if name in old]  # their order is their precedence
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _changes((*path, key), old.get(key), new.get(key))
    elif old != new:
        yield path, old, new


def _in_force(path: tuple[str, ...], compiled: CompiledSite, now: float) -> float:
    if compiled.following is None or compiled.following_from is None:
        return now
    waits = _decides(path, compiled.current) != _decides(path, compiled.following)
    return compiled.following_from if waits else now


def _decides(path: tuple[str, ...], rules: Rules) -> object:
    """What of `rules` a change at `path` shows in, where it may wait; None elsewhere."""
    if path == ("timezone",):
        return rules.timezone
    if path[0] == "retention":
        return getattr(rules.retention, path[1])
    if path[0] != "meters":
        return None
    if len(path) == 1:
        return [meter.name for meter in rules.meters]
    meter = next((meter for meter in rules.meters if meter.name == path[1]), None)
    if meter is None or len(path) == 2:
        return meter and meter.name
    counting: dict[str, object] = {"period": (meter.unit, meter.days), "count": meter.count, "pool": meter.pool}
    return counting.get(path[2], getattr(meter, path[2], None))
