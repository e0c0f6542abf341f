"""What the ledger function does with a batch of the stream: rows, poison records, faults, copies, noise."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from readmeter.core.keys import Keyring
from readmeter.core.rules import Retention
from readmeter.store.database import Unavailable
from readmeter.usage.ledger import ReadRow, new_rows, reader_digest
from readmeter.usage.stream import LedgerStream, Redrive
from tests.support.endpoint import KEYRING, NOW
from tests.support.objects import MemoryObjects
from tests.support.site import compiled
from tests.support.stream import Record, Sites, distinct, poisoned, records, rows, sequence

BATCH = records("batch")


class FailingObjects(MemoryObjects):
    """A bucket that `fails` when it is asked to create its next object, as often as it says."""

    def __init__(self, *fails: bool) -> None:
        super().__init__()
        self._fails = list(fails)

    def create(self, key: str, body: bytes | Path, **given: Any) -> bool:
        if self._fails and self._fails.pop(0):
            raise TimeoutError(key)
        return super().create(key, body, **given)


def stream_to(
    ledger: MemoryObjects, faults: list[Exception] | None = None, sites: Sites | None = None, **given: Any
) -> LedgerStream:
    told = [] if faults is None else faults
    parts = {"keyring": lambda: KEYRING, "clock": lambda: NOW, "report": told.append, **given}
    return LedgerStream(ledger, sites or Sites(), **parts)


def failed(answer: dict[str, Any]) -> str | None:
    """The record that Lambda is told to go on from."""
    match answer:
        case {"batchItemFailures": []}:
            return None
        case {"batchItemFailures": [{"itemIdentifier": str(identifier)}]}:
            return identifier
    raise AssertionError(answer)


def ledger_of(batch: list[Record]) -> MemoryObjects:
    ledger = MemoryObjects()
    assert failed(stream_to(ledger).answer(batch)) is None
    return ledger


def test_every_read_and_event_of_a_batch_becomes_one_row() -> None:
    found = rows(ledger_of(BATCH))
    reads = [row for row in found if "decision" in row]
    assert {(row["site"], row["decision"], row["meter"], row["local_date"], row["traffic"]) for row in reads} == {
        ("riotimes", "metered", "default", "2026-11-22", "reader"),
        ("riotimes", "metered", "default", "2026-11-22", "unstored"),
        ("riotimes", "metered", "default", "2026-11-23", "reader"),
        ("other-site", "metered", "markets", "2026-11-23", "reader"),
        ("riotimes", "institution", "", "2026-11-23", "reader"),
        ("riotimes", "fail_open", "", "2026-11-23", "reader"),
    }
    [event] = [row for row in found if "kind" in row]
    assert (event["kind"], event["at"], event["local_date"]) == ("fail_open", 1_795_435_100, "2026-11-23")
    assert len(found) == 7


def test_a_row_has_the_sequence_number_of_the_record_that_added_it() -> None:
    numbers = {row["sequence"] for row in rows(ledger_of(BATCH))}
    assert numbers == {sequence(record) for record in BATCH}


def test_an_object_is_named_by_the_first_and_the_last_record_whose_rows_it_holds() -> None:
    names = {key.rpartition("-")[0] for key in ledger_of(BATCH).bodies}
    numbers = [sequence(record) for record in BATCH]
    assert names == {
        f"ledger/v1/site=riotimes/date=2026-11-22/{numbers[0]}-{numbers[1]}",
        f"ledger/v1/site=riotimes/date=2026-11-23/{numbers[2]}-{numbers[5]}",
        f"ledger/v1/site=other-site/date=2026-11-23/{numbers[3]}-{numbers[3]}",
        f"events/v1/site=riotimes/date=2026-11-23/{numbers[5]}-{numbers[5]}",
    }


def test_a_batch_that_comes_twice_is_the_same_objects_byte_for_byte() -> None:
    ledger = ledger_of(BATCH)
    before = dict(ledger.bodies)
    assert failed(stream_to(ledger).answer(BATCH)) is None
    assert ledger.bodies == before


def test_a_read_costs_one_digest_however_many_its_item_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader's month comes again whole with each read: the fiftieth must not cost fifty."""
    made: list[str] = []

    def counted(keyring: Keyring, site: str, month: str, reader: str) -> str:
        made.append(reader)
        return reader_digest(keyring, site, month, reader)

    monkeypatch.setattr("readmeter.usage.ledger.reader_digest", counted)
    reads = {f"{number:A>22}": {"S": "2026-11-22|3|anonymous|reader"} for number in range(50)}
    item = {"pk": {"S": "S#riotimes#R#ann"}, "sk": {"S": "P#default#2026-11"}, **reads}
    grown = {**item, "B" * 22: {"S": "2026-11-22|3|anonymous|reader"}}
    [row] = new_rows(grown, item, lambda: KEYRING, "1")
    assert isinstance(row, ReadRow)
    assert row.article == "B" * 22
    assert made == ["ann"]


@pytest.mark.parametrize("position", range(len(BATCH)))
def test_what_is_before_a_poison_record_is_written_and_lambda_goes_on_from_it(position: int) -> None:
    batch = [*BATCH[:position], poisoned(BATCH[position]), *BATCH[position + 1 :]]
    ledger, faults = MemoryObjects(), []
    assert failed(stream_to(ledger, faults).answer(batch)) == sequence(batch[position])
    assert distinct(ledger) == distinct(ledger_of(BATCH[:position]))
    assert len(faults) == 1


POISONS: dict[str, dict[str, Any]] = {
    "no owner": {"pk": {"S": "riotimes"}},
    "no partition key": {"pk": {}},
    "no sort key": {"sk": {}},
    "a date that is none": {"A" * 22: {"S": "../22|3|anonymous|reader"}},
    "a version that is none": {"A" * 22: {"S": "2026-11-22|x|anonymous|reader"}},
    "too few parts": {"A" * 22: {"S": "2026-11-22|3"}},
    "too many parts": {"A" * 22: {"S": "2026-11-22|3|anonymous|reader|view|more"}},
    "a stamp that is no text": {"A" * 22: {"N": "1"}},
    "a window without its start": {"sk": {"S": "P#default#D"}},
}


@pytest.mark.parametrize("change", POISONS.values(), ids=POISONS)
def test_what_is_none_of_ours_is_poison_and_never_guessed(change: dict[str, Any]) -> None:
    image = {**BATCH[0]["dynamodb"]["NewImage"], **change}
    poison = {**BATCH[0], "dynamodb": {**BATCH[0]["dynamodb"], "NewImage": image}}
    ledger = MemoryObjects()
    assert failed(stream_to(ledger).answer([poison])) == sequence(poison)
    assert ledger.bodies == {}


def test_the_noise_of_a_stream_gives_no_rows_and_no_faults() -> None:
    """A no-op record, an INSERT of keys alone, an erasure, carried reads, a new TTL, another item, an expiry."""
    ledger, faults = MemoryObjects(), []
    assert failed(stream_to(ledger, faults).answer(records("noise"))) is None
    assert (ledger.bodies, faults) == ({}, [])


def test_a_batch_in_parts_is_the_same_ledger() -> None:
    """As Lambda bisects it: halves, down to single records, in any order."""
    ledger = MemoryObjects()
    stream = stream_to(ledger)

    def bisect(batch: list[Record]) -> None:
        if len(batch) > 1:
            middle = len(batch) // 2
            bisect(batch[middle:])
            bisect(batch[:middle])
        assert failed(stream.answer(batch)) is None

    bisect(BATCH)
    assert distinct(ledger) == distinct(ledger_of(BATCH))


def test_what_s3_does_not_take_is_retried_whole() -> None:
    """Also where some of the objects were written: they are the same again."""
    ledger, faults = FailingObjects(False, True), []
    stream = stream_to(ledger, faults)
    assert failed(stream.answer(BATCH)) == sequence(BATCH[0])
    assert len(ledger.bodies) == 1
    assert [type(fault) for fault in faults] == [TimeoutError]
    assert failed(stream.answer(BATCH)) is None
    assert ledger.bodies == ledger_of(BATCH).bodies


def test_without_the_secret_nothing_is_written_and_nothing_is_poison() -> None:
    def no_secret() -> Any:
        raise Unavailable("no secret")

    ledger, faults = MemoryObjects(), []
    assert failed(stream_to(ledger, faults, keyring=no_secret).answer(BATCH)) == sequence(BATCH[0])
    assert ledger.bodies == {}
    assert [type(fault) for fault in faults] == [Unavailable]


def test_an_object_is_kept_as_long_as_its_site_says() -> None:
    sites = Sites(riotimes=compiled(retention=Retention(ledger_reader_days=365)))
    ledger = MemoryObjects()
    stream_to(ledger, sites=sites).answer(BATCH)
    assert {(key.split("/")[2], days) for key, days in ledger.keep.items()} == {
        ("site=riotimes", 365),
        ("site=other-site", 90),  # a site that is not there any more
    }


@pytest.mark.parametrize("seed", range(100))
def test_whatever_lambda_and_s3_do_every_read_counts_once(seed: int) -> None:
    """I6: retries from the failed record, copies, S3 faults; the poison record alone stays out."""
    random = Random(seed)
    position = random.randrange(len(BATCH) + 1)
    batch = [*BATCH[:position], poisoned(BATCH[0]), *BATCH[position:]]
    batch[position]["dynamodb"]["SequenceNumber"] = "poison"
    ledger = FailingObjects(*(random.random() < 0.3 for _ in range(20)))
    stream = stream_to(ledger)
    pending = batch
    while pending:
        size = random.randint(1, len(pending))
        answer = failed(stream.answer(pending[:size]))
        if answer == "poison" and sequence(pending[0]) == "poison":
            pending = pending[1:]  # given up
        elif answer is not None:
            pending = pending[[sequence(record) for record in pending].index(answer) :]
        elif random.random() < 0.7:  # else the answer is lost, and the batch comes again
            pending = pending[size:]
    assert distinct(ledger) == distinct(ledger_of(BATCH))


# ------------------------------------------------------------------------------------------------ redrive


def invocation_record(batch: list[Record]) -> bytes:
    """The documented shape, around these records."""
    path = Path(__file__).parents[1] / "events" / "stream-invocation-record.json"
    return json.dumps({**json.loads(path.read_text()), "payload": json.dumps({"Records": batch})}).encode()


def redrive(failures: MemoryObjects, ledger: MemoryObjects, clock: Callable[[], float] = lambda: NOW) -> dict[str, int]:
    faults: list[Exception] = []
    return Redrive(failures, stream_to(ledger), clock, faults.append).run(until=NOW + 90)


def test_a_redrive_writes_what_lambda_gave_up_on_and_deletes_it() -> None:
    failures, ledger = MemoryObjects(), MemoryObjects()
    failures.create("aws/lambda/1/shard/2026/11/23/a", invocation_record(BATCH[:3]))
    failures.create("aws/lambda/1/shard/2026/11/23/b", invocation_record(BATCH[3:]))
    assert redrive(failures, ledger) == {"redriven": 2, "left": 0}
    assert distinct(ledger) == distinct(ledger_of(BATCH))
    assert failures.bodies == {}


def test_what_is_still_poison_stays_and_keeps_nothing_else_back() -> None:
    failures, ledger = MemoryObjects(), MemoryObjects()
    failures.create("a", invocation_record([BATCH[0], poisoned(BATCH[1]), BATCH[2], poisoned(BATCH[3]), BATCH[4]]))
    failures.create("b", invocation_record([BATCH[5]]))
    assert redrive(failures, ledger) == {"redriven": 1, "left": 1}
    assert list(failures.bodies) == ["a"]
    assert distinct(ledger) == distinct(ledger_of([BATCH[0], BATCH[2], BATCH[4], BATCH[5]]))


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"{", b'{"payload": {"Records": []}}', b'{"payload": "{}"}'])
def test_what_is_no_invocation_record_stays(body: bytes) -> None:
    failures = MemoryObjects()
    failures.create("a", body)
    assert redrive(failures, MemoryObjects()) == {"redriven": 0, "left": 1}
    assert failures.bodies == {"a": body}


def test_a_redrive_that_runs_again_changes_nothing() -> None:
    failures, ledger = MemoryObjects(), ledger_of(BATCH)
    before = dict(ledger.bodies)
    failures.create("a", invocation_record(BATCH))
    assert redrive(failures, ledger) == {"redriven": 1, "left": 0}
    assert ledger.bodies == before
    assert redrive(failures, ledger) == {"redriven": 0, "left": 0}


def test_a_redrive_without_s3_deletes_nothing() -> None:
    failures = MemoryObjects()
    failures.create("a", invocation_record(BATCH))
    with pytest.raises(TimeoutError):
        redrive(failures, FailingObjects(True))
    assert list(failures.bodies) == ["a"]


def test_a_redrive_leaves_what_it_has_no_time_for() -> None:
    failures = MemoryObjects()
    for name in "abc":
        failures.create(name, invocation_record(BATCH))
    instants = iter([NOW, NOW + 60, NOW + 91])
    assert redrive(failures, MemoryObjects(), lambda: next(instants)) == {"redriven": 2, "left": 1}
