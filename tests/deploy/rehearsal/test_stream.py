"""From a view to finance's files: the stream brings each read to the ledger, and an export counts it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import urllib.request
from typing import Any

import pytest

from readmeter.usage.ledger import natural_key
from tests.deploy.rehearsal.conftest import READS
from tests.deploy.rehearsal.deployment import Deployment


def test_each_read_is_in_the_ledger_once(deployment: Deployment, site: str) -> None:
    s3, bucket = deployment.client("s3"), deployment.names["LedgerBucket"]
    objects = s3.list_objects_v2(Bucket=bucket, Prefix=f"ledger/v1/site={site}/")["Contents"]
    bodies = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in objects]
    rows = [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]
    assert len({natural_key(row) for row in rows}) == len(rows) == READS
    assert {(row["source"], row["decision"]) for row in rows} == {("stream", "metered")}
    assert s3.get_object_tagging(Bucket=bucket, Key=objects[0]["Key"])["TagSet"] == [{"Key": "keep", "Value": "90"}]


def test_an_export_counts_each_read_and_its_links_give_the_files(
    deployment: Deployment, site: str, export: dict[str, Any]
) -> None:
    files = deployment.api.admin("GET", f"/v1/admin/exports/{export['export_id']}").json["files"]  # links end
    bodies = {}
    for file in files:
        with urllib.request.urlopen(file["url"], context=deployment.emulator.trust) as answer:
            bodies[file["name"]] = answer.read()
        assert (hashlib.sha256(bodies[file["name"]]).hexdigest(), len(bodies[file["name"]])) == (
            file["sha256"],
            file["bytes"],
        )
    [line] = csv.DictReader(io.StringIO(bodies["invoice.csv"].decode()))
    assert (line["site"], int(line["quantity"])) == (site, READS)
    assert {file["name"]: file["rows"] for file in files}["counted.parquet"] == READS


@pytest.mark.parametrize(
    ("name", "rate", "job"),
    [("ExportsFunction", "rate(1 hour)", "schedule"), ("RefreshFunction", "rate(5 minutes)", "refresh")],
)
def test_a_schedule_may_wake_its_function(deployment: Deployment, name: str, rate: str, job: str) -> None:
    """None is woken here: exports would begin a job for each site of every other test at once."""
    events = deployment.client("events")
    [rule] = [each for each in events.list_rules()["Rules"] if each["ScheduleExpression"] == rate]
    [target] = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert rule["State"] == "ENABLED"
    assert json.loads(target["Input"]) == {"job": job}
    function = deployment.names[name]
    assert target["Arn"].endswith(f":function:{function}:live")
    policy = deployment.client("lambda").get_policy(FunctionName=function, Qualifier="live")["Policy"]
    rules = [
        statement["Condition"]["ArnLike"]["AWS:SourceArn"]
        for statement in json.loads(policy)["Statement"]
        if statement["Principal"] == {"Service": "events.amazonaws.com"}
    ]
    assert rules == [rule["Arn"]]


def test_what_the_ledger_function_cannot_read_goes_to_the_failure_bucket(deployment: Deployment) -> None:
    [mapping] = deployment.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert mapping["FunctionArn"].endswith(f":function:{deployment.names['LedgerFunction']}:live")
    destination = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == f"arn:aws:s3:::{deployment.names['FailureBucket']}"
    assert (mapping["FunctionResponseTypes"], mapping["BisectBatchOnFunctionError"]) == (
        ["ReportBatchItemFailures"],
        True,
    )


def test_an_export_that_gives_up_tells_the_alarm_topic(deployment: Deployment) -> None:
    told = deployment.client("lambda").get_function_event_invoke_config(
        FunctionName=deployment.names["ExportsFunction"], Qualifier="live"
    )
    assert told["DestinationConfig"]["OnFailure"]["Destination"] == deployment.names["AlarmTopic"]
