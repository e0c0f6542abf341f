"""`make run` and its ledger: whatever way the service ends, each counted read is there exactly once."""

import gzip
import json
import os
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from readmeter.usage.ledger import natural_key
from tests.http.test_run import Start, family, start
from tests.support.api import site_document

__all__ = ["start"]


def ledger(data_dir: Path) -> list[dict[str, Any]]:
    """Every row of `riotimes` in the ledger that the folder keeps, copies included."""
    return list(_rows(data_dir / "objects"))


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.glob("*/ledgerbucket/ledger/v1/site=riotimes/date=*/*.jsonl.gz"):
        yield from map(json.loads, gzip.decompress(path.read_bytes()).splitlines())


def articles(rows: list[dict[str, Any]]) -> int:
    assert len({natural_key(row) for row in rows}) == len(rows), "a read that is there twice"
    return len(rows)


def test_a_stop_writes_what_was_counted_a_moment_before(start: Start, tmp_path: Path) -> None:
    run = start(DATA_DIR=str(tmp_path))
    run.api.publish(site_document("riotimes"))
    for article in "abc":
        assert run.api.post({"site": "riotimes", "article": article}).json["reason"] == "metered"
    code, _, errors = run.stop(signal.SIGTERM)
    assert (code, errors) == (0, "")
    found = ledger(tmp_path)
    assert articles(found) == 3
    assert {row["source"] for row in found} == {"stream"}


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a child that its parent is gone")
def test_after_a_kill_and_a_start_each_read_is_there_once(start: Start, tmp_path: Path) -> None:
    first = start(DATA_DIR=str(tmp_path))
    first.api.publish(site_document("riotimes"))
    for number in range(40):
        first.api.post({"site": "riotimes", "article": str(number)})
    [engine] = family(first.process.pid) - {first.process.pid}
    watched = os.pidfd_open(engine)
    first.process.kill()
    first.process.communicate(timeout=20)
    select.select([watched], [], [], 20)  # it keeps what it holds when it ends
    os.close(watched)

    second = start(DATA_DIR=str(tmp_path))
    second.api.post({"site": "riotimes", "article": "after"})
    assert second.stop(signal.SIGTERM)[0] == 0
    found = ledger(tmp_path)
    assert articles(found) == 41

    third = start(DATA_DIR=str(tmp_path))
    assert third.stop(signal.SIGTERM)[0] == 0
    assert ledger(tmp_path) == found
