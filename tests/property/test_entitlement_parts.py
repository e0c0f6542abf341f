"""A file of entitlements in parts: nothing is lost, and each line of a part is known by its number in the file."""

import csv
from io import StringIO
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from readmeter.command import entitlement

CELLS = st.lists(st.sampled_from(["a", ",", '"', "\n", "\r\n", " ", "é"]), max_size=4).map("".join)
HEAD = ["subject", "plan"]


def written(rows: list[list[str]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows([HEAD, *rows])
    return text.getvalue()


def numbered(text: str) -> list[tuple[int, list[str]]]:
    """Each row with the line that it begins on."""
    reader = csv.reader(StringIO(text, newline=""))
    rows = []
    line = 1
    for row in reader:
        rows.append((line, row))
        line = reader.line_num + 1
    return rows


@given(st.lists(st.tuples(CELLS, CELLS).map(list), max_size=12), st.integers(1, 5), st.integers(15, 60))
def test_parts_hold_every_line_once_and_know_its_number(rows: list[list[str]], most: int, most_bytes: int) -> None:
    text = written(rows)
    with mock.patch.multiple(entitlement, MOST_LINES=most, MOST_BYTES=most_bytes):
        parts = entitlement._parts(text.encode())
    found = []
    for part in parts:
        head, *own = numbered(part.content)
        assert head == (1, HEAD)
        assert len(own) <= most
        assert len(own) == 1 or len(part.content.encode()) <= max(most_bytes, len(written([])))
        found += [(part.line(line), row) for line, row in own]
    assert found == numbered(text)[1:]
