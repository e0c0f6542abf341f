"""Rows per second and peak memory of a monthly export, beside plain DuckDB's bare aggregate on the same files.

Every run is a process of its own, so that its peak memory is its own.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.figures import Headline, Part, Spread, Table, times
from benchmarks.machine import peak_memory
from readmeter.store.sites import Version
from readmeter.usage.exports import Exporter
from readmeter.usage.ledger import READ_KEY, READS, ReadRow
from readmeter.usage.objects import Stored
from readmeter.usage.period import ExportPeriod

SITE, MONTH, DAYS = "riotimes", "2026-11", 30
_DOCUMENT = {
    "site": SITE,
    "origins": ["https://www.riotimesonline.com"],
    "timezone": "America/Sao_Paulo",
    "prompt": {"subscribe_url": "https://www.riotimesonline.com/subscribe"},
}
_WRITTEN_AT = 1_793_800_000.0  # in the month
_FINAL_AT = 1_797_000_000.0
_FILES_A_DAY = 24
_COPIES = 0.05  # of the rows come twice
_LARGE = 1_000_000  # reads: exports of so many and more are measured once
_MOST_RUNS = 3

_BEFORE = f"""\
A month's ledger of one site, {DAYS * _FILES_A_DAY} gzip objects in a folder, one line in twenty twice; each run
in a process of its own, by turns; sizes of a million and more once. Plain DuckDB does what no export can do
without: read, drop the copies, add up, write one Parquet file. ROWS={_LARGE} and the like measure other
sizes."""

_AFTER = """\
The export also writes every other file of [an export](reference/export.md), and hashes each into its manifest. S3 is
a folder here: a real bucket adds its transfers."""


class FolderObjects:
    """A bucket in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(
        self, key: str, body: bytes | Path, *, keep_days: int | None = None, locked_until: float | None = None
    ) -> bool:
        path = self._folder / key
        if path.exists():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.read_bytes() if isinstance(body, Path) else body)
        return True

    def stored(self, prefix: str) -> Iterator[Stored]:
        within = (self._folder / prefix).parent if prefix else self._folder
        files = sorted(path for path in within.rglob("*") if path.is_file())
        keys = ((path.relative_to(self._folder).as_posix(), path) for path in files)
        return (Stored(key, path.stat().st_size, 0.0) for key, path in keys if key.startswith(prefix))

    def read(self, key: str) -> bytes | None:
        path = self._folder / key
        return path.read_bytes() if path.exists() else None

    def download(self, key: str, path: Path) -> None:
        path.write_bytes((self._folder / key).read_bytes())

    def delete(self, key: str) -> None:
        (self._folder / key).unlink(missing_ok=True)

    def link(self, key: str, seconds: int, filename: str) -> str:
        return (self._folder / key).as_uri()


def write_ledger(folder: Path, rows: int, files_a_day: int = _FILES_A_DAY) -> int:
    """Writes a month's ledger of so many different reads, some of them twice; counts the lines. Always the same."""
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            CREATE TABLE lines AS
            WITH numbers AS (
                SELECT range AS n, range AS line FROM range({rows})
                UNION ALL SELECT range, range + {rows} FROM range({int(rows * _COPIES)})
            )
            SELECT '{SITE}' AS site,
                CASE WHEN n % 20 = 0 THEN 'markets' ELSE 'default' END AS meter,
                'metered' AS decision, '{MONTH}' AS period,
                left(md5('reader' || n // 4), 22) AS reader, 0 AS generation,
                left(md5('article' || n), 22) AS article,
                '{MONTH}-' || lpad((hash(n) % {DAYS} + 1)::VARCHAR, 2, '0') AS local_date,
                n * 3 // {rows} + 1 AS rule_version, 'anonymous' AS reader_class,
                CASE WHEN n % 50 = 0 THEN 'unstored' ELSE 'reader' END AS traffic, 'article' AS unit,
                'stream' AS source, (4421584500000000017450000000::HUGEINT + line)::VARCHAR AS sequence, line
            FROM numbers
            """
        )
        for day in range(1, DAYS + 1):
            date = f"{MONTH}-{day:02d}"
            into = folder / READS / f"site={SITE}" / f"date={date}"
            into.mkdir(parents=True)
            for part in range(files_a_day):
                connection.execute(
                    f"""
                    COPY (SELECT * EXCLUDE (line) FROM lines
                          WHERE local_date = '{date}' AND hash(line) % {files_a_day} = {part} ORDER BY ALL)
                    TO '{into}/{part:04d}.jsonl.gz' (FORMAT json, COMPRESSION gzip)
                    """
                )
        [(lines,)] = connection.execute("SELECT count(*) FROM lines").fetchall()
    return int(lines)


def export(ledger: Path, output: Path) -> int:
    """The whole monthly export as the function makes it; answers the counted reads."""
    version = Version(SITE, 1, json.dumps(_DOCUMENT), _WRITTEN_AT, "benchmark")
    exporter = Exporter(FolderObjects(ledger), FolderObjects(output), lambda _: [version])
    return exporter.run(SITE, ExportPeriod.parse(MONTH), _FINAL_AT).control_totals.quantity


def plain(ledger: Path, output: Path) -> int:
    """What no export can do without: drop the copies, add up, write the reads as Parquet; no hashes, no other file."""
    columns = {field.name: "BIGINT" if field.type is int else "VARCHAR" for field in fields(ReadRow)}
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            CREATE TABLE reads AS
            SELECT * FROM read_json(
                '{ledger}/{READS}/**/*.jsonl.gz', format = 'newline_delimited', columns = {columns}
            )
            QUALIFY row_number() OVER (PARTITION BY {", ".join(READ_KEY)} ORDER BY source DESC, sequence) = 1
            """
        )
        given = "local_date, meter, decision, reader_class, traffic, rule_version, unit"
        rows = connection.execute(
            f"SELECT {given}, count(*), count(DISTINCT reader) FROM reads GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        connection.execute(f"COPY reads TO '{output}/reads.parquet' (FORMAT parquet)")
    return sum(row[-2] for row in rows)


PLAIN, EXPORT = "plain DuckDB", "Readmeter's export"
_MEASURED: dict[str, Callable[[Path, Path], int]] = {PLAIN: plain, EXPORT: export}


def measured(name: str, ledger: Path) -> tuple[int, float, float]:
    """Rows, seconds and peak memory (MiB) of one run, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.exports", name, str(ledger)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    rows, seconds, memory = json.loads(done.stdout)
    return int(rows), float(seconds), float(memory)


def _run(name: str, ledger: Path) -> None:
    with TemporaryDirectory() as output:
        began = time.perf_counter()
        rows = _MEASURED[name](ledger, Path(output))
        seconds = time.perf_counter() - began
    print(json.dumps([rows, seconds, peak_memory(os.getpid())]))


def _compared(rows: int, runs: int) -> tuple[Table, list[Headline]]:
    with TemporaryDirectory() as name:
        ledger = Path(name)
        lines = write_ledger(ledger, rows)
        found: dict[str, list[tuple[int, float, float]]] = {name: [] for name in _MEASURED}
        for _ in range(runs):
            for each in _MEASURED:
                found[each].append(measured(each, ledger))
    assert {counted for done in found.values() for counted, _, _ in done} == {rows}, "other rows were counted"
    seconds = {each: Spread([run[1] for run in done]) for each, done in found.items()}
    memory = {each: Spread([run[2] for run in done]) for each, done in found.items()}
    columns = (
        f"{rows:,} reads in {lines:,} lines",
        "reads a second",
        "seconds",
        "peak MiB",
        "seconds, of plain DuckDB's",
    )
    table = Table(
        columns,
        [
            (
                each,
                f"{rows / seconds[each].middle:,.0f}",
                seconds[each].text(2),
                f"{max(memory[each].values):,.0f}",
                times(seconds[each].middle, seconds[PLAIN].middle),
            )
            for each in _MEASURED
        ],
    )
    what = f"a month's export of {rows:,} reads"
    headlines = [
        Headline(f"Time of {what}", "s", seconds[EXPORT].middle, PLAIN, seconds[PLAIN].middle, 2, timed=True),
        Headline(f"Memory of {what}", "MiB", memory[EXPORT].middle, PLAIN, memory[PLAIN].middle),
    ]
    return table, headlines


def measure(runs: int) -> Part:
    sizes = [int(each) for each in os.environ.get("ROWS", "200000,2000000").split(",")]
    compared = [_compared(rows, 1 if rows >= _LARGE else min(runs, _MOST_RUNS)) for rows in sizes]
    tables, headlines = zip(*compared, strict=True)
    return Part("exports", _BEFORE, tables, _AFTER, [line for lines in headlines for line in lines])


if __name__ == "__main__":
    _run(sys.argv[1], Path(sys.argv[2]))
