"""What a month's report says, as JSON data: the invoice line, the month day by day, what was read, what it led to.

A final month tells what its final counted, whatever came later; an open month tells what the ledger holds now.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

import duckdb

from readmeter.core.rules import Rules
from readmeter.core.sentences import best
from readmeter.store.articles import Label
from readmeter.usage.corrections import counted_key
from readmeter.usage.cost import Activity, cost
from readmeter.usage.dataset import fetch, listed, load, workspace
from readmeter.usage.figures import BILLABLE, READ_COLUMNS
from readmeter.usage.ledger import EVENTS, FAIL_OPEN, READS
from readmeter.usage.manifest import Manifest, utc_text
from readmeter.usage.objects import Objects
from readmeter.usage.period import ExportPeriod, export_id

SCHEMA_VERSION = "1"
MOST_ARTICLES = 20
MOST_WALLS = 10
MOST_FUNNEL_ROWS = 10_000
MOST_FUNNEL_BYTES = 5_000_000  # of the rows as Lambda passes them on: with all else they must fit into its 6 MB
_STEPS = (*range(1, 21), 30, 50, 100, 200, 500)  # counts that readers may have reached
_CLICKS = ("subscribe_clicked", "sign_in_clicked", "register_clicked")
_FUNNEL = ("views", "shown", "countdowns", "walls", "clicks")


class Revisions(Protocol):
    """The exports that were made: `Exporter`, as far as a report needs it."""

    def latest(self, site: str, period: ExportPeriod) -> Manifest | None: ...


def report_data(
    ledger: Objects,
    exports: Objects,
    exporter: Revisions,
    labels: Mapping[str, Label],
    rules: Rules,
    month: ExportPeriod,
    now: float,
) -> dict[str, Any]:
    """The report's data. `labels` by article digest; `now` in epoch seconds is what an open month is told as of.

    `detail` is false where reads or events begin to be gone (the site's retention): who read what, and the funnel, are
    then null or empty, all that is on the invoice stays. `countdowns` and `walls` are null where a meter counts views:
    a prompt names an article, such a read one display of it. In the funnel's rows `article` is null for all such reads
    of a date.
    """
    site = rules.site
    manifest = exporter.latest(site, month)
    before = exporter.latest(site, month.month_before)
    rows = _usage_rows(exports, manifest)
    with workspace() as (connection, folder):
        detail = _load_reads(connection, "reads", ledger, exports, (site, month, manifest), folder)
        kept_until = month.start(rules.timezone) + timedelta(days=rules.retention.ledger_reader_days)
        if now >= kept_until.timestamp():  # the first events have ended: a funnel of what is left would be false
            connection.execute("DELETE FROM reads")
            detail = False
        load(connection, "events", ledger, listed(ledger, EVENTS, site, month.dates), folder / "events", EVENTS)
        report = _Report(connection, labels, month)
        days = report.days() if detail else _days_of(rows, month)
        funnel = report.funnel() if detail else _unknown(report.funnel())
        data = {
            "invoice": _invoice(manifest, rows, sum(day["counted"] for day in days)),
            "totals": report.totals() if detail else _totals_of(manifest, rows),
            "before": _before(connection, ledger, exports, (site, month.month_before, before), folder),
            "days": days,
            "sections": report.sections(),
            "articles": report.articles(),
            "walls": report.most_walls(),
            "funnel": {**funnel, **(report.funnel_rows() if detail else {"rows": [], "rows_left_out": 0})},
            "reach": report.reach(),
            "cost": cost(Activity(_reads(report, rows, detail), funnel["walls"] or 0, report.events())),
        }
    final = manifest is not None and manifest.status == "final"
    return {
        "schema_version": SCHEMA_VERSION,
        "export_id": export_id(site, month),
        "site": site,
        "site_name": manifest.site_name if manifest and final else rules.name,
        "site_timezone": manifest.site_timezone if manifest and final else rules.timezone,
        "locale": rules.locale,
        "direction": best([rules.locale]).language.dir,
        "period": month.text,
        "period_start": utc_text(month.start(rules.timezone)),
        "period_end": utc_text(month.end(rules.timezone)),
        "status": "final" if final else "provisional",
        "revision": manifest.revision if manifest else None,
        "cut_off": manifest.cut_off if manifest and final else utc_text(datetime.fromtimestamp(int(now), UTC)),
        "limit": max((limit for meter in rules.meters for limit in meter.limits.values()), default=0),
        "detail": detail,
        **data,
    }


_Export = tuple[str, ExportPeriod, Manifest | None]


def _load_reads(
    connection: duckdb.DuckDBPyConnection, table: str, ledger: Objects, exports: Objects, export: _Export, folder: Path
) -> bool:
    """Makes `table` of the month's own reads; False (and no rows) where a final's reads are gone."""
    site, month, manifest = export
    if manifest is None or manifest.status != "final":
        load(connection, table, ledger, listed(ledger, READS, site, month.dates), folder / table)
        return True
    key = counted_key(manifest)
    if not any(stored.key == key for stored in exports.stored(key)):
        load(connection, table, ledger, {}, folder / table)
        return False
    connection.execute(
        f"""
        CREATE TABLE {table} AS SELECT {", ".join(READ_COLUMNS)}
        FROM (SELECT * REPLACE (coalesce(meter, '') AS meter) FROM read_parquet($files)) WHERE row_class = 'usage'
        """,  # noqa: S608 - names of our own
        {"files": fetch(exports, [key], folder / table)},
    )
    return True


def _usage_rows(exports: Objects, manifest: Manifest | None) -> list[dict[str, Any]]:
    """The rows of the export's usage.jsonl.gz; none where there is no export."""
    keys = [file.path for file in manifest.files if file.name == "usage.jsonl.gz"] if manifest else []
    return [json.loads(line) for key in keys for line in gzip.decompress(exports.read(key) or b"").splitlines()]


def _invoice(manifest: Manifest | None, rows: Iterable[Mapping[str, Any]], counted: int) -> dict[str, Any]:
    """What finance invoices, and why it is not what was counted: corrections by the month that they correct."""
    corrected: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["row_class"] == "correction" and row["billable"]:
            corrected[row["billing_period"]] += row["quantity"]
    corrections = [{"period": period, "quantity": corrected[period]} for period in sorted(corrected, reverse=True)]
    if manifest is not None and manifest.status == "final":
        counted = manifest.control_totals.billable_quantity
    return {"to_invoice": counted + sum(corrected.values()), "counted": counted, "corrections": corrections}


def _unknown(funnel: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **dict.fromkeys(funnel),
        "days": [{**dict.fromkeys(day), "date": day["date"]} for day in funnel["days"]],
    }


def _days_of(rows: Iterable[Mapping[str, Any]], month: ExportPeriod) -> list[dict[str, Any]]:
    """Every day of the month by the export's rows; readers are not known from them."""
    counted: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["row_class"] == "usage" and row["billable"]:
            counted[row["local_date"]] += row["quantity"]
    return [{"date": f"{day}", "counted": counted[f"{day}"], "readers": None} for day in month.dates]


def _totals_of(manifest: Manifest | None, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The totals as far as the export's rows tell them."""
    unmetered: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["row_class"] == "usage" and row["decision"] != "metered":
            unmetered[row["decision"]] += row["quantity"]
    return {
        "counted": manifest.control_totals.billable_quantity if manifest else 0,
        "readers": None,
        "articles": None,
        "fail_open": unmetered.pop(FAIL_OPEN, 0),
        "unstored": manifest.unstored if manifest else 0,
        "suspected_bot": manifest.suspected_bot if manifest else 0,
        "unmetered": [{"decision": name, "quantity": unmetered[name], "readers": None} for name in sorted(unmetered)],
    }


def _before(
    connection: duckdb.DuckDBPyConnection, ledger: Objects, exports: Objects, export: _Export, folder: Path
) -> dict[str, Any] | None:
    """The whole month before, to compare with; None where nothing is known of it."""
    _, month, manifest = export
    detail = _load_reads(connection, "before", ledger, exports, export, folder)
    counted, readers, articles = _billable_totals(connection, "before")
    if manifest is not None and manifest.status == "final":
        counted = manifest.control_totals.billable_quantity
    elif not counted:
        return None
    return {
        "period": month.text,
        "status": manifest.status if manifest else "provisional",
        "counted": counted,
        "readers": readers if detail else None,
        "articles": articles if detail else None,
    }


def _billable_totals(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int, int]:
    """Counted reads, their readers, their articles (reads that are views of one name no article)."""
    [row] = connection.execute(
        f"""
        SELECT count(*), count(DISTINCT reader), count(DISTINCT article) FILTER (unit = 'article')
        FROM {table} WHERE {BILLABLE}
        """  # noqa: S608 - names of our own
    ).fetchall()
    return row[0], row[1], row[2]


def _reads(report: "_Report", rows: Iterable[Mapping[str, Any]], detail: bool) -> int:
    """All reads that were written down, billable or not; a missed view was never a request."""
    if detail:
        return report.reads()
    return sum(row["quantity"] for row in rows if row["row_class"] == "usage" and row["decision"] != FAIL_OPEN)


def _passed_on(row: Mapping[str, Any]) -> int:
    """Bytes of the row in what Lambda returns: JSON whose `body` is JSON as a string."""
    return len(json.dumps(json.dumps(row, ensure_ascii=False), ensure_ascii=False).encode())


class _Report:
    """Figures over the tables `reads` and `events` of one month."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, labels: Mapping[str, Label], month: ExportPeriod) -> None:
        self._connection = connection
        self._labels = labels
        self._month = month
        # A prompt on an article that this reader had counted is a countdown (or the last one), any other is a wall.
        connection.execute(
            f"""
            CREATE VIEW billable AS SELECT * FROM reads WHERE {BILLABLE};
            CREATE VIEW steps AS
            SELECT CASE unit WHEN 'article' THEN article END AS article, local_date, 'views' AS step FROM billable
            UNION ALL
            SELECT events.article, events.local_date, CASE
                WHEN kind IN {_CLICKS} THEN 'clicks'
                WHEN granted.article IS NULL THEN 'walls' ELSE 'countdowns' END
            FROM events LEFT JOIN (SELECT DISTINCT reader, article FROM reads WHERE decision = 'metered') AS granted
            ON granted.reader = events.reader AND granted.article = events.article
            WHERE kind IN {("prompt_shown", *_CLICKS)}
            """  # noqa: S608 - names of our own
        )
        self._told_apart = not self._one("SELECT count(*) FROM reads WHERE unit = 'view'")

    def totals(self) -> dict[str, Any]:
        counted, readers, articles = _billable_totals(self._connection, "reads")
        traffic = dict(self._rows("SELECT traffic, count(*) FROM reads GROUP BY traffic"))
        free = self._rows(
            f"""
            SELECT decision, count(*), count(DISTINCT reader) FROM reads
            WHERE decision NOT IN ('metered', '{FAIL_OPEN}') GROUP BY decision ORDER BY decision
            """  # noqa: S608 - names of our own
        )
        return {
            "counted": counted,
            "readers": readers,
            "articles": articles,
            "fail_open": self._one(f"SELECT count(*) FROM reads WHERE decision = '{FAIL_OPEN}'"),  # noqa: S608
            "unstored": traffic.get("unstored", 0),
            "suspected_bot": traffic.get("suspected_bot", 0),
            "unmetered": [{"decision": name, "quantity": n, "readers": readers} for name, n, readers in free],
        }

    def days(self) -> list[dict[str, Any]]:
        """Every day of the month, in order."""
        sql = "SELECT local_date, count(*), count(DISTINCT reader) FROM billable GROUP BY local_date"
        found = {day: (counted, readers) for day, counted, readers in self._rows(sql)}
        figures = [(f"{day}", *found.get(f"{day}", (0, 0))) for day in self._month.dates]
        return [{"date": day, "counted": counted, "readers": readers} for day, counted, readers in figures]

    def sections(self) -> list[dict[str, Any]]:
        """By the labels' sections, most read first; None is all articles whose section nobody told."""
        counted: dict[str | None, int] = defaultdict(int)
        articles: dict[str | None, int] = defaultdict(int)
        for article, quantity in self._rows(
            "SELECT article, count(*) FROM billable WHERE unit = 'article' GROUP BY article"
        ):
            section = self._label(article)["section"]
            counted[section] += quantity
            articles[section] += 1
        order = sorted(counted, key=lambda name: (-counted[name], name is None, name or ""))
        return [{"section": name, "counted": counted[name], "articles": articles[name]} for name in order]

    def articles(self) -> list[dict[str, Any]]:
        """The most read."""
        sql = f"""
            SELECT article, count(*) AS n, count(DISTINCT reader) FROM billable WHERE unit = 'article'
            GROUP BY article ORDER BY n DESC, article LIMIT {MOST_ARTICLES}
        """  # noqa: S608 - names of our own
        steps = self._steps("article")
        return [
            {**self._label(article), "counted": counted, "readers": readers, **self._funnel(steps[article])}
            for article, counted, readers in self._rows(sql)
        ]

    def most_walls(self) -> list[dict[str, Any]]:
        """Where most readers met the wall."""
        if not self._told_apart:
            return []
        steps = self._steps("article")
        met = sorted((-found["walls"], article) for article, found in steps.items() if found["walls"])
        return [{**self._label(article), **self._funnel(steps[article])} for _, article in met[:MOST_WALLS]]

    def funnel(self) -> dict[str, Any]:
        """From a counted view to a click: of the site, and of each day of the month."""
        days = self._steps("local_date")
        kinds = dict(self._rows("SELECT kind, count(*) FROM events GROUP BY kind"))
        whole = {name: sum(found[name] for found in days.values()) for name in _FUNNEL}
        return {
            **self._funnel(whole),
            **{kind: kinds.get(kind, 0) for kind in ("prompt_dismissed", *_CLICKS)},
            "days": [{"date": f"{day}", **self._funnel(days[f"{day}"])} for day in self._month.dates],
        }

    def funnel_rows(self) -> dict[str, Any]:
        """The funnel of every date and article that had a step, in this order; where it is too long, of the busiest."""
        sql = f"""
            SELECT local_date, article, count(*) OVER (),
                count(*) FILTER (step = 'views'), count(*) FILTER (step IN ('countdowns', 'walls')),
                count(*) FILTER (step = 'countdowns'), count(*) FILTER (step = 'walls'),
                count(*) FILTER (step = 'clicks')
            FROM steps GROUP BY local_date, article
            ORDER BY count(*) DESC, local_date, article NULLS FIRST LIMIT {MOST_FUNNEL_ROWS}
        """  # noqa: S608 - names of our own
        found = self._rows(sql)
        rows = [
            {"date": day, **self._label(article), **self._funnel(dict(zip(_FUNNEL, steps, strict=True)))}
            for day, article, _, *steps in found
        ]
        kept = [
            row for row, end in zip(rows, accumulate(map(_passed_on, rows)), strict=True) if end <= MOST_FUNNEL_BYTES
        ]
        kept.sort(key=lambda row: (row["date"], row["article"] or ""))
        return {"rows": kept, "rows_left_out": found[0][2] - len(kept) if found else 0}

    def reach(self) -> list[dict[str, int]]:
        """How many readers reached each count in some period of some meter."""
        sql = """
            SELECT most, count(*) FROM (
                SELECT reader, max(n) AS most
                FROM (SELECT reader, count(*) AS n FROM billable GROUP BY reader, meter, period) GROUP BY reader)
            GROUP BY most ORDER BY most DESC
        """
        found = self._rows(sql)
        at_least = list(zip((most for most, _ in found), accumulate(readers for _, readers in found), strict=True))
        highest = found[0][0] if found else 0
        return [
            {"count": step, "readers": max(readers for most, readers in at_least if most >= step)}
            for step in _STEPS
            if step <= highest
        ]

    def reads(self) -> int:
        return self._one(f"SELECT count(*) FROM reads WHERE decision <> '{FAIL_OPEN}'")  # noqa: S608

    def events(self) -> int:
        return self._one("SELECT count(*) FROM events")

    def _steps(self, by: str) -> defaultdict[str, dict[str, int]]:
        """How often each step of the funnel was taken, by article or date."""
        steps: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_FUNNEL, 0))
        for name, step, n in self._rows(f"SELECT {by}, step, count(*) FROM steps GROUP BY {by}, step"):  # noqa: S608
            steps[name][step] = n
            if step in ("countdowns", "walls"):
                steps[name]["shown"] += n
        return steps

    def _funnel(self, steps: Mapping[str, int]) -> dict[str, int | None]:
        apart = {} if self._told_apart else {"countdowns": None, "walls": None}
        return {**steps, **apart}

    def _label(self, article: str | None) -> dict[str, str | None]:
        label = self._labels.get(article) if article else None
        return {
            "article": article,
            "title": label.title if label else None,
            "section": label.section if label else None,
        }

    def _one(self, sql: str) -> int:
        [(value,)] = self._rows(sql)
        return int(value)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()
