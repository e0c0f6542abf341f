"""The newsroom's switches: rules of the site that the strip turns on and off, for everybody, as staff would."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

STORM_TAG = "storm"
_STORM = timedelta(days=1)

Document = dict[str, Any]


class Rules(Protocol):
    """The admin API, as far as rules go. Both raise `Refused`."""

    def document(self) -> Document:
        """The site document in force."""

    def publish(self, document: Document) -> None:
        """Puts it in force."""


@dataclass(frozen=True)
class Switch:
    """Something to turn on; `is_on` and `turned` take a site document and the time, `turned` also which way."""

    name: str
    label: str
    meaning: str
    is_on: Callable[[Document, datetime], bool]
    turned: Callable[[Document, datetime, bool], Document]


def _is_stormy(document: Document, now: datetime) -> bool:
    return any(_is_of_a_storm(lift) and now < datetime.fromisoformat(lift["until"]) for lift in _lifts(document))


def _with_storm(document: Document, now: datetime, on: bool) -> Document:
    others = [lift for lift in _lifts(document) if not _is_of_a_storm(lift)]
    until = (now + _STORM).isoformat(timespec="seconds")
    storm = {"until": until, "match": {"tags": [STORM_TAG]}, "note": "The strip's storm"}
    return {**document, "lift": [*others, storm] if on else others}


def _lifts(document: Document) -> list[dict[str, Any]]:
    lifts: list[dict[str, Any]] = document.get("lift", [])
    return lifts


def _is_of_a_storm(lift: dict[str, Any]) -> bool:
    return STORM_TAG in lift["match"].get("tags", ())


SWITCHES = (
    Switch(
        "storm",
        "Storm",
        "A storm: for a day, articles on the subject “storm” are open to everybody and count for nobody. Meet the wall "
        "at “The cloud that sits on the Corcovado”, press this in another tab, and go back: it opens without a reload.",
        is_on=_is_stormy,
        turned=_with_storm,
    ),
    Switch(
        "observe",
        "Observe only",
        "Observing: what is read is counted, and nobody is shown a bar or a wall. So a publisher chooses a limit by "
        "its own readers. Go to a wall: it is gone.",
        is_on=lambda document, _: document.get("mode") == "observe",
        turned=lambda document, _, on: {**document, "mode": "observe" if on else "live"},
    ),
)


class Newsroom:
    """Turns switches. What a page shows of them is as it was last known: no page waits for the admin API."""

    def __init__(self, rules: Rules, clock: Callable[[], float]) -> None:
        self._rules = rules
        self._clock = clock
        self._known: Document = {}

    def knows(self, document: Document) -> None:
        """Is told of the document in force."""
        self._known = document

    def is_on(self, switch: Switch) -> bool:
        return switch.is_on(self._known, self._now())

    def turn(self, switch: Switch) -> None:
        """On if it is off, off if it is on. Raises `Refused`."""
        document, now = self._rules.document(), self._now()
        turned = switch.turned(document, now, not switch.is_on(document, now))
        self._rules.publish(turned)
        self.knows(turned)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
