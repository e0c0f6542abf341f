"""What an export holds, when it is made anew, and what stays as it is for ever."""

from typing import Any

import pytest

from readmeter.usage.period import ExportPeriod
from tests.support.exports import SITE, Bench, at, read, summed, version

NOVEMBER = "2026-11"
OPEN = "2026-11-22T12:00"
LAST_PROVISIONAL = "2026-12-04T02:59:59"  # in São Paulo the month ended at 3:00 UTC on December 1
FINAL = "2026-12-04T03:00:00"
IN_DECEMBER = "2026-12-20"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_quantities_are_reads_and_unique_readers_are_readers_of_the_row(bench: Bench) -> None:
    bench.arrive(read("ann", "x"), read("ann", "y"), read("bob", "x"), read("ann", "z", "2026-11-23"))
    made = bench.run(NOVEMBER, OPEN)
    rows = bench.usage(made)
    assert [(row["local_date"], row["quantity"], row["unique_readers"]) for row in rows] == [
        ("2026-11-22", 3, 2),
        ("2026-11-23", 1, 1),
    ]
    assert [line.unique_readers for line in made.unique_readers] == [2]


@pytest.mark.parametrize(
    ("given", "billable"),
    [
        ({}, True),
        ({"traffic": "unstored"}, False),
        ({"traffic": "suspected_bot"}, False),
        ({"reader_class": "registered"}, True),
        ({"decision": "gift", "meter": ""}, False),
        ({"decision": "fail_open", "meter": "", "period": "an event"}, False),
        ({"unit": "view"}, True),
    ],
)
def test_only_metered_reads_of_readers_are_billable(bench: Bench, given: dict[str, Any], billable: bool) -> None:
    bench.arrive(read("ann", "x", **given))
    made = bench.run(NOVEMBER, OPEN)
    [row] = bench.usage(made)
    assert row["billable"] is billable
    assert {key: row[key] for key in given if key in row} == {
        key: value or None for key, value in given.items() if key in row
    }
    assert made.control_totals.to_invoice == int(billable)
    assert sum(int(line["quantity"]) for line in bench.csv(made, "invoice.csv")) == int(billable)


def test_unstored_and_suspected_reads_are_counted_apart(bench: Bench) -> None:
    bench.arrive(read("a", "x"), read("b", "x", traffic="unstored"), read("c", "y", traffic="unstored"))
    bench.arrive(read("d", "x", traffic="suspected_bot"), name="2-2")
    made = bench.run(NOVEMBER, OPEN)
    assert (made.unstored, made.suspected_bot, made.control_totals.quantity) == (2, 1, 4)


def test_absent_is_empty_in_csv_and_null_elsewhere(bench: Bench) -> None:
    bench.arrive(read("ann", "x", decision="gift", meter=""))
    made = bench.run(NOVEMBER, OPEN)
    [row], [cells] = bench.usage(made), bench.csv(made, "usage.csv")
    assert (row["meter"], row["corrects_row_id"]) == (None, None)
    assert (cells["meter"], cells["corrects_row_id"]) == ("", "")
    assert made.document()["unique_readers"][0]["meter"] is None


def test_a_month_without_reads_says_0_for_each_meter_in_force() -> None:
    meters = [
        {"name": "markets", "limits": {"anonymous": 1}, "match": {"sections": ["markets"]}, "pool": "default"},
        {"name": "views", "limits": {"anonymous": 9}, "count": "view", "match": {"sections": ["live"]}},
        {"name": "default", "limits": {"anonymous": 5}},
    ]
    bench = Bench([version(meters=meters)])
    made = bench.run(NOVEMBER, OPEN)
    assert bench.usage(made) == []
    lines = [(line["meter"], line["unit"], line["quantity"]) for line in bench.csv(made, "invoice.csv")]
    assert lines == [("default", "article", "0"), ("views", "view", "0")]
    assert {file.name: file.rows for file in made.files} == {
        "invoice.csv": 2, "usage.csv": 0, "usage.parquet": 0, "usage.jsonl.gz": 0, "counted.parquet": 0,
    }  # fmt: skip


def test_a_month_is_final_72_hours_after_it_ended_on_the_sites_calendar(bench: Bench) -> None:
    assert bench.run(NOVEMBER, LAST_PROVISIONAL).status == "provisional"
    made = bench.run(NOVEMBER, FINAL)
    assert (made.status, made.cut_off, made.revision, made.supersedes) == ("final", "2026-12-04T03:00:00Z", 2, 1)


def test_an_unchanged_ledger_makes_no_revision_and_a_changed_one_does(bench: Bench) -> None:
    bench.arrive(read("ann", "x"))
    first = bench.run(NOVEMBER, OPEN)
    bench.arrive(read("ann", "x"), name="again")
    assert bench.run(NOVEMBER, "2026-11-25") == first
    bench.arrive(read("ann", "y"), name="2-2")
    second = bench.run(NOVEMBER, "2026-11-26")
    assert (second.revision, second.supersedes, second.control_totals.quantity) == (2, 1, 2)
    assert bench.exporter.revision(SITE, ExportPeriod.parse(NOVEMBER), 1) == first
    assert bench.exporter.latest(SITE, ExportPeriod.parse(NOVEMBER)) == second


def test_a_final_never_changes_and_what_comes_later_is_corrected_in_the_next_month(bench: Bench) -> None:
    bench.arrive(read("ann", "x"), read("bob", "x"))
    final = bench.run(NOVEMBER, FINAL)
    before = dict(bench.exports.bodies)
    bench.arrive(read("ann", "x"), read("cid", "x"), read("cid", "y", "2026-11-30"), name="late")
    assert bench.run(NOVEMBER, IN_DECEMBER) == final
    assert bench.exports.bodies == before

    bench.arrive(read("ann", "x", "2026-12-01"), name="december")
    december = bench.run("2026-12", IN_DECEMBER)
    usage, *corrections = bench.usage(december)
    assert (usage["row_class"], usage["billing_period"], usage["quantity"]) == ("usage", "2026-12", 1)
    for row in corrections:
        assert (row["row_class"], row["quantity"], row["unique_readers"]) == ("correction", 1, None)
        assert (row["billing_period"], row["billing_period_start"]) == ("2026-11", "2026-11-01T03:00:00Z")
    original = bench.usage(final)[0]
    assert [row["local_date"] for row in corrections] == ["2026-11-22", "2026-11-30"]
    assert corrections[0]["corrects_row_id"] == original["row_id"]
    assert corrections[0]["row_id"] != original["row_id"]
    assert bench.csv(december, "invoice.csv")[1]["billing_period"] == "2026-11"
    totals = december.control_totals
    assert (totals.quantity, totals.correction_quantity, totals.to_invoice) == (1, 2, 3)


def test_a_correction_is_made_once(bench: Bench) -> None:
    bench.arrive(read("ann", "x"))
    bench.run(NOVEMBER, FINAL)
    bench.arrive(read("bob", "x"), name="late")
    december = bench.run("2026-12", "2027-01-10")
    bench.arrive(read("bob", "x"), name="late again")
    assert (december.status, december.control_totals.correction_quantity) == ("final", 1)
    assert bench.run("2027-01", "2027-01-20").control_totals.correction_quantity == 0
    bench.arrive(read("bob", "y"), name="later still")
    january = bench.run("2027-01", "2027-01-21")
    assert [row["local_date"] for row in bench.usage(january)] == ["2026-11-22"]


def test_months_close_in_order_whoever_is_asked_for_first(bench: Bench) -> None:
    bench.arrive(read("ann", "x"), read("ann", "x", "2026-12-05"))
    assert bench.run("2026-12", "2027-01-10").control_totals.correction_quantity == 0
    november = bench.exporter.latest(SITE, ExportPeriod.parse(NOVEMBER))
    assert november is not None
    assert (november.status, november.control_totals.quantity) == ("final", 1)


def test_a_month_carries_no_corrections_while_the_one_before_can_still_change(bench: Bench) -> None:
    bench.arrive(read("ann", "x"))
    bench.run(NOVEMBER, "2026-12-02")
    assert bench.run("2026-12", "2026-12-02").control_totals.correction_rows == 0


def test_nothing_is_corrected_in_a_month_whose_reads_are_no_longer_kept(bench: Bench) -> None:
    bench.arrive(read("ann", "x"))
    bench.run(NOVEMBER, FINAL)
    for key in [key for key in bench.exports.bodies if key.startswith("counted/")]:
        bench.exports.delete(key)
    bench.arrive(read("bob", "x"), name="late")
    assert bench.run("2027-02", "2027-02-20").control_totals.correction_rows == 0


def test_a_provisional_month_corrects_nothing_that_its_final_could_not() -> None:
    bench = Bench([version(retention={"ledger_reader_days": 60})])
    bench.arrive(read("ann", "x", "2026-11-20"))
    for month, now in (("2026-11", "2026-12-05"), ("2026-12", "2027-01-05")):
        bench.run(month, now)
    bench.arrive(read("bob", "x", "2026-11-20"), read("bob", "x", "2026-12-20"), name="late")
    made = bench.run("2027-01", "2027-01-20")
    assert [row["local_date"] for row in bench.usage(made)] == ["2026-12-20"]
    assert bench.run("2027-01", "2027-02-05").control_totals.correction_quantity == 1


def test_a_report_older_than_the_site_is_corrected_in_its_first_month() -> None:
    bench = Bench([version(written="2026-11-03")])
    bench.arrive(read("ann", "x", "2026-10-30", decision="fail_open", meter="", period="an event"))
    november = bench.run(NOVEMBER, FINAL)
    october = bench.exporter.latest(SITE, ExportPeriod.parse("2026-10"))
    assert october is not None
    assert october.control_totals.quantity + november.control_totals.correction_quantity == 1


def test_days_add_up_to_their_month_and_share_its_row_ids(bench: Bench) -> None:
    bench.arrive(*(read(f"reader {n % 5}", f"{n}", f"2026-11-{1 + n % 30:02d}") for n in range(90)))
    for now, status in (("2026-12-01T12:00", "provisional"), (FINAL, "final")):
        month = bench.run(NOVEMBER, now)
        days = [bench.run(f"2026-11-{day:02d}", now) for day in range(1, 31)]
        assert {day.status for day in days} == {status}
        rows = [row for day in days for row in bench.usage(day)]
        same = ("row_id", "local_date", "quantity", "unique_readers", "billing_period")
        assert [[row[name] for name in same] for row in rows] == [
            [row[name] for name in same] for row in bench.usage(month)
        ]


def test_a_day_of_a_final_month_says_what_the_final_says(bench: Bench) -> None:
    bench.arrive(read("ann", "x"))
    bench.run("2026-11-22", "2026-11-23T12:00")
    bench.run(NOVEMBER, FINAL)
    bench.arrive(read("bob", "x"), name="late")
    day = bench.run("2026-11-22", IN_DECEMBER)
    assert (day.status, day.revision, day.cut_off, day.control_totals.quantity) == (
        "final",
        2,
        "2026-12-04T03:00:00Z",
        1,
    )
    assert day.control_totals.correction_rows == 0


def test_a_final_day_of_reads_that_are_no_longer_kept_is_refused(bench: Bench) -> None:
    bench.run(NOVEMBER, FINAL)
    for key in [key for key in bench.exports.bodies if key.startswith("counted/")]:
        bench.exports.delete(key)
    with pytest.raises(ValueError, match="no longer kept"):
        bench.run("2026-11-22", IN_DECEMBER)


def test_a_month_that_outlived_its_reads_is_refused_instead_of_made_final_with_less(bench: Bench) -> None:
    bench.arrive(read("ann", "x", "2026-10-20"))
    with pytest.raises(ValueError, match="2026-10 was never made final, and its reads are no longer all kept"):
        bench.run("2026-10", "2026-12-31")
    assert bench.exporter.latest(SITE, ExportPeriod.parse("2026-10")) is None


def test_final_totals_are_locked_and_what_tells_readers_apart_goes_with_the_ledger() -> None:
    bench = Bench([version(retention={"ledger_reader_days": 60})])
    bench.arrive(read("ann", "x"))
    bench.run(NOVEMBER, LAST_PROVISIONAL)
    assert set(bench.exports.locked.values()) == {None}
    final = bench.run(NOVEMBER, FINAL)
    for path in [final.path, *(file.path for file in final.files)]:
        counted = path.endswith("counted.parquet")
        assert bench.exports.locked[path] == (None if counted else at("2028-01-08T03:00:00"))
        assert bench.exports.keep[path] == (60 if counted else None)


def test_a_site_and_its_zone_are_named_as_they_were_in_the_month() -> None:
    later = version(2, "2026-12-10", name="Rio", timezone="Europe/Lisbon")
    bench = Bench([version(), later])
    bench.arrive(read("ann", "x"), read("ann", "x", "2027-01-01"))
    november, january = bench.run(NOVEMBER, "2027-01-20"), bench.run("2027-01", "2027-01-20")
    assert (november.site_name, november.site_timezone) == ("The Rio Times", "America/Sao_Paulo")
    assert (january.site_name, january.site_timezone, january.period_start) == (
        "Rio",
        "Europe/Lisbon",
        "2027-01-01T00:00:00Z",
    )
    assert {line["site_name"] for line in bench.csv(november, "invoice.csv")} == {"The Rio Times"}


def test_a_correction_has_the_zone_of_its_own_month() -> None:
    bench = Bench([version(), version(2, "2026-11-10", timezone="Asia/Tokyo")])
    bench.run(NOVEMBER, FINAL)
    bench.arrive(read("ann", "x"), name="late")
    [row] = bench.usage(bench.run("2026-12", IN_DECEMBER))
    assert (row["site_timezone"], row["charge_period_start"]) == ("America/Sao_Paulo", "2026-11-22T03:00:00Z")


def test_another_sites_rows_are_not_seen(bench: Bench) -> None:
    bench.arrive(read("ann", "x"), read("ann", "x", site="riotimes-2"))
    assert bench.run(NOVEMBER, OPEN).control_totals.quantity == 1


@pytest.mark.parametrize(("period", "now"), [("2026-12", "2026-12-01T02:59:59"), ("2026-11-23", "2026-11-23T02:59:59")])
def test_a_period_that_has_not_begun_is_refused(bench: Bench, period: str, now: str) -> None:
    with pytest.raises(ValueError, match="has not begun"):
        bench.run(period, now)


def test_an_unknown_site_is_refused(bench: Bench) -> None:
    with pytest.raises(ValueError, match="no site"):
        bench.exporter.run("other", ExportPeriod.parse(NOVEMBER), at(OPEN))
    assert bench.exports.bodies == {}


def test_the_order_copies_and_batches_of_the_ledger_do_not_show(bench: Bench) -> None:
    rows = [read(f"r{n % 3}", f"a{n}", f"2026-11-{1 + n % 7:02d}", sequence=str(n)) for n in range(50)]
    bench.arrive(*rows)
    other = Bench()
    for number, row in enumerate(reversed(rows)):
        other.arrive(row, row, name=f"{number}")
    other.arrive(
        *(read(row.reader, row.article, row.local_date, source="reconciliation", sequence="") for row in rows),
        name="recon",
    )
    assert other.run(NOVEMBER, OPEN) == bench.run(NOVEMBER, OPEN)
    assert other.exports.bodies == bench.exports.bodies


def test_summed_rows_are_the_control_totals(bench: Bench) -> None:
    bench.arrive(
        read("a", "x"), read("b", "x", traffic="unstored"), read("b", "y", "2026-11-01", reader_class="registered")
    )
    made = bench.run(NOVEMBER, OPEN)
    assert summed(bench.usage(made), "billable") == {(True,): 2, (False,): 1}
    assert (made.control_totals.billable_quantity, made.control_totals.quantity) == (2, 3)
