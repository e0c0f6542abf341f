"""What `make bench` compares is the same work, and docs/performance.md is what it writes: no timing here."""

import re
from pathlib import Path

import pytest

from benchmarks import cost, requests
from benchmarks.document import NOT_CLAIMED, PATH, READING, TITLES, Run, document
from benchmarks.exports import export, plain, write_ledger
from benchmarks.figures import Headline, Part, times

READS = 2_000


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ledger")
    assert write_ledger(folder, READS, files_a_day=2) == READS * 105 // 100
    return folder


def test_the_export_counts_every_read_once(ledger: Path, tmp_path: Path) -> None:
    assert export(ledger, tmp_path) == READS


def test_plain_duckdb_counts_every_read_once(ledger: Path, tmp_path: Path) -> None:
    assert plain(ledger, tmp_path) == READS


@pytest.fixture(scope="module")
def asked() -> Part:
    """Every kind of decision through the real handler over TLS, and its baselines: each is checked to be that kind."""
    return requests.measure(1)


def test_a_count_is_one_request_and_what_the_page_knows_is_none(asked: Part) -> None:
    operations = {row[0]: row[2] for row in asked.tables[0].rows}
    assert operations == {
        "counted": "UpdateItem",
        "repeat, known by the page's state": "none",
        "repeat, asked of the database": "UpdateItem",
        "wall, known by the page's state": "none",
        "wall, asked of the database": "UpdateItem",
        "exempt article": "none",
        "bad request (422)": "none",
        "counted, with one event of the page": "UpdateItem, UpdateItem",
        "counted, first of a new window": "UpdateItem, TransactWriteItems",
        "counted, of a registered reader": "GetItem, UpdateItem",
        "subscriber, by claim": "none",
    }


def test_the_naive_baseline_reads_before_it_writes(asked: Part) -> None:
    assert asked.tables[1].rows[1][2] == "GetItem, GetItem, PutItem"


def sections() -> dict[str, str]:
    """The page's sections by their headings, in its order."""
    parts = re.split(r"^## (.+)\n", PATH.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def tables(text: str) -> list[list[list[str]]]:
    """The cells of every table."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [[row.strip("| ").split(" | ") for row in table.splitlines()] for table in found]


def test_the_page_has_every_part_as_the_writer_orders_them() -> None:
    assert list(sections()) == [
        "At a glance",
        "The run",
        "How to read it",
        *TITLES.values(),
        "What is not claimed",
    ]


def test_the_page_says_how_it_is_read_and_what_it_does_not_claim_as_the_writer_does() -> None:
    text = PATH.read_text()
    assert READING in text
    assert text.endswith(f"{NOT_CLAIMED}\n")


@pytest.mark.parametrize("title", TITLES.values())
def test_every_part_has_whole_tables(title: str) -> None:
    found = tables(sections()[title])
    assert found
    for columns, rule, *rows in found:
        assert rule == ["---", *["---:"] * (len(columns) - 1)]
        assert rows
        assert all(len(row) == len(columns) for row in rows)


def test_every_headline_stands_beside_a_baseline_with_its_ratio() -> None:
    [[_, _, *rows]] = tables(sections()["At a glance"])
    assert len(rows) >= len(TITLES)
    assert all(
        baseline and re.fullmatch(r"[\d.e-]+x( \(within the noise\))?", ratio) for _, _, baseline, _, ratio in rows
    )


def test_the_run_says_how_much_others_used_of_the_machine_in_each_part() -> None:
    [[_, _, *rows]] = tables(sections()["The run"])
    assert [name for name, _ in rows] == list(TITLES)
    assert all(re.fullmatch(r"\d+%", share) for _, share in rows)


def test_the_lines_of_the_cost_add_up() -> None:
    lines = tables(sections()[TITLES["cost"]])[0][2:]
    whole = next(index for index, line in enumerate(lines) if line[0] == "**all**")
    for column in range(1, len(lines[0])):
        added = sum(float(line[column]) for line in lines[:whole])
        assert added == pytest.approx(float(lines[whole][column].strip("*")), abs=0.0005 * whole)


@pytest.mark.parametrize(("figure", "of", "said"), [(1, 4, "0.25x"), (5, 2, "2.5x"), (420, 10, "42x")])
def test_a_ratio_is_said_as_precisely_as_it_is_known(figure: float, of: float, said: str) -> None:
    assert times(figure, of) == said


# USD per million at 1,000 M views a month, 256 MB, 6 ms, 900 bytes out and 300 of log: worked out by hand from the list
WORKED_OUT = {
    "REST API, 2 strong reads, transactional write of 2 items": 3.033 + 0.22 + 4 * 0.625 + 2 * 0.125 + 0.159 + 0.081,
    "HTTP API, 2 strong reads, write, synchronous site counter": 0.93 + 0.22 + 2 * 0.625 + 2 * 0.125 + 0.159 + 0.081,
    "HTTP API, one write, preflight on every view": 1.83 + 0.22 + 0.625 + 0.159 + 0.081,
    "HTTP API, one conditional write, nothing else": 0.93 + 0.22 + 0.625 + 0.159 + 0.081,
    "Function URL, one write, no logs": 0.22 + 0.625 + 0.081,
}


def test_other_designs_cost_what_the_price_list_says() -> None:
    call = cost.Call(gigabytes=0.25, seconds=0.006, answer=900, log_line=300)
    found = {design.name: design.cost(1_000, call) for design in cost.DESIGNS}
    assert found == pytest.approx(WORKED_OUT, abs=0.001)


def page_of(foreign: float) -> str:
    """The page of a run with one timed figure and one that is not, each 1.3 times its baseline's."""
    headlines = [Headline("time", "ms", 13, "other", 10, timed=True), Headline("size", "bytes", 13, "other", 10)]
    run = Run("2026-11-23", "a machine", {}, 60, {"start": foreign})
    return document(run, [Part("start", "", [], "", headlines)])


@pytest.mark.parametrize(
    ("foreign", "ratio"), [(0.05, "1.3x"), (0.15, "1.3x (within the noise)"), (1.2, "1.3x (within the noise)")]
)
def test_what_is_timed_and_within_the_noise_is_marked_so(foreign: float, ratio: str) -> None:
    page = page_of(foreign)
    assert f"| time | 13 ms | other | 10 ms | {ratio} |" in page
    assert "| size | 13 bytes | other | 10 bytes | 1.3x |" in page


def test_above_a_fifth_used_by_others_the_page_begins_with_it() -> None:
    warning = "**Not a quiet machine.** Others used 67% of it at worst, above 20% in Time to first answer."
    before, _, _ = page_of(0.67).partition("## At a glance")
    assert warning in before
    assert "Not a quiet machine" not in page_of(0.2)
