"""Cells of the CSV files: a spreadsheet shows them as they are, and runs none."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmeter.usage.columns import Column
from readmeter.usage.files import csv_cell
from readmeter.usage.spreadsheet import safe_text

TEXT = Column("name", "text", "")
NUMBER = Column("quantity", "integer", "")
FLAG = Column("billable", "boolean", "")
STARTS = "=+-@\t\r\0＝＋－＠"


@pytest.mark.parametrize("start", STARTS)
def test_text_that_could_be_a_formula_follows_an_apostrophe(start: str) -> None:
    assert safe_text(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("text", ["riotimes", "a=b", "1-1", " =1", "'=1", "São Paulo", ""])
def test_other_text_stays(text: str) -> None:
    assert safe_text(text) == text


@given(st.text())
def test_no_text_cell_begins_like_a_formula_and_none_loses_a_letter(text: str) -> None:
    cell = csv_cell(TEXT, text)
    assert not cell.startswith(tuple(STARTS))
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == f"'{text}"


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_number_is_never_made_text(number: int) -> None:
    assert csv_cell(NUMBER, number) == str(number)


def test_absent_is_empty_and_truth_is_a_word() -> None:
    assert [csv_cell(TEXT, None), csv_cell(NUMBER, None)] == ["", ""]
    assert [csv_cell(FLAG, True), csv_cell(FLAG, False)] == ["true", "false"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_any_text_is_read_back_by_any_reader_of_rfc_4180(texts: list[str]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\r\n").writerow([csv_cell(TEXT, text) for text in texts])
    [row] = csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True)
    assert row == [safe_text(text) for text in texts]
