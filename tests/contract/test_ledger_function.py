"""The deployed ledger function over real engines: buckets, faults of S3, what it logs, and the redrive."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.exceptions import ClientError

from local.engine import ROOT, SECRET_ID, aws_environment
from local.functions import Context, load
from local.template import Template
from readmeter.core.rules import Retention
from readmeter.store.sites import Version
from readmeter.usage.objects import S3Objects
from tests.support.endpoint import NOW
from tests.support.engines import Tables
from tests.support.s3_wire import S3Wire, broken, forbidden, slow_down
from tests.support.site import compiled
from tests.support.stream import Record, distinct, poisoned, records, rows, sequence
from tests.support.wire import Fault, connection_refused, lost_reply, lost_request

BATCH = records("batch")
SECRET = '{"permanent": "a secret of the tests"}'
INVOCATION = (ROOT / "tests" / "events" / "stream-invocation-record.json").read_text()
RUINOUS: dict[str, Fault] = {
    "slow down": slow_down,
    "broken": broken,
    "forbidden": forbidden,
    "lost request": lost_request,
    "connection refused": connection_refused,
}


@dataclass
class Function:
    """The loaded ledger function, its buckets, and what it sends to S3."""

    handler: Callable[[dict[str, Any], object], dict[str, Any]]
    ledger: S3Objects
    failures: S3Objects
    wire: S3Wire

    def batch(self, batch: list[Record]) -> list[dict[str, str]]:
        failures: list[dict[str, str]] = self.handler({"Records": batch}, Context("a-request"))["batchItemFailures"]
        return failures

    def redrive(self) -> dict[str, int]:
        """As docs/operate.md says to type it."""
        [payload] = re.findall(r"--payload '(.+redrive.+)'", (ROOT / "docs" / "operate.md").read_text())
        return self.handler(json.loads(payload), Context("a-request"))

    @property
    def objects(self) -> list[str]:
        return [stored.key for stored in self.ledger.stored("")]


@pytest.fixture(params=["moto", "ministack"])
def function(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    tables: Tables = request.getfixturevalue(request.param)
    endpoint = tables.client.meta.endpoint_url
    for name, value in aws_environment(endpoint).items():
        if name != "AWS_ENDPOINT_URL" or "127.0.0.1" in endpoint:
            monkeypatch.setenv(name, value)
    own = tables.site_table.lower()
    names = {"SiteTable": tables.site_table, "LedgerBucket": f"ledger-{own}", "FailureBucket": f"failures-{own}"}
    template = Template.read(ROOT / "template.yaml", {"Secret": f"{SECRET_ID}-{own}", **names})
    boto3.client("secretsmanager").create_secret(Name=f"{SECRET_ID}-{own}", SecretString=SECRET)
    s3 = boto3.client("s3")
    for name in ("LedgerBucket", "FailureBucket"):
        s3.create_bucket(**template.buckets[name].create)
    make, wires = boto3.client, []

    def watched(service: str, **given: Any) -> Any:
        client = make(service, **given)
        if service == "s3":
            wires.append(S3Wire(client))
        return client

    ledger, failures = (S3Objects(s3, template.buckets[name].name) for name in ("LedgerBucket", "FailureBucket"))
    tables.sites.write(
        Version("riotimes", 1, "{}", NOW, "tests"), compiled(retention=Retention(ledger_reader_days=180))
    )
    with mock.patch.dict("os.environ"):
        with mock.patch("boto3.client", watched):
            [handler] = load({"it": template.functions["LedgerFunction"]}, lambda: NOW, {}).values()
        yield Function(handler, ledger, failures, wires[-1])


def test_a_batch_becomes_objects_that_end_when_their_site_says(function: Function) -> None:
    assert function.batch(BATCH) == []
    assert len(rows(function.ledger)) == 7
    s3 = function.ledger._client
    tags = {
        key.split("/")[2]: s3.get_object_tagging(Bucket=function.ledger._bucket, Key=key)["TagSet"]
        for key in function.objects
    }
    assert tags == {
        "site=riotimes": [{"Key": "keep", "Value": "180"}],
        "site=other-site": [{"Key": "keep", "Value": "90"}],
    }


def test_a_copy_of_a_batch_changes_no_object(function: Function) -> None:
    function.batch(BATCH)
    before = [(stored.key, stored.modified) for stored in function.ledger.stored("")]
    assert function.batch(BATCH) == []
    assert [(stored.key, stored.modified) for stored in function.ledger.stored("")] == before


@pytest.mark.parametrize("fault", RUINOUS.values(), ids=RUINOUS)
def test_while_s3_fails_the_whole_batch_is_retried_and_nothing_is_lost(function: Function, fault: Fault) -> None:
    function.wire.inject("PutObject", None, *[fault] * 3)  # the second object, and every attempt of boto3's
    assert function.batch(BATCH) == [{"itemIdentifier": sequence(BATCH[0])}]
    assert len(function.objects) == 1
    function.wire.inject("PutObject")
    assert function.batch(BATCH) == []
    assert len(function.objects) == 4
    assert len(rows(function.ledger)) == len(distinct(function.ledger)) == 7


def test_an_object_whose_answer_was_lost_is_there_once(function: Function) -> None:
    """boto3 sends it again, S3 says that it exists: that is what was wanted."""
    function.wire.inject("PutObject", lost_reply)
    assert function.batch(BATCH) == []
    assert function.wire.sent.count("PutObject") == 5
    assert len(rows(function.ledger)) == 7


def test_a_fault_is_logged_by_type_and_place_and_by_nothing_of_a_reader(
    function: Function, caplog: pytest.LogCaptureFixture
) -> None:
    assert function.batch([BATCH[0], poisoned(BATCH[1])]) == [{"itemIdentifier": sequence(BATCH[1])}]
    [line] = [vars(record) for record in caplog.records]
    assert (line["message"], line["request_id"], line["error"]) == ("fault", "a-request", "ValueError")
    assert any(place.startswith("reads.py:") for place in line["places"])
    assert "a secret of a reader" not in str(line)
    assert "riotimes" not in str(line)


def test_a_redrive_of_nothing_does_nothing(function: Function) -> None:
    assert function.redrive() == {"redriven": 0, "left": 0}


def test_a_redrive_writes_what_was_given_up_and_empties_the_bucket(function: Function) -> None:
    function.failures.create("aws/lambda/1/shard/2026/11/23/2026-11-23T12.13.49-a", INVOCATION.encode())
    assert function.redrive() == {"redriven": 1, "left": 0}
    assert list(function.failures.stored("")) == []
    assert len(rows(function.ledger)) == 7


def test_a_redrive_keeps_what_is_still_poison(function: Function) -> None:
    batch = [BATCH[0], poisoned(BATCH[1]), *BATCH[2:]]
    record = json.dumps({**json.loads(INVOCATION), "payload": json.dumps({"Records": batch})})
    function.failures.create("aws/lambda/a", record.encode())
    assert function.redrive() == {"redriven": 0, "left": 1}
    assert len(rows(function.ledger)) == 6
    assert function.redrive() == {"redriven": 0, "left": 1}
    assert [stored.key for stored in function.failures.stored("")] == ["aws/lambda/a"]


def test_a_redrive_while_s3_fails_says_so_and_deletes_nothing(function: Function) -> None:
    function.failures.create("aws/lambda/a", INVOCATION.encode())
    function.wire.inject("PutObject", *[slow_down] * 3)
    with pytest.raises(ClientError, match="SlowDown"):
        function.redrive()
    assert [stored.key for stored in function.failures.stored("")] == ["aws/lambda/a"]
    assert function.redrive() == {"redriven": 1, "left": 0}
