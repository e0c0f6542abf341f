"""The tables that every figure is computed from: each read once, whichever objects it was found in."""

from datetime import date, timedelta
from typing import Any

import pytest

from readmeter.usage.dataset import dataset, workspace, write_day
from readmeter.usage.figures import Quantity, count, quantities, reads_sha256, usage_by
from readmeter.usage.files import Subject, write_files
from readmeter.usage.ledger import EventRow, ReadRow, objects_of
from readmeter.usage.months import Months
from readmeter.usage.period import ExportPeriod
from tests.support.exports import SITE, Bench, read, version

DAY = date(2026, 11, 22)
MONTH = [date(2026, 11, 1) + timedelta(days=day) for day in range(30)]


def event(name: str, **given: Any) -> EventRow:
    fields: dict[str, Any] = {"rule_version": 1, "reader_class": "anonymous", "source": "stream", "sequence": "100"}
    return EventRow(SITE, "ann", 0, name, "prompt_shown", "x", 1795348800, "2026-11-22", **{**fields, **given})


def rows_of(bench: Bench, table: str = "reads") -> list[tuple[Any, ...]]:
    with dataset(bench.ledger, SITE, MONTH) as connection:
        return connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()


def test_of_the_copies_of_a_read_the_streams_first_one_stands() -> None:
    bench = Bench()
    bench.arrive(read("ann", "x", sequence="1000"), name="b")
    bench.arrive(read("ann", "x", sequence="999"), read("ann", "x", source="reconciliation", sequence=""), name="c")
    assert [row[-2:] for row in rows_of(bench)] == [("stream", "999")]


def test_dates_without_rows_make_empty_tables() -> None:
    assert rows_of(Bench()) == rows_of(Bench(), "events") == []


def test_only_the_dates_that_are_asked_for_are_read() -> None:
    bench = Bench()
    bench.arrive(read("ann", "x"), read("ann", "y", "2026-11-23"), read("ann", "z", "2026-12-01"))
    with dataset(bench.ledger, SITE, [DAY]) as connection:
        assert connection.execute("SELECT article FROM reads").fetchall() == [("x",)]


def with_and_without_day_files(late: bool) -> tuple[Bench, Bench]:
    pair = Bench(), Bench()
    for bench in pair:
        for number in range(5):
            bench.arrive(
                read("ann", f"x{number}", sequence=str(number)),
                read("bob", "x", sequence=str(number)),
                name=f"{number}",
            )
        for made in objects_of([event("e1"), event("e2")], "1-1"):
            bench.ledger.create(made.key, made.body)
    write_day(pair[0].ledger, SITE, DAY, 90)
    if late:
        for bench in pair:
            bench.arrive(read("cid", "x"), read("bob", "x", sequence="0"), name="late")
    return pair


@pytest.mark.parametrize("late", [False, True])
def test_day_files_change_nothing_but_what_is_read(late: bool) -> None:
    fast, plain = with_and_without_day_files(late)
    assert rows_of(fast) == rows_of(plain)
    assert rows_of(fast, "events") == rows_of(plain, "events")
    assert fast.run("2026-11", "2026-11-25") == plain.run("2026-11", "2026-11-25")
    assert fast.exports.bodies == plain.exports.bodies


def test_a_day_file_is_read_instead_of_the_objects_that_it_stands_for() -> None:
    fast, plain = with_and_without_day_files(late=False)
    assert set(fast.ledger.keep.values()) == {90, None}
    expected = rows_of(plain)
    for key in [key for key in fast.ledger.bodies if not key.startswith("days/")]:
        fast.ledger.bodies[key] = b"never opened"
    assert rows_of(fast) == expected


def test_a_days_export_leaves_its_day_files_once_the_day_is_over() -> None:
    bench = Bench()
    bench.arrive(read("ann", "x"))
    bench.run("2026-11-22", "2026-11-22T20:00")
    assert not [key for key in bench.ledger.bodies if key.startswith("days/")]
    bench.run("2026-11-22", "2026-11-23T03:00")
    [key] = [key for key in bench.ledger.bodies if key.startswith("days/")]
    assert bench.ledger.keep[key] == 90
    bench.run("2026-11-22", "2026-11-23T04:00")
    assert len([key for key in bench.ledger.bodies if key.startswith("days/")]) == 1


def test_a_hash_of_reads_tells_content_and_nothing_else() -> None:
    def hash_of(*rows: ReadRow) -> str:
        bench = Bench()
        for number, row in enumerate(rows):
            bench.arrive(row, name=f"{number}")
        with dataset(bench.ledger, SITE, MONTH) as connection:
            return reads_sha256(connection)

    ann, bob = read("ann", "x"), read("bob", "x")
    assert hash_of(ann, bob) == hash_of(bob, ann, read("ann", "x", source="reconciliation", sequence=""))
    others = [
        read("ann", "y"),
        read("annx", ""),
        read("ann", "x", rule_version=2),
        read("ann", "x", generation=1),
        read("ann", "x", traffic="unstored"),
    ]
    different = [hash_of(), hash_of(ann), hash_of(ann, bob), *(hash_of(other) for other in others)]
    assert len(set(different)) == len(different)


def test_usage_is_added_up_by_day_or_month() -> None:
    bench = Bench()
    bench.arrive(read("ann", "x"), read("ann", "y", "2026-11-23"), read("bob", "x", traffic="unstored"))
    with dataset(bench.ledger, SITE, MONTH) as connection:
        by_day = [(row.period, row.billable, row.quantity, row.unique_readers) for row in usage_by(connection, "day")]
        by_month = [
            (row.period, row.billable, row.quantity, row.unique_readers) for row in usage_by(connection, "month")
        ]
    assert sorted(by_day) == [("2026-11-22", False, 1, 1), ("2026-11-22", True, 1, 1), ("2026-11-23", True, 1, 1)]
    assert sorted(by_month) == [("2026-11", False, 1, 1), ("2026-11", True, 2, 1)]


def test_a_row_id_is_the_same_for_ever() -> None:
    bench = Bench([version(written="2026-10-01")])
    bench.run("2026-10", "2026-11-10")
    bench.arrive(read("ann", "x"), read("ann", "x", "2026-10-31"), name="1")
    usage, correction = bench.usage(bench.run("2026-11", "2026-11-22"))
    assert usage["row_id"] == "row_98c5298c49613a071ad868ee"
    assert (correction["row_id"], correction["corrects_row_id"]) == (
        "row_9159c8abf0229ede6cde0355",
        "row_71fd94a528b9b534808d6ec0",
    )


def test_the_bytes_are_the_same_over_runs_and_threads(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Over several row groups of counted.parquet, which is where threads could show."""

    def files(threads: int) -> dict[str, bytes]:
        with workspace(threads=threads) as (connection, _):
            connection.execute(
                f"""
                CREATE TABLE reads AS
                SELECT '{SITE}' AS site, 'default' AS meter, 'metered' AS decision, '2026-11' AS period,
                       md5((n % 70000)::VARCHAR) AS reader, 0 AS generation, md5((n * 7)::VARCHAR) AS article,
                       '2026-11-' || lpad((n % 30 + 1)::VARCHAR, 2, '0') AS local_date, 1 AS rule_version,
                       'anonymous' AS reader_class, 'reader' AS traffic, 'article' AS unit
                FROM range(150000) AS rows(n)
                """
            )
            connection.execute("CREATE TABLE late AS FROM reads LIMIT 0")
            count(connection, "2026-11")
            rows: list[Quantity] = quantities(connection)
            folder = tmp_path_factory.mktemp("files")
            period = ExportPeriod.parse("2026-11")
            rules = Months([version()]).rules(period)
            written = write_files(connection, Subject(SITE, period, lambda month: rules), rows, folder)
            assert {file.path.name: file.rows for file in written}["counted.parquet"] == 150_000
            return {file.path.name: file.path.read_bytes() for file in written}

    once = files(1)
    assert files(1) == once
    assert files(2) == once
