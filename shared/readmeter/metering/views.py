"""One view: which rule, what the meter holds of the reader, and the answer with its tokens."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from readmeter.core.article import digest, folded, identity, path_of
from readmeter.core.decision import Decision, Tally, by_meter, by_rules, limit_for
from readmeter.core.encoding import base64url
from readmeter.core.grant import page_hash, write_grant
from readmeter.core.keys import Keyring
from readmeter.core.period import calendar_bucket, local_date, window_end
from readmeter.core.prompt import prompt_for
from readmeter.core.rules import Campaign, Count, Meter, Page, Rules
from readmeter.core.state import MOST_DIGESTS, State, read_state, scope_of, write_state
from readmeter.core.tokens import READER_BYTES, Reader, reader_of_token, reader_token
from readmeter.metering.events import day_of, keep_events
from readmeter.metering.standing import Who
from readmeter.store.merging import MergeStore, Pair
from readmeter.store.meters import CalendarSlot, Family, MeterStore, Read, Slot, Traffic, WindowSlot
from readmeter.store.notes import NoteStore
from readmeter.web.body import ViewRequest


@dataclass(frozen=True, slots=True)
class Visit:
    """A valid request, and what it is decided on. `article` is the digest of what is to be read.

    `display` names this one display of the page; `languages` are what the reader reads, best first; `return_url` is
    where the prompt's pages send the reader back to; `now` is in epoch seconds.
    """

    view: ViewRequest
    rules: Rules
    keyring: Keyring
    page: Page
    article: bytes
    who: Who
    traffic: Traffic
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

    def __init__(
        self, meters: MeterStore, merges: MergeStore, notes: NoteStore, token_bytes: Callable[[int], bytes]
    ) -> None:
        self._meters = meters
        self._merges = merges
        self._notes = notes
        self._token_bytes = token_bytes

    def decide(self, visit: Visit) -> Outcome:
        """Decides and counts. Raises `Unavailable` when the store does not answer."""
        reader = visit.who.reader or Reader(self._token_bytes(READER_BYTES))
        for former in visit.who.anonymous:
            for pairs in (_pairs(visit.rules, former, reader, visit.now), _campaign_pairs(visit, former, reader)):
                self._merges.merge(pairs)
        known = read_state(visit.keyring, visit.rules.site, visit.view.state, visit.now)
        if known and known.reader.id != reader.id:
            known = None
        ruled = _ruled(visit, lambda campaign: self._gives(visit, reader, campaign))
        if isinstance(ruled, Decision):
            return _outcome(visit, reader, ruled, known)
        return self._metered(visit, reader, ruled, known)

    def note(self, visit: Visit, outcome: Outcome) -> None:
        """Stores what there is beside the count: a recorded unmetered read, what the page reports. As `decide`.

        Nothing of a crawler, which is nobody.
        """
        if visit.who.standing.crawler:
            return
        rules, reason, reader = visit.rules, outcome.decision.reason, outcome.reader
        was_counted = reason == "campaign" and outcome.decision.name is not None
        if reason == "open" or (reason in rules.record and not was_counted):
            self._notes.record(day_of(rules, reader, visit.now), reason, _read(visit, visit.article, "article"))
        reader_class = visit.who.standing.reader_class
        keep_events(self._notes, rules, visit.keyring, reader, reader_class, visit.view.events, visit.now)

    def foresee(self, visit: Visit) -> Decision:
        """The decision that `decide` would take, writing nothing."""
        ruled = _ruled(visit, lambda campaign: self._would_give(visit, campaign))
        if isinstance(ruled, Decision):
            return ruled
        question = _question(visit, visit.who.reader or Reader(bytes(READER_BYTES)), ruled)
        tally = self._look(
            visit.who,
            lambda reader: slot_of(visit.rules, question.meter, reader, visit.now)[0],
            question.digest,
            question.limit,
        )
        return _decision(visit, question, tally)

    def _metered(self, visit: Visit, reader: Reader, meter: Meter, known: State | None) -> Outcome:
        question = _question(visit, reader, meter)
        if known and (tally := _remembered(known, question, visit)):
            return _outcome(visit, reader, _decision(visit, question, tally), known)
        read = _read(visit, question.digest, meter.count)
        tally = self._meters.count(question.slot, read, question.limit)
        if tally.merged_into:
            return self._metered(visit, Reader(tally.merged_into, registered=True), meter, None)
        return _outcome(visit, reader, _decision(visit, question, tally), _state(visit, reader, question, tally))

    def _gives(self, visit: Visit, reader: Reader, campaign: Campaign) -> bool:
        """Counts the article among those that the campaign gives the reader this month, unless it has given all.

        It is looked at first: where it has given all, the view's one write is the meter's.
        """
        slot = _campaign_slot(visit, reader, campaign)
        seen = self._meters.look(slot, visit.article, campaign.per_reader)
        if seen.merged_into:
            return self._gives(visit, Reader(seen.merged_into, registered=True), campaign)
        if not seen.new:
            return seen.known
        is_usage = "campaign" in visit.rules.record
        read = replace(_read(visit, visit.article, "article"), is_usage=is_usage)
        tally = self._meters.count(slot, read, campaign.per_reader)
        return tally.new or tally.known

    def _would_give(self, visit: Visit, campaign: Campaign) -> bool:
        tally = self._look(
            visit.who, lambda reader: _campaign_slot(visit, reader, campaign), visit.article, campaign.per_reader
        )
        return tally.new or tally.known

    def _look(self, who: Who, slot: Callable[[Reader], Slot], digest: bytes, limit: int) -> Tally:
        """The tally that a count would give, once those whom the reader was until now are merged into it."""
        if who.reader is None:
            return Tally(0, new=limit > 0)
        tally = self._meters.look(slot(who.reader), digest, limit)
        if tally.merged_into:
            tally = self._meters.look(slot(Reader(tally.merged_into, registered=True)), digest, limit)
        others = [self._meters.look(slot(former), digest, limit) for former in who.anonymous]
        return _united(digest, limit, [tally, *(other for other in others if not other.merged_into)])


def page_of(view: ViewRequest) -> Page:
    """What the rules match on."""
    return Page(folded(view.sections), folded(view.tags), path_of(view.url))


def article_of(view: ViewRequest, keyring: Keyring, site: str) -> bytes:
    """The digest of what is to be read."""
    return digest(keyring.permanent_key("article", site), identity(view.article, view.url))


def access_document(visit: Visit, decision: Decision) -> dict[str, Any]:
    """The answer of POST /v1/access: nothing in it is minted."""
    genuine = reader_of_token(visit.keyring, visit.rules.site, visit.view.reader, visit.now)
    token = visit.view.reader if genuine else None
    return {**_facts(visit, decision), "reader": token, "state": None, "grant": None, "prompt": None}


def slot_of(rules: Rules, meter: Meter, reader: Reader, now: float) -> tuple[Slot, datetime | None]:
    """Where `meter` counts the reader's reads at `now`, and when the period ends: None for a window."""
    kept = rules.retention.reader_days
    if meter.unit == "days":
        return WindowSlot(rules.site, reader.name, meter.pool, meter.days, int(now), kept), None
    bucket = calendar_bucket(meter.unit, rules.timezone, now)
    slot = CalendarSlot(rules.site, reader.name, meter.pool, bucket.key, bucket.ends_at.timestamp(), kept)
    return slot, bucket.ends_at


def month_slot(rules: Rules, reader: Reader, family: Family, name: str, now: float) -> CalendarSlot:
    """Where a reader's articles of this calendar month are counted that no meter counts."""
    bucket = calendar_bucket("month", rules.timezone, now)
    kept = rules.retention.reader_days
    return CalendarSlot(rules.site, reader.name, name, bucket.key, bucket.ends_at.timestamp(), kept, family)


def _ruled(visit: Visit, gives: Callable[[Campaign], bool]) -> Decision | Meter:
    """What the rules say; a campaign that `gives` no more is passed over."""
    standing = visit.who.standing
    ruled = by_rules(visit.rules, visit.page, standing, visit.now)
    while isinstance(ruled, Campaign):
        if gives(ruled):
            return Decision("granted", "campaign", name=ruled.name)
        standing = replace(standing, campaign=None)
        ruled = by_rules(visit.rules, visit.page, standing, visit.now)
    return ruled


def _pairs(rules: Rules, former: Reader, reader: Reader, now: float) -> list[Pair]:
    """What the two hold in each allowance that the site's meters count in."""
    pools = {meter.pool: meter for meter in rules.meters}.values()
    return [(slot_of(rules, meter, former, now)[0], slot_of(rules, meter, reader, now)[0]) for meter in pools]


def _campaign_pairs(visit: Visit, former: Reader, reader: Reader) -> list[Pair]:
    """What either was given by each of the site's campaigns this month."""
    return [
        (_campaign_slot(visit, former, each), _campaign_slot(visit, reader, each)) for each in visit.rules.campaigns
    ]


def _campaign_slot(visit: Visit, reader: Reader, campaign: Campaign) -> CalendarSlot:
    return month_slot(visit.rules, reader, "N", f"campaign:{campaign.name}", visit.now)


def _question(visit: Visit, reader: Reader, meter: Meter) -> Question:
    counted = visit.article
    if meter.count == "view":
        key = visit.keyring.permanent_key("article", visit.rules.site)
        counted = digest(key, _identity(visit), visit.display)
    slot, resets_at = slot_of(visit.rules, meter, reader, visit.now)
    period = slot.key if isinstance(slot, CalendarSlot) else "days"
    limit = limit_for(meter, visit.who.standing)
    return Question(meter, limit, slot, scope_of(visit.rules, meter, period), counted, resets_at)


def _united(digest: bytes, limit: int, tallies: Iterable[Tally]) -> Tally:
    """What one reader holds who was several, as who it is now first: the first window that is open goes on."""
    found = list(tallies)
    digests: frozenset[bytes] = frozenset().union(*(tally.digests for tally in found))
    starts = (tally.window_start for tally in found if tally.window_start is not None)
    known = digest in digests
    new = not known and len(digests) < limit
    return Tally(len(digests), new, known, digests, next(starts, None))


def _outcome(visit: Visit, reader: Reader, decision: Decision, state: State | None) -> Outcome:
    rules, keyring = visit.rules, visit.keyring
    prompt = None
    if rules.mode == "live":
        signed_in = visit.who.standing.registered
        prompt = prompt_for(decision, rules.prompt, visit.languages, visit.return_url, signed_in=signed_in)
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
    return {
        "access": decision.access,
        "reason": decision.reason,
        "meter": meter and meter.name,
        "limit": allowance and allowance.limit,
        "used": allowance and allowance.used,
        "remaining": allowance and allowance.remaining,
        "resets_at": resets_at and resets_at.isoformat(),
        "article": base64url(visit.article),
        "rule": {"version": visit.rules.version, "name": decision.rule},
        "warnings": list(visit.who.warnings),
    }


def _identity(visit: Visit) -> str:
    return identity(visit.view.article, visit.view.url)


def _remembered(state: State, question: Question, visit: Visit) -> Tally | None:
    """What the page's own state answers without the database: a repeat, or a recent refusal of who is not signed in."""
    opened = state.window_start or None
    over = isinstance(question.slot, WindowSlot) and opened is not None and opened <= question.slot.cut
    if state.scope != question.scope or over:
        return None
    known = question.digest in state.digests
    if not known and (visit.who.standing.registered or not state.denies(question.limit, visit.now)):
        return None
    return Tally(state.used, known=known, window_start=opened)


def _read(visit: Visit, counted: bytes, unit: Count) -> Read:
    return Read(
        digest=counted,
        local_date=local_date(visit.rules.timezone, visit.now).isoformat(),
        rule_version=visit.rules.version,
        reader_class=visit.who.standing.reader_class,
        traffic=visit.traffic,
        unit=unit,
    )


def _decision(visit: Visit, question: Question, tally: Tally) -> Decision:
    resets_at = question.resets_at
    if tally.window_start is not None:
        resets_at = window_end(tally.window_start, question.meter.days, visit.rules.timezone)
    return by_meter(visit.rules, question.meter, visit.who.standing, tally, resets_at)


def _state(visit: Visit, reader: Reader, question: Question, tally: Tally) -> State:
    """Of a registered reader who is signed out it tells this article alone: what is kept may be anybody's to read."""
    asked = tally.digests & {question.digest}
    is_whole = visit.who.standing.registered or not reader.registered
    others = sorted(tally.digests - asked)[: MOST_DIGESTS - 1] if is_whole else []
    digests = asked.union(others)
    return State(reader, question.scope, tally.used, int(visit.now), tally.window_start or 0, digests)
