"""A month of the demo newspaper's readers: planned from a seed, then played through the real handlers.

The plan says who reads what when, and what a meter of that limit has to answer; playing it says what it did answer.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Any, Literal
from wsgiref.types import WSGIApplication
from zoneinfo import ZoneInfo

from werkzeug.test import Client

from readmeter.core.encoding import base64url
from readmeter.core.period import local_date
from readmeter.usage.months import final_at
from readmeter.usage.period import ExportPeriod

Expected = Literal["metered", "repeat", "limit_reached", "missed"]
Reaction = Literal["prompt_dismissed", "subscribe_clicked", "sign_in_clicked"]

READERS = 300
_SEED_BYTES = 16
# How many articles a reader wants in a month, and how many readers of a hundred do
_APPETITES = {1: 34, 2: 20, 3: 13, 4: 9, 5: 7, 6: 6, 7: 4, 8: 3, 10: 3, 12: 1}
_WEEKDAYS = (10, 11, 11, 11, 10, 7, 8)  # Monday first
_HOURS = (2, 1, 1, 1, 1, 2, 5, 9, 11, 9, 7, 7, 9, 9, 6, 5, 5, 6, 8, 10, 12, 11, 8, 4)
_REREADS = 0.1  # of all views: an article that was read before
_GIVES_UP = 0.35  # who meets the wall and wants nothing more this month
_READS_ON = 0.5  # who opens another article in the same sitting
_KEEPS_NOTHING = 0.03  # whose browser keeps no token: a new reader on every page, and never billable
_MISSED = 0.008  # views that never reached the service: the page showed the article
_DISMISSES = 0.12
_SITTING = 3_600  # seconds; what happens in one sitting is sent with the first view of the next,
_SENDS_BY_ITSELF = 3 * 86_400  # or by itself when none has come for so long
_MANY_EVENTS = 18  # a request carries 20 at the most, a page adds two
_DISMISSES_AFTER = 4  # seconds
_CLICKS_AFTER = 9
_SUBSCRIBES = 0.09  # of those who meet the wall
_SIGNS_IN = 0.06


@dataclass(frozen=True, slots=True)
class Paged:
    """An article as its page names it to the snippet, and as reports label it."""

    url: str
    title: str
    section: str
    lang: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One display of one page, at `at` (epoch seconds). A reader is its seed; `stored` is whether a token is kept.

    `expected` is what the meter has to answer, `missed` where it is never asked; `at_wall` and `at_count` are what the
    reader does when that is the prompt.
    """

    at: int
    seed: str
    article: Paged
    stored: bool
    expected: Expected
    at_count: Reaction | None
    at_wall: Reaction | None


class MonthClock:
    """The clock of the handlers that a month is played through: it stands where it was set (epoch seconds)."""

    def __init__(self) -> None:
        self.at = 0

    def now(self) -> float:
        return self.at


def month_to_bill(zone: str, now: float) -> ExportPeriod:
    """The latest month on the calendar of `zone` that can be final at `now`: it ended 72 hours ago, or earlier."""
    today = local_date(zone, now)
    month = ExportPeriod.parse(f"{today:%Y-%m}").month_before
    return month if now >= final_at(month, zone) else month.month_before


def plan(
    articles: Sequence[Paged], month: ExportPeriod, zone: str, limit: int, seed: str, readers: int = READERS
) -> list[Reading]:
    """Everything that `readers` readers open in `month`, in the order of time; the first article is read the most.

    The same arguments give the same plan: played twice, it counts nothing twice.
    """
    chance = Random(f"{seed} {month.text}")
    readings = [reading for _ in range(readers) for reading in _reader(chance, articles, month, zone, limit)]
    return sorted(readings, key=lambda reading: (reading.at, reading.seed))


def _reader(chance: Random, articles: Sequence[Paged], month: ExportPeriod, zone: str, limit: int) -> Iterator[Reading]:
    seed = _fresh(chance)
    stored = chance.random() >= _KEEPS_NOTHING
    (appetite,) = chance.choices(list(_APPETITES), list(_APPETITES.values()))
    wanted = _wanted(chance, articles, appetite)
    read: list[Paged] = []
    for at in _moments(chance, month, zone, appetite):
        is_reread = bool(read) and (not wanted or chance.random() < _REREADS)
        if not (wanted or is_reread):
            return
        article = chance.choice(read) if is_reread else wanted.pop(0)
        expected = _expected(chance, article, read if stored else [], limit)
        yield Reading(
            at=at,
            seed=seed if stored else _fresh(chance),
            article=article,
            stored=stored,
            expected=expected,
            at_count=_reaction(chance, {"prompt_dismissed": _DISMISSES}),
            at_wall=_reaction(chance, {"subscribe_clicked": _SUBSCRIBES, "sign_in_clicked": _SIGNS_IN}),
        )
        if expected == "metered":
            read.append(article)
        if expected == "limit_reached" and chance.random() < _GIVES_UP:
            return


def _expected(chance: Random, article: Paged, read: Sequence[Paged], limit: int) -> Expected:
    if chance.random() < _MISSED:
        return "missed"
    if article in read:
        return "repeat"
    return "metered" if len(read) < limit else "limit_reached"


def _wanted(chance: Random, articles: Sequence[Paged], appetite: int) -> list[Paged]:
    """So many different articles, the first of `articles` the likeliest."""
    weights = {article: 1 / (rank + 2) for rank, article in enumerate(articles)}
    wanted: list[Paged] = []
    while weights and len(wanted) < appetite:
        (article,) = chance.choices(list(weights), list(weights.values()))
        del weights[article]
        wanted.append(article)
    return wanted


def _moments(chance: Random, month: ExportPeriod, zone: str, least: int) -> list[int]:
    """When a reader opens so many pages or a few more: sittings in which one page follows another."""
    end = month.end(zone).timestamp()
    moments: set[int] = set()
    while len(moments) < least:
        at = _moment(chance, month, zone)
        while at < end:
            moments.add(at)
            if chance.random() >= _READS_ON:
                break
            at += chance.randint(40, 420)
    return sorted(moments)


def _moment(chance: Random, month: ExportPeriod, zone: str) -> int:
    (day,) = chance.choices(month.dates, [_WEEKDAYS[day.weekday()] for day in month.dates])
    (hour,) = chance.choices(range(24), _HOURS)
    return _instant(zone, day, hour, chance.randrange(3600))


def _instant(zone: str, day: date, hour: int, second: int) -> int:
    wall = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))
    return int(wall.timestamp()) + second


def _reaction(chance: Random, reactions: dict[Reaction, float]) -> Reaction | None:
    draw = chance.random()
    for reaction, share in reactions.items():
        if draw < share:
            return reaction
        draw -= share
    return None


def _fresh(chance: Random) -> str:
    """A seed as a snippet makes it."""
    return base64url(chance.randbytes(_SEED_BYTES))


def play(
    readings: Sequence[Reading],
    site: str,
    origin: str,
    api: Callable[[Callable[[], float]], WSGIApplication],
    progress: Callable[[int], None],
) -> Counter[str]:
    """Sends every reading as its page would, and what its reader did then; how often each reason was answered.

    `api` makes the service on a clock, `origin` is the pages' own. `progress` is told how many readings are done.
    Raises RuntimeError where the service refuses one.
    """
    clock = MonthClock()
    browsers = _Browsers(site, origin, Client(api(clock.now)))
    reasons: Counter[str] = Counter()
    for done, reading in enumerate(readings, 1):
        clock.at = reading.at
        browsers.send_what_waited_since(reading.at - _SENDS_BY_ITSELF)
        reasons[browsers.open(reading)] += 1
        progress(done)
    browsers.send_what_waited_since(readings[-1].at)
    return reasons


@dataclass
class _Browser:
    """What a page finds of a reader: the token and state of the last answer, and the events not yet sent."""

    reader: str | None = None
    state: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    def waits_since(self, at: int) -> bool:
        """Whether events have waited since `at` (epoch seconds), or are as many as one request carries."""
        return bool(self.events) and (self.events[0]["at"] <= at * 1000 or len(self.events) >= _MANY_EVENTS)


class _Browsers:
    """The readers' browsers, by seed."""

    def __init__(self, site: str, origin: str, client: Client) -> None:
        self._site = site
        self._origin = origin
        self._client = client
        self._held: dict[str, _Browser] = {}

    def open(self, reading: Reading) -> str:
        """Shows the page of `reading`; the reason of the answer, `missed` where none came."""
        browser = self._held.setdefault(reading.seed, _Browser())
        if reading.expected == "missed":
            browser.events.append(_event("fail_open", reading, 0))
            return "missed"
        sent = browser.events if browser.waits_since(reading.at - _SITTING) else []
        answer = self._post("/v1/views", {**self._view(reading, browser), "events": sent})
        browser.reader, browser.state = answer["reader"], answer["state"] or browser.state
        browser.events = [*browser.events[len(sent) :], *_events(reading, answer["prompt"])]
        return str(answer["reason"])

    def send_what_waited_since(self, at: int) -> None:
        """Reports the events of readers who opened nothing more since then."""
        for seed, browser in self._held.items():
            if browser.waits_since(at):
                self._post("/v1/events", {"reader": browser.reader, "seed": seed, "events": browser.events})
                browser.events = []

    def _view(self, reading: Reading, browser: _Browser) -> dict[str, Any]:
        return {
            "url": reading.article.url,
            "view": f"{reading.seed}-{reading.at}",
            "reader": browser.reader,
            "seed": reading.seed,
            "state": browser.state,
            "storage": None if reading.stored else "none",
            "sections": [reading.article.section],
            "locale": reading.article.lang,
        }

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._client.post(path, json={"site": self._site, **body}, headers={"Origin": self._origin})
        if answer.status_code not in (200, 202):
            raise RuntimeError(f"{path} was refused: {answer.status}")
        return answer.json


def _events(reading: Reading, prompt: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """What a page reports of the prompt that it was answered with."""
    if prompt is None:
        return
    yield _event("prompt_shown", reading, 0)
    reaction = reading.at_count if prompt["kind"] in ("countdown", "last") else reading.at_wall
    if reaction:
        yield _event(reaction, reading, _DISMISSES_AFTER if reaction == "prompt_dismissed" else _CLICKS_AFTER)


def _event(kind: str, reading: Reading, after: int) -> dict[str, Any]:
    return {"kind": kind, "article": reading.article.url, "at": (reading.at + after) * 1000}


@dataclass(frozen=True, slots=True)
class Simulation:
    """Readers of one paper: its site, its pages' origin, its articles (most read first) and its meter's limit.

    `api` makes the service on a clock of its own, so that the one of the running service stands still.
    """

    site: str
    origin: str
    zone: str
    limit: int
    articles: tuple[Paged, ...]
    api: Callable[[Callable[[], float]], WSGIApplication]

    def run(self, month: ExportPeriod, progress: Callable[[int, int], None]) -> Counter[str]:
        """Plays `month`; `progress` is told how many readings are done, of how many. Raises as `play` does."""
        readings = plan(self.articles, month, self.zone, self.limit, self.site)
        progress(0, len(readings))
        return play(readings, self.site, self.origin, self.api, lambda done: progress(done, len(readings)))
