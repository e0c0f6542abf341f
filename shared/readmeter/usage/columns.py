"""The columns of the data files, with type and meaning: one table for writers, docs/reference/export.md, tests."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is the type in Parquet and JSON; in CSV only cells of kind `text` are ever made safe for spreadsheets."""

    name: str
    kind: Literal["text", "integer", "boolean"]
    meaning: str

    @property
    def sql_type(self) -> str:
        return {"text": "VARCHAR", "integer": "BIGINT", "boolean": "BOOLEAN"}[self.kind]


_EXPORT_ID = Column("export_id", "text", "The export that the row is in: fixed per site and period")
_SCHEMA_VERSION = Column("schema_version", "text", "Version of these columns: `1`")
_ROW_CLASS = Column(
    "row_class", "text", "`usage`: of the period. `correction`: of a month that was final when the read arrived"
)
_SITE = Column("site", "text", "The site's id")
_ZONE = Column("site_timezone", "text", "The IANA zone whose calendar the row's dates are on")
_METER = Column("meter", "text", "The meter whose allowance was counted; absent where none was")
_UNIT = Column("unit", "text", "What one of `quantity` is: `article` or `view`")
_READER_CLASS = Column("reader_class", "text", "`anonymous`, `registered`, `subscriber` or `institution`")
_DECISION = Column(
    "decision",
    "text",
    "Why the article was shown: `metered`, `subscriber`, `exempt`, `gift`, `institution`, `campaign`, `open`, or "
    "`fail_open` (the page got no answer and stayed as it was)",
)
_TRAFFIC = Column(
    "traffic",
    "text",
    "`reader`; `unstored` (the page could not keep a token); `suspected_bot` (a robot by its user agent that did not "
    "prove to be a search engine's). Only `reader` is billed",
)
_RULE_VERSION = Column("rule_version", "integer", "The version of the site's document that decided")
_LOCAL_DATE = Column("local_date", "text", "The date on the site's calendar when it was read")
_BILLING = (
    Column("billing_period", "text", "The site's calendar month of `local_date`, whatever the meter's period"),
    Column("billing_period_start", "text", "The month's first instant, UTC"),
    Column("billing_period_end", "text", "The first instant after the month, UTC"),
)

USAGE = (
    _EXPORT_ID,
    _SCHEMA_VERSION,
    Column("row_id", "text", "Hash of what identifies the row; the same in a day's file and in its month's"),
    _ROW_CLASS,
    Column("corrects_row_id", "text", "Correction: the `row_id` that the final has, or lacked. Absent for usage"),
    _SITE,
    _ZONE,
    _METER,
    _READER_CLASS,
    _DECISION,
    _TRAFFIC,
    _RULE_VERSION,
    *_BILLING,
    Column("charge_period_start", "text", "The first instant of `local_date`, UTC"),
    Column("charge_period_end", "text", "The first instant after `local_date`, UTC"),
    _LOCAL_DATE,
    _UNIT,
    Column("quantity", "integer", "How many; for a correction the difference to what finals said"),
    Column("unique_readers", "integer", "Different readers of this row: not additive. Absent for corrections"),
    Column("billable", "boolean", "True exactly where `decision` is `metered` and `traffic` is `reader`"),
)

INVOICE = (
    _EXPORT_ID,
    _SCHEMA_VERSION,
    _SITE,
    Column("site_name", "text", "The publication's name"),
    _ZONE,
    _ROW_CLASS,
    *_BILLING,
    _METER,
    _UNIT,
    Column("quantity", "integer", "How many to invoice: the billable rows of usage.csv, added up"),
)

COUNTED = (
    _ROW_CLASS,
    Column("row_id", "text", "The row of usage.csv that this read is counted in"),
    _SITE,
    _LOCAL_DATE,
    _METER,
    _DECISION,
    _READER_CLASS,
    _TRAFFIC,
    _RULE_VERSION,
    _UNIT,
    Column("period", "text", "The meter's period that the read was counted in, as the meter table names it"),
    Column("reader", "text", "The reader, as a digest under a key of the site and the month"),
    Column("generation", "integer", "How often the reader had been erased"),
    Column("article", "text", "The article's digest; where `unit` is `view`, that of one display of it"),
)
