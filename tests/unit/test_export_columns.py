"""The columns' page says what the writers write."""

from readmeter.usage.columns import COUNTED, INVOICE, USAGE
from readmeter.usage.ledger import READ_KEY
from tools import export_columns


def test_the_guide_is_what_the_writers_write() -> None:
    text = export_columns.GUIDE.read_text(encoding="utf-8")
    assert export_columns.guide(text) == text, "run `make generate`"


def test_every_column_has_one_name_and_a_meaning() -> None:
    for columns in (USAGE, INVOICE, COUNTED):
        assert len({column.name for column in columns}) == len(columns)
        assert all(column.meaning for column in columns)


def test_a_counted_read_has_its_natural_key() -> None:
    assert set(READ_KEY) < {column.name for column in COUNTED}
