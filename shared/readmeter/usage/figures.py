"""Figures over the reads of a dataset: the one place that says how usage is added up."""

from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from readmeter.usage.ledger import READ_KEY

_CONTENT = ("local_date", "rule_version", "reader_class", "traffic", "unit")
READ_COLUMNS = (*READ_KEY, *_CONTENT)  # of a read: its natural key and what it says
BILLABLE = "decision = 'metered' AND traffic = 'reader'"
# What tells one row of usage from another; with the period that it appears in, one correction from another.
_IDENTITY = ("site", "meter", "reader_class", "decision", "traffic", "rule_version", "local_date", "unit")
_ROW_ID_DIGITS = 24

LineKey = tuple[str, str, str, str, bool]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Reads of one combination on one date. `corrects_row_id` is None for usage, `unique_readers` for corrections."""

    row_class: Literal["usage", "correction"]
    row_id: str
    corrects_row_id: str | None
    local_date: str
    meter: str
    decision: str
    reader_class: str
    traffic: str
    rule_version: int
    unit: Literal["article", "view"]
    quantity: int
    unique_readers: int | None
    billable: bool


@dataclass(frozen=True, slots=True)
class UniqueReaders:
    """Different readers of a whole period. `meter` is "" where none was counted."""

    meter: str
    reader_class: str
    decision: str
    unique_readers: int


@dataclass(frozen=True, slots=True)
class UsageLine:
    """Reads of one combination in a date or month, `period`. `meter` is "" where none was counted.

    `unique_readers` is None where only totals are left, and these cannot say.
    """

    period: str
    meter: str
    reader_class: str
    decision: str
    billable: bool
    quantity: int
    unique_readers: int | None

    @property
    def key(self) -> LineKey:
        return self.period, self.meter, self.reader_class, self.decision, self.billable

    def document(self) -> dict[str, Any]:
        """As the API answers it; an absent meter is null."""
        return {
            "period": self.period,
            "meter": self.meter or None,
            "reader_class": self.reader_class,
            "decision": self.decision,
            "billable": self.billable,
            "quantity": self.quantity,
            "unique_readers": self.unique_readers,
        }


def count(connection: duckdb.DuckDBPyConnection, period: str) -> None:
    """Makes the view `counted`: the tables `reads` (usage) and `late` (corrections that appear in `period`) as one.

    Its columns are `columns.COUNTED` and `corrects_row_id`.
    """
    connection.execute(
        f"""
        CREATE VIEW counted AS
        SELECT 'usage' AS row_class, {row_id()} AS row_id, NULL AS corrects_row_id, {", ".join(READ_COLUMNS)} FROM reads
        UNION ALL
        SELECT 'correction', {row_id(period)}, {row_id()}, {", ".join(READ_COLUMNS)} FROM late
        """  # noqa: S608 - names of our own
    )


def row_id(period: str = "") -> str:
    """The SQL that gives a read's `row_id`; `period` is that of the export for a correction."""
    given = ", ".join(_IDENTITY)
    return f"'row_' || left(sha256(json_array({given}, '{period}')::VARCHAR), {_ROW_ID_DIGITS})"


def quantities(connection: duckdb.DuckDBPyConnection) -> list[Quantity]:
    """The rows of usage.csv, sorted, from the view `counted`."""
    given = "local_date, meter, decision, reader_class, traffic, rule_version, unit"
    rows = _rows(
        connection,
        f"""
        SELECT row_class, any_value(row_id), any_value(corrects_row_id), {given}, count(*),
               CASE row_class WHEN 'usage' THEN count(DISTINCT reader) END, {BILLABLE}
        FROM counted GROUP BY row_class, {given} ORDER BY row_class DESC, {given}
        """,  # noqa: S608 - names of our own
    )
    return [Quantity(*row) for row in rows]


def unique_readers(connection: duckdb.DuckDBPyConnection) -> list[UniqueReaders]:
    """Of the table `reads`, sorted."""
    given = "meter, reader_class, decision"
    sql = f"SELECT {given}, count(DISTINCT reader) FROM reads GROUP BY {given} ORDER BY {given}"  # noqa: S608
    return [UniqueReaders(*row) for row in _rows(connection, sql)]


def usage_by(connection: duckdb.DuckDBPyConnection, by: Literal["day", "month"]) -> list[UsageLine]:
    """Of the table `reads`, sorted by all columns from the left."""
    period = "local_date" if by == "day" else "left(local_date, 7)"
    given = f"{period}, meter, reader_class, decision, {BILLABLE}"
    sql = f"SELECT {given}, count(*), count(DISTINCT reader) FROM reads GROUP BY {given} ORDER BY ALL"  # noqa: S608
    return [UsageLine(*row) for row in _rows(connection, sql)]


def reads_sha256(connection: duckdb.DuckDBPyConnection, table: str = "reads") -> str:
    """A hash of the rows' content (not of where they came from), whatever their order.

    Of the rows' hashes, sorted: those that begin alike are hashed together first, so that no string is of all rows.
    """
    row = f"sha256(json_array({', '.join(READ_COLUMNS)})::VARCHAR)"
    [(digest,)] = _rows(
        connection,
        f"""
        WITH hashed AS (SELECT {row} AS digest FROM {table}),
        chunks AS (SELECT left(digest, 3) AS chunk, sha256(string_agg(digest, '' ORDER BY digest)) AS digest
                   FROM hashed GROUP BY chunk)
        SELECT sha256(coalesce(string_agg(digest, '' ORDER BY chunk), '')) FROM chunks
        """,  # noqa: S608 - names of our own
    )
    return str(digest)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()
