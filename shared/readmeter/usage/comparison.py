"""A month of a site's ledger beside what the meter items say, as tables of DuckDB.

The items are the truth. Every copy of a ledger row is looked at, not only the one that figures are computed from.
"""

import csv
import gzip
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb

from readmeter.core.keys import Keyring
from readmeter.core.period import DAY
from readmeter.store.database import Item
from readmeter.store.reads import Erasure, erasure_of
from readmeter.usage.dataset import fetch, join_gzip
from readmeter.usage.ledger import READ_KEY, READS, ReadRow, partition, reader_digest, rows_of
from readmeter.usage.objects import Objects
from readmeter.usage.period import ExportPeriod

_MOST_NAMED = 1000
_FIRST_CALENDAR = 14 * 3600  # seconds by which the zone that is first to end a date is ahead of UTC


@dataclass(frozen=True, slots=True)
class Named:
    """Rows that disagree: how many there are, and the first thousand by their natural keys (readers as digests)."""

    count: int = 0
    rows: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """An object of the ledger, the date in whose folder it lies, and when it was created (epoch seconds)."""

    key: str
    day: str
    created: float


def ledger_files(ledger: Objects, site: str, month: str) -> list[LedgerFile]:
    folder = partition(READS, site, month).rstrip("/")
    return [
        LedgerFile(each.key, each.key.split("/")[-2].removeprefix("date="), each.modified)
        for each in ledger.stored(folder)
    ]


# ---------------------------------------------------------------------------------------------- what the items say

_CONTENT = ("local_date", "rule_version", "reader_class", "traffic", "unit")
_COLUMNS = {
    field.name: "BIGINT" if field.type is int else "VARCHAR"
    for field in fields(ReadRow)
    if field.name in READ_KEY + _CONTENT
}


@dataclass(frozen=True, slots=True)
class Spool:
    """What the items say of a month: each site's rows in a file of its own (none: no rows), and what was erased."""

    month: str
    at: float  # the instant (epoch seconds) that the items are of
    files: Mapping[str, Path]
    erasures: Mapping[str, Sequence[Erasure]]


def spool(
    items: Iterable[Item], at: float, keyring: Callable[[], Keyring], sites: Collection[str], month: str, folder: Path
) -> Spool:
    """Reads the items once. Raises ValueError where one of a site of `sites` is none of ours."""
    erasures: dict[tuple[str, ...], Erasure] = {}
    values = attrgetter(*_COLUMNS)
    with ExitStack() as stack:
        files = _Files(folder, stack)
        for item in items:
            site = item["pk"]["S"].removeprefix("S#").partition("#")[0]
            if site not in sites or not _may_touch(item["sk"]["S"], month):
                continue
            for row in rows_of(item, keyring, "reconciliation"):
                if isinstance(row, ReadRow) and row.local_date.startswith(month):
                    files.write(site, values(row))
            erasure = erasure_of(item)
            if erasure is not None and month in months_of(erasure, at):
                # A window that closed while the items were read is there twice: as the current one and as its copy
                key = (site, erasure.reader, erasure.meter, erasure.decision, erasure.period)
                erasures[key] = max(erasures.get(key, erasure), erasure, key=lambda each: each.generation)
    by_site: dict[str, list[Erasure]] = {}
    for erasure in erasures.values():
        by_site.setdefault(erasure.site, []).append(erasure)
    return Spool(month, at, files.paths, by_site)


def months_of(erasure: Erasure, at: float) -> list[str]:
    """The months that the local dates of the item's reads can lie in, at `at` (epoch seconds), in any time zone."""
    period = _calendar(erasure.period)
    if period.isdigit():
        first = _utc_date(int(period)) - timedelta(days=1)
        last = _utc_date(min(erasure.expires, at)) + timedelta(days=1)
    elif "W" in period:
        first = date.fromisoformat(f"{period}-1")
        last = first + timedelta(days=6)
    else:
        return [period[:7]]
    months = [f"{first:%Y-%m}"]
    while months[-1] < f"{last:%Y-%m}":
        months.append(ExportPeriod.parse(months[-1]).month_after.text)
    return months


class _Files:
    """One compressed CSV file per site, opened when its first row comes and closed with `stack`."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.paths: dict[str, Path] = {}
        self._folder = folder
        self._stack = stack
        self._writers: dict[str, Any] = {}

    def write(self, site: str, values: Sequence[object]) -> None:
        if site not in self._writers:
            self.paths[site] = self._folder / f"{site}.csv.gz"
            file = gzip.open(self.paths[site], "wt", compresslevel=1, newline="")  # noqa: SIM115 - closed with the rest
            self._stack.enter_context(file)
            self._writers[site] = csv.writer(file, quoting=csv.QUOTE_ALL)
        self._writers[site].writerow(values)


def _may_touch(sort_key: str, month: str) -> bool:
    """Whether an item can hold reads of the month: one of another calendar month or date cannot."""
    period = sort_key.rpartition("#")[2]
    return not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", period) or period.startswith(month)


def _utc_date(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


# ---------------------------------------------------------------------------------------------- the comparison

_NAMES = ", ".join(_COLUMNS)
_KEY = ", ".join(READ_KEY)
_SAME_ROW = " AND ".join(f"l.{name} = t.{name}" for name in READ_KEY)
_SAME_READER = "e.month = substr(l.local_date, 1, 7) AND e.reader = l.reader"
_SAME_ITEM = "e.meter = l.meter AND e.decision = l.decision AND e.slot = l.slot AND e.reader = l.reader"
_SLOT = "CASE decision WHEN 'fail_open' THEN local_date ELSE period END"  # the period of the item that holds a row

# Why the ledger has a row that no item has. An item lives so long after its period; where the ledger cannot know that
# (a window, an event), so long after the last date that it is known to hold.
_EXTRA = f"""
CREATE TABLE extra AS
WITH unknown AS (
    SELECT {_KEY}, {_SLOT} AS slot, max(local_date) AS local_date, bool_and(late) AS late
    FROM ledger l WHERE NOT EXISTS (FROM truth t WHERE {_SAME_ROW}) GROUP BY ALL
), dated AS (
    SELECT *, max(local_date) OVER (PARTITION BY meter, decision, slot, reader) AS last_date FROM unknown
), alive AS (
    SELECT DISTINCT meter, decision, {_SLOT} AS slot, reader FROM truth
)
SELECT l.*, CASE
    WHEN EXISTS (FROM erasures e WHERE {_SAME_ITEM} AND {_SAME_READER} AND l.generation < e.generation) THEN 'erased'
    WHEN decision = 'fail_open' AND late THEN 'later'
    WHEN NOT EXISTS (FROM alive e WHERE {_SAME_ITEM})
        AND epoch(coalesce(p.ends, try_cast(last_date AS DATE) + 1)) + ? <= ? THEN 'expired'
    ELSE 'surplus' END AS reason
FROM dated l LEFT JOIN periods p ON p.slot = l.slot
"""  # noqa: S608 - names of our own

_MISSING = f"FROM truth t WHERE NOT EXISTS (FROM ledger l WHERE {_SAME_ROW})"

_DIFFERING = f"""
SELECT DISTINCT {", ".join(f"l.{name}" for name in READ_KEY)},
    struct_pack({", ".join(f"{name} := l.{name}" for name in _CONTENT)}, folder := l.folder) AS ledger,
    struct_pack({", ".join(f"{name} := t.{name}" for name in _CONTENT)}, folder := t.local_date) AS items
FROM ledger l JOIN truth t ON {_SAME_ROW}
WHERE row({", ".join(f"l.{name}" for name in _CONTENT)}, l.folder)
    IS DISTINCT FROM row({", ".join(f"t.{name}" for name in _CONTENT)}, t.local_date)
"""  # noqa: S608

# An item is `whole` when every read that it can have held is among the rows looked at.
_MISCOUNTED = f"""
SELECT e.meter, e.decision, e.slot AS period, any_value(e.name) AS reader, e.generation, e.erased,
    count(DISTINCT (l.reader, l.generation, l.period, l.article)) FILTER (l.article IS NOT NULL) AS in_ledger
FROM erasures e LEFT JOIN forgotten l ON {_SAME_ITEM} AND {_SAME_READER} AND l.generation < e.generation
GROUP BY e.number, e.meter, e.decision, e.slot, e.generation, e.erased, e.whole
HAVING CASE WHEN e.whole THEN in_ledger <> e.erased ELSE in_ledger > e.erased END
"""  # noqa: S608


class Comparison:
    """One site's month: `truth` (what the items say), `ledger` (every copy), `erasures`."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        ledger: Objects,
        keyring: Callable[[], Keyring],
        site: str,
        said: Spool,
        folder: Path,
    ) -> None:
        self._ledger = ledger
        self._keyring = keyring
        self._site = site
        self._said = said
        self._folder = folder
        self._sql = connection
        self._sql.execute("SET preserve_insertion_order = false")

    def load(self, files: Sequence[LedgerFile], kept_days: int, counted: Path | None = None) -> None:
        """Makes the tables. `files` are the ledger's; items are kept for `kept_days` after their period.

        With `counted`, an export's usage of the month stands for the ledger's objects that it was made of.
        """
        self._load_truth()
        self._create_ledger("ledger")
        self._load_ledger("ledger", files)
        if counted is not None:
            self._sql.execute(
                f"""
                INSERT INTO ledger SELECT {_NAMES}, local_date, false
                FROM (SELECT * REPLACE (coalesce(meter, '') AS meter) FROM read_parquet(?)) WHERE row_class = 'usage'
                """,  # noqa: S608
                [str(counted)],
            )
        self._load_erasures(self._said.erasures.get(self._site, ()))
        self._load_periods()
        self._sql.execute(_EXTRA, [kept_days * DAY - _FIRST_CALENDAR, self._said.at])

    def compared(self) -> int:
        """How many rows the items hold."""
        return self._count("FROM truth")

    def missing(self) -> int:
        """How many of them the ledger lacks."""
        return self._count(_MISSING)

    def missing_rows(self) -> Iterator[ReadRow]:
        """Those, always in the same order."""
        found = self._sql.cursor().execute(f"SELECT {_NAMES} {_MISSING} ORDER BY local_date, {_KEY}")
        while rows := found.fetchmany(10_000):
            for row in rows:
                yield ReadRow(**dict(zip(_COLUMNS, row, strict=True)), source="reconciliation", sequence="")

    def surplus(self) -> Named:
        """Rows of the ledger that no item holds, and that nothing explains."""
        return self._named(f"SELECT {_KEY} FROM extra WHERE reason = 'surplus'")  # noqa: S608

    def differing(self) -> Named:
        """Copies in the ledger whose content is not the item's, or that lie in another date's folder."""
        return self._named(_DIFFERING)

    def miscounted(self) -> tuple[Named, int]:
        """Items that forgot another number of reads than the ledger holds of them, and by how many rows in all."""
        off = self._sql.execute(f"SELECT coalesce(sum(abs(in_ledger - erased)), 0) FROM ({_MISCOUNTED})").fetchall()  # noqa: S608
        return self._named(_MISCOUNTED), int(off[0][0])

    def explained(self) -> dict[str, int]:
        """How many rows of the ledger no item holds any more, or yet, by reason: `erased`, `expired`, `later`."""
        return dict(self._sql.execute("SELECT reason, count(*) FROM extra GROUP BY reason").fetchall())

    def _load_truth(self) -> None:
        path = self._said.files.get(self._site)
        if path is None:
            self._sql.execute(f"CREATE TABLE truth ({_definitions(_COLUMNS)})")
            return
        self._sql.execute(
            f"""
            CREATE TABLE truth AS SELECT DISTINCT * FROM read_csv(?, header = false, delim = ',', quote = '"',
                escape = '"', columns = {_COLUMNS}, force_not_null = {list(_COLUMNS)}, auto_detect = false)
            """,  # noqa: S608
            [str(path)],
        )

    def _create_ledger(self, table: str) -> None:
        self._sql.execute(f"CREATE TABLE {table} ({_definitions({**_COLUMNS, 'folder': 'VARCHAR', 'late': 'BOOL'})})")

    def _load_ledger(self, table: str, files: Sequence[LedgerFile], condition: str = "true") -> None:
        paths = self._download(table, files)
        if paths:
            self._sql.execute(
                f"""
                INSERT INTO {table} SELECT {_NAMES}, folder, late FROM (
                    SELECT *, split_part(filename, '/', -2) AS folder, split_part(filename, '/', -3) = 'late' AS late
                    FROM read_json(?, format = 'newline_delimited', columns = {_COLUMNS}, filename = true)
                ) l WHERE {condition}
                """,  # noqa: S608
                [paths],
            )

    def _download(self, table: str, files: Sequence[LedgerFile]) -> list[str]:
        """One file for each date, `…/late/<date>/…` for what came after the items were read (to S3's second)."""
        groups: dict[Path, list[str]] = {}
        for file, path in zip(
            files, fetch(self._ledger, [file.key for file in files], self._folder / table), strict=True
        ):
            age = "late" if file.created + 1 > self._said.at else "early"
            groups.setdefault(self._folder / f"joined-{table}" / age / file.day / "rows.jsonl.gz", []).append(path)
        for whole, paths in groups.items():
            whole.parent.mkdir(parents=True)
            join_gzip(paths, whole)
        return [str(whole) for whole in groups]

    def _load_erasures(self, erasures: Sequence[Erasure]) -> None:
        self._sql.execute(
            """
            CREATE TABLE erasures (number BIGINT, meter VARCHAR, decision VARCHAR, slot VARCHAR, month VARCHAR,
                reader VARCHAR, name VARCHAR, generation BIGINT, erased BIGINT, whole BOOL)
            """
        )
        month = self._said.month
        before = ExportPeriod.parse(month).month_before.text
        months = {month}
        for number, erasure in enumerate(erasures):
            touched = months_of(erasure, self._said.at)
            # Further back the ledger may have ended. An item of events forgot others too.
            whole = touched[0] >= before and erasure.decision != "event"
            months.update(touched if whole else ())
            names = {each: reader_digest(self._keyring(), self._site, each, erasure.reader) for each in touched}
            decision = "fail_open" if erasure.decision == "event" else erasure.decision
            self._sql.executemany(
                "INSERT INTO erasures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(number, erasure.meter, decision, erasure.period, each, names[each], names[month]),
                        *(erasure.generation, erasure.erased, whole),
                    )
                    for each in touched
                ],
            )
        self._create_ledger("other_months")
        concerned = f"EXISTS (FROM erasures e WHERE {_SAME_READER})"
        others = [file for other in sorted(months - {month}) for file in ledger_files(self._ledger, self._site, other)]
        self._load_ledger("other_months", others, concerned)
        self._sql.execute(
            f"""
            CREATE TABLE forgotten AS SELECT *, {_SLOT} AS slot
            FROM (FROM ledger UNION ALL FROM other_months) l WHERE {concerned}
            """  # noqa: S608
        )

    def _load_periods(self) -> None:
        """When the calendar periods of the ledger end."""
        found = self._sql.execute(f"SELECT DISTINCT {_SLOT} FROM ledger WHERE NOT regexp_full_match(period, '\\d+')")  # noqa: S608
        ends = [(slot, end) for (slot,) in found.fetchall() if (end := _end(slot)) is not None]
        self._sql.execute("CREATE TABLE periods (slot VARCHAR, ends DATE)")
        if ends:
            self._sql.executemany("INSERT INTO periods VALUES (?, ?)", ends)

    def _named(self, query: str) -> Named:
        found = self._sql.execute(f"{query} ORDER BY ALL LIMIT {_MOST_NAMED}")
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return Named(self._count(f"FROM ({query})"), rows)

    def _count(self, source: str) -> int:
        [(count,)] = self._sql.execute(f"SELECT count(*) {source}").fetchall()
        return int(count)


def _definitions(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


def _end(period: str) -> date | None:
    """The first date after a calendar period; None for a window's key, and for what is none of ours."""
    period = _calendar(period)
    try:
        if "W" in period:
            return date.fromisoformat(f"{period}-7") + timedelta(days=1)
        return ExportPeriod.parse(period).last + timedelta(days=1)
    except ValueError:
        return None


def _calendar(period: str) -> str:
    """A period without the name of the campaign whose it is."""
    return period.partition("/")[0]
