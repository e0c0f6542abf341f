"""Whatever arrives whenever, in any order and any number of times: finals and their corrections are the ledger."""

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readmeter.usage.ledger import ReadRow
from tests.support.exports import Bench, read, version

MONTHS = ("2026-10", "2026-11", "2026-12")
RUNS = ("2026-10-28", "2026-11-05", "2026-11-20", "2026-12-04T12:00", "2027-01-05")
LAST = "2027-02-10"  # when December and January are final, too

ROWS = st.builds(
    read,
    reader=st.sampled_from(["ann", "bob", "cid"]),
    article=st.sampled_from(["x", "y"]),
    local_date=st.sampled_from([f"{month}-{day}" for month in MONTHS for day in ("01", "15", "30")]),
    period=st.sampled_from(["p", "q"]),
    meter=st.sampled_from(["default", ""]),
)


def key_of(row: ReadRow) -> tuple[Any, ...]:
    return (row.meter, row.period, row.reader, row.article)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(ROWS, unique_by=key_of, max_size=14),
    data=st.data(),
)
def test_finals_and_corrections_are_the_ledger(rows: list[ReadRow], data: st.DataObject) -> None:
    bench = Bench([version(written="2026-10-15")])
    arrivals: list[list[ReadRow]] = [[] for _ in RUNS]
    for row in rows:
        possible = [run for run in range(len(RUNS)) if row.local_date <= RUNS[run][:10]]
        for run in data.draw(
            st.lists(st.sampled_from(possible), min_size=1, max_size=3), label=f"{row} arrives before"
        ):
            arrivals[run].append(row)
    finals: dict[str, bytes] = {}
    arrived: set[ReadRow] = set()
    for run, now in enumerate(RUNS):
        for number, row in enumerate(data.draw(st.permutations(arrivals[run]), label=f"order before {now}")):
            bench.arrive(row, name=f"{run}-{number}")
            arrived.add(row)
        begun = [month for month in (*MONTHS, "2027-01") if month <= now[:7]]
        made = [bench.run(month, now) for month in data.draw(st.permutations(begun), label=f"runs at {now}")]
        for each in made:
            if each.status == "final":
                finals.setdefault(each.period, each.text())
                assert finals[each.period] == each.text()
    made = [bench.run(month, LAST) for month in (*MONTHS, "2027-01")]
    assert all(each.status == "final" for each in made)

    exported: Counter[tuple[str, str]] = Counter()
    for each in made:
        usage = bench.usage(each)
        assert sum(row["quantity"] for row in usage if row["row_class"] == "usage") == each.control_totals.quantity
        for row in usage:
            exported[row["local_date"], row["meter"] or ""] += row["quantity"]
    assert exported == Counter((row.local_date, row.meter) for row in arrived)
