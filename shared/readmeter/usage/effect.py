"""How many of the current period's readers a change of rules would wall at once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import duckdb

from readmeter.core.period import DAY, calendar_bucket, local_date
from readmeter.core.rules import Meter, ReaderClass, Rules
from readmeter.usage.dataset import listed, load, workspace
from readmeter.usage.ledger import READS
from readmeter.usage.objects import Objects
from readmeter.usage.replay import limit_of

Used = tuple[ReaderClass, int, int]  # so many reads of an allowance are used by so many readers


def effect(ledger: Objects, in_force: Rules, proposed: Rules, now: float) -> dict[str, Any]:
    """Each meter of `proposed`, which takes force at `now`: its allowance's readers, and the walled ones of them.

    Walled is who has nothing left by the ledger's rows; `notes` says what those do not know. Counted are the running
    month's reads: readers cannot be told across months.
    """
    today = local_date(in_force.timezone, now)
    dates = [today.replace(day=1) + timedelta(days=number) for number in range(today.day)]
    before = {meter.name: meter for meter in in_force.meters}
    with workspace() as (connection, folder):
        load(connection, "reads", ledger, listed(ledger, READS, proposed.site, dates), folder / "reads")
        used = {meter.pool: _used(connection, meter, proposed.timezone, now) for meter in proposed.meters}
    lines = [
        {
            "meter": meter.name,
            "readers": sum(readers for _, _, readers in used[meter.pool]),
            "walled_before": walled(in_force, before.get(meter.name), used[meter.pool]),
            "walled_now": walled(proposed, meter, used[meter.pool]),
        }
        for meter in proposed.meters
    ]
    return {"meters": lines, "notes": _notes(in_force, proposed)}


def walled(rules: Rules, meter: Meter | None, used: Sequence[Used]) -> int:
    """Readers who have nothing left of `meter`; nobody where the rules have no such meter, or refuse nothing."""
    if meter is None or rules.mode != "live":
        return 0
    return sum(readers for reader_class, reads, readers in used if reads >= limit_of(meter, reader_class))


def _notes(in_force: Rules, proposed: Rules) -> list[str]:
    """What the figures cannot know, where it concerns them: sentences for people."""
    signs_in = in_force.identity is not None or proposed.identity is not None
    notes = {
        "Reads that came along at sign-in are those of the anonymous reader who made them: a registered reader may be "
        "nearer to the limit than is told here, and that anonymous one is nobody any more.": signs_in,
        "Who has a bonus or is entitled is not known here: at the limit they may be told as walled, and read on.": (
            signs_in
        ),
        "What last month counted in a week or window that still runs is left out: readers cannot be told across "
        "months.": any(meter.unit in ("week", "days") for meter in proposed.meters),
    }
    return [sentence for sentence, concerns in notes.items() if concerns]


def _used(connection: duckdb.DuckDBPyConnection, meter: Meter, zone: str, now: float) -> list[Used]:
    """How much the readers of the meter's allowance have used of it in the period that runs."""
    if meter.unit == "days":
        runs, period = "try_cast(period AS BIGINT) > $period::BIGINT", str(int(now) - meter.days * DAY)
    else:
        runs, period = "period = $period", calendar_bucket(meter.unit, zone, now).key
    return connection.execute(
        f"""
        SELECT reader_class, used, count(*) FROM (
            SELECT max(reader_class) AS reader_class, count(*) AS used FROM reads
            WHERE decision = 'metered' AND meter = $meter AND {runs} GROUP BY reader, period
        ) GROUP BY ALL ORDER BY ALL
        """,  # noqa: S608 - names of our own
        {"meter": meter.pool, "period": period},
    ).fetchall()
