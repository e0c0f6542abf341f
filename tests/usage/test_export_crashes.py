"""A run that stops anywhere, and runs that race: the final is the same bytes, once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readmeter.usage.manifest import Manifest
from readmeter.usage.objects import Objects
from tests.support.exports import Bench, read
from tests.support.objects import MemoryObjects

NOVEMBER = "2026-11"
FINAL = "2026-12-10"
WRITES = 7  # invoice.csv, usage.csv, usage.parquet, usage.jsonl.gz, counted.parquet, the ledger's names, the manifest


class StoppedError(Exception):
    """The process is gone."""


class Interrupted(MemoryObjects):
    """Calls `before` with the number (from 1) of each create, and `after` when it is done."""

    def __init__(self) -> None:
        super().__init__()
        self.creates = 0
        self.before: Callable[[int], None] = lambda number: None
        self.after: Callable[[int], None] = lambda number: None

    def create(self, key: str, body: bytes | Path, **given: Any) -> bool:
        self.creates += 1
        number = self.creates
        self.before(number)
        created = super().create(key, body, **given)
        self.after(number)
        return created


def bench(exports: Objects | None = None) -> Bench:
    """A site whose October is final, with a late read of October and some of November."""
    made = Bench(exports=exports)
    made.arrive(read("ann", "x", "2026-10-20"))
    made.run("2026-10", "2026-11-10")
    made.arrive(read("bob", "x", "2026-10-20"), name="late")
    made.arrive(*(read(f"r{n % 3}", f"a{n}", f"2026-11-{1 + n:02d}") for n in range(20)))
    return made


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, bytes]:
    """All that is in the bucket when nothing goes wrong."""
    made = bench()
    made.run(NOVEMBER, FINAL)
    return made.exports.bodies


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("write", range(1, WRITES + 1))
def test_a_run_that_stopped_at_any_write_is_finished_by_the_next(
    undisturbed: dict[str, bytes], write: int, when: str
) -> None:
    exports = Interrupted()
    stopped = bench(exports)
    exports.creates = 0

    def stop(number: int) -> None:
        if number == write:
            raise StoppedError

    setattr(exports, when, stop)
    with pytest.raises(StoppedError):
        stopped.run(NOVEMBER, FINAL)
    is_done = any("period=2026-11/revision=" in key for key in exports.bodies)
    assert is_done == (write == WRITES and when == "after")
    setattr(exports, when, lambda number: None)
    stopped.run(NOVEMBER, "2026-12-11")
    assert exports.bodies == undisturbed


def raced(write: int, act: Callable[[Bench], object]) -> Bench:
    """A bench to whose next run, just before its create number `write`, `act` happens once."""
    exports = Interrupted()
    made = bench(exports)
    exports.creates = 0

    def race(number: int) -> None:
        if number == write:
            exports.before = lambda number: None
            act(made)

    exports.before = race
    return made


@pytest.mark.parametrize("write", range(1, WRITES + 1))
def test_a_run_inside_another_makes_the_same_final(undisturbed: dict[str, bytes], write: int) -> None:
    inner: list[Manifest] = []
    outer = raced(write, lambda same: inner.append(same.run(NOVEMBER, "2026-12-11")))
    assert outer.run(NOVEMBER, FINAL) == inner[0]
    assert outer.exports.bodies == undisturbed


@pytest.mark.parametrize("write", range(1, WRITES + 1))
def test_a_read_that_comes_between_two_racing_runs_is_counted_once(write: int) -> None:
    def read_and_run(same: Bench) -> None:
        same.arrive(read("new", "x"), name="between")
        same.run(NOVEMBER, "2026-12-11")

    outer = raced(write, read_and_run)
    november = outer.run(NOVEMBER, FINAL)
    december = outer.run("2026-12", "2026-12-12")
    assert november.control_totals.quantity + december.control_totals.correction_quantity == 21
    assert [key for key in outer.exports.bodies if "period=2026-11/revision=" in key] == [november.path]


@pytest.mark.parametrize("write", range(1, WRITES))  # a provisional one leaves no names of the ledger
def test_a_provisional_run_that_lost_looks_again_before_it_supersedes(write: int) -> None:
    def read_and_run(same: Bench) -> None:
        same.arrive(read("new", "x"), name="between")
        assert same.run(NOVEMBER, "2026-11-29").control_totals.quantity == 21

    made = raced(write, read_and_run).run(NOVEMBER, "2026-11-28")
    assert (made.revision, made.control_totals.quantity) == (1, 21)


def test_a_provisional_run_that_a_final_overtook_answers_the_final() -> None:
    outer = raced(1, lambda same: same.run(NOVEMBER, FINAL))
    assert outer.run(NOVEMBER, "2026-11-28").status == "final"


def test_files_of_another_release_stay_and_are_what_the_manifest_describes() -> None:
    exports = Interrupted()
    upgraded = bench(exports)
    exports.creates = 0

    def stop(number: int) -> None:
        if number == WRITES:
            raise StoppedError

    exports.before = stop
    with pytest.raises(StoppedError):
        upgraded.run(NOVEMBER, FINAL)
    [path] = [key for key in exports.bodies if "period=2026-11/" in key and key.endswith("usage.csv")]
    exports.bodies[path] += b"as an older release wrote it"
    exports.before = lambda number: None
    made = upgraded.run(NOVEMBER, FINAL)
    assert {file.bytes for file in made.files if file.path == path} == {len(exports.bodies[path])}
