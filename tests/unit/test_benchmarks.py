"""What `make bench` compares is the same work: no timing here."""

from pathlib import Path

import pytest

from benchmarks.exports import export, plain, write_ledger

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
