"""One view: which rule, what the meter holds of the reader, and the answer with its tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readmeter.core.article import digest, identity
from readmeter.core.decision import Decision, Tally, by_meter, by_rules, limit_for
from readmeter.core.encoding import base64url
from readmeter.core.grant import page_hash, write_grant
from readmeter.core.keys import Keyring
from readmeter.core.period import calendar_bucket, local_date, window_end
from readmeter.core.prompt import prompt_for
from readmeter.core.rules import Count, Meter, Page, ReaderClass, Rules
from readmeter.core.state import MOST_DIGESTS, State, read_state, scope_of, write_state
from readmeter.core.tokens import READER_BYTES, Reader, reader_of_token, reader_token
from readmeter.metering.events import day_of, keep_events
from readmeter.store.meters import CalendarSlot, MeterStore, Read, Slot, WindowSlot
from readmeter.store.notes import NoteStore
from readmeter.web.body import ViewRequest

READER_CLASS: ReaderClass = "anonymous"


@dataclass(frozen=True, slots=True)
class Visit:
    """A valid request, and what it is decided on. `reader` is None for a newcomer who brought nothing along.

    `display` names this one display of the page; `languages` are what the reader reads, best first; `return_url` is
    where the prompt's pages send the reader back to; `now` is in epoch seconds.
    """

    view: ViewRequest
    rules: Rules
    keyring: Keyring
    page: Page
    reader: Reader | None
    display: str
    languages: list[str]
    return_url: str
    now: float


@dataclass(frozen=True, slots=True)
class Question:
    """What the store is asked of a metered visit; `resets_at` is None for a window: only the store knows its start."""

    meter: Meter
    limit: int
    slot: Slot
    scope: bytes
    digest: bytes
    resets_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decided visit: who the reader is, what was decided, and the answer of POST /v1/views."""

    reader: Reader
    decision: Decision
    document: dict[str, Any]


class Views:
    """Decides visits."""

    def __init__(self, meters: MeterStore, notes: NoteStore, token_bytes: Callable[[int], bytes]) -> None:
        self._meters = meters
        self._notes = notes
        self._token_bytes = token_bytes

    def decide(self, visit: Visit) -> Outcome:
        """Decides and counts. Raises `Unavailable` when the store does not answer."""
        reader = visit.reader or Reader(self._token_bytes(READER_BYTES))
        ruled = by_rules(visit.rules, visit.page)
        known = read_state(visit.keyring, visit.rules.site, visit.view.state, visit.now)
        if known and known.reader != reader:
            known = None
        if isinstance(ruled, Decision):
            return _outcome(visit, reader, ruled, known)
        question = _question(visit, reader, ruled)
        if known and (tally := _remembered(known, question, visit.now)):
            return _outcome(visit, reader, _decision(visit, question, tally), known)
        read = _read(visit, question.digest, question.meter.count)
        tally = self._meters.count(question.slot, read, question.limit)
        return _outcome(visit, reader, _decision(visit, question, tally), _state(reader, question, tally, visit.now))

    def note(self, visit: Visit, outcome: Outcome) -> None:
        """Stores what there is beside the count: a recorded unmetered read, what the page reports. As `decide`."""
        rules, decision = visit.rules, outcome.decision
        if decision.access == "granted" and decision.reason in rules.record:
            day = day_of(rules, outcome.reader, visit.now)
            self._notes.record(day, decision.reason, _read(visit, _article(visit), "article"))
        keep_events(self._notes, rules, visit.keyring, outcome.reader, READER_CLASS, visit.view.events, visit.now)

    def foresee(self, visit: Visit) -> dict[str, Any]:
        """The decision that `decide` would take, writing and minting nothing: the answer of POST /v1/access."""
        decision = by_rules(visit.rules, visit.page)
        if not isinstance(decision, Decision):
            question = _question(visit, visit.reader or Reader(bytes(READER_BYTES)), decision)
            decision = _decision(visit, question, self._look(visit, question))
        genuine = reader_of_token(visit.keyring, visit.rules.site, visit.view.reader, visit.now)
        token = visit.view.reader if genuine else None
        return {**_facts(visit, decision), "reader": token, "state": None, "grant": None, "prompt": None}

    def _look(self, visit: Visit, question: Question) -> Tally:
        if visit.reader is None:
            return Tally(0, new=question.limit > 0)
        return self._meters.look(question.slot, question.digest, question.limit)


def _question(visit: Visit, reader: Reader, meter: Meter) -> Question:
    site = visit.rules.site
    view = visit.display if meter.count == "view" else None
    counted = digest(visit.keyring.permanent_key("article", site), _identity(visit), view)
    limit = limit_for(meter, READER_CLASS)
    slot, resets_at = slot_of(visit.rules, meter, reader, visit.now)
    period = slot.key if isinstance(slot, CalendarSlot) else "days"
    return Question(meter, limit, slot, scope_of(visit.rules, meter, period), counted, resets_at)


def slot_of(rules: Rules, meter: Meter, reader: Reader, now: float) -> tuple[Slot, datetime | None]:
    """Where `meter` counts the reader's reads at `now`, and when the period ends: None for a window."""
    kept = rules.retention.reader_days
    if meter.unit == "days":
        return WindowSlot(rules.site, reader.name, meter.pool, meter.days, int(now), kept), None
    bucket = calendar_bucket(meter.unit, rules.timezone, now)
    slot = CalendarSlot(rules.site, reader.name, meter.pool, bucket.key, bucket.ends_at.timestamp(), kept)
    return slot, bucket.ends_at


def _outcome(visit: Visit, reader: Reader, decision: Decision, state: State | None) -> Outcome:
    rules, keyring = visit.rules, visit.keyring
    live = rules.mode == "live"
    prompt = prompt_for(decision, rules.prompt, visit.languages, visit.return_url) if live else None
    document = {
        **_facts(visit, decision),
        "reader": reader_token(keyring, rules.site, reader, visit.now),
        "state": state and write_state(keyring, rules.site, state),
        "grant": _grant(visit, reader, decision),
        "prompt": prompt and prompt.document(),
    }
    return Outcome(reader, decision, document)


def _grant(visit: Visit, reader: Reader, decision: Decision) -> str | None:
    if decision.access == "denied":
        return None
    page = page_hash(visit.view.sections, visit.view.tags, visit.page.path)
    return write_grant(visit.keyring, visit.rules.site, reader, _identity(visit), decision.reason, page, visit.now)


def _facts(visit: Visit, decision: Decision) -> dict[str, Any]:
    meter, allowance, resets_at = decision.meter, decision.allowance, decision.resets_at
    ignored = f"identity was ignored: site {visit.rules.site} verifies none"
    return {
        "access": decision.access,
        "reason": decision.reason,
        "meter": meter and meter.name,
        "limit": allowance and allowance.limit,
        "used": allowance and allowance.used,
        "remaining": allowance and allowance.remaining,
        "resets_at": resets_at and resets_at.isoformat(),
        "article": base64url(_article(visit)),
        "rule": {"version": visit.rules.version, "name": meter.name if meter else decision.reason},
        "warnings": [] if visit.view.identity is None else [ignored],
    }


def _article(visit: Visit) -> bytes:
    return digest(visit.keyring.permanent_key("article", visit.rules.site), _identity(visit))


def _identity(visit: Visit) -> str:
    return identity(visit.view.article, visit.view.url)


def _remembered(state: State, question: Question, now: float) -> Tally | None:
    """What the page's own state answers without the database: a repeat, or a recent refusal."""
    opened = state.window_start or None
    over = isinstance(question.slot, WindowSlot) and opened is not None and opened <= question.slot.cut
    if state.scope != question.scope or over:
        return None
    known = question.digest in state.digests
    if not known and not state.denies(question.limit, now):
        return None
    return Tally(state.used, known=known, window_start=opened)


def _read(visit: Visit, counted: bytes, unit: Count) -> Read:
    return Read(
        digest=counted,
        local_date=local_date(visit.rules.timezone, visit.now).isoformat(),
        rule_version=visit.rules.version,
        reader_class=READER_CLASS,
        traffic="unstored" if visit.view.unstored else "reader",
        unit=unit,
    )


def _decision(visit: Visit, question: Question, tally: Tally) -> Decision:
    resets_at = question.resets_at
    if tally.window_start is not None:
        resets_at = window_end(tally.window_start, question.meter.days, visit.rules.timezone)
    return by_meter(visit.rules, question.meter, READER_CLASS, tally, resets_at)


def _state(reader: Reader, question: Question, tally: Tally, now: float) -> State:
    others = sorted(tally.digests - {question.digest})[: MOST_DIGESTS - 1]
    digests = frozenset(others) | (tally.digests & {question.digest})
    return State(reader, question.scope, tally.used, int(now), tally.window_start or 0, digests)
