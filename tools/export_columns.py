"""Writes docs/reference/export.md below its mark: every column of the data files, from the writers' own table.

`PYTHONPATH=shared python tools/export_columns.py`.
"""

from collections.abc import Sequence
from pathlib import Path

from readmeter.usage.columns import COUNTED, INVOICE, USAGE, Column

GUIDE = Path(__file__).parent.parent / "docs" / "reference" / "export.md"
MARK = "<!-- From here on written by tools/export_columns.py. -->\n"


def guide(text: str) -> str:
    """The guide with its tables as they are now."""
    tables = (
        _table("usage.csv, usage.parquet, usage.jsonl.gz", USAGE),
        _table("invoice.csv", INVOICE),
        _table("counted.parquet", COUNTED),
    )
    return text.partition(MARK)[0] + MARK + "".join(tables)


def _table(title: str, columns: Sequence[Column]) -> str:
    rows = "".join(f"| `{column.name}` | {column.kind} | {column.meaning} |\n" for column in columns)
    return f"\n## {title}\n\n| column | type | meaning |\n|---|---|---|\n{rows}"


if __name__ == "__main__":
    GUIDE.write_text(guide(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
