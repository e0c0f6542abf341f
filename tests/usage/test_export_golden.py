"""The bytes of every file for one small ledger. Rewrite them with

    PYTHONPATH=shared:. .venv/bin/python -m tests.usage.test_export_golden

and read the difference before you commit it: finance's programs read these files.
"""

import json
from pathlib import Path

import pytest

from readmeter.usage.columns import COUNTED, INVOICE, USAGE
from readmeter.usage.manifest import Manifest
from tests.support.exports import Bench, read, version

GOLDEN = Path(__file__).parents[1] / "golden" / "export"
METERS = [
    {"name": "markets", "limits": {"anonymous": 1}, "match": {"sections": ["markets"]}, "pool": "default"},
    {"name": "live", "limits": {"anonymous": 9}, "count": "view", "match": {"sections": ["live"]}},
    {"name": "default", "limits": {"anonymous": 5, "registered": 10}},
]


def november() -> tuple[Bench, Manifest]:
    """A final with every kind of row: classes, decisions, traffic, units, rule versions and a correction."""
    bench = Bench([version(meters=METERS, name="The Rio Times, “Rio’s” daily")])
    bench.arrive(read("ann", "x", "2026-10-31"))
    bench.run("2026-10", "2026-11-10")
    bench.arrive(read("bob", "x", "2026-10-31"), read("bob", "y", "2026-10-31", traffic="unstored"), name="late")
    bench.arrive(
        read("ann", "x", "2026-11-01"),
        read("ann", "y", "2026-11-01"),
        read("bob", "x", "2026-11-01"),
        read("bob", "y", "2026-11-30", reader_class="registered", rule_version=2),
        read("cid", "x", "2026-11-30", traffic="unstored"),
        read("dan", "x", "2026-11-30", traffic="suspected_bot"),
        read("ann", "one display", "2026-11-22", meter="live", unit="view"),
        read("eve", "x", "2026-11-22", meter="", decision="gift"),
        read("fay", "x", "2026-11-22", meter="", decision="institution", reader_class="institution"),
        read("ann", "z", "2026-11-22", meter="", decision="fail_open", period="an event"),
        read("ann", "x", "2026-11-01", source="reconciliation", sequence=""),
    )
    return bench, bench.run("2026-11", "2026-12-10")


def files() -> dict[str, bytes]:
    bench, made = november()
    return {"manifest.json": made.text(), **{file.name: bench.file(made, file.name) for file in made.files}}


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return files()


@pytest.mark.parametrize("path", sorted(GOLDEN.iterdir()), ids=lambda path: path.name)
def test_a_file_has_the_bytes_that_it_had(made: dict[str, bytes], path: Path) -> None:
    assert made[path.name] == path.read_bytes()


def test_every_file_is_pinned(made: dict[str, bytes]) -> None:
    assert set(made) == {path.name for path in GOLDEN.iterdir()}


def test_the_columns_are_those_of_the_contract() -> None:
    header = (
        "export_id,schema_version,row_id,row_class,corrects_row_id,site,site_timezone,meter,reader_class,decision,traffic,"
        "rule_version,billing_period,billing_period_start,billing_period_end,charge_period_start,charge_period_end,"
        "local_date,unit,quantity,unique_readers,billable"
    )
    assert ",".join(column.name for column in USAGE) == header
    for name, columns in (("usage.csv", USAGE), ("invoice.csv", INVOICE)):
        header = (GOLDEN / name).read_text("utf-8-sig").splitlines()[0]
        assert header == ",".join(column.name for column in columns)
    assert [column.name for column in COUNTED][:2] == ["row_class", "row_id"]


def test_a_manifest_reads_back() -> None:
    text = (GOLDEN / "manifest.json").read_bytes()
    assert Manifest.parse(text).text() == text
    assert {"schema_version", "generator", "revision", "status", "supersedes", "cut_off"} < set(json.loads(text))


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, body in files().items():
        (GOLDEN / name).write_bytes(body)
