"""Any file of CSV: what was written by the rules is read as it was, and nothing that is sent is a fault of ours."""

import csv
from contextlib import suppress
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from readmeter.core.account import Entitlement
from readmeter.core.article import normal
from readmeter.sites.parse import Unreadable
from readmeter.staff.answers import instant
from readmeter.staff.entitlement import COLUMNS, read_file

VISIBLE = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Mn"))
SUBJECTS = st.text(VISIBLE, min_size=1, max_size=60)
PLANS = st.none() | st.text(VISIBLE, min_size=1, max_size=100).filter(str.strip)
INSTANTS = st.none() | st.integers(0, 253_402_214_399).map(float)


@st.composite
def entitlements(draw: st.DrawFn) -> Entitlement:
    starts, ends = draw(INSTANTS), draw(INSTANTS)
    if starts is not None and ends is not None and ends <= starts:
        ends = None
    return Entitlement(draw(PLANS), starts, ends)


def cells(subject: str, entitlement: Entitlement) -> list[str]:
    instants = ["" if each is None else instant(each) for each in (entitlement.starts, entitlement.ends)]
    return [subject, entitlement.plan or "", *instants]


@given(
    st.dictionaries(SUBJECTS.map(normal), entitlements()),
    st.sampled_from([csv.excel, csv.unix_dialect]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_a_file_is_read_as_it_was_written(
    held: dict[str, Entitlement], dialect: type[csv.Dialect], coding: str
) -> None:
    text = StringIO(newline="")
    writer = csv.writer(text, dialect)
    writer.writerow(COLUMNS)
    writer.writerows(cells(*each) for each in held.items())
    read = read_file(text.getvalue().encode(coding))
    assert (read.entitlements, read.lines, list(read.bad)) == (held, len(held), [])


@given(st.binary(max_size=300) | st.text('",\n\r;ab\0', max_size=60).map(lambda text: text.encode()))
def test_any_bytes_are_read_or_refused_in_words(content: bytes) -> None:
    for text in (content, ",".join(COLUMNS).encode() + b"\n" + content):
        with suppress(Unreadable):
            read = read_file(text)
            assert all(1 <= each.line <= text.count(b"\n") + text.count(b"\r") + 1 for each in read.bad)
            assert len(read.entitlements) <= read.lines
