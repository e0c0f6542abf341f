"""What pages report of prompts: from a report to what the store keeps of it."""

from collections.abc import Sequence

from readmeter.core.article import digest
from readmeter.core.keys import Keyring
from readmeter.core.period import DAY, calendar_bucket
from readmeter.core.rules import ReaderClass, Rules
from readmeter.core.tokens import Reader
from readmeter.store.notes import Day, NoteStore, PageEvent
from readmeter.web.body import ReportedEvent

OLDEST = 7 * DAY  # seconds


def keep_events(
    store: NoteStore,
    rules: Rules,
    keyring: Keyring,
    reader: Reader,
    reader_class: ReaderClass,
    reported: Sequence[ReportedEvent],
    now: float,
) -> None:
    """Stores what is new of `reported`, one write for each local day. Raises `Unavailable`.

    What a page's clock puts before the last seven days, or ahead of ours, happened at the nearest instant of them; the
    time as it was sent tells events apart, so that sending them again changes nothing.
    """
    key = keyring.permanent_key("article", rules.site)
    days: dict[Day, list[PageEvent]] = {}
    for event in reported:
        at = min(max(event.at, now - OLDEST), now)
        days.setdefault(day_of(rules, reader, at), []).append(
            PageEvent(
                digest=digest(key, event.article, f"{event.kind}\0{round(event.at * 1000)}"),
                kind=event.kind,
                article=digest(key, event.article),
                at=int(at),
                rule_version=rules.version,
                reader_class=reader_class,
            )
        )
    for day, events in days.items():
        store.report(day, events)


def day_of(rules: Rules, reader: Reader, at: float) -> Day:
    """The reader's day on the site's calendar that holds `at` (epoch seconds)."""
    bucket = calendar_bucket("day", rules.timezone, at)
    expires = int(bucket.ends_at.timestamp()) + rules.retention.reader_days * DAY
    return Day(rules.site, reader.name, bucket.key, expires)
