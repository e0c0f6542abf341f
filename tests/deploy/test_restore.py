"""docs/operate.md, "Restore": items that are lost or wrong come back from a table that was restored.

Rehearsed on moto, whose restore gives the table as it stands: the point in time is when it is asked for.
"""

from __future__ import annotations

import io
import sys
import zipfile
from dataclasses import asdict
from typing import Any

import boto3
import pytest

from readmeter.store.reads import reads_of
from readmeter.usage.ledger import natural_key, new_rows
from tests.support.endpoint import KEYRING, NOW, Desk
from tests.support.engines import Tables
from tests.support.site import compiled
from tools.put_back import main, put_back

SEEDS = [letter * 22 for letter in "ABCD"]
RESTORED = "readmeter-restored"


class Accident:
    """Four readers of two articles each, a restored table of that moment, and what came after it."""

    def __init__(self, tables: Tables) -> None:
        self.tables, self.desk = tables, Desk(tables)
        self.desk.publish(compiled())
        self.tokens = [self.read(seed, "a", "b")["reader"] for seed in SEEDS]
        backups = {"PointInTimeRecoveryEnabled": True}
        tables.client.update_continuous_backups(TableName=tables.meter_table, PointInTimeRecoverySpecification=backups)
        tables.client.restore_table_to_point_in_time(
            SourceTableName=tables.meter_table, TargetTableName=RESTORED, UseLatestRestorableTime=True
        )

    def read(self, seed: str, *articles: str) -> dict[str, Any]:
        answers: list[dict[str, Any]] = [self.desk.view(article, seed=seed) for article in articles]
        return answers[-1]

    def lose(self) -> None:
        for item in self.tables.meter_items():
            key = {"pk": item["pk"], "sk": item["sk"]}
            self.tables.client.delete_item(TableName=self.tables.meter_table, Key=key)

    def put_back(self, *, overwrite: bool = False, now: float = NOW) -> dict[str, int]:
        counts = put_back(self.tables.client, RESTORED, self.tables.meter_table, now, overwrite=overwrite)
        return dict(counts)

    def used(self, seed: str) -> int:
        return int(self.desk.access("z", seed=seed)["used"])


@pytest.fixture
def accident(moto: Tables) -> Accident:
    return Accident(moto)


def test_lost_items_come_back_and_what_was_read_since_stays(accident: Accident) -> None:
    accident.lose()
    accident.read(SEEDS[0], "c")
    assert accident.put_back() == {"put back": 3, "left": 1}
    assert [accident.used(seed) for seed in SEEDS] == [1, 2, 2, 2]
    assert accident.read(SEEDS[1], "a")["reason"] == "repeat"


def test_doing_it_twice_changes_nothing(accident: Accident) -> None:
    accident.lose()
    assert accident.put_back() == {"put back": 4}
    assert accident.put_back() == {"left": 4}


def test_wrong_items_are_as_they_were(accident: Accident) -> None:
    accident.read(SEEDS[0], "c", "d")
    assert accident.put_back(overwrite=True) == {"put back": 4}
    assert accident.used(SEEDS[0]) == 2


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_reader_who_was_erased_since_stays_erased(accident: Accident, overwrite: bool) -> None:
    accident.desk.erase(accident.tokens[0])
    assert accident.put_back(overwrite=overwrite)["left"] >= 1
    of_nobody = [item for item in accident.tables.meter_items() if not list(reads_of(item))]
    assert (len(of_nobody), accident.used(SEEDS[0])) == (1, 2)


def test_an_erasure_that_found_nothing_is_undone(accident: Accident) -> None:
    """Why step 1 stops the reader function: where no item is, an erasure leaves no trace that could tell."""
    accident.lose()
    accident.desk.erase(accident.tokens[0])
    assert accident.put_back() == {"put back": 4}
    assert accident.used(SEEDS[0]) == 2
    assert len([item for item in accident.tables.meter_items() if list(reads_of(item))]) == 4


@pytest.fixture
def functions(moto: Tables, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two that run."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    role = boto3.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    for name in ("views", "reader"):
        boto3.client("lambda").create_function(
            FunctionName=name, Role=role, Code={"ZipFile": code.getvalue()}, Runtime="python3.13", Handler="app.handler"
        )
    return ["views", "reader"]


def test_nothing_is_overwritten_while_a_function_may_write(
    accident: Accident, functions: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accident.read(SEEDS[0], "c", "d")
    words = ["put_back.py", RESTORED, accident.tables.meter_table, "--overwrite", *functions]
    monkeypatch.setattr(sys, "argv", words)

    boto3.client("lambda").put_function_concurrency(FunctionName="reader", ReservedConcurrentExecutions=0)
    with pytest.raises(SystemExit):
        main()
    assert "error: views may still write" in capsys.readouterr().err
    assert accident.used(SEEDS[0]) == 4

    boto3.client("lambda").put_function_concurrency(FunctionName="views", ReservedConcurrentExecutions=0)
    main()
    assert (capsys.readouterr().out, accident.used(SEEDS[0])) == ("4 items put back, 0 left as they are.\n", 2)


def test_a_reader_who_was_erased_before_comes_back_without_a_trace(moto: Tables) -> None:
    desk = Desk(moto)
    desk.publish(compiled())
    desk.erase(desk.view("a", seed="E" * 22)["reader"])
    accident = Accident(moto)
    accident.lose()
    assert [accident.put_back(overwrite=True) for _ in range(2)] == [{"put back": 5}] * 2
    of_nobody = [item for item in moto.meter_items() if not list(reads_of(item))]
    assert (len(of_nobody), accident.used("E" * 22)) == (1, 1)


def test_what_has_expired_stays_away(accident: Accident) -> None:
    accident.lose()
    assert accident.put_back(now=NOW + 400 * 86_400) == {}
    assert accident.tables.meter_items() == []


def test_the_ledger_takes_what_is_put_back_for_what_it_has(accident: Accident) -> None:
    """It comes through the stream as new items: every row has the key that it had."""

    def keys() -> set[tuple[Any, ...]]:
        rows = [row for item in accident.tables.meter_items() for row in new_rows(item, None, lambda: KEYRING, "1")]
        return {natural_key(asdict(row)) for row in rows}

    before = keys()
    accident.lose()
    accident.put_back()
    assert keys() == before
    assert len(before) == 8
