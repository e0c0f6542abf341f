"""What must tie out: the meter items, the ledger, every export, with what readers were shown."""

import gzip
import hashlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pyarrow.parquet

from readmeter.core.article import digest
from readmeter.core.encoding import base64url
from readmeter.store.reads import NO_USAGE
from readmeter.usage.ledger import READ_KEY, READS, reader_digest
from readmeter.usage.manifest import Manifest
from readmeter.usage.period import ExportPeriod
from readmeter.usage.query import UsageQuery
from readmeter.usage.report_data import report_data
from readmeter.usage.verification import verify
from tests.simulation.model import Shown
from tests.simulation.world import SITE, World
from tests.support.endpoint import KEYRING

_READ = ("article", "decision", "meter", "local_date", "rule_version", "reader_class", "traffic", "unit")
_ROW = ("decision", "meter", "local_date", "rule_version", "reader_class", "traffic", "unit")
Reads = Counter[tuple[Any, ...]]


def shown(world: World) -> Reads:
    """What readers were shown, in the ledger's names: reader and article as their digests."""
    return Counter((_digest(read), _article(read), *read[2:]) for read in world.model.shown)


def in_items(world: World) -> int:
    """How many reads the meter items hold or remember having forgotten."""
    stamps = sum(
        len(name) == 22
        and value["S"] not in NO_USAGE
        and (item["sk"]["S"][0] != "E" or value["S"].startswith("fail_open|"))
        for item in world.items()
        for name, value in item.items()
    )
    return stamps + sum(int(item["e"]["N"]) for item in world.items() if "e" in item)


def in_ledger(world: World) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The ledger's rows by natural key; copies say the same."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for key in [key for key in world.ledger.bodies if key.startswith(f"{READS}/")]:
        for line in gzip.decompress(world.ledger.bodies[key]).splitlines():
            row = json.loads(line)
            said = {name: value for name, value in row.items() if name not in ("source", "sequence")}
            assert rows.setdefault(tuple(row[name] for name in READ_KEY), said) == said, "copies differ"
    return rows


def reads(rows: Iterable[dict[str, Any]]) -> Reads:
    return Counter((row["reader"], *(row[name] for name in _READ)) for row in rows)


def ledger_is_what_was_shown(world: World) -> None:
    assert in_items(world) == len(world.model.shown), "the meter items"
    assert reads(in_ledger(world).values()) == shown(world), "the ledger"


def exported(world: World, made: Manifest) -> None:
    """An export of what is open holds what the ledger holds; a month's, with the finals before it, all of it."""
    rows = in_ledger(world).values()
    own = [row for row in rows if row["local_date"].startswith(made.period)]
    assert made.control_totals.quantity == len(own), f"{made.period} as exported and in the ledger"
    if len(made.period) == len("2026-11"):
        finals = [each for each in world.latest_months() if each.period < made.period and each.status == "final"]
        if len(finals) == len([each for each in world.months() if each.text < made.period]):
            before = sum(each.control_totals.quantity + each.control_totals.correction_quantity for each in finals)
            late = made.control_totals.correction_quantity
            assert before + late == sum(row["local_date"][:7] < made.period for row in rows), "finals and corrections"


def finals_are_what_was_shown(world: World, months: list[Manifest]) -> None:
    """Every month is final and everything has arrived: read by read, row by row, total by total."""
    said = shown(world)
    counted = [_counted(world, month) for month in months]
    assert reads(row for rows in counted for row in rows) == said, "the months' reads"
    rows = [row for month in months for row in _usage(world, month)]
    quantities: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        quantities[tuple(row[name] or "" for name in _ROW)] += row["quantity"]
    assert +quantities == Counter(each[2:] for each in said.elements()), "the months' rows"
    billable = sum(row["quantity"] for row in rows if row["billable"])
    assert billable == sum(map(_billed, world.model.shown))
    assert billable == sum(month.control_totals.to_invoice for month in months), "what is invoiced"
    for month, rows in zip(months, counted, strict=True):
        _month_ties_out(world, month, rows)


def nothing_final_changed(world: World) -> None:
    """Every revision's files are the bytes that its manifest says, and every final is as it was first seen."""
    for key, body in world.exports.bodies.items():
        if key.endswith("manifest.json"):
            for file in Manifest.parse(body).files:
                stored = world.exports.bodies[file.path]
                assert (hashlib.sha256(stored).hexdigest(), len(stored)) == (file.sha256, file.bytes), file.path
    for final in world.finals.values():
        assert world.exports.bodies[Manifest.parse(final).path] == final


def days_are_the_month(world: World, month: Manifest) -> None:
    rows = [row for row in _usage(world, month) if row["row_class"] == "usage"]
    of_days: dict[str, int] = defaultdict(int)
    for day in sorted({row["local_date"] for row in rows}):
        made = world.export(day)
        assert made.status == "final"
        for row in _usage(world, made):
            of_days[row["row_id"]] += row["quantity"]
    assert of_days == {row["row_id"]: row["quantity"] for row in rows}, "the days and their month"


def usage_query_says_the_same(world: World) -> None:
    """From the ledger, and from the finals once the ledger is gone."""
    dates = [day for month in world.months() for day in month.dates]
    query = UsageQuery(world.ledger, world.exports, world.exporter)
    said = Counter(map(_line, world.model.shown))
    readers = {(*_line(read), read.reader) for read in world.model.shown}
    for kept_from in (dates[0], dates[-1] + timedelta(days=1)):
        for by, digits in (("day", 10), ("month", 7)):
            lines = query.lines(SITE, dates, by, kept_from)  # type: ignore[arg-type]
            told = {(line.period, line.meter, line.reader_class, line.decision, line.billable): line for line in lines}
            expected: Counter[tuple[Any, ...]] = Counter()
            for (date, *rest), quantity in said.items():
                expected[date[:digits], *rest] += quantity
            assert {key: line.quantity for key, line in told.items()} == expected, f"usage by {by}"
            unique = Counter((date, *rest) for date, *rest, _ in {(each[0][:digits], *each[1:]) for each in readers})
            known = {key: line.unique_readers for key, line in told.items() if line.unique_readers is not None}
            assert known.items() <= unique.items(), f"unique readers by {by}"


def reports_say_the_same(world: World, months: list[Manifest]) -> None:
    for month in months:
        period = ExportPeriod.parse(month.period)
        data = report_data(world.ledger, world.exports, world.exporter, {}, world.rules(), period, world.desk.now)
        assert data["invoice"]["to_invoice"] == month.control_totals.to_invoice
        assert sum(day["counted"] for day in data["days"]) == month.control_totals.billable_quantity


def verification_holds(world: World, month: Manifest) -> None:
    period = ExportPeriod.parse(month.period)
    given = (world.exports, world.ledger, world.exporter, world.meter_items, lambda: KEYRING, SITE, period)
    result = verify(*given, world.desk.now, world.rules().retention)
    assert result.holds, result.document()


def _line(read: Shown) -> tuple[Any, ...]:
    return read.local_date, read.meter, read.reader_class, read.decision, _billed(read)


def _billed(read: Shown) -> bool:
    return read.decision == "metered" and read.traffic == "reader"


def _month_ties_out(world: World, month: Manifest, counted: list[dict[str, Any]]) -> None:
    rows, totals = _usage(world, month), month.control_totals
    usage = [row for row in rows if row["row_class"] == "usage"]
    assert [totals.usage_rows, totals.quantity] == [len(usage), sum(row["quantity"] for row in usage)]
    assert totals.correction_quantity == sum(row["quantity"] for row in rows) - totals.quantity
    readers = defaultdict(set)
    for row in counted:
        if row["row_class"] == "usage":
            readers[row["row_id"]].add(row["reader"])
    assert {row["row_id"]: row["unique_readers"] for row in usage} == {id_: len(each) for id_, each in readers.items()}
    assert all(row["unique_readers"] is None for row in rows if row["row_class"] == "correction")


def _usage(world: World, made: Manifest) -> list[dict[str, Any]]:
    [file] = [file for file in made.files if file.name == "usage.jsonl.gz"]
    return [json.loads(line) for line in gzip.decompress(world.exports.bodies[file.path]).splitlines()]


def _counted(world: World, month: Manifest) -> list[dict[str, Any]]:
    [file] = [file for file in month.files if file.name == "counted.parquet"]
    rows = pyarrow.parquet.read_table(io.BytesIO(world.exports.bodies[file.path])).to_pylist()
    return [{**row, "meter": row["meter"] or ""} for row in rows]


def _digest(read: Shown) -> str:
    return reader_digest(KEYRING, SITE, read.local_date[:7], read.reader)


def _article(read: Shown) -> str:
    return base64url(digest(KEYRING.permanent_key("article", SITE), *read.article))
