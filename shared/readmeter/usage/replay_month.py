"""A month of a site's ledger under a proposed site document, as the API answers it."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

import duckdb

from readmeter.core.article import folded
from readmeter.core.rules import Rules
from readmeter.store.articles import Label
from readmeter.usage.dataset import listed, load, workspace
from readmeter.usage.ledger import READS
from readmeter.usage.months import Months
from readmeter.usage.objects import Objects
from readmeter.usage.period import ExportPeriod
from readmeter.usage.replay import Read, Replay, matches

_ROWS_AT_ONCE = 10_000  # that are held in memory
# What who reads made free, and what a page showed without an answer, no meter decides under any document. Sequences are
# of digits: the shorter is the lower.
_READS = """
SELECT reader, reader_class, local_date, rule_version, meter, period,
    CASE generation WHEN 0 THEN article ELSE generation || '/' || article END, section
FROM reads LEFT JOIN labels USING (article)
WHERE decision IN ('metered', 'open') AND reader_class IN ('anonymous', 'registered')
ORDER BY reader, local_date, length(sequence), sequence, article, meter, period, generation
"""


def replay_month(
    ledger: Objects, labels: Mapping[str, Label], months: Months, proposed: Rules, month: ExportPeriod, now: float
) -> dict[str, Any]:
    """What the month's reads would have met, had `proposed` been in force all along. `labels` by article digest."""
    in_force = months.rules_at(now)
    replay = Replay(proposed, lambda version: months.rules_of(version, month))
    with workspace() as (connection, folder):
        load(connection, "reads", ledger, listed(ledger, READS, proposed.site, month.dates), folder / "reads")
        for reader in readers(connection, labels):
            replay.add(reader)
        opened = _count(connection, "decision = 'open' AND reader_class IN ('anonymous', 'registered')")
        registered = _count(connection, "decision = 'metered' AND reader_class = 'registered'")
        displays = _count(connection, "unit = 'view'")
    lines = replay.lines
    reads = sum(line.reads for line in lines)
    walled = sum(line.walled for line in lines)
    return {
        "site": proposed.site,
        "period": month.text,
        "version": in_force.version,
        "reads": reads,
        "readers": replay.readers,
        "before": {"granted": reads, "readers_at_limit": replay.readers_at_limit_before},
        "after": {
            "granted": reads - walled,
            "walled": walled,
            "readers_walled": replay.readers_walled,
            "readers_at_limit": replay.readers_at_limit_after,
        },
        "meters": [line.document() for line in lines],
        "unknown": {"reads_without_section": replay.without_section},
        "notes": _notes(proposed, in_force, replay, opened, registered, displays),
    }


def readers(connection: duckdb.DuckDBPyConnection, labels: Mapping[str, Label]) -> Iterator[Iterator[Read]]:
    """The reads of the table `reads` that a meter would decide: reader by reader, in the order of their making."""
    sections = {article: min(folded([label.section])) for article, label in labels.items() if label.section is not None}
    connection.execute("CREATE TABLE labels (article VARCHAR, section VARCHAR)")
    connection.execute(
        "INSERT INTO labels SELECT unnest($articles), unnest($sections)",
        {"articles": list(sections), "sections": list(sections.values())},
    )
    for _, reads in groupby(_reads(connection), attrgetter("reader")):
        yield reads


def _reads(connection: duckdb.DuckDBPyConnection) -> Iterator[Read]:
    found = connection.cursor().execute(_READS)
    while rows := found.fetchmany(_ROWS_AT_ONCE):
        yield from map(Read._make, rows)


def _count(connection: duckdb.DuckDBPyConnection, condition: str) -> int:
    [(count,)] = connection.execute(f"SELECT count(*) FROM reads WHERE {condition}").fetchall()  # noqa: S608
    return int(count)


def _notes(proposed: Rules, in_force: Rules, replay: Replay, opened: int, registered: int, displays: int) -> list[str]:
    """What the figures cannot know, where it concerns them: sentences for people."""
    views = {meter.name for meter in in_force.meters if meter.count == "view"}
    notes = {
        "Only reads that were made are replayed: what readers would have read beyond a wall is not known, so a higher "
        "limit shows no reads that a lower one kept away.": True,
        f"Reads that were open (lifted, or observed beyond the limit) count as wanted here: {opened}.": opened,
        "Reads of articles without a section's label fall under the meter that counted them, else under the first one "
        f"that matches everything: {replay.without_section}.": replay.without_section,
        "Tags and paths are not in the ledger: a rule by tag or path is taken to be about what its meter counted, and "
        "about nothing else.": any(match.tags or match.paths for match in matches(proposed)),
        "Reads are placed by the day, and readers cannot be told across months: weeks and windows begin anew on the "
        "1st.": any(meter.unit in ("week", "days") for meter in proposed.meters),
        "Registered readers' reads from before they signed in are those of anonymous readers here: in fact they are "
        "part of one allowance.": registered,
        "A re-read that was free was not recorded: where the proposal counts displays, it counts too few.": any(
            meter.count == "view" and meter.pool not in views for meter in proposed.meters
        ),
        "Displays cannot be told to be of one article: where the proposal counts articles, it counts too many.": (
            displays and any(meter.count == "article" for meter in proposed.meters)
        ),
        f"Dates are those of {in_force.timezone}, not of the proposed {proposed.timezone}.": (
            proposed.timezone != in_force.timezone
        ),
        "Lifts are not replayed: they are about days to come.": proposed.lift,
        "The proposed document only observes: it refuses nothing.": proposed.mode == "observe",
        "The proposed document is off: it meters nothing.": proposed.mode == "off",
    }
    return [sentence for sentence, concerns in notes.items() if concerns]
